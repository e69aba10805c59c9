"""Which connection is left when there are too many."""

from types import SimpleNamespace
from typing import Any

from visitord.web.connections import _dispensable


def connection(address: str, *, signed_in: bool = False, busy: bool = False) -> Any:
    return SimpleNamespace(addr=(address, 1), signed_in=signed_in, requests=[1] if busy else [])


def test_the_oldest_of_the_address_that_has_the_most_is_left() -> None:
    one = connection("192.0.2.1")
    many = [connection("192.0.2.9") for _ in range(3)]
    assert _dispensable([one, *many]) is many[0]


def test_a_session_stays_while_there_is_any_other_however_many_it_has() -> None:
    own = [connection("192.0.2.1", signed_in=True) for _ in range(5)]
    stranger = connection("192.0.2.9", busy=True)
    assert _dispensable([*own, stranger]) is stranger


def test_whose_request_is_being_answered_stays_while_there_is_an_idle_one() -> None:
    busy = [connection("192.0.2.9", busy=True) for _ in range(5)]
    idle = connection("192.0.2.1")
    assert _dispensable([*busy, idle]) is idle


def test_of_sessions_alone_an_idle_one_is_left() -> None:
    busy = connection("192.0.2.1", signed_in=True, busy=True)
    idle = connection("192.0.2.1", signed_in=True)
    assert _dispensable([busy, idle]) is idle
