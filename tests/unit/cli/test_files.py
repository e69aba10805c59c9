"""Files that a person asked for."""

import os
import stat
from pathlib import Path

import pytest

from visitord.cli.files import save
from visitord.core.errors import VisitordError


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_file_is_for_its_owner_alone_and_one_that_is_there_stays_for_whom_it_is(
    tmp_path: Path, umask: int
) -> None:
    new, old = tmp_path / "new.jpg", tmp_path / "old.jpg"
    old.touch()
    old.chmod(0o644)
    os.umask(umask)
    for path in (new, old):
        save(path, b"picture")
        assert path.read_bytes() == b"picture"
    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    assert stat.S_IMODE(old.stat().st_mode) == 0o644


def test_a_device_is_written_to_and_a_folder_is_no_place(tmp_path: Path) -> None:
    save(Path("/dev/null"), b"picture")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(VisitordError, match="cannot be written: Is a directory"):
        save(tmp_path, b"picture")


def test_a_link_leads_to_the_file_that_is_written(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    save(tmp_path / "link", b"picture")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"picture"
