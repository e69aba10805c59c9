"""Faces that never move: posters, photographs, screens. Faces are 60 px, pictures eight a second or
one.
"""

from collections.abc import Callable, Iterable

import numpy as np
import pytest

from fixtures.build import axis, detection, frame, perturbed, sample
from fixtures.tracking import ScriptedTracker
from visitord.core.records import Embedding, Observation, TrackReport
from visitord.vision.places import PLACES_MAX

STATIC_S = 20.0
Place = Callable[[float], float]


@pytest.fixture(autouse=True)
def sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visitord.vision.tracker.STATIC_S", STATIC_S)
    monkeypatch.setattr("visitord.vision.tracker.STATIONARY_S", 5.0)


def tracker() -> ScriptedTracker:
    return ScriptedTracker("main")


def show(
    watching: ScriptedTracker,
    start_s: float,
    end_s: float,
    x: Place | float = 100.0,
    *,
    y: Place | float = 100.0,
    size: Place | float = 60.0,
    who: Embedding | None = None,
    step_s: float = 0.125,
) -> list[TrackReport]:
    """Reports while one face is shown from start_s to before end_s."""

    def at(value: Place | float, t: float) -> float:
        return value(t) if callable(value) else value

    reports: list[TrackReport] = []
    for n in range(round((end_s - start_s) / step_s)):
        t = start_s + n * step_s
        place = detection(at(x, t), at(y, t), size=at(size, t))
        reports += watching.show(
            frame(t), [Observation(place, sample(axis(0) if who is None else who, t=t))]
        )
    return reports


def statics(reports: Iterable[TrackReport]) -> list[bool]:
    return [r.static for r in reports]


def poster(watching: ScriptedTracker, x: float = 100.0, start_s: float = 0.0) -> float:
    """A face that has become static and then left; returns when."""
    end_s = start_s + STATIC_S + 1
    show(watching, start_s, end_s, x)
    (report,) = watching.flush()
    assert report.static
    return end_s


# Resting


def test_a_face_is_stationary_once_it_has_not_moved_for_a_while() -> None:
    watching = tracker()
    show(watching, 0, 5)
    assert not watching.all_stationary
    show(watching, 5, 5.25)
    assert watching.all_stationary


def test_a_face_that_moves_is_not_stationary_until_it_has_stood_as_long_again() -> None:
    watching = tracker()
    show(watching, 0, 6)
    show(watching, 6, 7, lambda t: 100 + 60 * (t - 6))
    assert not watching.all_stationary
    show(watching, 7, 11, 160)
    assert not watching.all_stationary
    show(watching, 11, 12.5, 160)
    assert watching.all_stationary


def test_one_of_two_that_moves_is_enough_for_not_all_to_be_stationary() -> None:
    watching = tracker()
    for n in range(80):
        t = n / 8
        pair = [
            Observation(detection(x), sample(axis(i), t=t))
            for i, x in ((0, 100), (1, 300 + 10 * n))
        ]
        watching.show(frame(t), pair)
    assert not watching.all_stationary


# Static


def test_a_face_that_never_moves_is_static_after_static_s_and_not_before() -> None:
    watching = tracker()
    assert not any(statics(show(watching, 0, STATIC_S)))
    assert watching.flush()[0].static is False
    watching = tracker()
    show(watching, 0, STATIC_S + 0.125)
    assert watching.flush()[0].static is True


def test_by_default_it_takes_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    watching = ScriptedTracker("main")
    reports = show(watching, 0, 625, step_s=1.0)
    ages = {(r.ended_at - r.started_at).total_seconds(): r.static for r in reports}
    assert max(age for age, static in ages.items() if not static) == pytest.approx(595, abs=6)
    assert min(age for age, static in ages.items() if static) == pytest.approx(605, abs=6)


def test_a_report_during_the_track_says_so_and_so_does_the_last_one() -> None:
    watching = tracker()
    reports = show(watching, 0, 46) + watching.flush()
    ages = [(r.ended_at - r.started_at).total_seconds() for r in reports]
    assert ages == [1, 2, 4, 8, 15, 25, 35, 45, 45.875]
    assert statics(reports) == [age >= STATIC_S for age in ages]


