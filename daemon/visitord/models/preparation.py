"""What is done to a published network once, so that every runtime takes it, and runs it fast.

The default pack's files hold 8-bit weights with their scales; runtimes either multiply them out at
each run or refuse what else is in the file.  Here they become the 32-bit weights they stand for:
the output is the same, whatever runs it.
"""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Weights = dict[str, NDArray[Any]]

DEQUANTISE = "DequantizeLinear"
RESHAPE = "Reshape"
DEFAULT_AXIS = 1  # of DequantizeLinear, as ONNX has it


def plain(content: bytes) -> onnx.ModelProto:
    """A network with plain weights, and with no input but what it is asked about.

    Raises whatever onnx and numpy raise for what is no network, of many types.
    """
    model = onnx.load_model_from_string(content)
    graph = model.graph
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}

    # Work out what depends on weights alone.
    kept = []
    for node in graph.node:
        given = [weights.get(name) for name in node.input]
        known = [array for array in given if array is not None]
        if len(known) == len(given) and node.op_type == DEQUANTISE:
            weights[node.output[0]] = _dequantised(node, *known)
        elif len(known) == len(given) and node.op_type == RESHAPE:
            array, shape = known
            weights[node.output[0]] = array.reshape(shape)
        else:
            kept.append(node)

    del graph.node[:]
    graph.node.extend(kept)
    keep_what_is_read(graph, weights)
    return model


def keep_what_is_read(graph: onnx.GraphProto, weights: Weights) -> None:
    """Leave out the nodes that no output needs, and what is an input in name only.

    Parameters
    ----------
    graph
        Its nodes in their order, and its outputs; its own weights are replaced.
    weights
        By name, those that its nodes read, and maybe others.
    """
    read = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if read.intersection(node.output):
            kept.append(node)
            read.update(node.input)

    inputs = [given for given in graph.input if given.name in read and given.name not in weights]
    tensors = [
        numpy_helper.from_array(np.ascontiguousarray(array), name)
        for name, array in weights.items()
        if name in read
    ]
    del graph.node[:], graph.initializer[:], graph.input[:], graph.value_info[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(tensors)
    graph.input.extend(inputs)


def serialised(model: onnx.ModelProto) -> bytes:
    """A network as a file's content, the same for the same network."""
    return bytes(model.SerializeToString(deterministic=True))


def _dequantised(
    node: onnx.NodeProto, stored: NDArray[Any], scale: NDArray[Any], *zero: NDArray[Any]
) -> NDArray[np.float32]:
    """What a DequantizeLinear makes of its weights: (stored - zero point) × scale."""
    attributes = {given.name: helper.get_attribute_value(given) for given in node.attribute}
    axis = int(attributes.get("axis", DEFAULT_AXIS))
    block = int(attributes.get("block_size", 0))

    values = stored.astype(np.float32)
    if zero:
        values -= _spread(zero[0], stored.shape, axis, block).astype(np.float32)
    return np.asarray(values * _spread(scale, stored.shape, axis, block), np.float32)


def _spread(given: NDArray[Any], shape: tuple[int, ...], axis: int, block: int) -> NDArray[Any]:
    """Scales or zero points, of all weights, of each slice or of each block, as weights' shape."""
    if given.ndim == 0:
        return given
    if not block:
        aligned = [1] * len(shape)
        aligned[axis] = -1
        return given.reshape(aligned)
    repeated = np.repeat(given, block, axis=axis)
    return np.take(repeated, range(shape[axis]), axis=axis)
