"""The optional parts of an installation: which libraries each brings, and what installs them.

The package always holds the code of every part; whether a part can work shows only in whether the
libraries are there that its extra in pyproject.toml brings.
"""

import importlib.util

from visitord.core.errors import VisitordError

LIBRARIES = {
    "demo": ("aio_rtsp_toolkit",),
    "onvif": ("onvif", "wsdiscovery"),
    "parquet": ("pyarrow",),
}
"""The modules to import by the extra that brings them."""


def install_line(extra: str) -> str:
    """The command that adds an extra to an installation."""
    return f"pip install 'visitord[{extra}]'"


def require(extra: str, sentence: str) -> None:
    """Refuse to go on without an extra's libraries; none of them is imported.

    Parameters
    ----------
    extra
        One of LIBRARIES.
    sentence
        What cannot be done without it; `{}` in it becomes the command that installs the extra.

    Raises
    ------
    VisitordError
        With that sentence, when a library is missing.
    """
    if not all(map(importlib.util.find_spec, LIBRARIES[extra])):
        raise VisitordError(sentence.format(install_line(extra)))
