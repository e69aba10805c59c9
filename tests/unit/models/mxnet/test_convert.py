"""Every operator converted from MXNet and run by onnxruntime, against plain numpy.

The latter is written from MXNet's documentation.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from fixtures.checkpoints import Network
from visitord.core.errors import ModelError
from visitord.models.mxnet import checkpoint, convert

RANDOM = np.random.default_rng(4)
CROPS = RANDOM.uniform(0, 255, (2, 3, 112, 112)).astype(np.float32)
FLAT = 3 * 112 * 112
Reference = Callable[[np.ndarray], np.ndarray]


def normal(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


def onnx_of(network: Network, folder: Path) -> bytes:
    read = checkpoint.read(network.save(folder / "made"), 0)
    return bytes(convert.to_onnx(read.nodes, read.params).SerializeToString())


def run(network: Network, folder: Path, crops: np.ndarray = CROPS) -> np.ndarray:
    session = onnxruntime.InferenceSession(
        onnx_of(network, folder), providers=["CPUExecutionProvider"]
    )
    return np.asarray(session.run(None, {"data": crops})[0])


def same(network: Network, folder: Path, expected: np.ndarray) -> None:
    found = run(network, folder)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-4 * max(1, np.abs(expected).max())


def convolved(
    x: np.ndarray, weight: np.ndarray, stride: int = 1, pad: int = 0, dilate: int = 1
) -> np.ndarray:
    groups = x.shape[1] // weight.shape[1]
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    span = (weight.shape[2] - 1) * dilate + 1
    seen = sliding_window_view(x, (span, span), axis=(2, 3))[
        :, :, ::stride, ::stride, ::dilate, ::dilate
    ]
    pairs = zip(np.split(seen, groups, axis=1), np.split(weight, groups), strict=True)
    parts = [np.einsum("nchwij,ocij->nohw", part, own) for part, own in pairs]
    return np.concatenate(parts, axis=1)


def channels(values: np.ndarray) -> np.ndarray:
    return values.reshape(1, -1, 1, 1)


@pytest.mark.parametrize(
    ("filters", "kernel", "attrs"),
    [
        (5, 3, {"stride": (2, 2), "pad": (1, 1)}),
        (4, 1, {}),
        (6, 3, {"num_group": 3, "pad": (1, 1), "stride": (1, 1)}),
        (3, 3, {"num_group": 3, "stride": (2, 2), "layout": "None"}),
        (2, 3, {"dilate": (2, 2), "layout": "NCHW"}),
    ],
    ids=["plain", "pointwise", "grouped", "depthwise", "dilated"],
)
@pytest.mark.parametrize("biased", [True, False])
def test_convolution(
    tmp_path: Path, filters: int, kernel: int, attrs: dict[str, object], biased: bool
) -> None:
    network = Network()
    weight, bias = (
        normal(filters, 3 // int(str(attrs.get("num_group", 1))), kernel, kernel),
        normal(filters),
    )
    inputs = [network.param("w", weight), *([network.param("b", bias)] if biased else [])]
    sizes = {"kernel": (kernel, kernel), "num_filter": filters, "no_bias": not biased}
    network.add("Convolution", network.data, *inputs, **sizes, **attrs)
    first = {key: value[0] for key, value in attrs.items() if isinstance(value, tuple)}
    same(network, tmp_path, convolved(CROPS, weight, **first) + (channels(bias) if biased else 0))


@pytest.mark.parametrize(
    ("attrs", "eps", "fixed"),
    [
        ({}, 1e-3, True),
        ({"fix_gamma": True, "eps": 2e-5}, 2e-5, True),
        ({"fix_gamma": False, "eps": 0.1}, 0.1, False),
    ],
)
def test_batch_norm_ignores_its_gamma_when_that_is_fixed_as_it_is_by_default(
    tmp_path: Path, attrs: dict[str, object], eps: float, fixed: bool
) -> None:
    network = Network()
    gamma, beta, mean = normal(3) + 3, normal(3), normal(3) * 40
    variance = RANDOM.uniform(0.01, 1, 3).astype(np.float32)
    stored = [network.param("gamma", gamma), network.param("beta", beta)]
    stored += [network.param("mean", mean, "aux"), network.param("var", variance, "aux")]
    network.add("BatchNorm", network.data, *stored, **attrs)
    scaled = (
        (CROPS - channels(mean))
        / np.sqrt(channels(variance) + eps)
        * (1 if fixed else channels(gamma))
    )
    same(network, tmp_path, scaled + channels(beta))


def test_batch_norm_of_an_embedding(tmp_path: Path) -> None:
    network = Network()
    weight = normal(4, FLAT) / 500
    fc = network.add(
        "FullyConnected", network.data, network.param("w", weight), num_hidden=4, no_bias=True
    )
    values = {"gamma": normal(4), "beta": normal(4), "mean": normal(4), "var": np.ones(4) * 2}
    stored = [
        network.param(k, v, "aux" if k in {"mean", "var"} else "arg") for k, v in values.items()
    ]
    network.add("BatchNorm", fc, *stored, eps=1e-5, name="fc1")
    expected = (CROPS.reshape(2, -1) @ weight.T - values["mean"]) / np.sqrt(2 + 1e-5) + values[
        "beta"
    ]
    same(network, tmp_path, expected)


@pytest.mark.parametrize(
    ("op", "attrs", "reference"),
    [
        ("Activation", {"act_type": "relu"}, lambda x: np.maximum(x, 0)),
        ("Activation", {"act_type": "sigmoid"}, lambda x: 1 / (1 + np.exp(-x))),
        ("Activation", {"act_type": "tanh"}, np.tanh),
        ("relu", {}, lambda x: np.maximum(x, 0)),
        ("sigmoid", {}, lambda x: 1 / (1 + np.exp(-x))),
        ("tanh", {}, np.tanh),
        ("LeakyReLU", {}, lambda x: np.where(x > 0, x, 0.25 * x)),
        ("LeakyReLU", {"act_type": "leaky", "slope": 0.1}, lambda x: np.where(x > 0, x, 0.1 * x)),
        (
            "LeakyReLU",
            {"act_type": "elu", "slope": 0.3},
            lambda x: np.where(x > 0, x, 0.3 * np.expm1(x)),
        ),
        ("clip", {"a_min": -0.5, "a_max": 0.25}, lambda x: np.clip(x, -0.5, 0.25)),
        ("Dropout", {"p": 0.4}, lambda x: x),
        ("identity", {}, lambda x: x),
        ("_copy", {}, lambda x: x),
        ("BlockGrad", {}, lambda x: x),
        ("Flatten", {}, lambda x: x.reshape(2, -1)),
        ("Reshape", {"shape": (0, -1)}, lambda x: x.reshape(2, -1)),
        ("Reshape", {"shape": (-1, 6, 56, 112)}, lambda x: x.reshape(2, 6, 56, 112)),
        ("expand_dims", {"axis": 2}, lambda x: x[:, :, None]),
        (
            "L2Normalization",
            {"mode": "channel"},
            lambda x: x / np.sqrt((x * x).sum(1, keepdims=True) + 1e-10),
        ),
        ("_plus_scalar", {"scalar": 2.5}, lambda x: x + 2.5),
        ("_minus_scalar", {"scalar": 2.5}, lambda x: x - 2.5),
        ("_rminus_scalar", {"scalar": 2.5}, lambda x: 2.5 - x),
        ("_mul_scalar", {"scalar": 2.5}, lambda x: x * 2.5),
        ("_div_scalar", {"scalar": 2.5}, lambda x: x / 2.5),
        ("_rdiv_scalar", {"scalar": 2.5}, lambda x: 2.5 / x),
        ("_PlusScalar", {"scalar": 2.5}, lambda x: x + 2.5),
        ("_MinusScalar", {"scalar": 2.5}, lambda x: x - 2.5),
        ("_MulScalar", {"scalar": 2.5}, lambda x: x * 2.5),
    ],
    ids=lambda value: None if callable(value) else str(value),
)
def test_one_input(tmp_path: Path, op: str, attrs: dict[str, object], reference: Reference) -> None:
    network = Network()
    centred = network.add("_minus_scalar", network.data, scalar=127.5)
    small = network.add("_mul_scalar", centred, scalar=0.0078125)
    network.add(op, small, **attrs)
    same(network, tmp_path, reference((CROPS - 127.5) * 0.0078125))


def test_prelu_has_a_slope_for_each_channel(tmp_path: Path) -> None:
    network, slopes = Network(), np.array([0.1, 0.5, -2], np.float32)
    centred = network.add("_minus_scalar", network.data, scalar=127.5)
    network.add("LeakyReLU", centred, network.param("gamma", slopes), act_type="prelu")
    x = CROPS - 127.5
    same(network, tmp_path, np.where(x > 0, x, channels(slopes) * x))


@pytest.mark.parametrize("slopes", [[0.1, 0.5, -2, 0], [0.3]])
def test_prelu_of_an_embedding(tmp_path: Path, slopes: list[float]) -> None:
    network, weight = Network(), normal(4, FLAT)
    fc = network.add(
        "FullyConnected", network.data, network.param("w", weight), num_hidden=4, no_bias=True
    )
    network.add("LeakyReLU", fc, network.param("gamma", np.array(slopes)), act_type="prelu")
    x = CROPS.reshape(2, -1) @ weight.T
    same(network, tmp_path, np.where(x > 0, x, np.array(slopes, np.float32) * x))


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("attrs", [{}, {"flatten": True}, {"flatten": False}])
def test_fully_connected_flattens_unless_told_otherwise(
    tmp_path: Path, attrs: dict[str, object], biased: bool
) -> None:
    network, flat = Network(), attrs.get("flatten", True)
    weight, bias = normal(4, FLAT if flat else 112), normal(4)
    inputs = [network.param("w", weight), *([network.param("b", bias)] if biased else [])]
    network.add("FullyConnected", network.data, *inputs, num_hidden=4, no_bias=not biased, **attrs)
    same(
        network,
        tmp_path,
        (CROPS.reshape(2, -1) if flat else CROPS) @ weight.T + (bias if biased else 0),
    )


@pytest.mark.parametrize(
    ("attrs", "reference"),
    [
        (
            {"global_pool": True, "pool_type": "avg", "kernel": (7, 7)},
            lambda x: x.mean((2, 3), keepdims=True),
        ),
        ({"global_pool": True, "pool_type": "max"}, lambda x: x.max((2, 3), keepdims=True)),
        ({"kernel": (2, 2), "stride": (2, 2)}, lambda x: windows(x, 2, 2).max((4, 5))),
        ({"kernel": (3, 3), "pool_type": "avg"}, lambda x: windows(x, 3, 1).mean((4, 5))),
        (
            {"kernel": (3, 3), "stride": (2, 2), "pad": (1, 1), "pool_type": "avg"},
            lambda x: windows(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), 3, 2).mean((4, 5)),
        ),
    ],
    ids=[
        "global average",
        "global maximum",
        "maximum",
        "average",
        "average with the padding counted",
    ],
)
def test_pooling(tmp_path: Path, attrs: dict[str, object], reference: Reference) -> None:
    network = Network()
    network.add("Pooling", network.data, **attrs)
    same(network, tmp_path, reference(CROPS))


def windows(x: np.ndarray, side: int, stride: int) -> np.ndarray:
    return sliding_window_view(x, (side, side), axis=(2, 3))[:, :, ::stride, ::stride]


@pytest.mark.parametrize(
    ("ops", "reference"),
    [
        (("elemwise_add", "broadcast_add", "_plus", "_Plus", "add_n", "ElementWiseSum"), np.add),
        (("elemwise_sub", "broadcast_sub", "_minus", "_Minus"), np.subtract),
        (("elemwise_mul", "broadcast_mul", "_mul", "_Mul"), np.multiply),
        (("elemwise_div", "broadcast_div", "_div", "_Div"), np.divide),
        (("Concat",), lambda x, y: np.concatenate([x, y], 1)),
    ],
)
def test_two_inputs(
    tmp_path: Path, ops: tuple[str, ...], reference: Callable[..., np.ndarray]
) -> None:
    for op in ops:
        network = Network()
        network.add(op, network.data, network.add("_plus_scalar", network.data, scalar=3))
        same(network, tmp_path, reference(CROPS, CROPS + 3))


def test_concat_along_another_axis(tmp_path: Path) -> None:
    network = Network()
    network.add("Concat", network.data, network.data, dim=3, num_args=2)
    same(network, tmp_path, np.concatenate([CROPS, CROPS], 3))


def test_squeeze_and_excitation(tmp_path: Path) -> None:
    network, first, second = Network(), normal(2, 3) / 100, normal(3, 2)
    pooled = network.add("Pooling", network.data, global_pool=True, pool_type="avg", kernel=(7, 7))
    squeezed = network.add(
        "FullyConnected", pooled, network.param("a", first), num_hidden=2, no_bias=True
    )
    excited = network.add("relu", squeezed)
    excited = network.add(
        "FullyConnected", excited, network.param("b", second), num_hidden=3, no_bias=True
    )
    gate = network.add(
        "Reshape", network.add("Activation", excited, act_type="sigmoid"), shape=(-1, 3, 1, 1)
    )
    network.add("broadcast_mul", network.data, gate)
    x = np.maximum(CROPS.mean((2, 3)) @ first.T, 0) @ second.T
    same(network, tmp_path, CROPS / (1 + np.exp(-x))[:, :, None, None])


def test_an_embedding_brought_to_unit_length(tmp_path: Path) -> None:
    network, weight = Network(), normal(4, FLAT)
    fc = network.add(
        "FullyConnected", network.data, network.param("w", weight), num_hidden=4, no_bias=True
    )
    network.add("L2Normalization", fc, name="fc1")
    x = CROPS.reshape(2, -1) @ weight.T
    same(network, tmp_path, x / np.linalg.norm(x, axis=1, keepdims=True))


@pytest.mark.parametrize(
    ("op", "attrs", "said"),
    [
        ("Deconvolution", {}, "the operator Deconvolution"),
        ("Activation", {"act_type": "nonsense"}, "the operator Activation with 'nonsense'"),
        ("Activation", {}, "the operator Activation with 'act_type'"),
        ("Pooling", {"pool_type": "lp", "kernel": (2, 2)}, "Pooling with 'lp'"),
        (
            "Pooling",
            {"pooling_convention": "full", "kernel": (2, 2)},
            "Pooling with pooling_convention full",
        ),
        ("Pooling", {"kernel": 3}, "Pooling with"),
        ("LeakyReLU", {"act_type": "rrelu"}, "LeakyReLU with 'rrelu'"),
        ("Reshape", {"shape": (-2,)}, r"Reshape with shape \(-2,\)"),
        ("Reshape", {"shape": (0, -1), "reverse": True}, "Reshape with reverse True"),
        ("L2Normalization", {"mode": "spatial"}, "L2Normalization with mode spatial"),
        ("Convolution", {"kernel": (3, 3), "layout": "NHWC"}, "Convolution with layout NHWC"),
        ("BatchNorm", {"axis": 3}, "BatchNorm with axis 3"),
        ("_mul_scalar", {"scalar": "much"}, "_mul_scalar with"),
    ],
)
def test_what_cannot_be_converted_is_named(
    tmp_path: Path, op: str, attrs: dict[str, object], said: str
) -> None:
    network = Network()
    network.add(op, network.data, name="odd", **attrs)
    with pytest.raises(
        ModelError, match=rf"^There is no rule to convert .*{said}.* of the node odd; with --native"
    ):
        onnx_of(network, tmp_path)
