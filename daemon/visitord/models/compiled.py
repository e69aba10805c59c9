"""Networks as OpenVINO has compiled them for this machine, kept so that programs start faster.

To compile SFace takes 0.5 s of the CPU, to take it up compiled 0.2, and the process is 25 MB
smaller.  What is kept lies in the state folder, where only the box's own account writes; a file's
name has the hash of what it is of, and of its content, so that one that a crash or the disk damaged
is taken for none.
"""

import contextlib
import hashlib
import os
from pathlib import Path

from visitord.core import reading
from visitord.core.files import make_private_folder, replace_file

KEPT_MAX = 4  # one for each recogniser in use, and some of versions before
SUFFIX = ".blob"


def kept(folder: Path, of: str) -> bytes | None:
    """What was kept of this; None where that is nothing, or is damaged.

    Parameters
    ----------
    folder
        Where it would be.
    of
        What it was compiled of, for what and by what: a hash.
    """
    for file in folder.glob(f"{of}-*{SUFFIX}"):
        with contextlib.suppress(OSError):
            content = reading.read(file, reading.MODEL_MAX_BYTES)
            if file == _file(folder, of, content):
                return content
    return None


def keep(folder: Path, of: str, content: bytes) -> None:
    """Keep it instead of the oldest; not where this is not the account of the state folder."""
    with contextlib.suppress(OSError):
        if folder.parent.stat().st_uid != os.geteuid():
            return
        make_private_folder(folder)
        replace_file(_file(folder, of, content), content)

        files = sorted(folder.glob(f"*{SUFFIX}"), key=lambda file: file.stat().st_mtime)
        for old in files[:-KEPT_MAX]:
            old.unlink()


def _file(folder: Path, of: str, content: bytes) -> Path:
    return folder / f"{of}-{hashlib.sha256(content).hexdigest()}{SUFFIX}"
