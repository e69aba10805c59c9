"""The default pack's networks as runtimes take them: prepared once, and kept beside its files.

What is made of a published file is known as well as that file is: neither is opened when it was
changed.  Where nothing is kept, as after an update or in a folder that cannot be written, the
networks are prepared anew, which takes a third of a second.
"""

import contextlib
from pathlib import Path

from visitord.core import reading
from visitord.core.errors import ModelError
from visitord.core.files import PUBLIC, replace_file
from visitord.models.catalog import DEFAULT, DETECTOR_FILE, PREPARED_FILES, damage

ADVICE = f"run: visitord models install {DEFAULT}"


def network(folder: Path, name: str) -> bytes:
    """One of the default pack's networks, prepared.

    Parameters
    ----------
    folder
        Where the pack's files are.
    name
        Of the published file.

    Raises
    ------
    ModelError
        When what is kept of it is not what it should be, or neither can be read.
    """
    kept = folder / PREPARED_FILES[name]
    try:
        content = reading.read(kept, reading.MODEL_MAX_BYTES)
    except FileNotFoundError:
        content = _prepared(folder, name)
        with contextlib.suppress(OSError):  # then the next to open it does the same
            _keep(folder, name, content)
        return content
    except OSError as error:
        raise ModelError(f"The model file {kept} cannot be read: {error.strerror}.") from None

    if problem := damage(kept.name, content):
        raise ModelError(f"The model file {kept} {problem}; {ADVICE}.")
    return content


def prepare(folder: Path) -> None:
    """Have the prepared networks of a folder whose files were checked there; raises ModelError.

    What is kept as it should be stays, so that who may only read the folder can install, too.
    """
    for name in PREPARED_FILES:
        if _is_kept(folder, name):
            continue
        content = _prepared(folder, name)
        try:
            _keep(folder, name, content)
        except OSError as error:
            raise ModelError(f"{folder} cannot be written to: {error.strerror}.") from None


def _is_kept(folder: Path, name: str) -> bool:
    """Whether a prepared network lies beside its file, unchanged."""
    kept = folder / PREPARED_FILES[name]
    try:
        return not damage(kept.name, reading.read(kept, reading.MODEL_MAX_BYTES))
    except OSError:
        return False


def _keep(folder: Path, name: str, content: bytes) -> None:
    """Put a prepared network beside its file, if it is as all others read it; raises OSError."""
    kept = folder / PREPARED_FILES[name]
    if not damage(kept.name, content):
        replace_file(kept, content, PUBLIC)


def _prepared(folder: Path, name: str) -> bytes:
    """What a published file is prepared into; raises ModelError."""
    # Where the networks are kept, as nearly always, their library need not be loaded.
    from visitord.models import yunet_graph
    from visitord.models.preparation import plain, serialised

    file = folder / name
    try:
        given = reading.read(file, reading.MODEL_MAX_BYTES)
        if name == DETECTOR_FILE:
            return yunet_graph.prepared(given)
        return serialised(plain(given))
    except OSError as error:
        reason = error.strerror or str(error)
    except Exception as error:
        reason = " ".join(str(error).split())
    raise ModelError(f"The model file {file} cannot be loaded ({reason}); {ADVICE}.")
