"""MXNet's files are read as its source writes them; what is wrong with them is one sentence."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from fixtures import checkpoints
from fixtures.checkpoints import Network, params_file
from visitord.core.errors import ModelError
from visitord.models.mxnet import checkpoint

DAMAGE = (struct.error, ValueError, LookupError, OverflowError)
BY_HAND = bytes.fromhex(
    "1201000000000000 0000000000000000 0100000000000000"  # a list of arrays, reserved, one array
    "c9fa93f9 00000000"  # version 2, dense
    "02000000 0200000000000000 0100000000000000"  # two dimensions, 2 × 1
    "01000000 00000000 00000000"  # on the CPU, the first, float32
    "0000803f 000000c0"  # 1, -2
    "0100000000000000 0500000000000000 6172673a77"  # one name of five letters, arg:w
)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A network of one layer, in epochs 0 and 12; returns its prefix."""
    network = Network()
    weight = network.param("fc_weight", np.ones((4, 37632)))
    network.add("FullyConnected", network.data, weight, name="fc", num_hidden=4, no_bias=True)
    network.save(tmp_path / "old", 12)
    return network.save(tmp_path / "old")


def test_bytes_put_down_by_hand_are_what_they_mean() -> None:
    (name, values), *others = checkpoint.read_params(BY_HAND).items()
    assert (name, values.tolist(), values.dtype, others) == ("w", [[1.0], [-2.0]], np.float32, [])
    assert params_file({"arg:w": np.array([[1.0], [-2.0]], np.float32)}) == BY_HAND, (
        "so the tests' writer is right too"
    )


@pytest.mark.parametrize("version", [0, checkpoints.V1, checkpoints.V2, checkpoints.V3])
def test_every_version_of_the_format_is_read(version: int) -> None:
    arrays = {
        "arg:a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "aux:b": np.array([7.5], np.float32),
    }
    read = checkpoint.read_params(params_file(arrays, version))
    assert {name: values.tolist() for name, values in read.items()} == {
        "a": [[0, 1, 2], [3, 4, 5]],
        "b": [7.5],
    }


@pytest.mark.parametrize("dtype", checkpoints.FLAGS)
def test_every_type_becomes_float32(dtype: str) -> None:
    values = checkpoint.read_params(params_file({"x": np.array([1, 2, 3], dtype)}))["x"]
    assert (values.dtype, values.tolist()) == (np.float32, [1, 2, 3])


def test_a_file_cut_off_anywhere_is_noticed() -> None:
    content = params_file({"arg:a": np.ones((2, 2), np.float32), "arg:b": np.ones(3, np.float32)})
    for size in range(len(content)):
        with pytest.raises(DAMAGE):
            checkpoint.read_params(content[:size])
    with pytest.raises(ValueError, match="bytes follow"):
        checkpoint.read_params(content + b"\0")


def test_a_file_with_a_wrong_byte_is_read_or_refused_but_nothing_worse() -> None:
    content = bytearray(
        params_file({"arg:a": np.ones((2, 2), np.float32), "arg:b": np.ones(3, np.float32)})
    )
    refused = 0
    for at in range(len(content)):
        for value in (0, 1, 0x7F, 0xFF):
            damaged = content.copy()
            damaged[at] = value
            try:
                checkpoint.read_params(bytes(damaged))
            except DAMAGE:
                refused += 1
    assert refused > len(content)


def test_values_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="not all its values are numbers"):
        checkpoint.read_params(params_file({"a": np.array([1, np.nan], np.float32)}))


def test_sparse_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="sparse"):
        checkpoint.read_params(BY_HAND[:28] + b"\1" + BY_HAND[29:])


def test_only_what_the_embedding_needs_is_kept(tmp_path: Path) -> None:
    """A checkpoint from training ends in a loss, with a label that has no values."""
    network = Network()
    weight = network.param("w", np.ones((4, 37632)))
    fc1 = network.add(
        "FullyConnected", network.data, weight, name="fc1", num_hidden=4, no_bias=True
    )
    network.add("SoftmaxOutput", fc1, network.add("null", name="softmax_label"), name="softmax")
    read = checkpoint.read(network.save(tmp_path / "trained"), 0)
    assert [node.name for node in read.nodes.values()] == ["data", "w", "fc1"]
    with pytest.raises(
        ModelError, match=r"has no values for softmax_label, which the node softmax needs\.$"
    ):
        checkpoint.read(tmp_path / "trained", 0, "softmax")


