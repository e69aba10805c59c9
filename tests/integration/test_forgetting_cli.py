"""What visitorctl forget asks, refuses, and tells of what is not gone yet."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fixtures.corrections import merge, undo
from fixtures.databases import account
from fixtures.installation import Box
from fixtures.reports import START, axis, report
from fixtures.visit_log import SITE, VisitLog
from visitord.cli.forgetting import UNREACHABLE
from visitord.core.records import TrackReport
from visitord.store import merges, people
from visitord.store.crops import Crops
from visitord.store.database import Database

AGO_S = (datetime.now(UTC) - START).total_seconds() - 3600


@pytest.fixture
def visit_log(database: Database, box: Box) -> VisitLog:
    """Three people and a sighting of nobody yet, by a box called hall, with pictures."""
    site = replace(SITE, box="hall")
    made = VisitLog(database, site, crops=Crops(box.folder / "state" / "crops"))
    for n in range(3):
        sees(made, n, 100 * n)
    sees(made, 9, 900, samples=2)
    text = (box.folder / "config.toml").read_text()
    box.configure(f'box = "hall"\n{text}')
    return made


def sees(visit_log: VisitLog, n: int, at_s: float, **more: int) -> TrackReport:
    track = report(axis(n), AGO_S + at_s, **more)  # type: ignore[arg-type]
    samples = tuple(replace(s, portrait=f"{track.sighting_id}".encode()) for s in track.samples)
    track = replace(track, samples=samples)
    visit_log.recorder.handle(track)
    return track


def named(visit_log: VisitLog, who: str, name: str) -> None:
    with visit_log.database.transaction() as cursor:
        people.rename(cursor, people.find(cursor, who), name)


def test_everyone_who_goes_is_named_before_it_is_asked(visit_log: VisitLog, box: Box) -> None:
    named(visit_log, "2", "Bo")
    merge(visit_log, "1", "2")
    named(visit_log, "1", "Sam")
    merge(visit_log, "1", "3")
    done = box.run("visitorctl", "forget", "Sam")
    assert done.code == 2
    asked = (
        "Erase Sam (visitor 1) with Bo (visitor 2) and visitor 3, merged into them, for good, with "
        "3 visits, 3 sightings, 3 template(s) and 3 pictures?"
    )
    assert asked in done.err
    assert visit_log.one("select count(*) from sighting") == 4, "asking erases nothing"
    told = box.ok("visitorctl", "forget", "Sam", "--yes").splitlines()
    assert told == [
        "Sam (visitor 1) with Bo (visitor 2) and visitor 3, merged into them, are forgotten: "
        "3 sightings and 3 pictures are gone.",
        UNREACHABLE,
    ]


def test_who_was_merged_is_not_forgotten_unasked_with_somebody_else(
    visit_log: VisitLog, box: Box
) -> None:
    named(visit_log, "1", "Sam")
    named(visit_log, "2", "Bo")
    merge(visit_log, "1", "2")
    for who in ("2", "visitor 2", "Bo"):
        box.run("visitorctl", "forget", who, "--yes").fails_with(
            f'"{who}" was merged into Sam (visitor 1), who would be erased whole: visitorctl '
            "forget 1 --yes does that, visitorctl undo parts the two first."
        )
    asked = box.run("visitorctl", "forget", "2")
    assert '"2" was merged into Sam (visitor 1). Erase Sam (visitor 1) with Bo' in asked.err
    assert visit_log.one("select count(*) from sighting") == 4
    (merge_id,) = visit_log.rows("select merge_id from merge")[0]
    undo(visit_log, merge_id)
    assert "Bo (visitor 2) is forgotten: 1 sightings" in box.ok(
        "visitorctl", "forget", "2", "--yes"
    )
    assert visit_log.rows("select name from visitor order by 1") == [("Sam",), ("visitor 3",)]


def test_undecided_sightings_that_go_along_are_counted_in_the_question(
    visit_log: VisitLog, box: Box
) -> None:
    sees(visit_log, 9, 2000)  # visitor 4, who was nobody yet at first
    done = box.run("visitorctl", "forget", "4")
    assert "1 visits, 1 sightings, 1 undecided sightings most like them, 1 templ" in done.err


def test_texts_that_name_whoever_goes_are_told_and_replaced_on_request(
    visit_log: VisitLog, box: Box
) -> None:
    named(visit_log, "1", "Sam")
    named(visit_log, "3", "Sam's aunt")
    with visit_log.database.transaction() as cursor:
        kept, merged = (people.find(cursor, who).visitor_id for who in ("2", "3"))
        merges.merge(cursor, kept, merged, "tester", "not SAM, nor visitor  1", START)
        cursor.execute(
            "insert into rejection select one_id, other_id, 'me', 'Samson', now() from "
            "(select min(identity_id::text)::uuid as one_id, "
            "max(identity_id::text)::uuid as other_id from identity "
            "where number in (2, 3)) pair"
        )
    asked = box.run("visitorctl", "forget", "Sam").out.splitlines()
    assert [line.split(" (", 1)[0] for line in asked] == [
        "This text names them and stays: --clean replaces it",
        'This text names them and stays: visitorctl rename "visitor 3" changes it',
    ]
    assert "not SAM, nor visitor  1" in asked[0]
    told = box.ok("visitorctl", "forget", "Sam", "--yes", "--clean")
    assert "This text names them and is replaced (merge" in told
    assert visit_log.rows("select reason from merge") == [("(erased)",)]
    assert visit_log.rows("select reason from rejection") == [("Samson",)]


def test_sightings_are_erased_by_id_by_camera_and_time_and_while_undecided(
    visit_log: VisitLog, box: Box
) -> None:
    again = sees(visit_log, 1, 5000)
    shown = str(again.sighting_id)[:8]
    box.run("visitorctl", "forget", "--sighting", "00000000", "--yes").fails_with(
        'No sighting has the id "00000000"'
    )
    asked = box.run("visitorctl", "forget", "--sighting", shown)
    assert "Erase 1 sightings for good, with 1 pictures?" in asked.err
    assert visit_log.one("select count(*) from sighting") == 5
    told = box.ok("visitorctl", "forget", "--sighting", shown, "--yes")
    assert told.splitlines()[0] == "1 sightings and 1 pictures are gone."

    (first,) = visit_log.rows("select min(started_at) from sighting")[0]
    assert isinstance(first, datetime)
    span = (
        "--from",
        (first + timedelta(seconds=50)).isoformat(),
        "--to",
        (first + timedelta(seconds=150)).isoformat(),
    )
    told = box.ok("visitorctl", "forget", "--camera", "door", *span, "--yes")
    assert told.splitlines()[0] == (
        "1 sightings and 1 pictures are gone, and visitor 2, of whom nothing else is known."
    )
    told = box.ok("visitorctl", "forget", "--pending", "--yes")
    assert told.splitlines()[0] == "1 sightings and 1 pictures are gone."
    assert "nothing is erased" in box.ok("visitorctl", "forget", "--pending", "--yes")
    assert visit_log.rows("select name from visitor order by 1") == [
        ("visitor 1",),
        ("visitor 3",),
    ]
    assert len(list((box.folder / "state" / "crops").glob("*/*"))) == 2


def test_pictures_on_a_box_that_is_off_are_told_and_followed_up(
    visit_log: VisitLog, box: Box
) -> None:
    text = (box.folder / "config.toml").read_text()
    box.configure(text.replace('box = "hall"', 'box = "office"'))
    still = "1 picture still lies on box hall and goes when it next runs."
    told = box.ok("visitorctl", "forget", "1", "--yes").splitlines()
    assert told == [
        "visitor 1 is forgotten: 1 sightings and 0 pictures are gone.",
        still,
        UNREACHABLE,
    ]
    assert still in box.ok("visitorctl", "status")
    assert still in box.ok("visitorctl", "forget", "--clean")

    box.configure(text)
    cleaned = box.ok("visitorctl", "forget", "--clean").splitlines()
    assert cleaned == ["What earlier erasures left behind was looked for.", UNREACHABLE]
    assert still not in box.ok("visitorctl", "status")


def test_what_an_account_may_not_do_is_told(
    visit_log: VisitLog, box: Box, database_url: str, tmp_path: Path
) -> None:
    theirs = account(database_url, "visitord_daemon")
    text = (box.folder / "config.toml").read_text()
    box.configure(text.replace(database_url, theirs))
    (box.folder / "state" / "spool.broken-1").write_text("")
    told = box.ok("visitorctl", "forget", "1", "--yes").splitlines()
    assert told[0] == "visitor 1 is forgotten: 1 sightings and 1 pictures are gone."
    assert "spool.broken-1 is a spool that could not be read: delete it" in told[1]
    assert "Remains of erased rows may still lie in the files of visitord.identity, " in told[2]
    assert "write-ahead log still holds what was erased" in told[3]
    assert told[4] == UNREACHABLE


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("1", "2"),
        ("1", "--pending"),
        ("--camera", "door", "--pending"),
        ("1", "--from", "7d"),
        ("--sighting", "00000000", "--camera", "door"),
    ],
)
def test_one_thing_at_a_time_is_forgotten(box: Box, wrong: tuple[str, ...]) -> None:
    done = box.run("visitorctl", "forget", *wrong, "--yes")
    assert done.code == 2
    assert "Usage: visitorctl forget" in done.err
