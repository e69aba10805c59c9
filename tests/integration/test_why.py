"""What a decision rested on can be asked later: in sighting_log, and with `visitorctl show`."""

import json
from dataclasses import replace

import pytest

from fixtures.installation import Box
from fixtures.reports import START, axis, report
from fixtures.visit_log import VisitLog
from visitord.core.records import COVERED, Quality
from visitord.store import merges, people
from visitord.store.database import Database

COLUMNS = (
    "name, candidate, second_candidate, "
    "round(score::numeric, 2)::float, round(second_score::numeric, 2)::float"
)


@pytest.fixture
def visit_log(database: Database) -> VisitLog:
    """Two people are known, and a third sighting lies between them: 0.38 and 0.36."""
    visit_log = VisitLog(database)
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(1), 100))
    between = 0.38 * axis(0) + 0.36 * axis(1)
    between[2] = (1 - 0.38**2 - 0.36**2) ** 0.5
    visit_log.recorder.handle(report(between, 200, length_s=5, samples=2))
    return visit_log


def log(visit_log: VisitLog, columns: str = COLUMNS) -> list[tuple[object, ...]]:
    return visit_log.rows(f"select {columns} from sighting_log order by started_at")


def test_every_sighting_names_the_two_people_it_was_most_like(visit_log: VisitLog) -> None:
    assert log(visit_log) == [
        ("visitor 1", None, None, None, None),
        ("visitor 2", "visitor 1", None, 0.0, None),
        (None, "visitor 1", "visitor 2", 0.38, 0.36),
    ]


def test_every_sighting_says_why_where_and_from_what(visit_log: VisitLog) -> None:
    assert log(visit_log, "reason, site, good_samples, face_px, static") == [
        ("nobody known", "main", 5, 80.0, False),
        ("best similarity 0.00 is below match 0.42", "main", 5, 80.0, False),
        (
            "best similarity 0.38 is below match 0.42, "
            "but only 2 good samples of 3 needed to enrol",
            "main",
            2,
            80.0,
            False,
        ),
    ]


def test_the_people_it_was_like_are_called_as_they_are_called_now(visit_log: VisitLog) -> None:
    with visit_log.database.transaction() as cursor:
        people.rename(cursor, people.find(cursor, "visitor 1"), "Front desk")
    assert log(visit_log, "name, candidate, second_candidate")[1:] == [
        ("visitor 2", "Front desk", None),
        (None, "Front desk", "visitor 2"),
    ]


def test_after_a_merge_they_are_whoever_stands_for_them(visit_log: VisitLog) -> None:
    with visit_log.database.transaction() as cursor:
        one, two = (people.find(cursor, n).visitor_id for n in ("1", "2"))
        merges.merge(cursor, two, one, "tester", "why", START)
    assert log(visit_log, "name, candidate, second_candidate") == [
        ("visitor 2", None, None),
        ("visitor 2", "visitor 2", None),
        (None, "visitor 2", "visitor 2"),
    ]
    with visit_log.database.transaction() as cursor:
        people.rename(cursor, people.find(cursor, "visitor 2"), "Front desk")
    assert log(visit_log, "candidate, second_candidate")[-1] == ("Front desk", "Front desk")


def test_a_decision_is_kept_as_it_was_when_more_people_are_known(visit_log: VisitLog) -> None:
    before = log(visit_log)
    visit_log.recorder.handle(report(axis(3), 900))
    assert log(visit_log)[:3] == before


def test_how_well_a_track_agrees_with_itself_is_kept(visit_log: VisitLog) -> None:
    assert visit_log.rows(
        "select round(agreement::numeric, 3)::float from sighting order by started_at"
    ) == [(1.0,), (1.0,), (None,)]
    visit_log.recorder.handle(report(axis(5), 900, good=False))
    assert visit_log.rows("select agreement from sighting where good_samples = 0") == [(None,)]


def test_someone_known_from_one_poor_picture_is_not_matched_lightly(visit_log: VisitLog) -> None:
    with visit_log.database.transaction() as cursor:
        cursor.execute("update template set quality = 0.3 where embedding[1] = 1")
        cursor.execute("update gallery_version set version = version - 1")
    for at_s, cosine in ((1000, 0.45), (2000, 0.48)):
        visit_log.recorder.handle(report(axis(0, at_s // 100, cosine), at_s))
    assert log(visit_log, "decision, candidate, reason")[3:] == [
        (
            "enrolled",
            "visitor 1",
            "best similarity 0.45 is below match 0.47 for someone known from one poor picture",
        ),
        ("matched", "visitor 1", "similarity 0.48 reaches match 0.47 (among 3 known)"),
    ]


def test_a_covered_face_says_so_and_no_merge_job_makes_anybody_of_it(
    box: Box, visit_log: VisitLog
) -> None:
    """box and visit_log are on the same database."""
    seen = report(axis(0, 7, 0.5), 1000, samples=8)
    flawed = Quality(0.9, (COVERED,))
    samples = tuple(replace(sample, quality=flawed) for sample in seen.samples)
    visit_log.recorder.handle(replace(seen, samples=samples))
    why = (
        "best similarity 0.50 is below match 0.52, but the eyes or the mouth seem to be covered: "
        "such a face enrols nobody"
    )
    assert log(visit_log, "decision, name, good_samples, reason")[3:] == [("pending", None, 0, why)]
    assert "seem to be covered" in " ".join(box.ok("visitorctl", "unidentified").split())

    box.ok("visitorctl", "cluster")
    assert log(visit_log, "decision, reason")[3:] == [("pending", why)]


def test_show_lists_the_reason_of_every_sighting(box: Box, visit_log: VisitLog) -> None:
    """box and visit_log are on the same database."""
    visit_log.recorder.handle(report(axis(0, 7, 0.5), 1000))
    reasons = ["similarity 0.50 reaches match 0.42 (among 2 known)", "nobody known"]
    (shown,) = json.loads(box.ok("visitorctl", "show", "visitor 1", "--format", "json"))
    assert [s["reason"] for s in shown["sighting_list"]] == reasons
    text = box.ok("visitorctl", "show", "visitor 1")
    assert "reason" in text
    assert "nobody known" in " ".join(text.split())
    rows = box.rows(
        "select reason from visitord.sighting_log where name = 'visitor 1' order by started_at desc"
    )
    assert [row["reason"] for row in rows] == reasons
