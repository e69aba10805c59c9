"""What people type to take something back, as they type it."""

import json
import os
import stat
import subprocess

import pyarrow.parquet
import pytest

from fixtures import commands
from fixtures.installation import Box
from fixtures.reports import START, axis, report
from fixtures.terminals import answered
from fixtures.visit_log import VisitLog
from visitord.store import visitors
from visitord.store.database import Database


@pytest.fixture
def visit_log(database: Database) -> VisitLog:
    """Three people, the first seen twice."""
    visit_log = VisitLog(database)
    for n, face in enumerate((axis(0), axis(1), axis(2), axis(0, 3, 0.7))):
        visit_log.recorder.handle(report(face, 1000 * n))
    return visit_log


def names(visit_log: VisitLog) -> list[object]:
    return [row[0] for row in visit_log.rows("select name from visit_log order by started_at")]


def test_a_merge_is_undone_by_the_id_that_undo_lists(visit_log: VisitLog, box: Box) -> None:
    assert "No merge is in force." in box.ok("visitorctl", "undo")
    box.ok("visitorctl", "merge", "1", "2", "--why", "same coat")
    (listed,) = json.loads(box.ok("visitorctl", "undo", "--format", "json"))
    assert (listed["kept"], listed["merged"], listed["reason"]) == (
        "visitor 1",
        "visitor 2",
        "same coat",
    )
    assert listed["merge_id"][:8] in box.ok("visitorctl", "undo")
    said = box.ok("visitorctl", "undo", listed["merge_id"][:8], "--why", "other coat")
    assert said == "visitor 2 stands apart from visitor 1 again.\n"
    assert names(visit_log) == ["visitor 1", "visitor 2", "visitor 3", "visitor 1"]
    assert visit_log.rows("select reason, undone_reason from merge_log") == [
        ("same coat", "other coat")
    ]
    box.run("visitorctl", "undo", listed["merge_id"]).fails_with("undone before")
    box.run("visitorctl", "undo", "12345678").fails_with(
        'No merge has the id "12345678"', "visitorctl undo lists"
    )


@pytest.mark.parametrize("spelling", ["{0} {1}", "--sightings {0} --sightings {1}"])
def test_sightings_that_show_lists_are_split_off(
    visit_log: VisitLog, box: Box, spelling: str
) -> None:
    visit_log.recorder.handle(report(axis(0, 4, 0.8), 5000))
    shown = json.loads(box.ok("visitorctl", "show", "1", "--format", "json"))[0]["sighting_list"]
    ids = [sighting["sighting_id"][:8] for sighting in shown[:2]]
    assert ids[0] in box.ok("visitorctl", "show", "1")
    words = spelling.format(*ids).split()
    said = box.ok(
        "visitorctl",
        "split",
        "visitor 1",
        *(words if words[0][0] == "-" else ["--sightings", *words]),
    )
    assert said == "2 sightings of visitor 1 are now visitor 4.\n"
    assert names(visit_log) == ["visitor 1", "visitor 2", "visitor 3", "visitor 4", "visitor 4"]
    box.run("visitorctl", "split", "2", "--sightings", ids[0]).fails_with(
        f'visitor 2 has no sighting "{ids[0]}"'
    )
    done = box.run("visitorctl", "split", "2")
    assert done.code == 2
    assert "--sightings" in done.err


def test_a_pair_is_rejected_once_and_for_all(visit_log: VisitLog, box: Box) -> None:
    assert (
        box.ok("visitorctl", "reject", "2", "3", "--why", "sisters")
        == "visitor 2 and visitor 3 stay two people.\n"
    )
    assert visit_log.rows("select reason from rejection") == [("sisters",)]
    box.run("visitorctl", "reject", "2", "2").fails_with("visitor 2 is one person here")


def test_what_stands_against_a_merge_is_said_and_asked_about(visit_log: VisitLog, box: Box) -> None:
    box.ok("visitorctl", "reject", "2", "3", "--why", "sisters")
    said = answered(box.folder, "n", "merge", "2", "3")
    assert "two people by what is known" in said
    assert "(sisters)" in said
    assert visit_log.one("select count(*) from merge") == 0

    done = box.run("visitorctl", "merge", "2", "3")
    assert "Warning: visitor 2 and visitor 3 are two people by what is known" in done.err
    said = done.out
    undo = said.split("to take it back: visitorctl undo ")[1].strip()
    assert "stands apart" in box.ok("visitorctl", "undo", undo)


