"""Faces that never move are recorded as such and are no visit: rows first, then a clip through the
whole program.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from uuid import UUID, uuid4

import cv2
import numpy as np
import pytest

from fixtures.faces import people
from fixtures.footage import encode, room
from fixtures.installation import Box
from fixtures.reports import START, axis, report
from fixtures.visit_log import LIMITS, RULE, SITE, VisitLog
from visitord.core.records import Image, TrackReport
from visitord.identity.neighbours import Neighbours
from visitord.service import merge_job
from visitord.store import merges
from visitord.store import people as stored_people
from visitord.store.site import Site


def still(
    at_s: float, end_s: float, *, static: bool, sighting_id: UUID, i: int = 0, final: bool = False
) -> TrackReport:
    """A report on a face that hangs on the wall."""
    made = report(axis(i), at_s, length_s=end_s - at_s, final=final, sighting_id=sighting_id)
    return replace(made, static=static)


def hang(visit_log: VisitLog, at_s: float = 0.0, i: int = 0) -> UUID:
    """A poster comes into view and is static after ten minutes; returns its sighting."""
    track = uuid4()
    for end_s, static in ((25, False), (595, False), (605, True)):
        visit_log.recorder.handle(still(at_s, at_s + end_s, static=static, sighting_id=track, i=i))
    return track


def test_a_face_that_turns_out_to_be_static_has_never_been_a_visit(visit_log: VisitLog) -> None:
    track = uuid4()
    visit_log.recorder.handle(still(0, 25, static=False, sighting_id=track))
    visit_log.recorder.handle(still(0, 595, static=False, sighting_id=track))
    assert visit_log.rows("select name, sightings from visit_log") == [("visitor 1", 1)]
    assert visit_log.rows("select static from sighting_log") == [(False,)]
    visit_log.recorder.handle(still(0, 605, static=True, sighting_id=track))
    assert visit_log.rows("select * from visit_log") == []
    assert visit_log.rows("select name, static, decision from sighting_log") == [
        ("visitor 1", True, "enrolled")
    ]
    assert visit_log.rows("select name, visits, sightings from visitor") == [("visitor 1", 0, 1)]
    visit_log.recorder.handle(still(0, 1200, static=True, sighting_id=track, final=True))
    assert visit_log.rows("select * from visit_log") == []
    assert (
        visit_log.one("select extract(epoch from ended_at - started_at)::int from sighting_log")
        == 1200
    )
    assert len(visit_log.arrivals) == 1, "the one before anybody could know"


def test_present_now_no_longer_shows_it(visit_log: VisitLog) -> None:
    (now,) = visit_log.rows("select extract(epoch from now() - interval '10 minutes')")[0]
    at_s, track = float(str(now)) - START.timestamp(), uuid4()
    visit_log.recorder.handle(still(at_s, at_s + 599, static=False, sighting_id=track))
    assert visit_log.rows("select name from present_now") == [("visitor 1",)]
    visit_log.recorder.handle(still(at_s, at_s + 600, static=True, sighting_id=track))
    assert visit_log.rows("select name from present_now") == []


def test_a_sighting_in_a_static_place_is_neither_a_visit_nor_an_arrival(
    visit_log: VisitLog,
) -> None:
    hang(visit_log)
    arrivals = len(visit_log.arrivals)
    visit_log.recorder.handle(still(1000, 1030, static=True, sighting_id=uuid4(), final=True))
    assert visit_log.rows("select * from visit_log") == []
    assert visit_log.rows("select static, decision from sighting_log order by started_at") == [
        (True, "enrolled"),
        (True, "matched"),
    ]
    assert len(visit_log.arrivals) == arrivals


def test_a_stranger_in_a_static_place_is_no_arrival_either(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(still(1000, 1030, static=True, sighting_id=uuid4(), i=5, final=True))
    assert visit_log.rows("select name, visits from visitor") == [("visitor 1", 0)]
    assert visit_log.rows("select * from visit_log") == []
    assert visit_log.arrivals == []


def test_the_person_on_the_poster_still_gets_visits_when_seen_elsewhere(
    visit_log: VisitLog,
) -> None:
    """Before, while and after it hangs there."""
    visit_log.recorder.handle(report(axis(0), 0))
    hang(visit_log, at_s=1000)
    visit_log.recorder.handle(report(axis(0), 1300, camera="hall"))
    visit_log.recorder.handle(report(axis(0), 3000))
    seconds = f"extract(epoch from started_at)::int - {START.timestamp():.0f}"
    visits = visit_log.rows(f"select name, {seconds}, sightings from visit_log order by started_at")
    assert visits == [("visitor 1", 0, 1), ("visitor 1", 1300, 1), ("visitor 1", 3000, 1)]
    assert visit_log.arrivals[-1].visits == 3


def test_visits_that_a_static_face_had_joined_come_apart_again(visit_log: VisitLog) -> None:
    track = uuid4()
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(still(20, 595, static=False, sighting_id=track))
    visit_log.recorder.handle(report(axis(0), 590, camera="hall"))
    assert visit_log.one("select sightings from visit_log") == 3
    assert len(visit_log.arrivals) == 1
    visit_log.recorder.handle(still(20, 625, static=True, sighting_id=track))
    assert visit_log.rows(
        "select sightings, cameras, extract(epoch from duration)::int from visit_log order by 1, 2"
    ) == [
        (1, ["door"], 4),
        (1, ["hall"], 4),
    ]
    assert [(a.camera, a.visits) for a in visit_log.arrivals] == [("door", 1), ("hall", 2)], (
        "the second was not announced yet"
    )


def test_a_visit_named_after_the_static_sighting_is_carried_on_without_it(
    visit_log: VisitLog,
) -> None:
    track, real = uuid4(), uuid4()
    visit_log.recorder.handle(still(0, 595, static=False, sighting_id=track))
    visit_log.recorder.handle(report(axis(0), 300, sighting_id=real, camera="hall"))
    assert visit_log.rows("select visit_id from visit_log") == [(track,)]
    visit_log.recorder.handle(still(0, 605, static=True, sighting_id=track))
    assert visit_log.rows("select visit_id, cameras from visit_log") == [(real, ["hall"])]


def test_a_face_that_moves_after_all_has_been_a_visit(visit_log: VisitLog) -> None:
    """Someone slept there."""
    track = hang(visit_log)
    visit_log.recorder.handle(still(0, 700, static=False, sighting_id=track, final=True))
    assert visit_log.rows("select name, extract(epoch from duration)::int from visit_log") == [
        ("visitor 1", 700)
    ]
    assert visit_log.rows("select static from sighting_log") == [(False,)]


def test_visits_built_anew_stay_without_it(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    hang(visit_log, at_s=100)
    visit_log.recorder.handle(report(axis(0), 790))
    for gap_s, count in ((5, 2), (200, 2), (1000, 1), (30, 2)):
        VisitLog(visit_log.database, Site("main", "UTC", timedelta(seconds=gap_s)))
        visits = visit_log.rows("select sightings from visit_log")
        assert (len(visits), sum(int(str(n)) for (n,) in visits)) == (count, 2), gap_s


def test_a_merge_and_the_merge_job_do_not_make_it_a_visit(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(1), 2000))
    hang(visit_log)
    with visit_log.database.transaction() as cursor:
        kept, merged = (stored_people.find(cursor, n).visitor_id for n in ("1", "2"))
        merges.merge(cursor, kept, merged, "tester", "why", START)
    assert visit_log.rows("select name, visits, sightings from visitor") == [("visitor 1", 1, 2)]
    for at_s in (5000, 6000):  # pending sightings in a static place, settled by the job
        visit_log.recorder.handle(replace(report(axis(0, 3, 0.37), at_s, samples=2), static=True))
    assert merge_job.merge_duplicates(
        visit_log.database, "pack-1", RULE, Neighbours(LIMITS.merge), START
    ).groups
    assert (
        visit_log.one("select count(*) from sighting_log where decision = 'settled' and static")
        == 2
    )
    assert visit_log.one("select count(*) from visit_log") == 1


def test_the_same_static_reports_again_change_nothing(visit_log: VisitLog) -> None:
    reports = [
        still(0, 25, static=False, sighting_id=UUID(int=1)),
        still(0, 605, static=True, sighting_id=UUID(int=1)),
        still(0, 900, static=True, sighting_id=UUID(int=1), final=True),
    ]
    for made in reports:
        visit_log.recorder.handle(made)
    before = visit_log.everything()
    again = VisitLog(visit_log.database, SITE)
    for made in reports:
        again.recorder.handle(made)
    assert again.everything() == before
    assert again.arrivals == []


def test_a_person_in_front_of_their_own_poster_is_recognised(visit_log: VisitLog) -> None:
    """A photograph of an employee hangs in view: whoever passes it is not kept from being that
    employee.
    """
    poster = hang(visit_log)
    walker = uuid4()
    visit_log.recorder.handle(report(axis(0), 700, sighting_id=walker, together=[poster]))
    assert visit_log.one("select count(*) from visitor") == 1
    assert visit_log.rows("select name from visit_log") == [("visitor 1",)]


def pairs(visit_log: VisitLog) -> set[frozenset[object]]:
    return {frozenset(row) for row in visit_log.rows("select sighting_id, other_id from together")}


def test_who_passes_a_picture_of_a_face_makes_no_pair_with_it(visit_log: VisitLog) -> None:
    poster = hang(visit_log)
    walkers = [uuid4(), uuid4()]
    for at_s, walker in zip((700, 705), walkers, strict=True):
        beside = [poster, *(other for other in walkers if other != walker)]
        visit_log.recorder.handle(report(axis(1), at_s, sighting_id=walker, together=beside))
        seen = replace(
            still(0, at_s + 5, static=True, sighting_id=poster), together=frozenset(walkers)
        )
        visit_log.recorder.handle(seen)
    assert pairs(visit_log) == {frozenset(walkers)}


def test_one_who_moves_after_all_has_been_in_one_picture_with_all_who_passed(
    visit_log: VisitLog,
) -> None:
    sleeper = hang(visit_log)
    walker = uuid4()
    visit_log.recorder.handle(report(axis(1), 700, sighting_id=walker, together=[sleeper]))
    for end_s, static in ((710, True), (720, False)):
        made = still(0, end_s, static=static, sighting_id=sleeper)
        visit_log.recorder.handle(replace(made, together=frozenset([walker])))
    assert pairs(visit_log) == {frozenset([sleeper, walker])}


# A clip of eleven minutes through the whole program

LENGTH_S, STEP_S = 660, 1.5  # a picture every so often: a look at one face costs 80 ms
PORTRAIT, WALKER = "hanks", "astronaut"


def hall() -> Iterator[Image]:
    """A noisy room, a portrait on the wall, and now and then somebody who walks by below it."""
    grain = np.random.default_rng(5).integers(-2, 3, (100, 400, 1))
    portrait, walker = (
        cv2.resize(people()[p].image, (100, 100), interpolation=cv2.INTER_AREA).astype(np.int16)
        for p in (PORTRAIT, WALKER)
    )
    for n, image in enumerate(room(round(LENGTH_S / STEP_S), 400, 224)):
        shift = n * 37 % 256
        image[4:104, 50:150] = np.clip(portrait + grain[:, shift : shift + 100], 0, 255)
        since_s = n * STEP_S % 200 - 60  # after 1:00, 4:20 and 7:40 minutes, for nine seconds
        if 0 <= since_s < 9:
            x = 10 + round(32 * since_s)
            image[118:218, x : x + 100] = np.clip(
                walker + grain[:, 256 - shift : 356 - shift], 0, 255
            )
        yield image


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(
        tmp_path_factory.mktemp("static") / "hall.mp4",
        hall(),
        fps=Fraction(1 / STEP_S).limit_denominator(10),
        key_s=30,
    )


def test_a_portrait_on_the_wall_is_no_visitor_and_whoever_passes_it_is(box: Box, day: Path) -> None:
    arguments = ("replay", str(day), "--camera", "hall", "--start", START.isoformat())
    box.ok("visitord", *arguments, timeout_s=220)
    visits = json.loads(box.ok("visitorctl", "visits", "--format", "json"))
    assert len({v["identity"] for v in visits}) == 1
    assert [round(v["duration_s"]) for v in visits] == pytest.approx([7.5] * 3, abs=1.6)
    assert [(v["cameras"], v["sightings"]) for v in visits] == [(["hall"], 1)] * 3
    (portrait,) = box.rows(
        "select visitor_id, extract(epoch from ended_at - started_at) as seconds "
        "from visitord.sighting_log where static"
    )
    assert portrait["visitor_id"] != visits[0]["identity"]
    assert portrait["seconds"] == pytest.approx(LENGTH_S, abs=5)
    assert box.rows("select count(*) as n from visitord.sighting_log") == [{"n": 4}]
    assert box.rows("select name, visits, sightings from visitord.visitor order by name") == [
        {"name": "visitor 1", "visits": 0, "sightings": 1},
        {"name": "visitor 2", "visits": 3, "sightings": 3},
    ]
