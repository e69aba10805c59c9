"""Visits from sightings, as the database puts them together."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

import numpy as np
import pytest

from fixtures.reports import START
from visitord.store import visits
from visitord.store.database import Database
from visitord.store.site import Site

GAP = timedelta(minutes=5)
PERSON = UUID(int=1000)

Stay = tuple[UUID, datetime, datetime, str]


@dataclass(frozen=True)
class Visit:
    visit_id: UUID
    started_at: datetime
    ended_at: datetime
    sightings: int
    cameras: list[str]
    last_camera: str


Group = Callable[[Sequence[Stay]], list[Visit]]


def uid(n: int) -> UUID:
    return UUID(int=n)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def stay(n: int, start_s: float, end_s: float, camera: str = "door") -> Stay:
    return uid(n), after(start_s), after(end_s), camera


@pytest.fixture
def group(database: Database) -> Group:
    """The visits that begin when one person's only sightings are these."""
    with database.transaction() as cursor:
        cursor.execute(
            "insert into site (site, timezone, visit_gap) values ('main', 'UTC', %s)", (GAP,)
        )
        cursor.execute(
            "insert into identity (identity_id, status, root_id, created_at) "
            "values (%s, 'provisional', %s, now())",
            (PERSON, PERSON),
        )

    def grouped(stays: Sequence[Stay]) -> list[Visit]:
        with database.transaction() as cursor:
            cursor.execute("delete from visit; delete from sighting")
            cursor.executemany(
                "insert into sighting (sighting_id, started_at, ended_at, camera, identity_id, "
                "site, decision, reason, quality, good_samples, face_px) "
                "values (%s, %s, %s, %s, %s, 'main', 'matched', '', 0.5, 3, 80)",
                [(*stay, PERSON) for stay in stays],
            )
            return [
                Visit(**asdict(begun))
                for begun in visits.refresh(cursor, PERSON, Site("main", "UTC", GAP))
            ]

    return grouped


def test_no_stays_are_no_visits(group: Group) -> None:
    assert group([]) == []


def test_one_stay_is_a_visit_of_its_own_length(group: Group) -> None:
    assert group([stay(7, 0, 20, "yard")]) == [
        Visit(uid(7), after(0), after(20), 1, ["yard"], "yard")
    ]


def test_a_stay_of_a_single_instant_is_a_visit(group: Group) -> None:
    [visit] = group([stay(1, 5, 5)])
    assert (visit.started_at, visit.ended_at) == (after(5), after(5))


def test_a_pause_of_exactly_the_gap_does_not_divide_a_visit(group: Group) -> None:
    [visit] = group([stay(1, 0, 10), stay(2, 310, 320)])
    assert (visit.started_at, visit.ended_at, visit.sightings) == (after(0), after(320), 2)


def test_a_pause_a_microsecond_longer_than_the_gap_divides_it(group: Group) -> None:
    first, second = group([stay(1, 0, 10), stay(2, 310.000001, 320)])
    assert (first.visit_id, first.ended_at, first.sightings) == (uid(1), after(10), 1)
    assert (second.visit_id, second.started_at, second.sightings) == (uid(2), after(310.000001), 1)


def test_the_pause_is_measured_from_the_latest_end_not_from_the_last_start(group: Group) -> None:
    """The nested short stay ends early; the long one around it is what the next must follow."""
    [visit] = group([stay(1, 0, 1000), stay(2, 10, 20), stay(3, 1200, 1210)])
    assert visit.sightings == 3


def test_a_nested_stay_does_not_shorten_a_visit(group: Group) -> None:
    [visit] = group([stay(1, 0, 100, "door"), stay(2, 40, 50, "hall")])
    assert (visit.ended_at, visit.last_camera) == (after(100), "door")


def test_overlapping_stays_on_two_cameras_are_one_visit(group: Group) -> None:
    [visit] = group([stay(1, 0, 60, "door"), stay(2, 50, 90, "hall")])
    assert visit == Visit(uid(1), after(0), after(90), 2, ["door", "hall"], "hall")


def test_cameras_come_in_order_of_first_appearance_each_once(group: Group) -> None:
    stays = [
        stay(1, 0, 10, "yard"),
        stay(2, 20, 30, "door"),
        stay(3, 40, 50, "yard"),
        stay(4, 60, 70, "attic"),
    ]
    assert group(stays)[0].cameras == ["yard", "door", "attic"]


def test_the_last_camera_is_where_the_visit_ended(group: Group) -> None:
    stays = [stay(1, 0, 10, "door"), stay(2, 20, 30, "hall"), stay(3, 40, 50, "door")]
    assert group(stays)[0].last_camera == "door"


def test_the_visit_takes_the_id_of_its_earliest_sighting_not_of_its_lowest(group: Group) -> None:
    [visit] = group([stay(1, 50, 60), stay(9, 0, 10)])
    assert visit.visit_id == uid(9)


def test_stays_that_start_together_are_ordered_by_id(group: Group) -> None:
    [visit] = group([stay(5, 0, 30, "hall"), stay(3, 0, 10, "door")])
    assert (visit.visit_id, visit.cameras, visit.last_camera) == (uid(3), ["door", "hall"], "hall")


def test_visits_come_in_order_of_time(group: Group) -> None:
    found = group([stay(1, 5000, 5001), stay(2, 0, 1), stay(3, 2000, 2001)])
    assert [v.visit_id for v in found] == [uid(2), uid(3), uid(1)]


def test_the_order_of_the_stays_does_not_matter(group: Group) -> None:
    rng = np.random.default_rng(3)
    starts = rng.integers(0, 20_000, 60)
    cameras = ("door", "hall", "yard")
    stays = [
        stay(n + 1, int(s), int(s) + int(rng.integers(0, 500)), cameras[n % 3])
        for n, s in enumerate(starts)
    ]
    expected = group(stays)
    assert 3 < len(expected) < 60
    for _ in range(20):
        shuffled = [stays[i] for i in rng.permutation(len(stays))]
        assert group(shuffled) == expected


def test_every_stay_is_in_one_visit_and_visits_lie_further_apart_than_the_gap(group: Group) -> None:
    rng = np.random.default_rng(4)
    stays = [stay(n, int(s), int(s) + 30) for n, s in enumerate(rng.integers(0, 20_000, 50))]
    found = group(stays)
    assert sum(v.sightings for v in found) == 50
    assert all(b.started_at - a.ended_at > GAP for a, b in pairwise(found))
