"""At what pace pictures are let through, and how large they may be."""

from pathlib import Path

import av
import pytest

from fixtures.pictures import jpeg
from visitord.capture.decode import Pace, frames, video_of
from visitord.core.errors import CameraError


def test_no_more_pictures_are_let_through_than_asked_for() -> None:
    pace = Pace(8)
    assert sum(pace.allows(n / 25) for n in range(250)) == pytest.approx(80, abs=1)


def test_a_slower_clock_is_let_through_whole_though_its_stamps_are_rounded() -> None:
    pace = Pace(8)
    assert all(pace.allows(round(n / 8, 3)) for n in range(100))


def test_a_pause_is_not_made_up_for() -> None:
    pace = Pace(8)
    assert [pace.allows(t) for t in (0.0, 60.0, 60.01, 60.02, 60.125)] == [
        True,
        True,
        False,
        False,
        True,
    ]


def test_a_clock_that_jumps_back_starts_the_pace_anew() -> None:
    pace = Pace(8)
    before = sum(pace.allows(n / 25) for n in range(250))
    after = sum(pace.allows(n / 25) for n in range(250))
    assert before == after == pytest.approx(80, abs=1)


def test_a_stream_that_says_how_large_its_pictures_are_is_refused_for_that(tmp_path: Path) -> None:
    path = tmp_path / "a.mjpeg"
    path.write_bytes(2 * jpeg(9000, 9000))
    with (
        av.open(str(path)) as container,
        pytest.raises(CameraError, match=r"^its pictures have more than 64 megapixels$"),
    ):
        video_of(container, "AUTO")


def test_a_picture_larger_than_the_stream_said_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "a.mjpeg"
    path.write_bytes(3 * jpeg(64, 64) + jpeg(9000, 9000))
    with av.open(str(path)) as container:
        seen = frames(container, video_of(container, "AUTO"))
        assert next(seen)[0].width == 64
        with pytest.raises(av.error.ArgumentError):
            list(seen)