def test_two_in_one_picture_are_two_people_unless_a_person_is_certain(
    visit_log: VisitLog, box: Box
) -> None:
    ids = visit_log.rows(
        "select g.sighting_id from sighting g join identity i using (identity_id) "
        "where i.number in (1, 2) order by i.number, g.started_at"
    )
    with visit_log.database.transaction() as cursor:
        cursor.execute("insert into together values (%s, %s)", (ids[0][0], ids[-1][0]))
    said = answered(box.folder, "y", "merge", "1", "2")
    assert "they were in one picture once, last at door on 2026-01-05" in said
    assert "part of visitor 1" in said


def test_that_two_are_two_is_listed_and_withdrawn(visit_log: VisitLog, box: Box) -> None:
    empty = box.ok("visitorctl", "reject", "--list")
    assert empty == "Of no pair was it said that they are two people.\n"
    box.ok("visitorctl", "reject", "2", "3", "--why", "sisters")
    (pair,) = json.loads(box.ok("visitorctl", "reject", "--list", "--format", "json"))
    assert {pair["name"], pair["other_name"]} == {"visitor 2", "visitor 3"}
    assert pair["reason"] == "sisters"

    said = box.ok("visitorctl", "reject", "--withdraw", "3", "2")
    assert said == "visitor 3 and visitor 2 may be merged again.\n"
    assert visit_log.one("select count(*) from rejection") == 0
    box.run("visitorctl", "reject", "--withdraw", "2", "3").fails_with("Nobody said", "--list")
    assert box.run("visitorctl", "reject").code == 2


def test_a_name_is_taken_away(visit_log: VisitLog, box: Box) -> None:
    box.ok("visitorctl", "rename", "1", "Sam")
    assert box.ok("visitorctl", "rename", "Sam", "--clear") == "Sam is called visitor 1 again.\n"
    assert visit_log.rows("select status, name from visitor where label = 'visitor 1'") == [
        ("provisional", "visitor 1")
    ]
    box.run("visitorctl", "rename", "1", "--clear").fails_with("visitor 1 has no name")
    assert box.run("visitorctl", "rename", "1").code == 2
    assert box.run("visitorctl", "rename", "1", "Sam", "--clear").code == 2


def open_questions(box: Box) -> list[dict[str, object]]:
    return list(json.loads(box.ok("visitorctl", "suggestions", "--format", "json")))


def test_an_accepted_suggestion_is_a_merge(visit_log: VisitLog, box: Box, question: int) -> None:
    (open_,) = open_questions(box)
    assert ({open_["one"], open_["other"]}, open_["number"]) == (
        {"visitor 1", "visitor 3"},
        question,
    )
    said = box.ok("visitorctl", "suggestions", "accept", str(question))
    assert said.startswith("visitor 3 is now part of visitor 1; ")
    assert open_questions(box) == []
    assert names(visit_log) == ["visitor 1", "visitor 2", "visitor 1", "visitor 1"]
    box.run("visitorctl", "suggestions", "accept", str(question)).fails_with("no open suggestion")


def test_a_rejected_suggestion_is_not_asked_again(
    visit_log: VisitLog, box: Box, question: int
) -> None:
    said = box.ok("visitorctl", "suggestions", "reject", str(question))
    assert said == "visitor 1 and visitor 3 stay two people.\n"
    assert open_questions(box) == []
    assert "no open question" in box.ok("visitorctl", "suggestions")
    assert visit_log.one("select count(*) from rejection") == 1


def test_a_named_one_is_kept_and_of_two_named_ones_a_person_must_choose(
    visit_log: VisitLog, box: Box, question: int
) -> None:
    box.ok("visitorctl", "rename", "3", "Sam")
    box.ok("visitorctl", "rename", "1", "Kim")
    box.run("visitorctl", "suggestions", "accept", str(question)).fails_with(
        "both have names", "merge KEEP OTHER"
    )
    with visit_log.database.transaction() as cursor:
        cursor.execute("update identity set name = null, status = 'provisional' where number = 1")
    assert box.ok("visitorctl", "suggestions", "accept", str(question)).startswith(
        "visitor 1 is now part of Sam; "
    )


