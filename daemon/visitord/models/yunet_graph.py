"""YuNet as visitord runs it: for pictures of any size, and with two outputs instead of twelve.

At each of three strides the published network ends in four small branches of two convolutions, one
for each kind of number, in shapes that processors have no fast way for.  Joined they are one branch
of sixteen channels with the same output, and at 160 × 160 px the network takes a fifth less.
"""

from collections.abc import Iterable

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from visitord.models.preparation import Weights, keep_what_is_read, plain, serialised
from visitord.models.yunet import STRIDES_PX

KINDS = ("cls", "obj", "bbox", "kps")
SCORES = 2  # of the numbers, cls and obj; of both it takes that something is a face
NUMBERS = 14  # the others: box and five points
CONVOLUTION = "Conv"


def prepared(content: bytes) -> bytes:
    """The published network as `yunet.YunetNetwork` takes it.

    Its input is (1, 3, height, width), both multiples of 32.  Its outputs are for all places, those
    of stride 8 first, each row by row: how much that is a face, (1, 1, places), and its box and
    landmarks in strides from there, (1, 14, places).

    Raises
    ------
    Exception
        Whatever onnx and numpy raise for what is not YuNet, of many types.
    """
    model = plain(content)
    graph = model.graph
    weights: Weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}

    # One branch a stride, its numbers in a row for each place.
    weights["in_rows"] = np.array([1, SCORES + NUMBERS, -1], np.int64)
    joined = []
    for stride in STRIDES_PX:
        branches = [_branch(graph, f"{kind}_{stride}") for kind in KINDS]
        joined.append(f"joined_{stride}")
        graph.node.extend(_joined(branches, weights, joined[-1]))

    # All places together, and the two kinds of scores as one.
    weights["split"] = np.array([1, SCORES - 1, NUMBERS], np.int64)
    graph.node.extend(
        [
            helper.make_node("Concat", joined, ["all"], axis=2),
            helper.make_node("Split", ["all", "split"], ["cls", "obj", "numbers"], axis=1),
            helper.make_node("Sigmoid", ["cls"], ["cls_share"]),
            helper.make_node("Sigmoid", ["obj"], ["obj_share"]),
            helper.make_node("Mul", ["cls_share", "obj_share"], ["share"]),
            helper.make_node("Sqrt", ["share"], ["score"]),
        ]
    )

    del graph.output[:]
    for name, rows in (("score", 1), ("numbers", NUMBERS)):
        shape: list[int | str | None] = [1, rows, "places"]
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    keep_what_is_read(graph, weights)

    height, width = graph.input[0].type.tensor_type.shape.dim[2:]
    height.dim_param = "height"
    width.dim_param = "width"
    return serialised(model)


def _branch(graph: onnx.GraphProto, output: str) -> tuple[onnx.NodeProto, onnx.NodeProto]:
    """The two convolutions that lead to an output, in their order."""
    makers = {name: node for node in graph.node for name in node.output}
    found: list[onnx.NodeProto] = []
    node = makers[output]
    while len(found) < 2:
        if node.op_type == CONVOLUTION:
            found.append(node)
        node = makers[node.input[0]]
    last, first = found
    return first, last


def _joined(
    branches: Iterable[tuple[onnx.NodeProto, onnx.NodeProto]], weights: Weights, output: str
) -> list[onnx.NodeProto]:
    """Nodes that do what all branches do, and put it into rows; their weights are added."""
    firsts, lasts = zip(*branches, strict=True)
    names = []
    for step, nodes in (("first", firsts), ("last", lasts)):
        for number, kind in ((1, "weight"), (2, "bias")):
            name = f"{output}_{step}_{kind}"
            weights[name] = np.concatenate([weights[node.input[number]] for node in nodes])
            names.append(name)

    seen = firsts[0].input[0]
    channels = SCORES + NUMBERS
    mixed = f"{output}_mixed"
    map_ = f"{output}_map"
    return [
        helper.make_node(CONVOLUTION, [seen, *names[:2]], [mixed], kernel_shape=[1, 1]),
        helper.make_node(
            CONVOLUTION,
            [mixed, *names[2:]],
            [map_],
            kernel_shape=[3, 3],
            pads=[1, 1, 1, 1],
            group=channels,
        ),
        helper.make_node("Reshape", [map_, "in_rows"], [output]),
    ]
