"""What the files of each pack were when it was installed: a list that lies outside of all packs.

Nobody who can change a pack's folder alone can change what is expected of it.  The default pack
needs no entry: what its files are is known from the start (`catalog.ZOO_FILES`).
"""

from pathlib import Path

from pydantic import TypeAdapter

from visitord.core import reading
from visitord.core.config import Config
from visitord.core.errors import ModelError
from visitord.core.files import replace_file
from visitord.models.catalog import DEFAULT, files_of, shortened

_LIST = TypeAdapter(dict[str, dict[str, str]])
"""By a pack's folder: the SHA-256 of each of its files, by their paths in it."""


def note(config: Config, folder: Path) -> None:
    """Remember a pack's files as they are now.

    Parameters
    ----------
    config
        Says where the list is, and the folder of the packs that are known by name.
    folder
        Where the pack's files are.

    Raises
    ------
    ModelError
        When they cannot be read, or the list cannot be written.
    """
    known = _known(config)
    known[_key(config, folder)] = _digests(folder)
    content = _LIST.dump_json(known, indent=1)
    try:
        replace_file(config.packs_file, content)
    except OSError as error:
        raise ModelError(f"{config.packs_file} cannot be written: {error.strerror}.") from None


def is_noted(config: Config, pack: str, folder: Path) -> bool:
    """Whether it is known what a pack's files should be; raises ModelError."""
    return pack == DEFAULT or _key(config, folder) in _known(config)


def check(config: Config, pack: str, folder: Path) -> str:
    """What of a pack is not as it was when it was installed, as a sentence; empty for nothing.

    Parameters
    ----------
    config
        Says where the list is, and the folder of the packs that are known by name.
    pack
        Its name, or the path of a folder of its own.
    folder
        Where its files are.

    Raises
    ------
    ModelError
        When the list or the pack cannot be read.
    """
    expected = _known(config).get(_key(config, folder))
    if pack == DEFAULT or expected is None:
        return ""

    found = _digests(folder)
    for name in sorted(expected.keys() | found.keys()):
        was = expected.get(name)
        now = found.get(name)
        if was == now:
            continue
        advice = f"if you changed it yourself, run: visitord models install {pack}"
        if now is None:
            return f"{folder / name} is gone since the pack {pack} was installed; {advice}."
        if was is None:
            return f"{folder / name} came to the pack {pack} after it was installed; {advice}."
        sums = f"SHA-256 {shortened(now)}, expected {shortened(was)}"
        return (
            f"{folder / name} is damaged, or was changed after it was installed ({sums}); {advice}."
        )
    return ""


def _key(config: Config, folder: Path) -> str:
    """What the list calls a pack: its name, or the whole path of a folder elsewhere."""
    if folder.parent == config.models_dir:
        return folder.name
    return str(folder.absolute())


def _known(config: Config) -> dict[str, dict[str, str]]:
    """The list; empty where nothing was installed yet."""
    try:
        return _LIST.validate_json(reading.read(config.packs_file, reading.TEXT_MAX_BYTES))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ModelError(f"{config.packs_file} cannot be read: {error.strerror}.") from None
    except ValueError:
        advice = "delete it, and install your packs again with: visitord models install PACK"
        raise ModelError(f"{config.packs_file} is damaged; {advice}.") from None


def _digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of each of a pack's files; raises ModelError."""
    found = {}
    for name in files_of(folder):
        try:
            found[name] = reading.sha256(folder / name, reading.MODEL_MAX_BYTES)
        except OSError as error:
            raise ModelError(f"{folder / name} cannot be read: {error.strerror}.") from None
    return found
