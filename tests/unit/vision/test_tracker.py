"""Faces joined into tracks. Faces are 60 px, people are axes: different people have cosine 0."""

from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from fixtures.build import after, axis, detection, frame, near, perturbed, picture, sample
from fixtures.tracking import ScriptedTracker
from visitord.core.records import Embedding, Frame, Observation, Picture, TrackReport
from visitord.vision.samples import SAMPLES_KEPT


def face(
    x: float,
    embedding: Embedding,
    t: float,
    *,
    flaws: tuple[str, ...] = (),
    size: float = 60.0,
    faint: bool = False,
) -> Observation:
    seen = detection(x, size=size, faint=faint)
    return Observation(seen, sample(embedding, flaws=flaws, t=t))


def feed(
    tracker: ScriptedTracker,
    steps: Iterable[tuple[float, Sequence[Observation]]],
    camera: str = "door",
) -> list[TrackReport]:
    """Every report of these frames, without a flush."""
    return [report for t, faces in steps for report in tracker.show(frame(t, camera), faces)]


def finals(steps: Iterable[tuple[float, Sequence[Observation]]]) -> list[TrackReport]:
    """The final reports of these frames and of a flush after them, by start."""
    tracker = ScriptedTracker("main")
    reports = feed(tracker, steps) + tracker.flush()
    return sorted((r for r in reports if r.final), key=lambda r: r.started_at)


def people(report: TrackReport) -> set[int]:
    """Which axes the samples of a track resemble most."""
    return {int(np.argmax(s.embedding)) for s in report.samples}


def standing(
    i: int, times: Iterable[float], x: float = 100.0
) -> list[tuple[float, list[Observation]]]:
    return [(t, [face(x, axis(i), t)]) for t in times]


def eighths(start_s: float, end_s: float) -> list[float]:
    """Eight times a second, both ends included; exact in binary."""
    return [n / 8 for n in range(round(start_s * 8), round(end_s * 8) + 1)]


# One track


def test_one_walker_is_one_track() -> None:
    rng = np.random.default_rng(1)
    steps = [(t, [face(100 + 100 * t, perturbed(0, rng), t)]) for t in eighths(0, 3)]
    tracker = ScriptedTracker("main")
    reports = feed(tracker, steps) + tracker.flush()
    assert len({r.sighting_id for r in reports}) == 1
    last = reports[-1]
    assert (last.final, last.still, last.frames, last.camera) == (True, False, 25, "door")
    assert (last.started_at, last.ended_at) == (after(0), after(3))
    assert last.together == frozenset()


def test_a_walker_at_irregular_frame_rates_is_one_track() -> None:
    times = [0, 0.05, 0.3, 0.31, 0.9, 1.7, 1.75, 1.76, 2.9, 3.0, 4.4]
    rng = np.random.default_rng(2)
    [track] = finals((t, [face(100 + 60 * t, perturbed(0, rng), t)]) for t in times)
    assert track.frames == len(times)


def test_two_frames_with_the_same_stamp_do_not_upset_a_track() -> None:
    [track] = finals([*standing(0, [0.0, 0.0, 0.125, 0.125])])
    assert track.frames == 4


def test_a_fast_walker_is_expected_further_on_after_a_short_gap() -> None:
    """380 px/s: in the 0.75 s gap the face moves 285 px, far beyond its reach from where it was
    last seen (180).
    """
    times = [*eighths(0, 1), 1.75, 1.875]
    [track] = finals((t, [face(100 + 380 * t, axis(0), t)]) for t in times)
    assert track.frames == len(times)


def test_a_face_out_of_reach_is_another_track_even_if_it_looks_the_same() -> None:
    first, second = finals(
        [*standing(0, eighths(0, 1), x=100), *standing(0, eighths(1.125, 2), x=500)]
    )
    assert (first.frames, second.frames) == (9, 8)


def test_a_face_of_twice_the_size_is_another_track() -> None:
    steps = [(t, [face(100, axis(0), t, size=60 if t <= 1 else 130)]) for t in eighths(0, 2)]
    assert len(finals(steps)) == 2


# What is described


def described(steps: Iterable[tuple[float, Sequence[Observation]]]) -> list[float]:
    """When the pictures were taken that were described, in seconds, of a track to its end."""
    tracker = ScriptedTracker("main")
    feed(tracker, steps)
    tracker.flush()
    return [(one.at - after(0)).total_seconds() for one in tracker.sampler.asked]


