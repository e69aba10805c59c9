"""Published networks made into such as every runtime takes, with the same output."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from visitord.models.catalog import DEFAULT, DETECTOR_FILE
from visitord.models.device import CPU
from visitord.models.preparation import plain, serialised
from visitord.models.sessions import open_network

ON_CPU = [(CPU, dict[str, str]())]
RNG = np.random.default_rng(5)


def quantised(**stored: object) -> bytes:
    """A convolution of 3 to 4 channels whose weights (4, 3, 2, 2) are stored in 8 bits.

    It lists its weights among its inputs, as old files do, and one that it no longer has.
    """
    attributes = {name: value for name, value in stored.items() if isinstance(value, int)}
    arrays = {"weight": RNG.integers(-128, 128, (4, 3, 2, 2), dtype=np.int8)}
    arrays |= {name: value for name, value in stored.items() if isinstance(value, np.ndarray)}
    given = helper.make_tensor_value_info("given", TensorProto.FLOAT, [1, 3, 4, 4])
    gone = helper.make_tensor_value_info("gone", TensorProto.FLOAT, [3])
    listed = helper.make_tensor_value_info("weight", TensorProto.INT8, [4, 3, 2, 2])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 4, 3, 3])
    nodes = [
        helper.make_node("DequantizeLinear", list(arrays), ["plain"], **attributes),
        helper.make_node("Reshape", ["plain", "shape"], ["shaped"]),
        helper.make_node("Conv", ["given", "shaped"], ["out"]),
        helper.make_node("Relu", ["out"], ["read by none"]),
    ]
    arrays["shape"] = np.array([4, 3, 2, 2], np.int64)
    tensors = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    graph = helper.make_graph(nodes, "quantised", [given, gone, listed], [out], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return bytes(model.SerializeToString())


def without_the_gone(model: bytes) -> bytes:
    """The model as onnxruntime itself can run it."""
    proto = onnx.load_model_from_string(model)
    del proto.graph.input[1:]
    return bytes(proto.SerializeToString())


@pytest.mark.parametrize(
    "stored",
    [
        {"scale": np.array(0.5, np.float32)},
        {"scale": np.float32([0.5, 1, 2, 0.1]), "zero": np.int8([0, 3, -5, 100]), "axis": 0},
        {"scale": np.float32([0.5, 1, 2]), "axis": 1},
        {
            "scale": RNG.uniform(0.1, 2, (2, 3, 2, 2)).astype(np.float32),
            "zero": RNG.integers(-9, 9, (2, 3, 2, 2), dtype=np.int8),
            "axis": 0,
            "block_size": 2,
        },
        {
            "scale": RNG.uniform(0.1, 2, (4, 2, 2, 2)).astype(np.float32),
            "axis": 1,
            "block_size": 2,  # of three: the last block is a short one
        },
    ],
    ids=["all alike", "by output", "by input", "by block", "by short block"],
)
def test_weights_stored_in_few_bits_become_what_they_stand_for(stored: dict[str, object]) -> None:
    model = quantised(**stored)
    made = plain(model)
    graph = made.graph
    assert [node.op_type for node in graph.node] == ["Conv"]
    assert [given.name for given in graph.input] == ["given"]
    assert [tensor.name for tensor in graph.initializer] == ["shaped"]

    picture = RNG.uniform(-1, 1, (1, 3, 4, 4)).astype(np.float32)
    expected = open_network(without_the_gone(model), ON_CPU)(picture)
    assert open_network(serialised(made), ON_CPU)(picture) == pytest.approx(
        expected, rel=1e-5, abs=1e-4
    )


def test_what_is_computed_from_the_picture_is_left_to_the_runtime() -> None:
    given = helper.make_tensor_value_info("given", TensorProto.INT8, [1, 1, 2, 2])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 1, 2, 2])
    node = helper.make_node("DequantizeLinear", ["given", "scale"], ["out"])
    scale = numpy_helper.from_array(np.array(2, np.float32), "scale")
    graph = helper.make_graph([node], "g", [given], [out], [scale])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    kept = plain(model.SerializeToString()).graph
    assert [node.op_type for node in kept.node] == ["DequantizeLinear"]


def test_the_same_comes_out_every_time(models_dir: Path) -> None:
    content = (models_dir / DEFAULT / DETECTOR_FILE).read_bytes()
    assert serialised(plain(content)) == serialised(plain(content))
