"""MXNet checkpoints, PREFIX-symbol.json and PREFIX-0000.params, read without MXNet."""

import ast
import json
import math
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visitord.core import reading
from visitord.core.errors import ModelError

INPUT = "data"
SYMBOL_MAX_BYTES = 64 * reading.MIB  # that of a network of 100 layers has less than one
EMBEDDING = "fc1"  # as insightface calls the node whose output is the embedding
VARIABLE = "null"  # what the file calls the operator of a node that has none

# A .params file, by MXNet's src/ndarray/ndarray.cc.
LIST_MAGIC = 0x112
V1 = 0xF993FAC8
V2 = 0xF993FAC9
V3 = 0xF993FACA
DENSE = 0
DTYPES = ("<f4", "<f8", "<f2", "u1", "<i4", "i1", "<i8", "?")  # by the file's type flag

# What reading raises when a file is not what its name says.
DAMAGE = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    struct.error,
    OverflowError,
    RecursionError,
)


@dataclass(frozen=True, slots=True)
class Node:
    """A variable or an operator; inputs are the indices of earlier nodes."""

    op: str
    name: str
    attrs: dict[str, Any]
    inputs: tuple[int, ...]

    @property
    def is_variable(self) -> bool:
        """Whether it is the input or a parameter."""
        return self.op == VARIABLE


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Both files, and what they say.

    symbol, content: the files as they are.
    nodes: by index, those that the last one, the embedding, needs.
    params: by the names of their nodes.
    """

    symbol: bytes
    content: bytes
    nodes: dict[int, Node]
    params: dict[str, NDArray[np.float32]]

    @property
    def output(self) -> str:
        """The name of the node that gives the embedding."""
        return self.nodes[max(self.nodes)].name


def read(prefix: Path, epoch: int, output: str | None = None) -> Checkpoint:
    """The checkpoint, as much of it as one node needs.

    Parameters
    ----------
    prefix
        The path of both files without what tells them apart.
    epoch
        Which of the parameter files.
    output
        The node that gives the embedding, by default fc1, else the network's only end.

    Raises
    ------
    ModelError
        When a file is missing or damaged, there is no such node, or a parameter has no values.
    """
    symbol_file = Path(f"{prefix}-symbol.json")
    params_file = Path(f"{prefix}-{epoch:04d}.params")
    at_work_on = symbol_file
    try:
        symbol = reading.read(symbol_file, SYMBOL_MAX_BYTES)
        content = reading.read(params_file, reading.MODEL_MAX_BYTES)
        nodes = _needed(json.loads(symbol), output)
        at_work_on = params_file
        params = read_params(content)
    except FileNotFoundError as error:
        epochs = ", ".join(_epochs(prefix)) or "none"
        raise ModelError(f"There is no {error.filename}; epochs there: {epochs}.") from None
    except OSError as error:
        raise ModelError(f"{error.filename} cannot be read: {error.strerror}.") from None
    except DAMAGE as error:
        raise ModelError(
            f"{at_work_on} is cut off, damaged, or not what its name says: {error}."
        ) from None

    known = {INPUT, *params}
    for node in nodes.values():
        for source in (nodes[i] for i in node.inputs):
            if source.is_variable and source.name not in known:
                raise ModelError(
                    f"{params_file} has no values for {source.name}, "
                    f"which the node {node.name} needs."
                )
    return Checkpoint(symbol, content, nodes, params)


def _epochs(prefix: Path) -> list[str]:
    """The parameter files that are there."""
    names = (path.name for path in prefix.parent.glob("*.params"))
    return sorted(name for name in names if name.startswith(f"{prefix.name}-"))


def _needed(symbol: Any, output: str | None) -> dict[int, Node]:
    """The nodes of a parsed -symbol.json that the output needs, which comes last."""
    nodes = [_node(index, item) for index, item in enumerate(symbol["nodes"])]
    needed = {_output(nodes, symbol["heads"], output)}
    for index in range(max(needed), -1, -1):
        if index in needed:
            needed.update(nodes[index].inputs)
    return {index: nodes[index] for index in sorted(needed)}


def _output(nodes: list[Node], heads: list[Any], output: str | None) -> int:
    """The index of the node that gives the embedding."""
    wanted = output or EMBEDDING
    for index in reversed(range(len(nodes))):
        if nodes[index].name == wanted and not nodes[index].is_variable:
            return index

    ends = sorted({int(head[0]) for head in heads})
    if output is None and len(ends) == 1 and not nodes[ends[0]].is_variable:
        return ends[0]
    names = " and ".join(nodes[i].name for i in ends)
    raise ModelError(
        f"The network has no node {wanted} and ends in {names}; name one with --output."
    )


def _node(index: int, item: Any) -> Node:
    """A node of the file, whose inputs must come before it."""
    inputs = []
    for source, output, *_ in item["inputs"]:
        if not 0 <= source < index or output:
            raise ValueError(
                f"an input of the node {item['name']} is not the first output of a node before it"
            )
        inputs.append(source)

    # The names that old, older and new MXNet gave them.
    attrs = {**item.get("param", {}), **item.get("attr", {}), **item.get("attrs", {})}
    values = {key: _value(text) for key, text in attrs.items()}
    return Node(str(item["op"]), str(item["name"]), values, tuple(inputs))


def _value(text: str) -> Any:
    """An attribute: "(3, 3)", in Python 2's time "(3L, 3L)"; "0.9", "True"; words stay words."""
    try:
        return ast.literal_eval(re.sub(r"(?<=\d)L\b", "", text))
    except (ValueError, SyntaxError):
        return {"true": True, "false": False}.get(text, text)