def test_attributes_are_read_as_every_mxnet_wrote_them(tmp_path: Path) -> None:
    written = {
        "kernel": "(3L, 3L)",
        "no_bias": "true",
        "eps": "2e-05",
        "act_type": "relu",
        "pad": "()",
        "a": "None",
    }
    node = {"op": "Activation", "name": "fc1", "inputs": [[0, 0]], "backward_source_id": -1}
    for key in ("attrs", "attr", "param"):
        symbol = {
            "nodes": [{"op": "null", "name": "data", "inputs": []}, {**node, key: written}],
            "heads": [[1, 0]],
        }
        (tmp_path / "x-symbol.json").write_text(json.dumps(symbol))
        (tmp_path / "x-0000.params").write_bytes(params_file({}))
        attrs = checkpoint.read(tmp_path / "x", 0).nodes[1].attrs
        assert attrs == {
            "kernel": (3, 3),
            "no_bias": True,
            "eps": 2e-5,
            "act_type": "relu",
            "pad": (),
            "a": None,
        }


def test_another_epoch_says_which_there_are(saved: Path) -> None:
    with pytest.raises(
        ModelError,
        match=r"There is no .*old-0007\.params; epochs there: old-0000.*, old-0012\.params",
    ):
        checkpoint.read(saved, 7)


def test_another_prefix_is_not_found(saved: Path) -> None:
    with pytest.raises(
        ModelError, match=r"There is no .*older-symbol\.json; epochs there: none\.$"
    ):
        checkpoint.read(saved.with_name("older"), 0)


def test_a_file_that_is_a_folder_cannot_be_read(saved: Path) -> None:
    Path(f"{saved}-0003.params").mkdir()
    with pytest.raises(ModelError, match=r"old-0003\.params cannot be read: Is a directory\.$"):
        checkpoint.read(saved, 3)


def test_damaged_parameters_name_the_file(saved: Path) -> None:
    file = Path(f"{saved}-0000.params")
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"old-0000\.params is cut off, damaged"):
        checkpoint.read(saved, 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        '{"nodes": []}',
        '{"nodes": [], "heads": []}',
        '{"nodes": [3], "heads": [[0, 0]]}',
        '{"nodes": [{"op": "relu", "name": "fc1", "inputs": [[0, 0, 0]]}], "heads": [[0, 0, 0]]}',
        '{"nodes": [{"op": "relu", "name": "fc1", "inputs": [[-1, 0, 0]]}], "heads": [[0, 0, 0]]}',
        '{"nodes": [{"op": "relu", "name": "fc1", "inputs": 1, "attrs": 2}], "heads": [[0, 0, 0]]}',
        "\xff",
    ],
)
def test_a_symbol_file_that_is_none_is_one_sentence(saved: Path, text: str) -> None:
    Path(f"{saved}-symbol.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(
        ModelError, match=r"^(.*old-symbol\.json is cut off, damaged|The network has no node fc1)"
    ):
        checkpoint.read(saved, 0)


def test_missing_values_name_the_parameter_and_its_node(saved: Path) -> None:
    Path(f"{saved}-0000.params").write_bytes(params_file({"arg:other": np.ones(3, np.float32)}))
    with pytest.raises(
        ModelError,
        match=r"old-0000\.params has no values for fc_weight, which the node fc needs\.$",
    ):
        checkpoint.read(saved, 0)


def test_a_node_that_is_not_there_is_told_with_the_end_of_the_network(saved: Path) -> None:
    assert next(reversed(checkpoint.read(saved, 0).nodes.values())).name == "fc"
    with pytest.raises(
        ModelError, match=r"has no node fc9 and ends in fc; name one with --output\.$"
    ):
        checkpoint.read(saved, 0, "fc9")
