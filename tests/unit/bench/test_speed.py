"""How the bench of speed counts, by hand, and what it is made of."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from speed import gallery, pictures
from speed.cameras import is_served, search
from speed.footage import FPS, WALK_S, Footage, Walk, busy, footage, frames, one_a_camera, people_of
from speed.likeness import Look, right
from speed.rounds import cpu_s, percentile, ratio
from speed.service import SETTLES_S, Ran, Seen, ran
from speed.setting import Setting
from speed.table import Goal, Line, as_json, markdown

from visitord.capture import recordings
from visitord.models.sface import CENTRE

AT_LEAST_2 = Goal(2, at_least=True)


def line(value: float | None, goal: Goal | None) -> Line:
    return Line("naive ÷ ours", value, "×", goal, "ours: 5 ms", "naive: 10 ms")


# The table


@pytest.mark.parametrize(
    ("value", "goal", "reached"),
    [
        (2.0, AT_LEAST_2, True),
        (1.9, AT_LEAST_2, False),
        (1.9, Goal(2), True),
        (2.1, Goal(2), False),
        (None, Goal(2), None),
        (2.1, None, None),
    ],
)
def test_a_line_says_whether_its_goal_is_reached(
    value: float | None, goal: Goal | None, reached: bool | None
) -> None:
    assert line(value, goal).reached is reached


def test_the_table_is_the_same_in_markdown_and_json() -> None:
    lines = [line(2.0, AT_LEAST_2), line(None, Goal(1.2))]
    assert markdown(lines).splitlines()[2:] == [
        "| naive ÷ ours | 2.00 × | ≥ 2 × | yes | ours: 5 ms | naive: 10 ms |",
        "| naive ÷ ours | not measured | ≤ 1.2 × |  | ours: 5 ms | naive: 10 ms |",
    ]

    said = json.loads(as_json(lines, {"cores": 2}))
    assert said["machine"] == {"cores": 2}
    assert [(row["value"], row["reached"]) for row in said["lines"]] == [(2.0, True), (None, None)]
    assert said["lines"][0]["goal"] == {"bound": 2, "at_least": True}


# Rounds


def test_what_is_compared_runs_in_turn_and_is_warm() -> None:
    order: list[str] = []
    work = {"a": lambda: order.append("a"), "b": lambda: order.append("b")}
    took = cpu_s(work, 2)
    assert order == ["a", "b"] * 3
    assert [len(rounds) for rounds in took.values()] == [2, 2]


def test_a_ratio_is_the_median_of_those_of_the_rounds() -> None:
    assert ratio([2.0, 9.0, 8.0], [1.0, 3.0, 2.0]) == 3.0


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(n) for n in range(1, 101)]
    assert percentile(values, 0.95) == 95.0
    assert percentile([7.0], 0.95) == 7.0
    assert percentile([1.0, 2.0, 3.0], 0.95) == 3.0


# Who is told apart


def test_a_visit_is_right_when_the_one_most_like_it_is_the_same_persons() -> None:
    directions = np.eye(len(CENTRE), dtype=np.float32)
    walks = [Walk(person, 0, 10.0 * n, 10.0 * n + 5) for n, person in enumerate("abab")]
    faces = [directions[0], directions[1], directions[0], directions[0]]
    looks = [Look(walk.start_s + 1, face) for walk, face in zip(walks, faces, strict=True)]
    # The last one looks like the other person, so that person's visits may be most like it too.
    assert right(walks, looks) < len(walks)
    assert right(walks, [*looks[:3], Look(walks[3].start_s + 1, directions[1])]) == len(walks)


def test_faces_seen_while_two_people_are_in_view_do_not_count() -> None:
    directions = np.eye(len(CENTRE), dtype=np.float32)
    walks = [Walk("a", 0, 0, 5), Walk("a", 1, 4, 9)]
    assert right(walks, [Look(1, directions[0]), Look(4.5, directions[0])]) == 0
    assert right(walks, [Look(1, directions[0]), Look(8, directions[0])]) == 2


# The clips


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    """Four seconds, before anyone's walk would end."""
    return footage(tmp_path_factory.mktemp("clips"), Path("no-kit"), "busy", 4.0)


