"""Merges undone, sightings split off, pairs rejected, suggestions answered: on a real database,
compared as rows.
"""

import threading
from uuid import UUID, uuid4

import pytest

from fixtures.corrections import WHO, merge, merges, person, reject, split, undo
from fixtures.databases import until_someone_waits
from fixtures.reports import START, axis, report
from fixtures.visit_log import LIMITS, RULE, SITE, VisitLog
from fixtures.waiting import join
from visitord.core.errors import NotFoundError, VisitordError
from visitord.core.records import DecidedSighting, Decision, Verdict
from visitord.identity.clustering import Suggestion
from visitord.identity.neighbours import Neighbours
from visitord.service import merge_job
from visitord.store import corrections, people, sightings, suggestions
from visitord.store import visits as stored_visits


def rows(visit_log: VisitLog) -> list[list[tuple[object, ...]]]:
    """Everything that says who is who and who came when, but for what only logs commands."""
    return [
        visit_log.rows(f"select * from {table} order by 1, 2")
        for table in ("identity", "sighting", "template", "together", "visit", "unidentified")
    ]


def job(visit_log: VisitLog) -> None:
    merge_job.merge_duplicates(visit_log.database, "pack-1", RULE, Neighbours(LIMITS.merge), START)


def visits(visit_log: VisitLog) -> list[tuple[object, ...]]:
    return visit_log.rows("select name, sightings from visit_log order by started_at, name")


def alike(visit_log: VisitLog, count: int = 2) -> None:
    """So many people with one face, enrolled before the box could know it: their templates are made
    alike.
    """
    for n in range(count):
        visit_log.recorder.handle(report(axis(n), 1000 * n))
    with visit_log.database.transaction() as cursor:
        cursor.execute("update template set embedding = %s", (axis(0).tolist(),))
        cursor.execute("update gallery_version set version = version - 1")


def test_merge_then_undo_by_hand_restores_identical_rows(visit_log: VisitLog) -> None:
    for n in range(3):
        visit_log.recorder.handle(report(axis(n), 10 * n))
    before = rows(visit_log)
    merge(visit_log, "1", "2")
    assert rows(visit_log) != before
    undo(visit_log, merges(visit_log)[0])
    assert rows(visit_log) == before


def test_merge_then_undo_of_what_the_job_did_restores_identical_rows(visit_log: VisitLog) -> None:
    """With pending sightings that it settled in the same breath."""
    alike(visit_log)
    visit_log.recorder.handle(report(axis(0), 5000, good=False, sighting_id=(poor := uuid4())))
    who = [person(visit_log, number).visitor_id for number in ("1", "2")]
    with visit_log.database.transaction() as cursor:
        cursor.execute(
            "update sighting set identity_id = null, decision = 'pending', good_samples = 1 "
            "where sighting_id = %s",
            (poor,),
        )
        stored_visits.rebuild(cursor, who, settled=[poor])
    before = rows(visit_log)
    job(visit_log)
    assert visit_log.rows("select name, sightings from visitor") == [("visitor 1", 3)]
    undo(visit_log, merges(visit_log)[0])
    assert rows(visit_log) == before


def test_an_undone_merge_stays_undone(visit_log: VisitLog) -> None:
    alike(visit_log)
    job(visit_log)
    undo(visit_log, merges(visit_log)[0])
    before = rows(visit_log)
    job(visit_log)
    assert rows(visit_log) == before


def test_an_undone_merge_takes_along_what_came_after_it(visit_log: VisitLog) -> None:
    """Whoever is seen while two count as one is filed under the one they look like."""
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(1), 1000))
    merge(visit_log, "1", "2")
    visit_log.recorder.handle(report(axis(1, 5, 0.7), 2000))
    assert [row[0] for row in visits(visit_log)] == ["visitor 1"] * 3
    undo(visit_log, merges(visit_log)[0])
    assert [row[0] for row in visits(visit_log)] == ["visitor 1", "visitor 2", "visitor 2"]
    visit_log.recorder.handle(report(axis(1, 6, 0.6), 3000))
    assert [row[0] for row in visits(visit_log)][-1] == "visitor 2"


def test_a_merge_below_another_is_undone_without_the_upper_one(visit_log: VisitLog) -> None:
    for n in range(4):
        visit_log.recorder.handle(report(axis(n), 1000 * n))
    merge(visit_log, "2", "3")
    merge(visit_log, "1", "2")
    merge(visit_log, "1", "4")
    lower, upper, _ = merges(visit_log)
    undo(visit_log, lower)
    assert [row[0] for row in visits(visit_log)] == [
        "visitor 1",
        "visitor 1",
        "visitor 3",
        "visitor 1",
    ]
    undo(visit_log, upper)
    assert [row[0] for row in visits(visit_log)] == [
        "visitor 1",
        "visitor 2",
        "visitor 3",
        "visitor 1",
    ]


