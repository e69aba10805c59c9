"""Files that are handed in: regular ones alone, whole or not at all, and without waiting."""

import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from visitord.core import reading


def test_a_file_and_a_link_to_one_are_read_whole(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"1234")
    (tmp_path / "link").symlink_to("file")
    assert reading.read(tmp_path / "file", 4) == reading.read(tmp_path / "link", 4) == b"1234"
    assert reading.sha256(tmp_path / "file", 4) == hashlib.sha256(b"1234").hexdigest()


def test_a_file_larger_than_it_may_be_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        file.truncate(1 << 40)
    for take in (reading.read, reading.sha256):
        with pytest.raises(OSError, match="more than the 64 MB such a file may have"):
            take(tmp_path / "file", 64 * reading.MIB)
    with pytest.raises(OSError, match="more than the 5 bytes"):
        reading.read(tmp_path / "file", 5)


def _pipe(path: Path) -> None:
    os.mkfifo(path)  # which nobody writes to: opening it as usual would wait for ever


def _endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _socket(path: Path) -> None:
    socket.socket(socket.AF_UNIX).bind(str(path))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_pipe, "it is a pipe, not a file"),
        (_endless, "it is a device, not a file"),
        (_socket, "it is a socket, not a file"),
        (Path.mkdir, "Is a directory"),
    ],
)
def test_what_is_no_regular_file_is_refused_at_once(
    tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    path = tmp_path / "x"
    make(path)
    with pytest.raises(OSError, match=words) as caught:
        reading.read(path, reading.TEXT_MAX_BYTES)
    assert caught.value.strerror == words
    assert str(caught.value) == f"{path}: {words}"
    for take in (reading.sha256, lambda path, _: reading.require_regular(path)):
        with pytest.raises(OSError, match=words):
            take(path, reading.TEXT_MAX_BYTES)


def test_what_takes_a_files_place_meanwhile_is_refused_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"1")
    was = path.stat()
    path.unlink()
    _pipe(path)
    monkeypatch.setattr(Path, "stat", lambda _: was)
    with pytest.raises(OSError, match="it is a pipe"):
        reading.read(path, 4)


def test_a_file_that_grows_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"1234")
    was = path.stat()
    path.write_bytes(b"12345")
    monkeypatch.setattr(os, "fstat", lambda _: was)
    with pytest.raises(OSError, match="it grows while it is read"):
        reading.read(path, 5)


def test_a_file_that_is_not_there_is_told_as_the_system_tells_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        reading.read(tmp_path / "x", 4)