def coming_nearer(t: float) -> Observation:
    """A face that is better to be seen from picture to picture, for four seconds."""
    made = sample(axis(0), quality=0.4 + 0.1 * min(t, 4), t=t)
    return Observation(detection(100 + 30 * t, size=60 + 10 * t), made)


def test_of_a_walker_of_six_seconds_no_more_than_eight_pictures_are_described() -> None:
    times = described((t, [coming_nearer(t)]) for t in eighths(0, 6))
    assert 4 <= len(times) <= 8
    assert times[0] == 0, "the first one tells whether it is somebody who was lost"
    assert any(t <= 1 for t in times[1:]), "for the report after a second"
    assert any(t >= 4 for t in times), "the best ones"


def test_what_is_reported_rests_on_the_best_pictures() -> None:
    (report,) = finals((t, [coming_nearer(t)]) for t in eighths(0, 6))
    assert min(s.quality.score for s in report.samples[:3]) >= 0.75


def test_pictures_that_are_not_described_count_all_the_same() -> None:
    (report,) = finals(standing(0, eighths(0, 3)))
    assert (report.frames, report.ended_at) == (25, after(3))
    assert len(report.samples) <= 5


def test_a_face_that_stays_is_compared_every_two_seconds() -> None:
    times = described(standing(0, eighths(0, 40)))
    assert 20 <= len(times) <= 26
    assert max(np.diff(sorted(times))) <= 2.25


def test_poor_pictures_beside_good_ones_are_not_described() -> None:
    steps = [
        (t, [face(100, axis(0), t, flaws=("blurred",) if 0 < t < 3 else ())]) for t in eighths(0, 4)
    ]
    assert not [t for t in described(steps) if 0 < t < 3]


def test_somebody_else_in_the_same_place_is_noticed_by_the_next_comparison() -> None:
    first, second = finals([*standing(0, eighths(0, 3)), *standing(1, eighths(3.125, 9))])
    assert (people(first), people(second)) == ({0}, {1})
    assert after(3) < second.started_at <= after(5.5)


def test_a_picture_of_somebody_else_does_not_become_a_sample_of_a_track() -> None:
    """Seen too late to be noticed as somebody else: the best picture, for the last report."""
    other = Observation(detection(100), sample(axis(1), quality=0.9, t=3.5))
    (report,) = finals([*standing(0, eighths(0, 3.375)), (3.5, [other])])
    assert (report.frames, people(report)) == (29, {0})


def test_of_two_who_stand_so_near_that_they_overlap_each_is_compared_about_once_a_second() -> None:
    steps = [(t, [face(100, axis(0), t), face(150, axis(1), t)]) for t in eighths(0, 10)]
    assert 20 <= len(described(steps)) <= 30


def test_samples_of_a_covered_face_are_kept_beside_flawless_ones() -> None:
    """A cover that is missed now and then must not make a track look uncovered."""

    def observed(n: int) -> Observation:
        flaws = () if n % 5 == 0 else ("covered",) if n % 2 else ("covered", "small")
        made = sample(axis(0), quality=(n * 7 % 20) / 20, flaws=flaws, t=n / 8)
        return Observation(detection(100), made)

    [track] = finals((n / 8, [observed(n)]) for n in range(40))
    assert {s.quality.flaws for s in track.samples} == {(), ("covered",)}
    covered = [s for s in track.samples if s.quality.flaws == ("covered",)]
    assert len(covered) > len(track.samples) / 2


def test_whoever_comes_out_from_behind_another_is_described_again() -> None:
    """What is seen of somebody half hidden is good enough to enrol, and poor to recognise by."""

    def near_another(n: int) -> list[Observation]:
        t = n / 8
        hidden = sample(axis(0), quality=0.45 if n < 4 else 0.9, t=t)
        return [Observation(detection(100), hidden), face(140, axis(1), t)]

    tracks = finals((n / 8, near_another(n)) for n in range(17))
    (track,) = [one for one in tracks if people(one) == {0}]
    assert sum(s.quality.score > 0.8 for s in track.samples) >= 3


# Faint faces


def test_a_faint_face_carries_on_a_track() -> None:
    first = [(0.0, [face(100, axis(0), 0.0)])]
    rest = [(t, [face(100, axis(0), t, faint=True)]) for t in eighths(0.125, 1)]
    (report,) = finals(first + rest)
    assert (report.frames, len(report.samples)) == (9, SAMPLES_KEPT)


def test_a_faint_face_begins_no_track_however_often_it_is_seen() -> None:
    tracker = ScriptedTracker("main")
    feed(tracker, [(t, [face(100, axis(0), t, faint=True)]) for t in eighths(0, 2)])
    assert not tracker.active
    assert tracker.flush() == []


