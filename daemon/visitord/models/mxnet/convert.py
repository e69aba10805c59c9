"""An MXNet network as an ONNX model: a rule for each operator."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from visitord.core.errors import ModelError
from visitord.models.mxnet.checkpoint import INPUT, Node
from visitord.models.pack import CROP_PX

OPSET = 17  # both old enough for every onnxruntime that visitord takes
IR_VERSION = 8
OUTPUT = "embedding"
BATCH_NORM_EPSILON = 1e-3  # MXNet's defaults, where a node does not say
LEAKY_SLOPE = 0.25

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
    """The graph as it grows; its values are known by name, parameters by their MXNet names.

    ndim: how many dimensions the values have whose number is known.
    origin: the MXNet node that a rule is at work on.
    """

    def __init__(self, params: dict[str, NDArray[np.float32]]) -> None:
        self.params = params
        self.nodes = list[onnx.NodeProto]()
        self.constants = list[TensorProto]()
        self.ndim = {INPUT: 4}
        self.origin = ""

    def constant(self, values: Any, dtype: type = np.float32) -> str:
        """The name of new values that never change."""
        name = f"constant {len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def add(self, op: str, inputs: list[str], ndim: int | None = None, **attributes: Any) -> str:
        """Add a node of ONNX.

        Parameters
        ----------
        op
            ONNX's operator.
        inputs
            The names of its inputs.
        ndim
            How many dimensions its output has; None: as many as its first input.
        attributes
            Of the operator, by ONNX's names.

        Returns
        -------
        str
            The name of its output.
        """
        name = f"value {len(self.nodes)}"
        label = f"{self.origin} as {name}"
        node = helper.make_node(op, inputs, [name], label, **attributes)
        self.nodes.append(node)
        self.ndim[name] = ndim or self.ndim.get(inputs[0], 0)
        return name


def to_onnx(nodes: dict[int, Node], params: dict[str, NDArray[np.float32]]) -> onnx.ModelProto:
    """A network from crops (n, 3, 112, 112), RGB 0..255, to embeddings.

    Raises ModelError naming an operator that there is no rule for.
    """
    net = _Net(params)
    values = dict[int, str]()
    for index, node in nodes.items():
        net.origin = node.name
        values[index] = _converted(net, node, [values[i] for i in node.inputs])
    net.nodes[-1].output[0] = OUTPUT

    used = {name for node in net.nodes for name in node.input}
    weights = [
        numpy_helper.from_array(array, name) for name, array in params.items() if name in used
    ]
    stored = net.constants + weights

    shape: list[str | int | None] = ["n", 3, CROP_PX, CROP_PX]
    crops = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, shape)
    made = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, None)
    graph = helper.make_graph(net.nodes, "recogniser", [crops], [made], stored)
    opset = helper.make_opsetid("", OPSET)
    return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)


def _converted(net: _Net, node: Node, inputs: list[str]) -> str:
    """The name of a node's value in ONNX, once its rule has added what it takes."""
    if node.is_variable:
        return node.name
    try:
        return RULES[node.op](net, node.attrs, inputs)
    except (LookupError, ValueError, TypeError) as error:
        operator = node.op
        if operator in RULES:
            operator += f" with {error}"
        raise ModelError(
            f"There is no rule to convert the operator {operator} of the node "
            f"{node.name}; with --native, MXNet itself runs it."
        ) from None


Rule = Callable[[_Net, dict[str, Any], list[str]], str]
"""Adds what an operator with these attributes and inputs takes; gives its output."""


def _only(attrs: dict[str, Any], key: str, value: object) -> None:
    """Refuses any other value of an attribute."""
    if attrs.get(key, value) not in (value, None):
        raise ValueError(f"{key} {attrs[key]}")


def _window(attrs: dict[str, Any]) -> dict[str, Any]:
    """Where a convolution or a pooling looks, as attributes of ONNX."""
    _only(attrs, "layout", "NCHW")
    _only(attrs, "pooling_convention", "valid")
    kernel = attrs["kernel"]
    stride = attrs.get("stride") or (1,) * len(kernel)
    pad = attrs.get("pad") or (0,) * len(kernel)
    before_and_after = pad * 2
    return {"kernel_shape": kernel, "strides": stride, "pads": before_and_after}


