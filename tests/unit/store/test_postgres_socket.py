"""Where the socket of the embedded server may lie, and how clients are told."""

import os
from pathlib import Path
from urllib.parse import unquote

import psycopg2.extensions
import pytest

from visitord.core.accounts import Account
from visitord.core.errors import DatabaseError
from visitord.store import postgres_socket
from visitord.store.postgres_socket import NAME, PATH_MAX_BYTES, address, can_be_told, socket_folder

LONG = Path("/", "x" * 200)


@pytest.fixture
def ours() -> Account:
    account = Account.current()
    assert account is not None
    return account


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "r"
    folder.mkdir(mode=0o700)
    monkeypatch.setattr(postgres_socket, "ROOTS_RUNTIME", folder)
    monkeypatch.setattr(postgres_socket, "PATH_MAX_BYTES", PATH_MAX_BYTES + len(str(folder)))
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


def test_a_path_is_measured_in_bytes_with_the_name_of_the_socket() -> None:
    room = PATH_MAX_BYTES - len(NAME) - len("//")
    assert can_be_told(Path("/", "x" * room))
    assert not can_be_told(Path("/", "x" * (room + 1)))
    assert can_be_told(Path("/", "é" * (room // 2)))
    assert not can_be_told(Path("/", "é" * (room // 2 + 1)))


@pytest.mark.parametrize("name", ["a,b", os.fsdecode(b"\xff")])
def test_what_a_client_would_read_otherwise_is_not_told(name: str) -> None:
    assert not can_be_told(Path("/", name))


@pytest.mark.parametrize("name", ["a b", "a&c=d#e?f", "a%20b", "$(x)`y`", "a\nb", "'\"\\", "é漢"])
def test_a_client_reads_in_the_address_what_was_meant(name: str) -> None:
    url = address(Path("/", name), "postgres", "visitord")
    parts = psycopg2.extensions.parse_dsn(url)
    assert parts == {"user": "postgres", "dbname": "visitord", "host": f"/{name}"}
    assert unquote(url).endswith(f"?host=/{name}")


def test_each_data_folder_has_a_socket_folder_of_its_own(ours: Account, runtime: Path) -> None:
    folders = {socket_folder(LONG / name, ours) for name in ("a", "b", "a")}
    assert len(folders) == 2
    assert {folder.parent for folder in folders} == {runtime}
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_a_runtime_folder_that_others_may_write_to_is_not_used(
    ours: Account, runtime: Path, mode: int
) -> None:
    runtime.chmod(mode)
    with pytest.raises(DatabaseError, match="set another state_dir"):
        socket_folder(LONG, ours)


@pytest.mark.usefixtures("runtime")
def test_a_link_in_the_place_of_a_socket_folder_is_refused(ours: Account, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir(mode=0o700)
    place = socket_folder(LONG, ours)
    place.rmdir()
    place.symlink_to(tmp_path / "theirs")
    with pytest.raises(DatabaseError, match="not a folder of the account"):
        socket_folder(LONG, ours)