def test_undoing_the_upper_merge_leaves_the_lower_one(visit_log: VisitLog) -> None:
    for n in range(3):
        visit_log.recorder.handle(report(axis(n), 1000 * n))
    merge(visit_log, "2", "3")
    before = rows(visit_log)
    merge(visit_log, "1", "2")
    undo(visit_log, merges(visit_log)[1])
    assert rows(visit_log) == before
    assert person(visit_log, "3").label == "visitor 2"


def test_an_undone_merge_is_logged_and_cannot_be_undone_again(visit_log: VisitLog) -> None:
    alike(visit_log)
    merge(visit_log, "1", "2")
    (merge_id,) = merges(visit_log)
    undo(visit_log, merge_id)
    (log,) = visit_log.rows("select by, reason, undone_at, undone_by, undone_reason from merge_log")
    assert log == ("tester", "because", START, "tester", "because")
    with pytest.raises(VisitordError, match="undone before"):
        undo(visit_log, merge_id)
    with pytest.raises(NotFoundError, match="No merge"):
        undo(visit_log, uuid4())
    with pytest.raises(NotFoundError, match="No merge"):
        undo(visit_log, str(merge_id)[:7])


def test_split_moves_sightings_templates_and_visits(visit_log: VisitLog) -> None:
    ids = [uuid4() for _ in range(3)]
    for n, face in enumerate((axis(0), axis(0, 1, 0.7), axis(0, 1, 0.75))):
        visit_log.recorder.handle(report(face, 1000 * n, sighting_id=ids[n]))
    assert [row[0] for row in visits(visit_log)] == ["visitor 1"] * 3
    new = split(visit_log, "1", ids[1])
    assert visits(visit_log) == [("visitor 1", 1), ("visitor 2", 1), ("visitor 1", 1)]
    assert visit_log.rows(f"select sighting_id from template where identity_id = '{new}'") == [
        (ids[1],)
    ]
    ((log_to, moved, by, why),) = visit_log.rows(
        "select to_id, sightings, split_by, reason from split"
    )
    assert (log_to, [str(i) for i in moved], by, why) == (new, [str(ids[1])], "tester", "because")  # type: ignore[attr-defined]
    before = rows(visit_log)
    job(visit_log)
    assert rows(visit_log) == before, "no job joins what was split"


def test_split_leaves_nobody_without_a_template(visit_log: VisitLog) -> None:
    """The sighting a person was enrolled from may go: another one becomes what they are matched
    against.
    """
    ids = [uuid4(), uuid4()]
    visit_log.recorder.handle(report(axis(0), 0, sighting_id=ids[0]))
    visit_log.recorder.handle(report(axis(0, 1, 0.95), 1000, sighting_id=ids[1]))
    split(visit_log, "1", ids[0])
    assert visit_log.rows(
        "select number, sighting_id from template join identity using (identity_id) order by 1"
    ) == [
        (1, ids[1]),
        (2, ids[0]),
    ]


def test_a_split_that_makes_no_sense_changes_nothing(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0, sighting_id=(only := uuid4())))
    visit_log.recorder.handle(report(axis(1), 1000, sighting_id=(others := uuid4())))
    before = rows(visit_log)
    with pytest.raises(VisitordError, match="all sightings of visitor 1"):
        split(visit_log, "1", only)
    with pytest.raises(NotFoundError, match="no sighting"):
        split(visit_log, "1", others)
    assert rows(visit_log) == before


def test_a_rejected_pair_is_never_merged_by_the_job(visit_log: VisitLog) -> None:
    alike(visit_log)
    reject(visit_log, "1", "2")
    reject(visit_log, "2", "1")
    job(visit_log)
    assert visit_log.one("select count(*) from visitor") == 2
    assert visit_log.rows("select rejected_by, reason, rejected_at from rejection") == [WHO]


def test_a_rejection_holds_for_whom_the_two_are_merged_into(visit_log: VisitLog) -> None:
    alike(visit_log, 4)
    reject(visit_log, "1", "3")
    merge(visit_log, "1", "2")
    merge(visit_log, "3", "4")
    job(visit_log)
    assert visit_log.one("select count(*) from visitor") == 2


def test_a_person_may_override_a_rejection(visit_log: VisitLog) -> None:
    alike(visit_log)
    reject(visit_log, "1", "2")
    merge(visit_log, "1", "2")
    assert visit_log.one("select count(*) from visitor") == 1
    assert visit_log.one("select count(*) from rejection") == 0
    with pytest.raises(VisitordError, match="one person here"):
        reject(visit_log, "1", "2")