def read_params(content: bytes) -> dict[str, NDArray[np.float32]]:
    """The arrays of a .params file by name, without "arg:" and "aux:".

    The format, little-endian, is that of MXNet's src/ndarray/ndarray.cc: NDArray::Load and
    LegacyLoad.  Raises struct.error, ValueError, LookupError or OverflowError when it is not kept.
    """
    reader = _Reader(content)
    magic, _, count = reader.take("3Q")
    if magic != LIST_MAGIC:
        raise ValueError("it does not begin as such files do")

    arrays = [reader.array() for _ in range(count)]
    (names_count,) = reader.take("Q")
    names = [reader.name() for _ in range(names_count)]
    all_finite = all(np.isfinite(values).all() for values in arrays)
    if reader.at != len(content) or not all_finite:
        raise ValueError("bytes follow its end, or not all its values are numbers")

    plain = (re.sub("^(arg|aux):", "", name) for name in names)
    return dict(zip(plain, arrays, strict=True))


class _Reader:
    """Goes through the content of a .params file.

    at: the byte that is read next.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.at = 0

    def take(self, form: str) -> tuple[Any, ...]:
        """What comes next, by a format of struct."""
        begin = self.at
        self.at += struct.calcsize(f"<{form}")
        return struct.unpack_from(f"<{form}", self._content, begin)

    def name(self) -> str:
        """A text with its length before it."""
        (length,) = self.take("Q")
        (text,) = self.take(f"{length}s")
        return str(text.decode())

    def array(self) -> NDArray[np.float32]:
        """An array of any version and type, as float32."""
        (magic,) = self.take("I")
        if magic in {V2, V3} and self.take("i") != (DENSE,):
            raise ValueError("an array in it is sparse")
        shape = self._shape(magic)
        _, _, flag = self.take("3i")  # the device's kind and number; the type

        dtype = np.dtype(DTYPES[flag])
        begin = self.at
        count = math.prod(shape)
        self.at += count * dtype.itemsize
        values = np.frombuffer(self._content, dtype, count, begin)
        return values.reshape(shape).astype(np.float32)

    def _shape(self, magic: int) -> tuple[int, ...]:
        """An array's shape; before V1, its length stood in the place of the magic number."""
        if magic not in {V1, V2, V3}:
            return self.take(f"{magic}I")
        (dimensions,) = self.take("I")
        return self.take(f"{dimensions}Q")
