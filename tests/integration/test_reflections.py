"""A mirror in view: somebody and their reflection in one picture, at every visit."""

from uuid import UUID, uuid4

import numpy as np
import pytest

from fixtures.reports import START, axis, report
from fixtures.visit_log import RULE, VisitLog
from visitord.identity.neighbours import Neighbours
from visitord.service import merge_job
from visitord.store import merges
from visitord.store import people as stored_people

DAY_S = 86_400.0


def look(day: int, alike: float) -> np.ndarray:
    """Somebody as they look that day, or so alike to it; from day to day they are alike at 0.6."""
    today = 0.6**0.5 * axis(0) + 0.4**0.5 * axis(1 + day)
    return np.asarray(alike * today + (1 - alike**2) ** 0.5 * axis(60), np.float32)


def come(
    visit_log: VisitLog, day: int, alike: float = 0.9, camera: str = "door"
) -> tuple[UUID, UUID]:
    """One visit before a mirror, which shows them so much alike; returns the two sightings."""
    seen, mirrored = uuid4(), uuid4()
    at_s = day * DAY_S
    visit_log.recorder.handle(
        report(look(day, 1.0), at_s, sighting_id=seen, together=[mirrored], camera=camera)
    )
    visit_log.recorder.handle(
        report(look(day, alike), at_s, sighting_id=mirrored, together=[seen], camera=camera)
    )
    return seen, mirrored


def merge(visit_log: VisitLog, keep: str, other: str) -> None:
    """A person says that two are one."""
    with visit_log.database.transaction() as cursor:
        kept, merged = (stored_people.find(cursor, who).visitor_id for who in (keep, other))
        merges.merge(cursor, kept, merged, "tester", "a mirror", START)


def run_job(visit_log: VisitLog) -> None:
    near = Neighbours(RULE.at(1).merge)
    merge_job.merge_duplicates(visit_log.database, "pack-1", RULE, near, START)


def filed(visit_log: VisitLog, sighting_id: UUID) -> tuple[object, ...]:
    (row,) = visit_log.rows(
        f"select decision, identity_id is null, embedding is null from sighting "
        f"where sighting_id = '{sighting_id}'"
    )
    return row


def test_a_reflection_is_nobody_at_the_first_visit_and_at_every_later_one(
    visit_log: VisitLog,
) -> None:
    for day in range(4):
        _, mirrored = come(visit_log, day)
        assert filed(visit_log, mirrored) == ("pending", True, True)
        run_job(visit_log)
    assert visit_log.rows("select name, visits from visitor") == [("visitor 1", 4)]


def test_a_reflections_sighting_says_whom_it_is_like(visit_log: VisitLog) -> None:
    _, mirrored = come(visit_log, 0)
    ((name, score, reason),) = visit_log.rows(
        "select 'visitor ' || i.number, g.score, g.reason from sighting g "
        f"join identity i on i.identity_id = g.candidate_id where g.sighting_id = '{mirrored}'"
    )
    assert (name, score) == ("visitor 1", pytest.approx(0.9, abs=1e-4))
    assert reason == "similarity 0.90 to somebody in the same picture: their reflection, it seems"


def test_if_the_reflection_is_decided_first_the_visit_is_logged_all_the_same(
    visit_log: VisitLog,
) -> None:
    come(visit_log, 0)
    seen, mirrored = uuid4(), uuid4()
    visit_log.recorder.handle(report(look(1, 0.9), DAY_S, sighting_id=mirrored, together=[seen]))
    visit_log.recorder.handle(report(look(1, 1.0), DAY_S, sighting_id=seen, together=[mirrored]))
    assert visit_log.rows("select name, visits from visitor") == [("visitor 1", 2)]


def test_two_who_are_alike_as_twins_are_stay_two(visit_log: VisitLog) -> None:
    for day in range(3):
        come(visit_log, day, alike=0.7)
        run_job(visit_log)
    assert visit_log.rows("select visits from visitor order by 1") == [(3,), (3,)]


def test_a_poor_mirror_is_known_for_one_once_a_person_merged_the_two(visit_log: VisitLog) -> None:
    come(visit_log, 0, alike=0.7)
    assert visit_log.one("select count(*) from visitor") == 2
    merge(visit_log, "1", "2")
    for day in range(1, 4):
        _, mirrored = come(visit_log, day, alike=0.55)
        assert filed(visit_log, mirrored) == ("pending", True, True)
    assert visit_log.rows("select name, visits from visitor") == [("visitor 1", 4)]


def test_another_camera_has_no_mirror_for_that(visit_log: VisitLog) -> None:
    come(visit_log, 0, alike=0.7)
    merge(visit_log, "1", "2")
    come(visit_log, 1, alike=0.55, camera="hall")
    assert visit_log.one("select count(*) from visitor") == 2


def test_a_mirror_takes_nobody_else_for_a_reflection(visit_log: VisitLog) -> None:
    come(visit_log, 0, alike=0.7)
    merge(visit_log, "1", "2")
    seen, other = uuid4(), uuid4()
    visit_log.recorder.handle(report(look(1, 1.0), DAY_S, sighting_id=seen, together=[other]))
    visit_log.recorder.handle(report(axis(100), DAY_S, sighting_id=other, together=[seen]))
    assert filed(visit_log, other)[0] == "enrolled"
