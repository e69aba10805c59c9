"""Links that work once, and sessions, as files."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from visitord.core.clock import Clock
from visitord.core.errors import VisitordError
from visitord.web.sessions import FOLDER, LINK_WITHIN, Sessions

START = datetime(2026, 3, 1, tzinfo=UTC)


class SetClock(Clock):
    at = START

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def sessions(tmp_path: Path, clock: SetClock) -> Sessions:
    return Sessions(tmp_path / "state", clock, timedelta(days=7))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / FOLDER


def test_the_key_is_made_once_for_the_owner_only(sessions: Sessions, folder: Path) -> None:
    key = sessions.key()
    assert len(key) >= 43
    assert sessions.key() == key
    for made in (folder, folder.parent):
        assert stat.S_IMODE(made.stat().st_mode) == 0o700
    path = folder / "key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(VisitordError, match="key can be read by other accounts; delete it"):
        sessions.key()
    path.chmod(0o600)
    path.write_bytes(b"\xff\n")
    with pytest.raises(VisitordError, match="key holds no key; delete it"):
        sessions.key()


def test_what_is_kept_is_private_and_is_no_secret(sessions: Sessions, folder: Path) -> None:
    link = sessions.new_link()
    session = sessions.begin(sessions.new_link())
    assert session
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        for secret in (link, session):
            assert secret not in path.name + path.read_text()


def test_a_link_is_good_for_one_of_many_programs(sessions: Sessions, tmp_path: Path) -> None:
    link = sessions.new_link()
    begun = [
        Sessions(tmp_path / "state", SetClock(), timedelta(days=7)).begin(link) for _ in range(3)
    ]
    assert [bool(session) for session in begun] == [True, False, False]


@pytest.mark.parametrize("made_up", ["", "x", "../key", "\0", "\ud800", "x" * 100_000])
def test_what_is_made_up_is_no_link_and_no_session(sessions: Sessions, made_up: str) -> None:
    sessions.key()
    assert sessions.begin(made_up) is None
    assert not sessions.holds(made_up)


def test_a_session_is_no_link_and_a_link_no_session(sessions: Sessions) -> None:
    session = sessions.begin(sessions.new_link())
    assert session
    assert sessions.begin(session) is None
    assert not sessions.holds(sessions.new_link())


def test_a_clock_that_is_set_back_makes_nothing_last_longer(
    sessions: Sessions, clock: SetClock
) -> None:
    link = sessions.new_link()
    session = sessions.begin(sessions.new_link())
    assert session
    clock.at = START - timedelta(days=30)
    assert sessions.begin(link) is None
    assert not sessions.holds(session)


def test_what_is_over_is_tidied_away(sessions: Sessions, clock: SetClock, folder: Path) -> None:
    sessions.new_link()
    sessions.begin(sessions.new_link())
    clock.at += timedelta(days=8)
    sessions.new_link()
    assert [path.name[:5] for path in folder.iterdir()] == ["link-"]


def test_a_session_that_is_spoilt_is_none(sessions: Sessions, folder: Path) -> None:
    session = sessions.begin(sessions.new_link())
    assert session
    (path,) = folder.glob("session-*")
    for spoilt in (b"", b"yesterday", b"2026-03-01", b"\xff"):
        path.write_bytes(spoilt)
        os.utime(path, (START.timestamp(), START.timestamp()))
        assert not sessions.holds(session)
    assert sessions.end_all() == 0
    assert list(folder.iterdir()) == []


def test_ending_all_ends_unused_links_too(sessions: Sessions) -> None:
    held = [sessions.begin(sessions.new_link()) or "" for _ in range(2)]
    unused = sessions.new_link()
    assert sessions.end_all() == 2
    assert not any(sessions.holds(session) for session in held)
    assert sessions.begin(unused) is None


def test_nobody_is_signed_in_where_nobody_ever_was(sessions: Sessions) -> None:
    assert sessions.end_all() == 0
    assert not sessions.holds("x")
    assert sessions.begin("x") is None


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path, clock: SetClock) -> None:
    (tmp_path / "state").write_text("a file")
    sessions = Sessions(tmp_path / "state", clock, timedelta(days=7))
    for use in (sessions.key, sessions.new_link):
        with pytest.raises(VisitordError, match=r"needs .*, which cannot be used"):
            use()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_makes_is_the_services(tmp_path: Path, clock: SetClock) -> None:
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, 65534, 65534)
    sessions = Sessions(state, clock, timedelta(days=7))
    sessions.key()
    sessions.begin(sessions.new_link())
    sessions.new_link()
    made = [state / FOLDER, *(state / FOLDER).iterdir()]
    assert [path.stat().st_uid for path in made] == [65534] * 4


def test_a_link_ends_with_its_time(sessions: Sessions, clock: SetClock) -> None:
    early = sessions.new_link()
    late = sessions.new_link()
    clock.at += LINK_WITHIN
    assert sessions.begin(early)
    clock.at += timedelta(seconds=1)
    assert sessions.begin(late) is None
