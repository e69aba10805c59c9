"""An MXNet network as an ONNX model: a rule for each operator."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from visitord.core.errors import ModelError
from visitord.models.mxnet.checkpoint import INPUT, Node
from visitord.models.pack import CROP_PX

OPSET, IR_VERSION = 17, 8  # old enough for every onnxruntime that visitord takes
SAME = {  # what means the same in ONNX, by any of its names in MXNet
    "Add": ("elemwise_add", "broadcast_add", "broadcast_plus", "_add", "_plus", "_Plus"),
    "Sub": ("elemwise_sub", "broadcast_sub", "broadcast_minus", "_sub", "_minus", "_Minus"),
    "Mul": ("elemwise_mul", "broadcast_mul", "_mul", "_Mul"),
    "Div": ("elemwise_div", "broadcast_div", "_div", "_Div"),
    "Sum": ("add_n", "ElementWiseSum"),
    "Identity": ("Dropout", "identity", "_copy", "BlockGrad", "stop_gradient"),
    "Relu": ("relu",),
    "Sigmoid": ("sigmoid",),
    "Tanh": ("tanh",),
}
ACTIVATIONS = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}
LEAKY = {"leaky": "LeakyRelu", "elu": "Elu"}
POOLS = {"max": "MaxPool", "avg": "AveragePool"}
SCALAR = {"plus": "Add", "minus": "Sub", "mul": "Mul", "div": "Div"}


class _Net:
    """The graph as it grows; its values are known by name, parameters by their MXNet names."""

    def __init__(self, params: dict[str, NDArray[np.float32]]) -> None:
        self.params = params
        self.nodes = list[onnx.NodeProto]()
        self.constants = list[TensorProto]()
        self.ndim = {INPUT: 4}
        self.origin = ""  # the MXNet node a rule is at work on

    def constant(self, values: Any, dtype: type = np.float32) -> str:
        name = f"constant {len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def add(self, op: str, inputs: list[str], ndim: int | None = None, **attributes: Any) -> str:
        """A new node's output, of as many dimensions as its first input if not said otherwise."""
        name = f"value {len(self.nodes)}"
        self.nodes.append(
            helper.make_node(op, inputs, [name], f"{self.origin} as {name}", **attributes)
        )
        self.ndim[name] = ndim or self.ndim.get(inputs[0], 0)
        return name


def to_onnx(nodes: dict[int, Node], params: dict[str, NDArray[np.float32]]) -> onnx.ModelProto:
    """Crops (n, 3, 112, 112), RGB 0..255, to embeddings; raises ModelError naming an operator it
    has no rule for.
    """
    net, values = _Net(params), dict[int, str]()
    for i, node in nodes.items():
        net.origin = values[i] = node.name
        try:
            if node.op != "null":
                values[i] = RULES[node.op](net, node.attrs, [values[j] for j in node.inputs])
        except (LookupError, ValueError, TypeError) as error:
            why = f" with {error}" if node.op in RULES else ""
            raise ModelError(
                f"There is no rule to convert the operator {node.op}{why} of the node {node.name}; with --native, "
                "MXNet itself runs it."
            ) from None
    net.nodes[-1].output[0] = "embedding"
    used = {name for node in net.nodes for name in node.input}
    weights = [
        numpy_helper.from_array(array, name) for name, array in params.items() if name in used
    ]
    crops = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["n", 3, CROP_PX, CROP_PX])
    made = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, None)
    graph = helper.make_graph(net.nodes, "recogniser", [crops], [made], net.constants + weights)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )


def _only(attrs: dict[str, Any], key: str, value: object) -> None:
    """Refuses any other value of an attribute."""
    if attrs.get(key, value) not in (value, None):
        raise ValueError(f"{key} {attrs[key]}")


def _window(attrs: dict[str, Any]) -> dict[str, Any]:
    """Where a convolution or a pooling looks."""
    _only(attrs, "layout", "NCHW")
    _only(attrs, "pooling_convention", "valid")
    kernel, nothing = attrs["kernel"], (0,) * len(attrs["kernel"])
    pads = (attrs.get("pad") or nothing) * 2
    return {
        "kernel_shape": kernel,
        "strides": attrs.get("stride") or (1,) * len(kernel),
        "pads": pads,
    }