def test_a_faint_face_of_somebody_else_is_not_taken_into_a_track() -> None:
    first = [(t, [face(100, axis(0), t)]) for t in eighths(0, 0.5)]
    rest = [(t, [face(100, axis(1), t, faint=True)]) for t in eighths(0.625, 1)]
    (report,) = finals(first + rest)
    assert (report.frames, people(report)) == (5, {0})


@pytest.mark.parametrize(("x", "expected"), [(100.0, True), (155.0, True), (165.0, False)])
def test_a_face_is_expected_where_one_was_with_half_a_face_around(x: float, expected: bool) -> None:
    tracker = ScriptedTracker("main")
    assert not tracker.expects(detection(100), 0.0)
    feed(tracker, [(0.0, [face(100, axis(0), 0.0)])])
    assert tracker.expects(detection(x), 0.0) is expected


# Crossing and replacing


def test_two_walkers_who_cross_keep_their_tracks() -> None:
    rng = np.random.default_rng(3)
    steps = [
        (t, [face(100 + 200 * t, perturbed(0, rng), t), face(500 - 200 * t, perturbed(1, rng), t)])
        for t in eighths(0, 2)
    ]
    one, other = finals(steps)
    assert sorted(map(tuple, (people(one), people(other)))) == [(0,), (1,)]
    assert one.frames == other.frames == 17


def test_two_people_whose_boxes_swap_places_between_two_frames_keep_their_tracks() -> None:
    def places(t: float) -> tuple[float, float]:
        return (100, 140) if t <= 1 else (140, 100)

    steps = [
        (t, [face(places(t)[0], axis(0), t), face(places(t)[1], axis(1), t)]) for t in eighths(0, 2)
    ]
    one, other = finals(steps)
    assert sorted(map(tuple, (people(one), people(other)))) == [(0,), (1,)]
    assert one.frames == other.frames == 17


def test_the_order_of_the_faces_in_a_frame_does_not_matter() -> None:
    steps = []
    for n, t in enumerate(eighths(0, 2)):
        faces = [face(100, axis(0), t), face(250, axis(1), t)]
        steps.append((t, faces[::-1] if n % 2 else faces))
    assert [people(r) for r in finals(steps)] in ([{0}, {1}], [{1}, {0}])


def test_someone_else_a_step_from_where_the_last_one_left_is_a_new_track() -> None:
    first, second = finals([*standing(0, eighths(0, 1)), *standing(1, eighths(1.125, 2), x=140)])
    assert (people(first), people(second)) == ({0}, {1})
    assert (first.ended_at, second.started_at) == (after(1), after(1.125))


def test_someone_else_after_a_gap_is_a_new_track() -> None:
    first, second = finals([*standing(0, eighths(0, 1)), *standing(1, eighths(1.375, 2))])
    assert (people(first), people(second)) == ({0}, {1})
    assert (first.ended_at, second.started_at) == (after(1), after(1.375))


def test_someone_else_whose_first_looks_are_poor_is_a_new_track() -> None:
    poor = [(t, [face(140, axis(1), t, flaws=("cut off",))]) for t in eighths(1.125, 1.5)]
    good = standing(1, eighths(1.625, 2.5), x=140)
    first, second = finals([*standing(0, eighths(0, 1)), *poor, *good])
    assert (people(first), people(second)) == ({0}, {1})
    assert second.started_at == after(1.125)


def test_someone_else_seen_poorly_and_a_little_alike_does_not_drag_a_track_over() -> None:
    """Poor samples may pass for the one who left; good ones after them are a new track."""
    new = near(0, 0.2, 1)
    poor = [(t, [face(100, new, t, flaws=("profile",))]) for t in eighths(1.125, 1.5)]
    good = [(t, [face(100, new, t)]) for t in eighths(1.625, 5)]
    first, second = finals([*standing(0, eighths(0, 1)), *poor, *good])
    assert {int(np.argmax(s.embedding)) for s in first.samples if not s.quality.flaws} == {0}
    assert people(second) == {1}
    assert after(1.625) <= second.started_at <= after(3.625)


def test_a_poor_look_a_moment_later_may_resemble_the_track_less() -> None:
    """Cosine 0.2 is enough for a poor sample within half a second, not for a good or later one."""
    pose = near(0, 0.2, 1)

    def count(t: float, flaws: tuple[str, ...]) -> int:
        end = [
            (t, [face(100, pose, t, flaws=flaws)]),
            (t + 0.125, [face(100, pose, t + 0.125, flaws=flaws)]),
        ]
        return len(finals([*standing(0, eighths(0, 1)), *end]))

    assert count(1.5, ("profile",)) == 1
    assert count(1.5, ()) == 2
    assert count(1.625, ("profile",)) == 2