@pytest.mark.parametrize("share", [0.02, 0.04])
def test_the_scatter_of_a_detector_is_no_movement(share: float) -> None:
    """Every edge of the box a few per cent of the face off, in each picture anew."""
    random = np.random.default_rng(3)

    def scattered(value: float) -> Place:
        return lambda t: value + 60 * random.uniform(-share, share)

    watching = tracker()
    show(
        watching,
        0,
        30,
        scattered(100),
        y=scattered(100),
        size=scattered(60),
        who=perturbed(0, random),
    )
    assert watching.all_stationary
    assert watching.flush()[0].static


@pytest.mark.parametrize(
    ("x", "y", "size"),
    [
        (lambda t: 100 + 15 * (t >= 15), 100.0, 60.0),
        (100.0, lambda t: 100 + 15 * (t >= 15), 60.0),
        (
            lambda t: 100 - 12 * (t >= 15),
            lambda t: 100 - 12 * (t >= 15),
            lambda t: 60 + 24 * (t >= 15),
        ),
    ],
    ids=["sideways", "down", "nearer"],
)
def test_one_that_moves_in_between_is_not_static(x: Place, y: Place, size: Place) -> None:
    watching = tracker()
    show(watching, 0, 30, x, y=y, size=size)
    (report,) = watching.flush()
    assert (report.frames, report.static) == (240, False)