def _convolution(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    dilated = {"dilations": attrs["dilate"]} if attrs.get("dilate") else {}
    return net.add("Conv", x, group=attrs.get("num_group", 1), **_window(attrs), **dilated)


def _pooling(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    op = POOLS[attrs.get("pool_type", "max")]
    if attrs.get("global_pool"):
        return net.add(f"Global{op}", x)
    padded = (
        {"count_include_pad": int(attrs.get("count_include_pad", True))}
        if op == "AveragePool"
        else {}
    )
    return net.add(op, x, **_window(attrs), **padded)


def _batch_norm(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    _only(attrs, "axis", 1)
    if attrs.get("fix_gamma", True):  # then 1 counts, whatever is stored
        x = [x[0], net.constant(np.ones_like(net.params[x[1]])), *x[2:]]
    return net.add("BatchNormalization", x, epsilon=float(attrs.get("eps", 1e-3)))


def _leaky(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    kind = attrs.get("act_type", "leaky")
    if kind != "prelu":
        return net.add(LEAKY[kind], x, alpha=float(attrs.get("slope", 0.25)))
    # One slope for each channel, (C,): ONNX would take it for one for each column.
    slopes = net.params[x[1]].reshape(-1, *(1,) * (net.ndim[x[0]] - 2))
    return net.add("PRelu", [x[0], net.constant(slopes)])


def _fully_connected(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    if attrs.get("flatten", True):
        return net.add("Gemm", [net.add("Flatten", x[:1], 2), *x[1:]], 2, transB=1)
    product = net.add("MatMul", [x[0], net.constant(net.params[x[1]].T)])
    return net.add("Add", [product, *x[2:]]) if x[2:] else product


def _reshape(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    _only(attrs, "reverse", False)
    if min(attrs["shape"]) < -1:  # codes that ONNX does not have
        raise ValueError(f"shape {attrs['shape']}")
    return net.add("Reshape", [x[0], net.constant(attrs["shape"], np.int64)], len(attrs["shape"]))


def _l2(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    _only(attrs, "mode", "instance" if net.ndim[x[0]] == 2 else "channel")
    return net.add("LpNormalization", x, axis=1, p=2)


def _scalar(op: str, first: bool, net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    pair = [*x, net.constant(attrs["scalar"])]
    return net.add(op, pair[::-1] if first else pair, net.ndim[x[0]])


RULES: dict[str, Callable[[_Net, dict[str, Any], list[str]], str]] = {
    "Convolution": _convolution,
    "Pooling": _pooling,
    "BatchNorm": _batch_norm,
    "LeakyReLU": _leaky,
    "Activation": lambda net, attrs, x: net.add(ACTIVATIONS[attrs["act_type"]], x),
    "FullyConnected": _fully_connected,
    "Flatten": lambda net, _, x: net.add("Flatten", x, 2),
    "Reshape": _reshape,
    "L2Normalization": _l2,
    "Concat": lambda net, attrs, x: net.add("Concat", x, axis=attrs.get("dim", 1)),
    "expand_dims": lambda net, a, x: net.add(
        "Unsqueeze", [*x, net.constant([a["axis"]], int)], net.ndim[x[0]] + 1
    ),
    "clip": lambda net, a, x: net.add(
        "Clip", [*x, net.constant(a["a_min"]), net.constant(a["a_max"])]
    ),
    **{
        mx: partial(lambda op, net, _, x: net.add(op, x), op)
        for op, names in SAME.items()
        for mx in names
    },
    **{f"_{name}_scalar": partial(_scalar, op, False) for name, op in SCALAR.items()},
    **{f"_r{name}_scalar": partial(_scalar, op, True) for name, op in SCALAR.items()},
    **{f"_{name.title()}Scalar": partial(_scalar, op, False) for name, op in SCALAR.items()},
}