def settled(visit_log: VisitLog) -> UUID:
    """Two with one face that the job merged, and a pending sighting that it settled with them."""
    alike(visit_log)
    visit_log.recorder.handle(report(axis(0), 5000, sighting_id=(poor := uuid4())))
    with visit_log.database.transaction() as cursor:
        cursor.execute(
            "update sighting set identity_id = null, decision = 'pending' where sighting_id = %s",
            (poor,),
        )
        cursor.execute("delete from visit where visit_id = %s", (poor,))
    job(visit_log)
    assert visits(visit_log) == [("visitor 1", 1)] * 3
    return poor


def test_what_a_person_split_off_stays_theirs_when_the_merge_is_undone(visit_log: VisitLog) -> None:
    new = split(visit_log, "1", settled(visit_log))
    undo(visit_log, merges(visit_log)[0])
    assert visits(visit_log) == [
        ("visitor 1", 1),
        ("visitor 2", 1),
        (person(visit_log, str(new)).name, 1),
    ]
    assert visit_log.one("select count(*) from sighting where identity_id is null") == 0


def test_whoever_an_undone_merge_leaves_without_a_template_gets_one(visit_log: VisitLog) -> None:
    first, again = uuid4(), uuid4()
    visit_log.recorder.handle(report(axis(0), 0, sighting_id=first))
    visit_log.recorder.handle(report(axis(0, 3, 0.95), 500, sighting_id=again))
    visit_log.recorder.handle(report(axis(1), 1000))
    merge(visit_log, "1", "2")
    split(visit_log, "1", first)
    undo(visit_log, merges(visit_log)[0])
    visit_log.recorder.handle(report(axis(0, 3, 0.9), 2000))
    known = visit_log.rows(
        "select number, sighting_id from template join identity using (identity_id) order by 1"
    )
    assert known[0] == (1, again)


def test_a_sighting_named_twice_is_split_off_once(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(0, 1, 0.9), 1000, sighting_id=(other := uuid4())))
    with visit_log.database.transaction() as cursor:
        corrections.split(cursor, people.find(cursor, "1"), [str(other)[:8], str(other)], *WHO)
    assert visit_log.one("select array_length(sightings, 1) from split") == 1


def merged_and_known(visit_log: VisitLog) -> VisitLog:
    """Visitor 2 was merged into visitor 1; returns a recorder beside, which knows."""
    visit_log.recorder.handle(report(axis(0), 0))
    visit_log.recorder.handle(report(axis(1), 1000))
    merge(visit_log, "1", "2")
    beside = VisitLog(visit_log.database.another())
    beside.recorder.handle(report(axis(1, 5, 0.9), 2000))
    return beside


def test_undo_waits_for_a_sighting_that_is_just_written(visit_log: VisitLog) -> None:
    beside = merged_and_known(visit_log)
    ((two,),) = visit_log.rows("select identity_id from identity where number = 2")
    verdict = Verdict(Decision.MATCHED, UUID(str(two)), 0.9, None, "alike")
    (merge_id,) = merges(visit_log)
    undoing = threading.Thread(target=undo, args=(visit_log, merge_id))
    with beside.database.transaction() as cursor:
        sightings.write(
            cursor, DecidedSighting(report(axis(1), 3000), verdict, None, "pack-1"), SITE
        )
        undoing.start()
        until_someone_waits(visit_log.database)
    join(undoing)
    assert [row[0] for row in visits(visit_log)] == ["visitor 1", *["visitor 2"] * 3]


def test_a_sighting_written_during_undo_becomes_a_visit_of_whom_it_stands_for_then(
    visit_log: VisitLog,
) -> None:
    beside = merged_and_known(visit_log)
    (merge_id,) = merges(visit_log)
    writing = threading.Thread(target=beside.recorder.handle, args=(report(axis(1, 5, 0.9), 3000),))
    with visit_log.database.transaction() as cursor:
        corrections.undo(cursor, str(merge_id), *WHO)
        writing.start()
        until_someone_waits(visit_log.database)
    join(writing)
    assert [row[0] for row in visits(visit_log)] == ["visitor 1", *["visitor 2"] * 3]


def test_suggestions_made_again_use_up_no_numbers(visit_log: VisitLog) -> None:
    for n in range(3):
        visit_log.recorder.handle(report(axis(n), 1000 * n))
    ids = sorted(UUID(str(row[0])) for row in visit_log.rows("select identity_id from identity"))
    pairs = [(ids[0], ids[1]), (ids[0], ids[2]), (ids[1], ids[2])]
    with visit_log.database.transaction() as cursor:
        for agrees in (0.4, 0.5, 0.5):
            suggestions.keep(
                cursor, [Suggestion(*pair, agrees, "alike") for pair in pairs[:2]], START
            )
        suggestions.keep(cursor, [Suggestion(*pair, 0.5, "alike") for pair in pairs], START)
    assert visit_log.rows("select number, agreement from suggestion order by 1") == [
        (1, 0.5),
        (2, 0.5),
        (3, 0.5),
    ]
