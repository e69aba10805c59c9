"""Paths as people write them, in the configuration and on the command line."""

import os
from pathlib import Path

from visitord.core.text import visible

NAME_MAX_BYTES = 255  # of one folder or file, as Linux has it
PATH_MAX_BYTES = 4095  # of the whole
SHOWN_MAX = 40  # characters of a path that is refused


def expanded(text: str | Path) -> Path:
    """The path that `text` means, with ~ and ~ACCOUNT replaced by the home folder of that account.

    Raises
    ------
    ValueError
        that shows the path and says why there is none such, as the end of a sentence
    """
    written = str(text)
    if "\0" in written:
        raise ValueError("must not contain a NUL character")

    try:
        path = Path(written).expanduser()
        size_bytes = len(os.fsencode(path))
        longest_bytes = max((len(os.fsencode(part)) for part in path.parts), default=0)
    except UnicodeEncodeError:
        raise ValueError(f"{_shown(written)} is not text in this machine's encoding") from None
    except RuntimeError:
        raise ValueError(
            f"{_shown(written)} begins with the home folder of an account that does not exist"
        ) from None

    if longest_bytes > NAME_MAX_BYTES or size_bytes > PATH_MAX_BYTES:
        raise ValueError(
            f"{_shown(written)} is too long: a path has at most {PATH_MAX_BYTES} bytes, and each "
            f"name in it {NAME_MAX_BYTES}"
        )
    return path


def _shown(text: str) -> str:
    """A path in quotes, its beginning if it is long."""
    if len(text) > SHOWN_MAX:
        text = f"{text[:SHOWN_MAX]}…"
    return f'"{visible(text)}"'
