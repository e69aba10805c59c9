"""When and as which camera files count that are replayed."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fixtures.footage import encode, live_webm, room
from fixtures.pictures import jpeg, saved
from visitord.service.replay import plan

START = datetime(2026, 1, 5, 9, tzinfo=UTC)


def test_the_next_file_begins_where_one_that_says_no_length_ends(tmp_path: Path) -> None:
    live = live_webm(tmp_path / "live.webm", room(36, 160, 90))
    film = encode(tmp_path / "film.mp4", room(12, 160, 90))
    first, second, third = plan([live, film, live], "door", START)
    assert first.start == START
    assert first.length_s == pytest.approx(3, abs=0.01)
    assert second.start == START + timedelta(seconds=first.length_s)
    assert third.start == second.start + timedelta(seconds=1)


def test_without_a_start_it_ends_when_it_was_written(tmp_path: Path) -> None:
    live = live_webm(tmp_path / "live.webm", room(36, 160, 90))
    os.utime(live, (START.timestamp(), START.timestamp()))
    (clip,) = plan([live], None, None)
    assert clip.camera == "live"
    assert clip.start + timedelta(seconds=clip.length_s) == START
    assert clip.length_s == pytest.approx(3, abs=0.01)


def test_whether_it_is_a_photograph_is_known_by_its_content(tmp_path: Path) -> None:
    film = encode(tmp_path / "film.mp4", room(12, 160, 90)).rename(tmp_path / "film.jpg")
    (tmp_path / "photograph.mp4").write_bytes(saved("HEIF"))
    (tmp_path / "raw.mjpeg").write_bytes(3 * jpeg(64, 64))
    files = [film, tmp_path / "photograph.mp4", tmp_path / "raw.mjpeg"]
    assert [clip.still for clip in plan(files, "door", START)] == [False, True, False]
