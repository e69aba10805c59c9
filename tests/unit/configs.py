"""Configuration files for tests, and what is said of them."""

import re
from pathlib import Path

import pytest

from visitord.core.config import Config, load
from visitord.core.errors import ConfigError

CAMERA = '[[camera]]\nname = "door"\nsource = "rtsp://user@192.0.2.10/a"\n'


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def loaded(folder: Path, text: str) -> Config:
    return load(written(folder, text))


def problem(folder: Path, text: str | bytes) -> str:
    """What is said of this file, without the file's name; checks that it is one sentence that begins with it."""
    path = written(folder, text)
    with pytest.raises(ConfigError) as caught:
        load(path).require_secrets()
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert message.endswith(".") and not message.endswith("..")
    said = message.removeprefix(f"{path}: ")
    assert "\n" not in said
    assert not re.search(r"\. [A-Z]", said)
    assert "Value error" not in said and "pydantic" not in said
    return said.removesuffix(".")
