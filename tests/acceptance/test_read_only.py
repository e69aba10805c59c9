"""Commands on a disk that takes nothing any more, as one that the kernel has made read-only."""

import subprocess
from collections.abc import Iterator

import pytest

from fixtures.installation import Box, Done
from fixtures.paths import ROOT
from fixtures.waiting import PATIENCE_S

# Where nothing may be mounted: what Python writes below a folder fails as it would there.
REFUSING = """
import errno, os, sys

def refuse(event, arguments):
    if event not in {"open", "os.mkdir", "os.remove", "os.rename", "os.link", "os.chmod"}:
        return
    if not isinstance(arguments[0], str | bytes):
        return
    path = os.path.abspath(os.fsdecode(arguments[0]))
    reads = event == "open" and not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if path.startswith(FOLDER) and not reads:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), os.fsdecode(arguments[0]))

sys.addaudithook(refuse)
"""


@pytest.fixture(scope="module")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Box, dict[str, str]]]:
    """A box whose disk has become read-only, and what its commands find in their environment."""
    disk = tmp_path_factory.mktemp("disk")
    mounted = _mount("-t", "tmpfs", "none", str(disk))
    box = Box.at(disk / "box", None, "embedded")
    (box.folder / "state" / "crops").mkdir()
    if mounted and _mount("-o", "remount,ro", str(disk)):
        yield box, {}
    else:
        hook = tmp_path_factory.mktemp("hook")
        (hook / "sitecustomize.py").write_text(f"FOLDER = {str(disk)!r}\n{REFUSING}")
        yield box, {"PYTHONPATH": f"{hook}:{ROOT / 'daemon'}"}
    if mounted:
        subprocess.run(["umount", "--lazy", disk], check=True)


def _mount(*arguments: str) -> bool:
    try:
        return subprocess.run(["mount", *arguments], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("command", "place"),
    [
        ("visitorctl list", "state/postgres cannot be set up"),
        ("visitorctl forget somebody --yes", "state/postgres cannot be set up"),
        ("visitord init other.toml", "Error: other.toml: "),
    ],
)
def test_a_command_says_in_one_sentence_that_the_disk_takes_nothing(
    read_only: tuple[Box, dict[str, str]], command: str, place: str
) -> None:
    box, environment = read_only
    process = box.start(*command.split(), **environment)
    out, err = process.communicate(timeout=PATIENCE_S)
    Done(process.returncode, out, err).fails_with(place, "Read-only file system")