def test_two_new_faces_do_not_share_an_old_track() -> None:
    steps = [*standing(0, eighths(0, 1))]
    steps += [(t, [face(90, axis(0), t), face(110, axis(0), t)]) for t in eighths(1.125, 2)]
    assert sorted(r.frames for r in finals(steps)) == [8, 17]


# Ending


def test_a_track_ends_once_it_was_unseen_for_longer_than_lost_s() -> None:
    tracker = ScriptedTracker("main")
    feed(tracker, standing(0, eighths(0, 1)))
    assert tracker.show(frame(2.5), []) == []  # exactly 1.5 s
    assert tracker.active
    [report] = tracker.show(frame(2.625), [])
    assert (report.final, report.ended_at) == (True, after(1))
    assert not tracker.active
    assert tracker.flush() == []


def test_a_track_ends_without_frames_too() -> None:
    tracker = ScriptedTracker("main")
    feed(tracker, standing(0, eighths(0, 1)))
    assert tracker.expire(2.5) == []
    [report] = tracker.expire(2.51)
    assert report.final
    assert (tracker.expire(9.0), tracker.active) == ([], False)


def test_a_face_that_returns_too_late_is_a_new_track() -> None:
    assert len(finals([*standing(0, eighths(0, 1)), *standing(0, eighths(2.5, 3))])) == 1
    assert len(finals([*standing(0, eighths(0, 1)), *standing(0, eighths(2.625, 3))])) == 2


def test_a_final_report_comes_before_those_of_the_frame_that_ended_it() -> None:
    tracker = ScriptedTracker("main")
    feed(tracker, standing(1, eighths(0, 1), x=400))
    feed(tracker, standing(0, eighths(1.625, 2.5)))
    reports = tracker.show(frame(2.625), [face(100, axis(0), 2.625)])
    assert [(r.final, people(r)) for r in reports] == [(True, {1}), (False, {0})]


def test_a_single_flicker_gives_no_report() -> None:
    tracker = ScriptedTracker("main")
    feed(tracker, standing(0, [0.0]))
    assert tracker.active
    assert (tracker.expire(10.0), tracker.active) == ([], False)
    feed(tracker, standing(0, [20.0]))
    assert tracker.flush() == []


def test_two_looks_are_a_sighting() -> None:
    [report] = finals(standing(0, [0.0, 0.125]))
    assert report.frames == 2


def test_a_flush_ends_every_track_at_once() -> None:
    tracker = ScriptedTracker("main")
    feed(tracker, [(t, [face(100, axis(0), t), face(300, axis(1), t)]) for t in eighths(0, 0.5)])
    assert [r.final for r in tracker.flush()] == [True, True]
    assert (tracker.active, tracker.flush()) == (False, [])


# Together


def test_people_in_the_same_frames_name_each_other() -> None:
    steps = [(t, [face(100, axis(0), t), face(300, axis(1), t)]) for t in eighths(0, 1)]
    one, other = finals(steps)
    assert (one.together, other.together) == (
        frozenset({other.sighting_id}),
        frozenset({one.sighting_id}),
    )


@pytest.mark.parametrize(("frames", "together"), [(1, 0), (2, 1)])
def test_a_chance_double_detection_in_one_frame_is_nobodys_companion(
    frames: int, together: int
) -> None:
    steps = []
    for n, t in enumerate(eighths(0, 2)):
        double = [face(300, axis(1), t)] if 4 <= n < 4 + frames else []
        steps.append((t, [face(100, axis(0), t), *double]))
    assert len(finals(steps)[0].together) == together


def test_people_one_after_the_other_are_not_together() -> None:
    first, second = finals([*standing(0, eighths(0, 1)), *standing(1, eighths(1.125, 2), x=140)])
    assert first.together == second.together == frozenset()


# Reports while it lasts


def test_a_track_reports_at_certain_ages_and_then_repeatedly() -> None:
    tracker = ScriptedTracker("main")
    reports = feed(tracker, standing(0, eighths(10, 50)))
    ages = [(r.ended_at - r.started_at).total_seconds() for r in reports]
    assert ages == [1, 2, 4, 8, 15, 25, 35]
    assert not any(r.final or r.still for r in reports)


