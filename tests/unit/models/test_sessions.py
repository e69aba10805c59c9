"""Networks in onnxruntime: one input, one output, and how they are run."""

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


def test_a_network_gives_its_first_output_or_all(negation: bytes) -> None:
    network = open_network(negation, ON_CPU, threads=1)
    row = np.array([[1, -2, 0]], np.float32)
    given = network(row)
    assert (given.tolist(), given.dtype) == ([[-1, 2, 0]], np.float32)
    assert [output.tolist() for output in network.run(row)] == [[[-1, 2, 0]]]


def test_a_network_says_what_it_takes_gives_and_runs_on(negation: bytes) -> None:
    network = open_network(negation, ON_CPU)
    assert network.input_shape == network.output_shape == ["n", 3]
    assert network.runs_on == "onnxruntime (CPUExecutionProvider)"
    assert network.provider == CPU


def test_threads_never_spin_and_nothing_is_kept_for_each_of_many_sizes() -> None:
    plain = session_options(threads=3)
    assert plain.intra_op_num_threads == 3
    assert plain.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert plain.enable_mem_pattern
    assert not session_options(any_size=True).enable_mem_pattern
