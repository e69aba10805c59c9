"""Files that are put in place: whole or not at all, for whom they are meant, and once."""

import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from errno import EINVAL, ENOSPC
from pathlib import Path

import pytest

from visitord.core.files import PUBLIC, create_file, leftovers, make_private_folder, replace_file


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def failing(number: int) -> object:
    def fsync(_: int) -> None:
        raise OSError(number, os.strerror(number))

    return fsync


def test_a_new_file_is_for_its_owner_alone_unless_asked_otherwise(tmp_path: Path) -> None:
    for umask in (0o022, 0o000, 0o077):
        os.umask(umask)
        replace_file(tmp_path / "private", b"1")
        replace_file(tmp_path / "public", b"2", PUBLIC)
        assert (mode_of(tmp_path / "private"), mode_of(tmp_path / "public")) == (0o600, 0o644)


def test_a_file_is_replaced_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old")
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old")
    monkeypatch.setattr("visitord.core.files.os.fsync", failing(ENOSPC))
    with pytest.raises(OSError, match="No space left"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_content_is_on_disk_before_its_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    seen: list[tuple[str, bool]] = []

    def fsync(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        seen.append(("folder" if is_folder else "file", path.exists()))

    monkeypatch.setattr("visitord.core.files.os.fsync", fsync)
    replace_file(path, b"content")
    assert seen == [("file", False), ("folder", True)]


def test_a_file_system_that_cannot_sync_a_folder_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(EINVAL, os.strerror(EINVAL))

    monkeypatch.setattr("visitord.core.files.os.fsync", fsync)
    replace_file(tmp_path / "file", b"content")
    assert (tmp_path / "file").read_bytes() == b"content"


def test_the_folder_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replace_file(tmp_path / "absent" / "file", b"")


def test_whoever_creates_a_file_first_wins(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(lambda n: create_file(path, b"%d" % n), range(8)))
    assert won.count(True) == 1
    assert path.read_bytes() == b"%d" % won.index(True)
    assert (mode_of(path), list(tmp_path.iterdir())) == (0o600, [path])


def test_several_may_replace_a_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([n]) * 100_000 for n in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda content: replace_file(path, content), contents))
    assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_crash_left_of_a_file_is_found_and_of_others_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    monkeypatch.setattr("visitord.core.files.os.fsync", failing(ENOSPC))
    for name in ("a.json", "b.json"):
        with pytest.raises(OSError, match="No space left"):
            replace_file(tmp_path / name, b"half")
    (left,) = leftovers(tmp_path / "a.json")
    assert left.read_bytes() == b"half"
    assert leftovers(tmp_path / "json") == []


def test_a_new_folder_and_what_is_missing_above_it_is_for_its_owner_alone(tmp_path: Path) -> None:
    os.umask(0)
    tmp_path.chmod(0o755)
    make_private_folder(tmp_path / "a" / "b")
    assert mode_of(tmp_path / "a") == mode_of(tmp_path / "a" / "b") == 0o700
    assert mode_of(tmp_path) == 0o755, "what was there is left as it was"
    make_private_folder(tmp_path / "a" / "b")


def test_a_folder_cannot_be_made_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        make_private_folder(tmp_path / "file" / "folder")