def test_one_that_moves_a_little_again_and_again_is_not_static() -> None:
    """Someone at a counter: never far, but never still for long either."""
    watching = tracker()
    reports = show(watching, 0, 100, lambda t: 100 + 20 * (t // 12 % 2)) + watching.flush()
    assert len({r.sighting_id for r in reports}) == 1
    assert not any(statics(reports))


def test_one_that_drifts_slowly_is_not_static() -> None:
    """A pixel a second: each picture shows no movement, the minute does."""
    watching = tracker()
    assert not any(statics(show(watching, 0, 60, lambda t: 100 + t) + watching.flush()))


def test_rare_looks_are_enough() -> None:
    """As while it is stationary: one search a second."""
    watching = tracker()
    show(watching, 0, STATIC_S + 2, step_s=1.0)
    assert watching.flush()[0].static


def test_moving_away_ends_it() -> None:
    watching = tracker()
    assert show(watching, 0, 30)[-1].static
    assert not any(statics(show(watching, 30, 50, lambda t: 100 + 20 * (t - 30))))
    (report,) = watching.flush()
    assert (report.static, report.frames) == (False, 400)


def test_a_photograph_is_never_static() -> None:
    watching = tracker()
    (report,) = watching.show_photograph(frame(0.0), [Observation(detection(100), sample(axis(0)))])
    assert not report.static


# Somebody who walks in and sits still


def walk_in(watching: ScriptedTracker, x: float = 400.0) -> None:
    """Four seconds from x 100 to a seat, at a face and a quarter a second."""
    show(watching, 0, 4, lambda t: 100 + (x - 100) * min(1, t / 4))


def sits(t: float) -> float:
    """At x 400, moving by two per cent of the face."""
    return 400 + 1.2 * float(np.sin(t))


def test_one_that_crossed_several_face_widths_is_not_static_however_long_it_sits() -> None:
    watching = tracker()
    walk_in(watching)
    reports = show(watching, 4, 4 + 3 * STATIC_S, sits) + watching.flush()
    assert len({r.sighting_id for r in reports}) == 1
    assert not any(statics(reports))


def test_by_default_somebody_who_sits_for_twelve_minutes_is_seen_for_thirteen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    watching = ScriptedTracker("main")
    reports = show(watching, 0, 60, lambda t: 100 + 5 * t, step_s=0.25)
    reports += show(watching, 60, 780, sits, step_s=1.0)
    reports += watching.expire(800)
    assert not any(statics(reports))
    assert (reports[-1].ended_at - reports[-1].started_at).total_seconds() == 779


def test_one_that_came_nearer_is_not_static() -> None:
    """Straight at the camera: its middle hardly moves."""
    watching = tracker()
    show(
        watching,
        0,
        4,
        lambda t: 130 - 7.5 * t,
        y=lambda t: 130 - 7.5 * t,
        size=lambda t: 30 + 15 * t,
    )
    assert not any(statics(show(watching, 4, 40, 100, size=90) + watching.flush()))


def test_a_single_step_far_away_is_another_face_and_no_walk() -> None:
    """Somebody who passes was taken for the poster, once."""
    watching = tracker()
    show(watching, 0, 5)
    show(watching, 5, 5.125, 230)
    assert any(statics(show(watching, 5.125, 30)))


def test_one_that_looks_away_while_it_sits_is_not_static_afterwards() -> None:
    watching = tracker()
    walk_in(watching)
    show(watching, 4, 30, sits)
    assert len(watching.expire(60)) == 1
    reports = show(watching, 60, 60 + 2 * STATIC_S, 420)
    assert len(watching.expire(130)) == 1
    reports += show(watching, 140, 140 + 2 * STATIC_S, 400) + watching.flush()
    assert not any(statics(reports))


@pytest.mark.parametrize(
    ("after_s", "x", "i"), [(30, 400, 1), (30, 530, 0), (700, 400, 0)], ids=["other", "far", "late"]
)
def test_what_hangs_where_somebody_sat_is_static_all_the_same(
    after_s: float, x: float, i: int
) -> None:
    watching = tracker()
    walk_in(watching)
    show(watching, 4, 10, sits)
    start_s = 10 + after_s
    watching.expire(start_s)
    show(watching, start_s, start_s + STATIC_S + 2, x, who=axis(i))
    assert statics(watching.flush()) == [True]


def test_a_poster_stays_one_though_somebody_like_it_was_lost_before_it() -> None:
    watching = tracker()
    t = poster(watching, x=400)
    show(watching, t, t + 4, lambda at: 100 + 75 * (at - t))
    watching.expire(t + 20)
    assert all(statics(show(watching, t + 20, t + 30, 400)))


# What appears in a static place


def test_a_new_face_in_a_static_place_is_static_from_its_first_report() -> None:
    """Also another face: the photograph in the frame was changed."""
    for who in (0, 1):
        watching = tracker()
        end_s = poster(watching)
        reports = show(watching, end_s + 5, end_s + 8, 101, who=axis(who)) + watching.flush()
        assert statics(reports) == [True] * 3


def test_the_place_is_remembered_while_detection_is_interrupted() -> None:
    """For hours: in the dark nobody sees the poster."""
    watching = tracker()
    end_s = poster(watching)
    assert watching.expire(end_s + 7200) == []
    assert statics(show(watching, end_s + 7200, end_s + 7202)) == [True]


@pytest.mark.parametrize(
    ("x", "size"),
    [(170.0, 60.0), (110.0, 60.0), (85.0, 90.0), (115.0, 30.0)],
    ids=["beside it", "overlapping it", "larger", "smaller"],
)
def test_a_face_elsewhere_or_of_another_size_is_not_static(x: float, size: float) -> None:
    watching = tracker()
    end_s = poster(watching)
    y = 130 - size / 2
    assert (
        statics(show(watching, end_s + 5, end_s + 15, x, y=y, size=size) + watching.flush())
        == [False] * 5
    )


def test_someone_whose_first_look_is_in_a_static_place_is_not_static_once_they_walk_on() -> None:
    watching = tracker()
    end_s = poster(watching)
    reports = show(
        watching, end_s + 5, end_s + 10, lambda t: 100 + 30 * (t - end_s - 5), who=axis(1)
    )
    assert not any(statics(reports))


def test_someone_who_passes_a_static_place_is_not_static() -> None:
    watching = tracker()
    end_s = poster(watching, x=300)
    begin = end_s + 5
    assert not any(
        statics(show(watching, begin, begin + 5, lambda t: 60 + 96 * (t - begin), who=axis(1)))
    )


def test_each_of_several_posters_has_its_place() -> None:
    watching = tracker()
    for n in range(176):
        pair = [
            Observation(detection(x), sample(axis(i), t=n / 8)) for i, x in ((0, 100), (1, 300))
        ]
        watching.show(frame(n / 8), pair)
    assert statics(watching.flush()) == [True, True]
    for start_s, x in ((40, 100), (50, 300)):
        assert statics(show(watching, start_s, start_s + 3, x) + watching.flush()) == [True] * 3


def test_no_more_than_some_places_are_remembered_the_latest_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("visitord.vision.tracker.STATIC_S", 2.0)
    watching = tracker()
    count = PLACES_MAX + 5
    for n in range(count):
        show(watching, 10 * n, 10 * n + 3, 100.0 * n, step_s=0.5)
        watching.flush()
    t = 10.0 * count
    assert not any(statics(show(watching, t, t + 1.5, 0.0) + watching.flush()))
    assert all(statics(show(watching, t + 10, t + 11.5, 100.0 * (count - 1)) + watching.flush()))


def test_what_one_camera_knows_says_nothing_of_another() -> None:
    watching = tracker()
    end_s = poster(watching)
    assert not any(statics(show(tracker(), end_s + 5, end_s + 7)))
