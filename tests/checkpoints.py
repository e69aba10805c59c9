"""MXNet checkpoints put together without MXNet: the two files as its documentation and source describe them."""

import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

FLAGS = {"float32": 0, "float64": 1, "float16": 2, "uint8": 3, "int32": 4, "int8": 5, "int64": 6}
V1, V2, V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA


@dataclass
class Network:
    """Nodes are known by their index; the last one is the network's end."""

    nodes: list[dict[str, Any]] = field(default_factory=list)
    params: dict[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.data = self.add("null", name="data")

    def param(self, name: str, values: np.ndarray, kind: str = "arg") -> int:
        """A variable that the .params file has values for."""
        self.params[f"{kind}:{name}"] = np.asarray(values, np.float32)
        return self.add("null", name=name)

    def add(self, op: str, *inputs: int, name: str = "", **attrs: object) -> int:
        node: dict[str, Any] = {"op": op, "name": name or f"node{len(self.nodes)}"}
        node["inputs"] = [[i, 0, 0] for i in inputs]
        if attrs:
            node["attrs"] = {key: str(value) for key, value in attrs.items()}
        self.nodes.append(node)
        return len(self.nodes) - 1

    def symbol(self) -> dict[str, Any]:
        arguments = [i for i, node in enumerate(self.nodes) if node["op"] == "null"]
        return {"nodes": self.nodes, "arg_nodes": arguments, "heads": [[len(self.nodes) - 1, 0, 0]]}

    def save(self, prefix: Path, epoch: int = 0) -> Path:
        Path(f"{prefix}-symbol.json").write_text(json.dumps(self.symbol()))
        Path(f"{prefix}-{epoch:04d}.params").write_bytes(params_file(self.params))
        return prefix


def params_file(arrays: dict[str, np.ndarray], version: int = V2) -> bytes:
    """The bytes of a .params file whose arrays are of this version; 0: as MXNet wrote them before it had versions."""
    content = struct.pack("<QQQ", 0x112, 0, len(arrays)) + b"".join(_array(a, version) for a in arrays.values())
    content += struct.pack("<Q", len(arrays))
    return content + b"".join(struct.pack("<Q", len(name)) + name.encode() for name in arrays)


def _array(values: np.ndarray, version: int) -> bytes:
    head = struct.pack("<I", version) if version else b""
    head += struct.pack("<i", 0) if version in {V2, V3} else b""
    sizes = f"{values.ndim}{'q' if version else 'I'}"
    head += struct.pack(f"<I{sizes}", values.ndim, *values.shape)
    return head + struct.pack("<iii", 1, 0, FLAGS[values.dtype.name]) + values.tobytes()
