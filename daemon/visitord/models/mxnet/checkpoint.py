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

from visitord.core.errors import ModelError

LIST_MAGIC = 0x112
V1, V2, V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
DTYPES = ("<f4", "<f8", "<f2", "u1", "<i4", "i1", "<i8", "?")  # by the file's type flag
INPUT = "data"
EMBEDDING = "fc1"  # as insightface calls the node whose output is the embedding


@dataclass(frozen=True, slots=True)
class Node:
    """A variable (op "null") or an operator; inputs are the indices of earlier nodes."""

    op: str
    name: str
    attrs: dict[str, Any]
    inputs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Both files as they are, and what they say: the nodes that the last, the embedding, needs;
    parameters by name.
    """

    symbol: bytes
    content: bytes
    nodes: dict[int, Node]
    params: dict[str, NDArray[np.float32]]


def read(prefix: Path, epoch: int, output: str | None = None) -> Checkpoint:
    """The checkpoint up to the node `output`, by default fc1, else the network's only end; raises
    ModelError.
    """
    file, params_file = Path(f"{prefix}-symbol.json"), Path(f"{prefix}-{epoch:04d}.params")
    try:
        symbol, content = file.read_bytes(), params_file.read_bytes()
        nodes = _needed(json.loads(symbol), output)
        file = params_file
        params = read_params(content)
    except FileNotFoundError as error:
        found = sorted(
            p.name for p in prefix.parent.glob("*.params") if p.name.startswith(f"{prefix.name}-")
        )
        raise ModelError(
            f"There is no {error.filename}; epochs there: {', '.join(found) or 'none'}."
        ) from None
    except OSError as error:
        raise ModelError(f"{error.filename} cannot be read: {error.strerror}.") from None
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        struct.error,
        OverflowError,
        RecursionError,
    ) as error:
        raise ModelError(
            f"{file} is cut off, damaged, or not what its name says: {error}."
        ) from None
    for node in nodes.values():
        for name in (nodes[i].name for i in node.inputs if nodes[i].op == "null"):
            if name != INPUT and name not in params:
                raise ModelError(
                    f"{params_file} has no values for {name}, which the node {node.name} needs."
                )
    return Checkpoint(symbol, content, nodes, params)


def _needed(symbol: Any, output: str | None) -> dict[int, Node]:
    """The nodes of a parsed -symbol.json that the output needs, which comes last."""
    nodes = [_node(i, item) for i, item in enumerate(symbol["nodes"])]
    found = [
        i
        for i, node in enumerate(nodes)
        if node.name == (output or EMBEDDING) and node.op != "null"
    ]
    heads = sorted({int(head[0]) for head in symbol["heads"]})
    if not found and (output or len(heads) != 1 or nodes[heads[0]].op == "null"):
        ends = " and ".join(nodes[i].name for i in heads)
        raise ModelError(
            f"The network has no node {output or EMBEDDING} and ends in {ends}; name one with --output."
        )
    needed = {(found or heads)[-1]}
    for i in range(max(needed), -1, -1):
        needed |= set(nodes[i].inputs) if i in needed else set()
    return {i: nodes[i] for i in sorted(needed)}


def _node(index: int, item: Any) -> Node:
    attrs = {
        **item.get("param", {}),
        **item.get("attr", {}),
        **item.get("attrs", {}),
    }  # old, older, new MXNet
    if any(not 0 <= i < index or output for i, output, *_ in item["inputs"]):
        raise ValueError(
            f"an input of the node {item['name']} is not the first output of a node before it"
        )
    values = {key: _value(text) for key, text in attrs.items()}
    return Node(str(item["op"]), str(item["name"]), values, tuple(i for i, *_ in item["inputs"]))


def _value(text: str) -> Any:
    """An attribute: "(3, 3)", in Python 2's time "(3L, 3L)"; "0.9", "True"; words stay words."""
    try:
        return ast.literal_eval(re.sub(r"(?<=\d)L\b", "", text))
    except (ValueError, SyntaxError):
        return {"true": True, "false": False}.get(text, text)


def read_params(content: bytes) -> dict[str, NDArray[np.float32]]:
    """The arrays of a .params file by name, without "arg:" and "aux:".

    The format, little-endian, is that of MXNet's src/ndarray/ndarray.cc: NDArray::Load and
    LegacyLoad. Raises struct.error, ValueError, LookupError or OverflowError when it is not kept.
    """
    at = 0

    def take(form: str) -> tuple[Any, ...]:
        nonlocal at
        begin, at = at, at + struct.calcsize(f"<{form}")
        return struct.unpack_from(f"<{form}", content, begin)

    def array() -> NDArray[np.float32]:
        nonlocal at
        (magic,) = take("I")
        if magic in {V2, V3} and take("i") != (0,):
            raise ValueError("an array in it is sparse")
        # Before V1, the number of dimensions stood in the place of the magic number.
        shape = take(f"{take('I')[0]}Q" if magic in {V1, V2, V3} else f"{magic}I")
        _, _, flag = take("3i")  # kind and number of the device it was on; the type
        begin, at = at, at + math.prod(shape) * np.dtype(DTYPES[flag]).itemsize
        return (
            np.frombuffer(content, DTYPES[flag], math.prod(shape), begin)
            .reshape(shape)
            .astype(np.float32)
        )

    magic, _, count = take("3Q")
    if magic != LIST_MAGIC:
        raise ValueError("it does not begin as such files do")
    arrays = [array() for _ in range(count)]
    names = [take(f"{take('Q')[0]}s")[0].decode() for _ in range(*take("Q"))]
    if at != len(content) or not all(np.isfinite(values).all() for values in arrays):
        raise ValueError("bytes follow its end, or not all its values are numbers")
    return {
        re.sub("^(arg|aux):", "", name): values for name, values in zip(names, arrays, strict=True)
    }
