"""Networks in onnxruntime: one input, one output, and how they are run."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from visitord.models.device import CPU
from visitord.models.sessions import open_network, session_options

ON_CPU = [(CPU, dict[str, str]())]


@pytest.fixture
def negation() -> bytes:
    """A network that turns the sign of a row of three."""
    row = helper.make_tensor_value_info("row", TensorProto.FLOAT, ["n", 3])
    turned = helper.make_tensor_value_info("turned", TensorProto.FLOAT, ["n", 3])
    node = helper.make_node("Neg", ["row"], ["turned"])
    graph = helper.make_graph([node], "negation", [row], [turned])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return bytes(model.SerializeToString())


def test_a_network_is_opened_from_its_content_or_its_file(negation: bytes, tmp_path: Path) -> None:
    file = tmp_path / "negation.onnx"
    file.write_bytes(negation)
    for model in (negation, str(file)):
        network = open_network(model, ON_CPU, threads=1)
        given = network(np.array([[1, -2, 0]], np.float32))
        assert (given.tolist(), given.dtype) == ([[-1, 2, 0]], np.float32)


def test_a_network_says_what_it_takes_gives_and_runs_on(negation: bytes) -> None:
    network = open_network(negation, ON_CPU)
    assert network.input_shape == network.output_shape == ["n", 3]
    assert network.runs_on == CPU


def test_threads_never_spin_and_quantised_pairs_are_folded_on_request_alone() -> None:
    plain = session_options(threads=3)
    assert plain.intra_op_num_threads == 3
    assert plain.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    with pytest.raises(RuntimeError):
        plain.get_session_config_entry("session.disable_quant_qdq")
    quantised = session_options(quantised=True)
    assert quantised.get_session_config_entry("session.disable_quant_qdq") == "1"
