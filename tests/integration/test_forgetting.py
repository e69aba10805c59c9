"""Erased means gone: no row, crop, template, spool entry or gallery entry on any box, and nothing
revives it.
"""

import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest

from fixtures.databases import until_someone_waits
from fixtures.reports import START, axis, report
from fixtures.visit_log import LIMITS, RULE, SITE, VisitLog, prepared
from fixtures.waiting import join
from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.core.errors import DatabaseUnavailableError, NotFoundError, VisitordError
from visitord.core.records import DecidedSighting, Decision, TrackReport, Verdict
from visitord.core.stages import Stage
from visitord.identity.neighbours import Neighbours
from visitord.models import centres
from visitord.service import jobs, merge_job
from visitord.service.recorder import RecorderSettings
from visitord.store import corrections, erasure, likeness, merges, people, sightings
from visitord.store.crops import Crops
from visitord.store.database import Cursor, Database
from visitord.store.erasure import Erased
from visitord.store.remaining import remaining
from visitord.store.spool import Spool, waiting


@pytest.fixture
def visit_log(database: Database, tmp_path: Path) -> VisitLog:
    return VisitLog(database, crops=Crops(tmp_path / "crops"))


def seen(visit_log: VisitLog, embedding: object, at_s: float, **values: object) -> TrackReport:
    """Handle a track whose portrait is its own; returns it."""
    made = report(embedding, at_s, **values)  # type: ignore[arg-type]
    samples = tuple(replace(s, portrait=f"{made.sighting_id}".encode()) for s in made.samples)
    made = replace(made, samples=samples)
    visit_log.recorder.handle(made)
    return made


def forget(visit_log: VisitLog, who: str) -> Erased:
    with visit_log.database.transaction() as cursor:
        return erasure.forget(cursor, people.find(cursor, who))


def by_hand(visit_log: VisitLog, change: str, *who: str) -> None:
    """Merge, reject, or split off the sighting whose id begins so, as a person does."""
    note = ("tester", "because", START)
    with visit_log.database.transaction() as cursor:
        one = people.find(cursor, who[0])
        if change == "merge":
            merges.merge(cursor, one.visitor_id, people.find(cursor, who[1]).visitor_id, *note)
        elif change == "reject":
            corrections.reject(cursor, one, people.find(cursor, who[1]), *note)
        else:
            corrections.split(cursor, one, [who[1]], *note)


def mentions(visit_log: VisitLog, ids: set[UUID]) -> dict[str, int]:
    """In which tables a row mentions one of these ids, anywhere in it, and how many do."""
    found = {}
    for (table,) in visit_log.rows(
        "select relname::text from pg_class "
        "where relnamespace = 'visitord'::regnamespace and relkind = 'r' "
        "and relname <> 'erased' and relname !~ 'yoyo'"
    ):
        pattern = "|".join(str(i) for i in ids)
        if count := visit_log.one(f"select count(*) from {table} t where t::text ~ '{pattern}'"):
            found[str(table)] = int(str(count))
    return found


@pytest.fixture
def crowd(visit_log: VisitLog) -> tuple[set[UUID], set[UUID]]:
    """Somebody with traces in every table; the ids of what is theirs, and of everything that is
    not.
    """
    first = seen(visit_log, axis(0), 0)  # visitor 1
    beside = seen(visit_log, axis(1), 1, together=[first.sighting_id])  # visitor 2
    seen(visit_log, axis(2), 100)  # visitor 3, who will turn out to be 1
    seen(visit_log, axis(4), 200)  # visitor 4, neither
    seen(visit_log, axis(0, 9, 0.9), 1000)
    seen(visit_log, axis(0, 8, 0.37), 2000, samples=2)  # pending, and most like visitor 1
    unlike = seen(
        visit_log, axis(0, 7, 0.2), 2500, good=False
    )  # pending, most like visitor 1 and yet not like
    other = seen(visit_log, axis(4, 0, 0.9), 3000)  # visitor 4, for whom visitor 1 is second
    by_hand(visit_log, "merge", "1", "3")
    by_hand(visit_log, "reject", "1", "4")
    split = seen(visit_log, axis(0, 6, 0.95), 4000)
    by_hand(visit_log, "split", "1", str(split.sighting_id))  # visitor 5, who was part of 1
    by_hand(visit_log, "merge", "2", "4")
    with visit_log.database.transaction() as cursor:
        cursor.execute(
            "insert into suggestion (one_id, other_id, agreement, reason, made_at) "
            "select least(a.identity_id, b.identity_id), greatest(a.identity_id, b.identity_id), "
            "0.5, '', now() "
            "from identity a, identity b where a.number = 1 and b.number = 2"
        )
    whole = {
        UUID(str(r[0]))
        for r in visit_log.rows("select identity_id from identity where number in (1, 3)")
    }
    theirs = visit_log.rows(
        "select sighting_id from sighting left join identity using (identity_id) "
        "where number in (1, 3) "
        "or (identity_id is null and score > 0.3)"
    )
    kept = {beside.sighting_id, other.sighting_id, unlike.sighting_id, split.sighting_id}
    return whole | {UUID(str(row[0])) for row in theirs}, kept


