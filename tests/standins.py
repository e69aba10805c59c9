"""Small ONNX files with the inputs and outputs of SCRFD, ArcFace and liveness networks.

insightface's pretrained packs cannot be fetched without the wide internet, so the loading, routing and
calling code is proven on these: a detector that finds bright squares, and a random projection as recogniser.
They say nothing about how well real packs recognise people.  The liveness networks take what is more blue than red for
a face: in the order BGR, as MiniFASNet wants it, or RGB, as insightface's addon does.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

STRIDES = (8, 16, 32)
ANCHORS = 2
SIDE_PX = 96


def pack_folder(folder: Path, dim: int, seed: int = 0, batch: int | str = "n") -> Path:
    """A folder in insightface's layout: one detection and one recognition model."""
    folder.mkdir(parents=True)
    onnx.save(_detector(), str(folder / "det.onnx"))
    onnx.save(_recogniser(dim, seed, batch), str(folder / "rec.onnx"))
    return folder


def picture_with_squares() -> tuple[np.ndarray, list[list[float]]]:
    """A dark picture (480, 640, 3) with two bright textured squares, and their boxes from left to right."""
    image = np.full((480, 640, 3), 20, np.uint8)
    texture = np.random.default_rng(3).integers(215, 255, (SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    boxes = []
    for x, y in ((96, 96), (416, 224)):
        image[y : y + SIDE_PX, x : x + SIDE_PX] = texture
        boxes.append([x, y, x + SIDE_PX, y + SIDE_PX])
    return image, boxes


def _detector() -> onnx.ModelProto:
    """Score: whether the 96 px around an anchor are bright; box and landmarks: fixed offsets from it.

    Outputs as SCRFD's with landmarks: three scores (n, 1), three boxes (n, 4), three landmark sets (n, 10).
    """
    nodes, outputs, weights = [], [], [_tensor("mean", np.full((1, 3, 1, 1), 1 / 3, np.float32))]
    nodes.append(helper.make_node("Conv", ["input.1", "mean"], ["grey"]))
    weights += [_tensor("steep", np.array([40.0], np.float32)), _tensor("edge", np.array([-0.72], np.float32))]
    weights += [_tensor("column", np.array([-1, 1], np.int64)), _tensor("pair", np.array([1, ANCHORS], np.int64))]
    for stride in STRIDES:
        pad = (SIDE_PX - stride) // 2
        nodes += [
            helper.make_node(
                "AveragePool",
                ["grey"],
                [f"m{stride}"],
                kernel_shape=[SIDE_PX] * 2,
                strides=[stride] * 2,
                pads=[pad] * 4,
            ),
            helper.make_node("Reshape", [f"m{stride}", "column"], [f"c{stride}"]),
            helper.make_node("Add", [f"c{stride}", "edge"], [f"a{stride}"]),
            helper.make_node("Mul", [f"a{stride}", "steep"], [f"s{stride}"]),
            helper.make_node("Sigmoid", [f"s{stride}"], [f"g{stride}"]),
            helper.make_node("Tile", [f"g{stride}", "pair"], [f"t{stride}"]),
            helper.make_node("Reshape", [f"t{stride}", "column"], [f"score{stride}"]),
        ]
    side = SIDE_PX / 2
    points = np.array([-18, -14, 18, -14, 0, 4, -14, 22, 14, 22], np.float32)
    for kind, values in (("box", np.array([side, side, side, side], np.float32)), ("kps", points)):
        for stride in STRIDES:
            weights.append(_tensor(f"{kind}_row{stride}", (values / stride)[None]))
            nodes += [
                helper.make_node("Mul", [f"score{stride}", "nothing"], [f"{kind}_zero{stride}"]),
                helper.make_node("Add", [f"{kind}_zero{stride}", f"{kind}_row{stride}"], [f"{kind}{stride}"]),
            ]
    weights.append(_tensor("nothing", np.array([0.0], np.float32)))
    for kind, width in (("score", 1), ("box", 4), ("kps", 10)):
        outputs += [helper.make_tensor_value_info(f"{kind}{s}", TensorProto.FLOAT, ["n", width]) for s in STRIDES]
    shape = helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [1, 3, "height", "width"])
    return _model(helper.make_graph(nodes, "detector", [shape], outputs, weights))


def _recogniser(dim: int, seed: int, batch: int | str) -> onnx.ModelProto:
    """(n, 3, 112, 112) to (n, dim): averages over 14 px squares through a random matrix."""
    matrix = np.random.default_rng(seed).normal(size=(192, dim)).astype(np.float32)
    nodes = [
        helper.make_node("AveragePool", ["data"], ["pooled"], kernel_shape=[14, 14], strides=[14, 14]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "matrix"], ["embedding"]),
    ]
    given = helper.make_tensor_value_info("data", TensorProto.FLOAT, [batch, 3, 112, 112])
    made = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [batch, dim])
    return _model(helper.make_graph(nodes, "recogniser", [given], [made], [_tensor("matrix", matrix)]))


def liveness_folder(folder: Path) -> Path:
    """Two networks as MiniFASNet's: (n, 3, 80, 80) BGR to the shares (n, 3) of printed, real and shown."""
    folder.mkdir(parents=True)
    for name in ("2.7_80x80_MiniFASNetV2.onnx", "4_0_0_80x80_MiniFASNetV1SE.onnx"):
        columns = np.array([[0, 1, 0], [0, 0, 0], [0, -1, 0]], np.float32)  # of blue, green and red
        nodes = [helper.make_node("Softmax", ["classes"], ["prob"], axis=1)]
        onnx.save(_colours(columns, nodes, "classes", "prob", ["n", 3]), str(folder / name))
    return folder


def liveness_addon(folder: Path) -> Path:
    """A network as insightface's addon: (1, 3, 80, 80) RGB from 0 to 1, to the probability (1,) of a face."""
    folder.mkdir(parents=True)
    columns = np.array([[-50], [0], [50]], np.float32)  # of red, green and blue
    nodes = [
        helper.make_node("Sigmoid", ["amount"], ["share"]),
        helper.make_node("Reshape", ["share", "all"], ["score"]),
    ]
    model = _colours(columns, nodes, "amount", "score", [1], _tensor("all", np.array([-1], np.int64)))
    onnx.save(model, str(folder / "liveness.onnx"))
    return folder


def _colours(
    columns: np.ndarray,
    nodes: list[onnx.NodeProto],
    made: str,
    last: str,
    shape: list[int | str],
    *weights: onnx.TensorProto,
) -> onnx.ModelProto:
    """From pictures of 80 px by the mean of each colour, times `columns`, to what the nodes make of it."""
    means = [
        helper.make_node("GlobalAveragePool", ["input"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["means"]),
        helper.make_node("MatMul", ["means", "columns"], [made]),
    ]
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, [shape[0], 3, 80, 80])
    result = helper.make_tensor_value_info(last, TensorProto.FLOAT, shape)
    tensors = [_tensor("columns", columns), *weights]
    return _model(helper.make_graph([*means, *nodes], "liveness", [given], [result], tensors))


def _tensor(name: str, values: np.ndarray) -> onnx.TensorProto:
    return numpy_helper.from_array(values, name)


def _model(graph: onnx.GraphProto) -> onnx.ModelProto:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model
