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

DEQUANTISE = "DequantizeLinear"
DEFAULT_AXIS = 1  # of DequantizeLinear, as ONNX has it


def prepared(content: bytes, *, any_size: bool = False) -> bytes:
    """A network with plain weights, and with no input but what it is asked about.

    Parameters
    ----------
    content
        An ONNX model with one input of four dimensions.
    any_size
        Whether it is to take pictures of any height and width, not only of those it was made for.

    Raises
    ------
    Exception
        Whatever onnx and numpy raise for what is no such model, of many types.
    """
    model = onnx.load_model_from_string(content)
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}

    # Multiply out what is stored in few bits.
    kept = []
    for node in graph.node:
        if node.op_type == DEQUANTISE and all(name in weights for name in node.input):
            name = node.output[0]
            weights[name] = numpy_helper.from_array(_dequantised(node, weights), name)
        else:
            kept.append(node)

    # Leave out what nothing reads any more, and what is an input in name only.
    read = {name for node in kept for name in node.input}
    inputs = [given for given in graph.input if given.name in read and given.name not in weights]
    del graph.node[:], graph.initializer[:], graph.input[:], graph.value_info[:]
    graph.node.extend(kept)
    graph.initializer.extend(tensor for name, tensor in weights.items() if name in read)
    graph.input.extend(inputs)

    if any_size:
        _free_size(graph)
    return bytes(model.SerializeToString(deterministic=True))


def _dequantised(node: onnx.NodeProto, weights: dict[str, onnx.TensorProto]) -> NDArray[np.float32]:
    """What a DequantizeLinear makes of its weights: (stored - zero point) × scale."""
    attributes = {given.name: helper.get_attribute_value(given) for given in node.attribute}
    axis = int(attributes.get("axis", DEFAULT_AXIS))
    block = int(attributes.get("block_size", 0))

    stored, scale, *zero = (numpy_helper.to_array(weights[name]) for name in node.input)
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


def _free_size(graph: onnx.GraphProto) -> None:
    """Leave open the last two dimensions of the input, and with them what depends on them."""
    height, width = graph.input[0].type.tensor_type.shape.dim[2:]
    height.dim_param = "height"
    width.dim_param = "width"
    for output in graph.output:
        for number, size in enumerate(output.type.tensor_type.shape.dim[1:-1]):
            size.dim_param = f"{output.name}_{number}"