def test_no_row_mentions_whoever_was_forgotten_and_everyone_else_stays(
    visit_log: VisitLog, crowd: tuple[set[UUID], set[UUID]]
) -> None:
    theirs, kept = crowd
    tables = {
        "identity",
        "sighting",
        "template",
        "visit",
        "together",
        "merge",
        "rejection",
        "split",
        "suggestion",
        "unidentified",
        "event",
        "arrived",
        "event_due",
    }
    assert set(mentions(visit_log, theirs)) == tables | {"gallery_change"}
    before = visit_log.rows(
        "select name, visits, sightings from visitor where label <> 'visitor 1' order by label"
    )
    erased = forget(visit_log, "visitor 1")
    assert (erased.identities, erased.sightings) == (2, 4)
    assert set(mentions(visit_log, theirs)) == {"gallery_change"}  # for the other boxes
    with visit_log.database.transaction() as cursor:
        erasure.sweep(cursor, datetime.now(UTC))
        erasure.sweep(cursor, datetime.now(UTC) + timedelta(days=2))
    assert mentions(visit_log, theirs) == {}
    assert visit_log.rows("select count(*) from gallery_change natural join identity") != [(0,)]
    assert visit_log.rows("select name, visits, sightings from visitor order by label") == before
    assert {row[0] for row in visit_log.rows("select sighting_id from sighting")} >= kept
    assert (
        visit_log.rows("select candidate from sighting_log where candidate like 'visitor 1%'") == []
    )
    with pytest.raises(NotFoundError, match="Nobody is known"):
        forget(visit_log, "visitor 1")


def test_the_pictures_go_but_for_those_that_others_need(
    visit_log: VisitLog, tmp_path: Path
) -> None:
    first, second = seen(visit_log, axis(0), 0), seen(visit_log, axis(1), 100)
    shared = report(axis(1, 3, 0.9), 200)
    same_picture = replace(shared.samples[0], portrait=first.samples[0].portrait)
    visit_log.recorder.handle(replace(shared, samples=(same_picture,) * 5))
    lone = seen(visit_log, axis(0, 4, 0.9), 300)
    erased = forget(visit_log, "visitor 1")
    assert erased.crops == (hashlib.sha256(lone.samples[0].portrait).hexdigest(),)
    crops = Crops(tmp_path / "crops")
    erasure.finish(erased, crops, tmp_path / "spool.db")
    files = {path.read_bytes() for path in (tmp_path / "crops").glob("*/*")}
    assert files == {first.samples[0].portrait, second.samples[0].portrait}


def test_no_picture_is_kept_of_what_is_not_written(visit_log: VisitLog, tmp_path: Path) -> None:
    """An open track shows a face that is not sure yet: its first picture is in no row, and no
    erasure would find it.
    """
    seen(visit_log, axis(0), 0)
    track = report(axis(0, 1, 0.45), 100, length_s=1, final=False)
    samples = tuple(replace(s, portrait=b"early") for s in track.samples)
    visit_log.recorder.handle(replace(track, samples=samples))
    assert b"early" not in {path.read_bytes() for path in (tmp_path / "crops").glob("*/*")}