def test_a_report_due_between_two_frames_comes_with_the_next_one_once() -> None:
    tracker = ScriptedTracker("main")
    reports = feed(tracker, standing(0, [0, 0.9, 1.25, 1.375, 2.5, 2.75, 3.9, 4.1]))
    assert [r.ended_at for r in reports] == [after(1.25), after(2.5), after(4.1)]


def test_reports_missed_in_one_pause_come_as_one() -> None:
    tracker = ScriptedTracker("main")
    reports = feed(tracker, standing(0, [0, 0.9, 2.25, 2.375]))
    assert [r.ended_at for r in reports] == [after(2.25)]


# The same footage, the same ids


def ids(site: str, camera: str, shift_s: float = 0.0, x: float = 100.0) -> list[object]:
    tracker = ScriptedTracker(site)
    times = [t + shift_s for t in eighths(0, 1)]
    steps = [(t, [face(x, axis(0), t), face(x + 200, axis(1), t)]) for t in times]
    return [r.sighting_id for r in feed(tracker, steps, camera) + tracker.flush()]


def test_the_same_input_gives_the_same_ids() -> None:
    assert ids("main", "door") == ids("main", "door")
    assert len(set(ids("main", "door"))) == 2


@pytest.mark.parametrize(
    "other",
    [("annex", "door", 0.0, 100.0), ("main", "hall", 0.0, 100.0), ("main", "door", 0.125, 100.0)],
    ids=["another site", "another camera", "another time"],
)
def test_another_site_camera_or_time_gives_other_ids(other: tuple[str, str, float, float]) -> None:
    assert not set(ids("main", "door")) & set(ids(*other))


# Photographs


def test_every_face_of_a_photograph_is_a_finished_track_of_its_own() -> None:
    tracker = ScriptedTracker("main")
    faces = [face(100, axis(0), 0.0), face(300, axis(1), 0.0), face(500, axis(0), 0.0)]
    reports = tracker.show_photograph(frame(0.0), faces)
    assert [(r.final, r.still, r.frames, people(r)) for r in reports] == [
        (True, True, 1, {0}),
        (True, True, 1, {1}),
        (True, True, 1, {0}),
    ]
    made = {r.sighting_id for r in reports}
    assert len(made) == 3
    assert [r.together for r in reports] == [frozenset(made - {r.sighting_id}) for r in reports]
    assert not tracker.active


def test_a_photograph_leaves_open_tracks_alone() -> None:
    tracker = ScriptedTracker("main")
    feed(tracker, standing(0, eighths(0, 1)))
    tracker.show_photograph(frame(1.0), [face(100, axis(0), 1.0)])
    [report] = tracker.flush()
    assert (report.frames, report.still) == (9, False)


def test_the_last_report_before_repetition_is_not_skipped_when_no_frame_falls_on_it() -> None:
    times = [0.0] + [n / 8 + 0.01 for n in range(1, 320)]
    ages = [
        (r.ended_at - r.started_at).total_seconds()
        for r in feed(ScriptedTracker("main"), standing(0, times))
    ]
    assert ages == pytest.approx([1.01, 2.01, 4.01, 8.01, 15.01, 25.01, 35.01], abs=0.13)


def test_rare_pictures_still_make_a_track() -> None:
    times = [n * 2.0 for n in range(6)]
    (report,) = finals(standing(0, times))
    assert report.frames == 6


def test_a_wall_clock_set_back_does_not_turn_a_track_around() -> None:
    tracker = ScriptedTracker("main")
    for n in range(8):
        moment = after(n / 8 - (30 if n > 3 else 0))
        here = Frame("door", Picture.of(picture()), moment, n / 8)
        tracker.show(here, [Observation(detection(100.0), sample(axis(0), t=n / 8))])
    (report,) = tracker.flush()
    assert (report.ended_at - report.started_at).total_seconds() == pytest.approx(7 / 8)


# Parts of a picture that take turns


@pytest.mark.parametrize(("turns", "tracks"), [(1, 4), (6, 1)])
def test_a_face_that_has_to_wait_for_its_turn_is_followed(turns: int, tracks: int) -> None:
    """Two pictures a second, of which every sixth shows the face: it is searched in no other."""
    tracker = ScriptedTracker("main")
    reports = []
    for n in range(24):
        t = n / 2
        faces = [face(100.0, axis(0), t)] if n % 6 in (0, 1) else []
        reports += tracker.show(frame(t), faces, turns)
    reports += tracker.flush()
    assert len({report.sighting_id for report in reports}) == tracks