def _convolution(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    window = _window(attrs)
    if attrs.get("dilate"):
        window["dilations"] = attrs["dilate"]
    return net.add("Conv", x, group=attrs.get("num_group", 1), **window)


def _pooling(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    op = POOLS[attrs.get("pool_type", "max")]
    if attrs.get("global_pool"):
        return net.add(f"Global{op}", x)
    window = _window(attrs)
    if op == "AveragePool":
        window["count_include_pad"] = int(attrs.get("count_include_pad", True))
    return net.add(op, x, **window)


def _batch_norm(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    _only(attrs, "axis", 1)
    if attrs.get("fix_gamma", True):  # then 1 counts, whatever is stored
        x = [x[0], net.constant(np.ones_like(net.params[x[1]])), *x[2:]]
    epsilon = float(attrs.get("eps", BATCH_NORM_EPSILON))
    return net.add("BatchNormalization", x, epsilon=epsilon)


def _leaky(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    kind = attrs.get("act_type", "leaky")
    if kind != "prelu":
        return net.add(LEAKY[kind], x, alpha=float(attrs.get("slope", LEAKY_SLOPE)))
    # One slope for each channel, (C,): ONNX would take it for one for each column.
    slopes = net.params[x[1]].reshape(-1, *(1,) * (net.ndim[x[0]] - 2))
    return net.add("PRelu", [x[0], net.constant(slopes)])


def _fully_connected(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    if attrs.get("flatten", True):
        return net.add("Gemm", [net.add("Flatten", x[:1], 2), *x[1:]], 2, transB=1)
    product = net.add("MatMul", [x[0], net.constant(net.params[x[1]].T)])
    if not x[2:]:
        return product
    return net.add("Add", [product, *x[2:]])


def _reshape(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    _only(attrs, "reverse", False)
    shape = attrs["shape"]
    if min(shape) < -1:  # codes that ONNX does not have
        raise ValueError(f"shape {shape}")
    return net.add("Reshape", [x[0], net.constant(shape, np.int64)], len(shape))


def _l2(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    of_embedding = net.ndim[x[0]] == 2
    _only(attrs, "mode", "instance" if of_embedding else "channel")
    return net.add("LpNormalization", x, axis=1, p=2)


def _activation(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    return net.add(ACTIVATIONS[attrs["act_type"]], x)


def _flatten(net: _Net, _: dict[str, Any], x: list[str]) -> str:
    return net.add("Flatten", x, 2)


def _concat(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    return net.add("Concat", x, axis=attrs.get("dim", 1))


def _expand_dims(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    axes = net.constant([attrs["axis"]], np.int64)
    return net.add("Unsqueeze", [*x, axes], net.ndim[x[0]] + 1)


def _clip(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
    lowest = net.constant(attrs["a_min"])
    highest = net.constant(attrs["a_max"])
    return net.add("Clip", [*x, lowest, highest])


def _same(op: str) -> Rule:
    """The rule for an operator that means the same in ONNX, where it is called `op`."""

    def rule(net: _Net, _: dict[str, Any], x: list[str]) -> str:
        return net.add(op, x)

    return rule


def _scalar(op: str, *, first: bool = False) -> Rule:
    """The rule for an operator with a number as the second or, on request, first operand."""

    def rule(net: _Net, attrs: dict[str, Any], x: list[str]) -> str:
        number = net.constant(attrs["scalar"])
        operands = [number, *x] if first else [*x, number]
        return net.add(op, operands, net.ndim[x[0]])

    return rule


RULES: dict[str, Rule] = {
    "Convolution": _convolution,
    "Pooling": _pooling,
    "BatchNorm": _batch_norm,
    "LeakyReLU": _leaky,
    "Activation": _activation,
    "FullyConnected": _fully_connected,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "L2Normalization": _l2,
    "Concat": _concat,
    "expand_dims": _expand_dims,
    "clip": _clip,
    **{name: _same(op) for op, names in SAME.items() for name in names},
    **{f"_{name}_scalar": _scalar(op) for name, op in SCALAR.items()},
    **{f"_r{name}_scalar": _scalar(op, first=True) for name, op in SCALAR.items()},
    **{f"_{name.title()}Scalar": _scalar(op) for name, op in SCALAR.items()},
}
"""By MXNet's name of the operator."""
