"""Whatever stands in a configuration, it is right or wrong in one sentence: never a traceback.

FUZZ_EXAMPLES=10000 python -m pytest tests/unit/core/test_config_fuzz.py tries as many.
"""

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from visitord.core.config import CameraConfig, Config, load
from visitord.core.errors import ConfigError
from visitord.core.text import visible

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "100"))

ODD = (
    "~nosuchaccount/x",
    "a\0b",
    "n" * 300,
    "${",
    "${NOPE}",
    "${}",
    "\u202e",
    "rtsp://a:b@[::/x",
    "://",
)
TEXT = st.one_of(st.text(max_size=20), st.sampled_from(ODD))
VALUE = st.recursive(
    st.one_of(
        st.booleans(), st.integers(), st.floats(), st.dates(), st.times(), st.datetimes(), TEXT
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


def keys_of(section: Any) -> list[str]:
    return list(getattr(section, "model_fields", ()))


def written(value: Any) -> str:
    """A value in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{quoted(key)} = {written(v)}' for key, v in value.items())}}}"
    if isinstance(value, int | float):
        return str(value)
    return str(value.isoformat())


def quoted(text: str) -> str:
    spelt = "".join(c if c.isalnum() else f"\\U{ord(c):08x}" for c in text if not is_lone(c))
    return f'"{spelt}"'


def is_lone(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


@st.composite
def configurations(draw: st.DrawFn) -> str:
    """Sections that there are, with keys that there are or not, and any values."""
    lines = []
    for name, field in Config.model_fields.items():
        keys = CameraConfig.model_fields if name == "camera" else keys_of(field.annotation)
        if not keys or not draw(st.booleans()):
            continue
        lines.append("[[camera]]" if name == "camera" else f"[{name}]")
        for key in draw(st.lists(st.sampled_from(sorted(keys)), unique=True, max_size=3)):
            lines.append(f"{key} = {written(draw(VALUE))}")
        for key in draw(st.lists(TEXT, unique=True, max_size=1)):
            lines.append(f"{quoted(f'odd {key}')} = {written(draw(VALUE))}")
    return "\n".join(lines) + "\n"


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(configurations().map(str.encode), st.binary(max_size=200)))
def test_any_configuration_is_read_or_refused_in_one_sentence(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config.toml")
        path.write_bytes(content)
        with contextlib.suppress(OSError):
            refused(path)


def refused(path: Path) -> None:
    """Read a configuration with its secrets; what is said of it is for one line of a terminal."""
    try:
        load(path).require_secrets()
    except ConfigError as error:
        said = str(error)
        assert said.startswith(f"{path}: ")
        assert said.endswith(".")
        assert said == visible(said)