def test_the_kept_gallery_goes_with_them(visit_log: VisitLog, tmp_path: Path) -> None:
    """Where no daemon runs that would write it anew."""
    seen(visit_log, axis(0), 0)
    (tmp_path / "gallery.json").write_text("")
    crops = Crops(tmp_path / "crops")
    erasure.finish(
        forget(visit_log, "visitor 1"), crops, tmp_path / "spool.db", tmp_path / "gallery.json"
    )
    assert not (tmp_path / "gallery.json").exists()


def test_who_is_merged_while_somebody_is_forgotten_goes_from_every_gallery(
    visit_log: VisitLog,
) -> None:
    for n in range(2):
        seen(visit_log, axis(n), 100 * n)
    other = VisitLog(visit_log.database.another())
    other.recorder._follow()
    erased: list[Erased] = []
    with visit_log.database.another().transaction() as cursor:
        one, two = (people.find(cursor, str(n)) for n in (1, 2))
        merges.merge(cursor, one.visitor_id, two.visitor_id, "tester", "because", START)
        elsewhere = VisitLog(visit_log.database.another())
        thread = threading.Thread(
            target=lambda: erased.append(forget(elsewhere, str(one.visitor_id)))
        )
        thread.start()
        until_someone_waits(visit_log.database)
    other.recorder._follow()
    join(thread)
    assert erased[0].identities == 2
    other.recorder._follow()
    assert len(other.recorder._known.gallery) == 0


def test_the_gallery_of_every_box_forgets_with_its_next_look(visit_log: VisitLog) -> None:
    other = VisitLog(visit_log.database.another())
    seen(visit_log, axis(0), 0)
    other.recorder.handle(report(axis(0, 5, 0.9), 100))
    forget(visit_log, "visitor 1")
    other.recorder.handle(report(axis(0, 6, 0.9), 200))
    assert other.rows("select name, visits from visitor") == [("visitor 2", 1)]


def test_a_report_that_comes_late_brings_nothing_back(visit_log: VisitLog) -> None:
    """Not of a track that is still followed, nor of one whose companion is, nor of a clip that is
    replayed.
    """
    still_here = report(axis(0), 0, final=False, length_s=20)
    visit_log.recorder.handle(still_here)
    assert visit_log.one("select count(*) from sighting") == 1
    forget(visit_log, "visitor 1")
    later = replace(still_here, ended_at=START + timedelta(seconds=60), final=True)
    visit_log.recorder.handle(later)
    beside = report(axis(1), 30, together=[still_here.sighting_id])
    visit_log.recorder.handle(beside)
    VisitLog(visit_log.database.another()).recorder.handle(still_here)
    assert visit_log.rows("select sighting_id from sighting") == [(beside.sighting_id,)]
    assert mentions(visit_log, {still_here.sighting_id}) == {}
    assert [a.name for a in visit_log.arrivals] == ["visitor 1", "visitor 2"]


def test_no_merge_job_makes_the_same_person_of_what_was_left_open(visit_log: VisitLog) -> None:
    seen(visit_log, axis(0), 0)
    for n in range(3):
        seen(visit_log, axis(0, 1, 0.38), 100 * n + 100, samples=2)
    assert visit_log.one("select count(*) from sighting where identity_id is null") == 3
    forget(visit_log, "visitor 1")
    merge_job.merge_duplicates(visit_log.database, "pack-1", RULE, Neighbours(LIMITS.merge), START)
    assert visit_log.one("select count(*) from identity") == 0