def test_everyone_comes_twice_and_two_are_at_times_there_at_once() -> None:
    walks = busy(list(people_of(Path("no-kit"))))
    people = [walk.person for walk in walks]
    assert all(people.count(person) == 2 for person in people)
    both = [a.end_s > b.start_s for a, b in pairwise(walks)]
    assert any(both) and not all(both)


def test_a_clip_has_its_pictures_and_is_made_once(clip: Footage) -> None:
    assert pictures.bare(clip.path) == clip.pictures == 4 * FPS
    made = clip.path.stat().st_mtime_ns
    assert footage(clip.path.parent, Path("no-kit"), "busy", 4.0) == clip
    assert clip.path.stat().st_mtime_ns == made


def test_people_are_in_the_picture_at_their_times() -> None:
    walk = Walk("t1-1", 0, 0.5, 0.5 + WALK_S)
    people = people_of(Path("no-kit"))
    seen = list(frames(Footage(Path("none"), 3 * FPS, (walk,)), people))
    assert (seen[0] != seen[-1]).any()
    assert (seen[0] == seen[1]).all()


def test_each_camera_begins_elsewhere_in_the_same_clip(clip: Footage, tmp_path: Path) -> None:
    first, second = one_a_camera(clip, tmp_path, 2)
    assert pictures.bare(first) == pictures.bare(second) == clip.pictures
    began = [next(iter(recordings.read(path, 15))).gray for path in (first, second)]
    assert (began[0] != began[1]).any()
    assert len(set(one_a_camera(clip, tmp_path, 50))) == clip.pictures // (2 * FPS)


# Measures


def test_the_gallery_is_measured_beside_memory_and_faiss() -> None:
    pytest.importorskip("faiss")
    lines = gallery.lines(Setting(templates=50))
    assert [line.value is not None for line in lines] == [True, True]


def test_a_run_counts_once_all_cameras_are_there() -> None:
    settled = 20 + SETTLES_S
    notes = {
        "pictures": [
            ("a", 11.0, 0.1, 2.0),
            ("b", 20.0, 0.9, 2.5),
            *(("a", settled + n / 8, 0.1, 3 + n / 16) for n in range(9)),
            *(("b", settled + n / 4, 0.2, 3 + n / 8) for n in range(5)),
        ],
        "told": [0.5],
        "told_new": [],
        "rows": [0.1],
        "resident_mb": 200.0,
    }
    notes["pictures"].sort(key=lambda noted: noted[1])  # type: ignore[attr-defined]
    run = ran(notes, 10.0)
    assert (run.start_s, run.start_cpu_s) == (1.0, 2.0)
    assert run.slowest_per_s == pytest.approx(5)
    assert run.cpu_per_s == pytest.approx(0.5)
    assert run.age_p95_s == 0.2


def trial(cameras: int, per_s: float, age_s: float) -> Ran:
    seen = {str(n): Seen(per_s, (age_s,) * 20) for n in range(cameras)}
    return Ran(1.0, 1.0, 200.0, 1.0, seen, (), (), ())


def test_cameras_are_served_when_all_are_analysed_often_and_soon() -> None:
    assert is_served(trial(3, 7.9, 0.2), 3)
    assert not is_served(trial(3, 7.0, 0.2), 3)
    assert not is_served(trial(3, 7.9, 0.4), 3)
    assert not is_served(trial(3, 7.9, 0.2), 4)


@pytest.mark.parametrize("can", [0, 1, 5, 8, 9, 23, 64])
def test_the_search_ends_near_the_most_cameras_that_are_served(can: int) -> None:
    found = search(lambda n: trial(n, 8.0 if n <= can else 5.0, 0.1), 8, 64)
    assert found.most <= can
    assert can - found.most <= max(1, 0.1 * can)
    assert len(found.trials) <= 8