def test_an_answer_needs_the_number_of_a_question(box: Box, visit_log: VisitLog) -> None:
    done = box.run("visitorctl", "suggestions", "accept")
    assert done.code == 2
    assert "accept which one?" in done.err
    box.run("visitorctl", "suggestions", "reject", "7").fails_with("no open suggestion 7")


def test_visits_are_rebuilt_with_the_gap_of_the_configuration(box: Box, database: Database) -> None:
    visit_log = VisitLog(database)
    for at_s in (0, 20, 100, 300):
        visit_log.recorder.handle(report(axis(0), at_s))
    assert len(json.loads(box.ok("visitorctl", "visits", "--format", "json"))) == 3
    assert (
        box.ok("visitorctl", "visits", "rebuild")
        == "main has 3 visits, put together anew from its sightings.\n"
    )
    box.configure((box.folder / "config.toml").read_text().replace('gap = "30s"', 'gap = "2m"'))
    with database.transaction() as cursor:
        cursor.execute("delete from visit")
    assert "has 2 visits" in box.ok("visitorctl", "visits", "rebuild")
    assert visit_log.rows("select sightings from visit_log order by started_at") == [(3,), (1,)]
    assert len(json.loads(box.ok("visitorctl", "visits", "visitor 1", "--format", "json"))) == 2


def test_stats_and_exports_are_of_what_the_views_have(visit_log: VisitLog, box: Box) -> None:
    since = ("--since", "2026-01-01")
    days = json.loads(box.ok("visitorctl", "stats", *since, "--format", "json"))
    (day,) = (d for d in days if d["visits"])
    assert (day["arrived"], day["visits"], day["visitors"]) == ("2026-01-05", 4, 3)
    assert (day["identified"], day["unidentified"], day["share_identified"]) == (4, 0, 1.0)
    hours = box.ok("visitorctl", "stats", *since, "--by", "hour").splitlines()
    assert hours[10].split() == ["main", "09:00", "4", "3", "4", "0", "1", "█" * 40]
    assert box.ok("visitorctl", "stats") == "Nobody came.\n"
    for what, count in (("visits", 4), ("visitors", 3), ("sightings", 4)):
        assert len(box.ok("visitorctl", "export", what).splitlines()) == count + 1
        rows = json.loads(box.ok("visitorctl", "export", what, "--format", "json", *since))
        assert len(rows) == count
        assert "embedding" not in rows[0]
    path = box.folder / "visits.parquet"
    with path.open("wb") as file:
        command = [commands.BIN / "visitorctl", "export", "visits", "--format", "parquet"]
        subprocess.run(command, cwd=box.folder, stdout=file, check=True)
    table = pyarrow.parquet.read_table(path)
    assert (table.num_rows, table.column("name")[0].as_py()) == (4, "visitor 1")
    assert table.column("started_at")[0].as_py() == START
    assert box.run("visitorctl", "export", "templates").code == 2


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_an_export_into_a_file_is_what_is_printed_and_for_its_owner_alone(
    visit_log: VisitLog, box: Box, form: str
) -> None:
    command = ("visitorctl", "export", "visits", "--format", form)
    path = box.folder / "visits"
    os.umask(0)
    assert box.ok(*command, "-o", "visits") == "visits has 4 visits.\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(box.folder.glob(".visits*")) == []
    printed = subprocess.run(
        [commands.BIN / command[0], *command[1:]], cwd=box.folder, capture_output=True, check=True
    )
    assert path.read_bytes() == printed.stdout


def test_the_faces_of_a_merge_that_was_just_made_are_shown_too(
    visit_log: VisitLog, box: Box
) -> None:
    """Not only with --dry-run: whoever is merged has no sightings under their own name any more."""
    with visit_log.database.transaction() as cursor:
        cursor.execute("update sighting set crop = md5(camera) || md5(started_at::text)")
        cursor.execute(
            "update identity set merged_into = o.identity_id, root_id = o.identity_id "
            "from identity o where identity.number = 2 and o.number = 1 "
            "returning identity.identity_id, o.identity_id"
        )
        ((merged, kept),) = cursor.fetchall()
        faces = visitors.faces(cursor, [merged, kept])
    assert faces[merged].crop
    assert faces[kept].crop
    assert faces[merged].crop != faces[kept].crop
