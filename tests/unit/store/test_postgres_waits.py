"""Waits for a server that takes connections and says nothing."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from fixtures.waiting import join
from visitord.store import postgres_socket, postgres_waits
from visitord.store.postgres_waits import BoundedConnection, Haste


@pytest.fixture
def silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server that is there and never answers."""
    monkeypatch.setattr(postgres_waits, "LOOK_EVERY_S", 0.02)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(tmp_path / postgres_socket.NAME))
        listener.listen()
        yield postgres_socket.address(tmp_path, "anyone", "anything")


def test_connecting_to_a_server_that_does_not_answer_ends(
    silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_waits, "CONNECT_WITHIN_S", 0.1)
    with pytest.raises(psycopg2.OperationalError, match="it gave no answer for 0 s"):
        postgres_waits.connect(silent, 60.0)


def test_another_thread_cuts_a_wait_short(silent: str) -> None:
    haste = Haste()

    class Hasty(BoundedConnection):
        pass

    Hasty.haste = haste
    errors: list[psycopg2.Error] = []

    def connect() -> None:
        try:
            psycopg2.connect(silent, connection_factory=Hasty)
        except psycopg2.Error as error:
            errors.append(error)

    waiting = threading.Thread(target=connect)
    waiting.start()
    haste.most_s = 0.0
    join(waiting)
    assert len(errors) == 1


@pytest.mark.parametrize(
    ("address", "seconds"),
    [
        ("postgresql://a@/b?host=/run/postgresql", 5),
        ("postgresql://a@one/b", 5),
        ("postgresql://a@one,two:5433/b", 40),
        ("host=one,two,three dbname=b", 60),
    ],
)
def test_each_of_several_servers_has_its_turn(address: str, seconds: float) -> None:
    assert postgres_waits.connects_within_s(address) == seconds