def test_one_who_is_forgotten_while_being_recorded_is_decided_anew(
    visit_log: VisitLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recorder that had matched them finds nobody to file the sighting under, and tries again."""
    seen(visit_log, axis(0), 0)
    other = VisitLog(visit_log.database.another())
    decide = visit_log.recorder._decide

    def interrupted(*arguments: Any) -> Any:
        decided = decide(*arguments)
        monkeypatch.undo()
        forget(other, "visitor 1")
        return decided

    monkeypatch.setattr(visit_log.recorder, "_decide", interrupted)
    late = report(axis(0, 1, 0.9), 100)
    with pytest.raises(DatabaseUnavailableError):
        visit_log.recorder.handle(late)
    visit_log.recorder.handle(late)
    assert visit_log.rows("select name, sightings from visitor") == [("visitor 2", 1)]


def test_forgetting_waits_for_a_recorder_that_is_writing_and_takes_that_along(
    visit_log: VisitLog,
) -> None:
    seen(visit_log, axis(0), 0)
    with visit_log.database.transaction() as cursor:
        late = report(axis(0, 1, 0.9), 100)
        (whose,) = known_identities(cursor)
        verdict = Verdict(Decision.MATCHED, whose, 0.9, None, "")
        sightings.write(cursor, DecidedSighting(late, verdict, None, "pack-1"), SITE)
        forgetter = threading.Thread(
            target=forget, args=(VisitLog(visit_log.database.another()), "visitor 1")
        )
        forgetter.start()
        until_someone_waits(visit_log.database)
        assert forgetter.is_alive()
    join(forgetter)
    assert visit_log.one("select count(*) from sighting") == 0
    assert visit_log.one("select count(*) from erased") == 3  # two sightings and the person


def known_identities(cursor: Cursor) -> list[UUID]:
    cursor.execute("select identity_id from identity")
    return [row[0] for row in cursor.fetchall()]


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path / "spool.db", 1_000_000, "pack-1")
    yield opened
    opened._file.close()


def test_what_waits_on_disk_goes_and_leaves_no_trace_there(
    visit_log: VisitLog, spool: Spool, tmp_path: Path
) -> None:
    first, second = seen(visit_log, axis(0), 0), seen(visit_log, axis(1), 100)
    for waits in (first, second):
        spool.put(waits)
    spool.refuse(1, "for a test")
    erasure.finish(forget(visit_log, "visitor 1"), Crops(tmp_path / "crops"), tmp_path / "spool.db")
    left = waiting(tmp_path / "spool.db")
    assert (left.sightings, left.refused) == (1, 0)
    content = b"".join(file.read_bytes() for file in tmp_path.glob("spool.db*"))
    assert str(second.sighting_id).encode() in content
    assert str(first.sighting_id).encode() not in content
    assert spool.first(0) is not None


def test_every_box_deletes_its_own_files_of_whoever_any_box_forgot(
    visit_log: VisitLog, tmp_path: Path
) -> None:
    """Here one that was off meanwhile."""
    first, second = seen(visit_log, axis(0), 0), seen(visit_log, axis(1), 100)
    away = tmp_path / "away"
    crops = Crops(away / "crops")
    names = [crops.keep(track.samples[0].portrait) for track in (first, second)]
    forget(visit_log, "visitor 1")
    stage = Stage("jobs", Clock())
    config = Config(state_dir=away)
    schedule = jobs.Jobs(visit_log.database, visit_log.recorder, config, Clock(), stage)
    schedule._erase(visit_log.database)
    assert [crops.read(name) is None for name in names] == [True, False]
    again = crops.keep(first.samples[0].portrait)
    schedule._erase(visit_log.database)
    assert crops.read(again) is None, "what was erased a moment ago is looked for again"


def test_a_person_seen_anew_has_a_picture_again(visit_log: VisitLog, tmp_path: Path) -> None:
    """Even the same one, as of a photograph that is enrolled again."""
    first = seen(visit_log, axis(0), 0)
    forget(visit_log, "visitor 1")
    again = replace(first, sighting_id=uuid4())
    visit_log.recorder.handle(again)
    with visit_log.database.transaction() as cursor:
        assert erasure.since(cursor, None).crops == ()


def test_the_marks_of_what_was_erased_are_swept_after_a_year(visit_log: VisitLog) -> None:
    seen(visit_log, axis(0), 0)
    forget(visit_log, "visitor 1")
    now = datetime.now(UTC)
    for later, left in ((timedelta(days=360), 2), (timedelta(days=370), 0)):
        with visit_log.database.transaction() as cursor:
            erasure.sweep(cursor, now + later)
        assert visit_log.one("select count(*) from erased") == left


# Whatever else is theirs


def test_what_is_pending_and_more_like_them_than_like_anyone_else_goes(
    visit_log: VisitLog, tmp_path: Path
) -> None:
    """Also what was nobody's, or somebody else's, when it was decided: before they were known."""
    early = seen(visit_log, axis(0, 9, 0.5), 0, samples=2)  # nobody is known yet
    seen(visit_log, axis(0), 100)  # visitor 1
    unlike = seen(visit_log, axis(0, 7, 0.2), 200, good=False)
    seen(visit_log, axis(1), 300)  # visitor 2
    like_both = 0.32 * axis(0) + 0.36 * axis(1) + np.sqrt(1 - 0.32**2 - 0.36**2) * axis(2)
    between = seen(visit_log, like_both, 400, good=False)
    erased = forget(visit_log, "visitor 1")
    assert early.sighting_id in erased.ids
    left = {row[0] for row in visit_log.rows("select sighting_id from sighting")}
    assert early.sighting_id not in left
    assert {unlike.sighting_id, between.sighting_id} <= left
    erasure.finish(erased, Crops(tmp_path / "crops"), tmp_path / "spool.db")
    pictures = {path.read_bytes() for path in (tmp_path / "crops").glob("*/*")}
    assert str(early.sighting_id).encode() not in pictures


def test_what_is_pending_and_by_now_more_like_somebody_else_stays(visit_log: VisitLog) -> None:
    seen(visit_log, axis(0), 0)  # visitor 1
    pending = seen(visit_log, axis(0, 1, 0.4), 100, samples=2)  # most like visitor 1, then
    assert visit_log.one("select count(*) from sighting where candidate_id is not null") == 1
    seen(visit_log, axis(1), 200)  # visitor 2, whom it is more like
    forget(visit_log, "visitor 1")
    left = {row[0] for row in visit_log.rows("select sighting_id from sighting")}
    assert pending.sighting_id in left


def test_what_all_faces_have_in_common_makes_nobody_alike(database: Database) -> None:
    """To a pack that places all faces to one side two strangers look a little alike."""
    centre = centres.sface()
    faces = [axis(n) + 3.4 * centre for n in range(2)]
    one, other = (face / np.linalg.norm(face) for face in faces)
    assert float(one @ other) > likeness.ALIKE
    visit_log = VisitLog(database)
    settings = RecorderSettings(SITE, f"{centres.SFACE}-test", 128, centre=centre)
    visit_log.recorder = prepared(database, settings=settings)
    visit_log.recorder.handle(report(one, 0))
    stranger = report(other, 100, samples=2)
    visit_log.recorder.handle(stranger)
    forget(visit_log, "visitor 1")
    assert visit_log.rows("select sighting_id from sighting") == [(stranger.sighting_id,)]


def test_who_was_in_one_picture_with_them_is_somebody_else(visit_log: VisitLog) -> None:
    first = seen(visit_log, axis(0), 0)
    beside = seen(visit_log, axis(0, 1, 0.8), 1, samples=2, together=[first.sighting_id])
    forget(visit_log, "visitor 1")
    assert visit_log.rows("select sighting_id from sighting") == [(beside.sighting_id,)]


# Sightings, whoever they are of


def forget_these(visit_log: VisitLog, *tracks: TrackReport) -> tuple[Erased, list[str]]:
    """Erase the sightings of these tracks; who went with them, by name."""
    with visit_log.database.transaction() as cursor:
        erased, gone = erasure.forget_sightings(cursor, [one.sighting_id for one in tracks])
    return erased, [person.name for person in gone]


def test_sightings_go_with_their_pictures_and_whoever_is_known_from_nothing_else(
    visit_log: VisitLog,
) -> None:
    first = seen(visit_log, axis(0), 0)
    again = seen(visit_log, axis(0, 9, 0.7), 1000)
    other = seen(visit_log, axis(1), 2000)
    pending = seen(visit_log, axis(2), 3000, samples=2)
    erased, gone = forget_these(visit_log, other, pending)
    assert gone == ["visitor 2"]
    assert (erased.sightings, erased.identities, len(erased.crops)) == (2, 1, 2)
    assert mentions(visit_log, {other.sighting_id, pending.sighting_id}) == {}
    assert visit_log.rows("select name, visits from visitor") == [("visitor 1", 2)]

    erased, gone = forget_these(visit_log, first)
    assert gone == []
    assert visit_log.rows("select name, visits from visitor") == [("visitor 1", 1)]
    learnt = visit_log.rows("select sighting_id from template")
    assert learnt == [(again.sighting_id,)], "whoever is left without a template gets another"
    for track in (first, other, pending):
        visit_log.recorder.handle(track)
    assert visit_log.rows("select sighting_id from sighting") == [(again.sighting_id,)]


def test_visits_are_those_made_from_scratch_after_sightings_went(visit_log: VisitLog) -> None:
    tracks = [seen(visit_log, axis(n % 3), 20 * n, camera="door") for n in range(12)]
    tracks += [seen(visit_log, axis(9 + n), 20 * n + 3, samples=2) for n in range(12)]
    forget_these(visit_log, *tracks[1:24:4])
    visits = "select * from visit order by visit_id"
    kept = visit_log.rows(visits)
    visit_log.one("select rebuild_visits('main')")
    assert visit_log.rows(visits) == kept


def test_every_gallery_hears_of_a_template_that_went_with_its_sighting(
    visit_log: VisitLog,
) -> None:
    other = VisitLog(visit_log.database.another())
    track = seen(visit_log, axis(0), 0)
    other.recorder._follow()
    forget_these(visit_log, track)
    other.recorder._follow()
    assert len(other.recorder._known.gallery) == 0


# In any order of retention and erasure


@pytest.mark.parametrize("first", ["dropped", "forgotten"])
def test_pictures_go_and_a_replay_brings_nobody_back_in_any_order(
    visit_log: VisitLog, tmp_path: Path, first: str
) -> None:
    track = seen(visit_log, axis(0), 0)
    seen(visit_log, axis(0, 1, 0.9), 10_000)
    (before,) = visit_log.rows("select identity_id from identity")
    drop = f"select drop_before('{START + timedelta(hours=1)}')"
    if first == "dropped":
        assert visit_log.one(drop) == 1
    forget(visit_log, "visitor 1")
    if first == "forgotten":
        assert visit_log.one(drop) == 0
    crops = Crops(tmp_path / "crops")
    erasure.finish_here(visit_log.database, None, "any", crops, tmp_path / "spool.db")
    assert list((tmp_path / "crops").glob("*/*")) == []

    visit_log.recorder.handle(track)
    assert visit_log.one("select count(*) from sighting") == 0
    assert visit_log.rows("select identity_id from identity") != [before]


def test_whoever_was_enrolled_from_what_was_dropped_unnoted_is_not_enrolled_from_it_again(
    visit_log: VisitLog,
) -> None:
    """As with rows that were deleted by hand."""
    track = seen(visit_log, axis(0), 0)
    seen(visit_log, axis(0, 1, 0.9), 10_000)
    with visit_log.database.transaction() as cursor:
        cursor.execute("delete from sighting where sighting_id = %s", (track.sighting_id,))
    forget(visit_log, "visitor 1")
    visit_log.recorder.handle(track)
    assert visit_log.one("select count(*) from identity") == 0


def test_a_picture_that_no_row_names_goes_after_an_hour(
    visit_log: VisitLog, tmp_path: Path
) -> None:
    crops = Crops(tmp_path / "crops")
    named, unnamed, fresh = (seen(visit_log, axis(n), 100 * n) for n in range(3))
    with visit_log.database.transaction() as cursor:
        cursor.execute("delete from template")
        cursor.execute("delete from visit")
        cursor.execute("delete from sighting where sighting_id <> %s", (named.sighting_id,))
    long_ago = (datetime.now(UTC) - timedelta(hours=2)).timestamp()
    for track in (named, unnamed):
        name = hashlib.sha256(track.samples[0].portrait).hexdigest()
        os.utime(tmp_path / "crops" / name[:2] / name, (long_ago, long_ago))
    stage = Stage("jobs", Clock())
    config = Config(state_dir=tmp_path)
    schedule = jobs.Jobs(visit_log.database, visit_log.recorder, config, Clock(), stage)
    schedule._delete_unnamed(visit_log.database, crops, datetime.now(UTC))
    left = {path.read_bytes() for path in (tmp_path / "crops").glob("*/*")}
    assert left == {named.samples[0].portrait, fresh.samples[0].portrait}


# What lies elsewhere, and what comes late


def test_pictures_on_other_boxes_are_counted_until_those_have_deleted_them(
    database: Database, tmp_path: Path
) -> None:
    site = replace(SITE, box="hall")
    visit_log = VisitLog(database, site, crops=Crops(tmp_path / "hall"))
    seen(visit_log, axis(0), 0)
    seen(visit_log, axis(0, 1, 0.9), 1000)
    forget(visit_log, "visitor 1")

    def left() -> list[str]:
        with database.transaction() as cursor:
            return [str(one) for one in remaining(cursor)]

    spool_file = tmp_path / "spool.db"
    erasure.finish_here(database, None, "door", Crops(tmp_path / "door"), spool_file)
    assert left() == ["2 pictures still lie on box hall and go when it next runs."]
    assert len(list((tmp_path / "hall").glob("*/*"))) == 2
    erasure.finish_here(database, None, "hall", Crops(tmp_path / "hall"), spool_file)
    assert left() == []
    assert len(list((tmp_path / "hall").glob("*/*"))) == 0


def late_box(visit_log: VisitLog, spool: Spool, *tracks: TrackReport) -> None:
    """A box that was off meanwhile hands in what waits on its disk."""
    recorder = prepared(visit_log.database, spool=spool, crops=visit_log.recorder._crops)
    for track in tracks:
        recorder.submit(track)
    while recorder._try():
        pass


def test_what_a_box_hands_in_late_makes_no_new_visitors_of_people_who_were_forgotten(
    visit_log: VisitLog, spool: Spool, tmp_path: Path
) -> None:
    """Nor of others whom it saw before, and who is known is recognised: it stays that they came."""
    seen(visit_log, axis(0), 0)
    seen(visit_log, axis(1), 100)
    forget(visit_log, "visitor 1")
    waited = [report(axis(0, n, 0.95), 1000 * n) for n in range(2, 9)]
    late_box(visit_log, spool, *waited, report(axis(1, 2, 0.95), 9500))
    assert visit_log.rows("select name, visits from visitor") == [("visitor 2", 2)]
    kept = "select count(*) from sighting where identity_id is null"
    assert visit_log.one(kept) == 7
    assert visit_log.one(f"{kept} and (embedding is not null or crop is not null)") == 0
    assert visit_log.one("select count(*) from visit where identity_id is null") == 7
    assert "written after that" in str(
        visit_log.one("select min(reason) from sighting where identity_id is null")
    )
    merge_job.merge_duplicates(visit_log.database, "pack-1", RULE, Neighbours(LIMITS.merge), START)
    assert visit_log.one("select count(*) from identity") == 1


def test_whoever_comes_after_people_were_forgotten_is_enrolled(
    visit_log: VisitLog, spool: Spool
) -> None:
    seen(visit_log, axis(0), 0)
    forget(visit_log, "visitor 1")
    since_s = (datetime.now(UTC) - START).total_seconds() + 60
    late_box(visit_log, spool, report(axis(0), since_s))
    assert visit_log.rows("select name from visitor") == [("visitor 2",)]


def test_retention_alone_keeps_nobody_from_being_enrolled_late(
    visit_log: VisitLog, spool: Spool
) -> None:
    seen(visit_log, axis(0), 0)
    visit_log.one("select drop_before('infinity')")
    late_box(visit_log, spool, report(axis(1), 1000))
    assert visit_log.one("select count(*) from identity") == 2


def test_ids_asked_of_a_spool_that_is_not_there_or_is_broken(tmp_path: Path) -> None:
    erasure.finish(Erased((), 1, 1, (uuid4(),)), Crops(tmp_path), tmp_path / "none.db")
    (tmp_path / "bad.db").write_bytes(b"no database" * 100)
    with pytest.raises(VisitordError, match="cannot be used"):
        erasure.finish(Erased((), 1, 1, (uuid4(),)), Crops(tmp_path), tmp_path / "bad.db")
    assert sqlite3.sqlite_version_info >= (3, 38), "spool.erase looks into JSON"
