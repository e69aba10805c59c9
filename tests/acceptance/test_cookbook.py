"""Every answer in docs/sql.md and README.md is what its question gives on a small log;
docs/grafana.json has answers.

    PYTHONPATH=tests python tests/acceptance/test_cookbook.py

writes the answers into the pages.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from rich.console import Console

from fixtures.databases import copied
from fixtures.paths import ROOT
from visitord.cli import terminal
from visitord.cli.sql import show_answer
from visitord.store import adhoc, migrate
from visitord.store.database import Cursor, Database

DOCS = ROOT / "docs"
PAGE = DOCS / "sql.md"
README = DOCS.parent / "README.md"
NOW = "'2026-03-27 18:10:00+01'::timestamptz"
ASKED = re.compile(r"```sql\n(.*?)```\n(\n```text\n.*?```\n)?", re.DOTALL)

# Who came when: person, site, day of March (those of February are less than 1), local time, and the
# cameras in turn, with the minutes at each.
LOG = """
    1 shop  2 09:05 entrance 2 hall 8
    1 shop  5 09:02 entrance 2 hall 6
    1 shop  9 09:10 entrance 2 hall 9
    1 shop 12 09:04 entrance 2 hall 7
    1 shop 16 09:07 entrance 2 hall 8
    1 shop 19 09:03 entrance 1 hall 5
    1 shop 23 09:06 entrance 2 hall 8
    1 shop 26 17:55 entrance 2 hall 11
    1 branch 27 12:00 gate 9
    2 shop -20 15:00 entrance 3
    2 shop -15 15:10 entrance 4
    2 shop -12 15:00 entrance 3 hall 2
    2 shop -8 14:55 entrance 3
    2 shop -5 15:05 entrance 3
    3 shop 11 12:30 entrance 2 hall 20
    3 shop 14 12:31 entrance 2 hall 25
    3 shop 27 17:10 entrance 2 hall 40
    4 shop 11 12:30 entrance 2 hall 20
    4 shop 14 12:32 entrance 2 hall 24
    4 shop 27 17:11 entrance 2 hall 39
    5 shop 13 16:20 entrance 1
    6 shop 17 10:45 hall 12
    6 shop 17 16:15 hall 4
    7 shop 24 11:00 entrance 2 hall 14
    7 shop 27 17:20 entrance 1
    8 branch 24 23:55 gate 10
    8 branch 26 13:00 gate 6
    9 shop 27 18:01 entrance 2 hall 6
    10 shop 20 08:00 entrance 1 hall 1
    10 shop 23 08:00 entrance 1 hall 1
    10 shop 27 08:00 entrance 1 hall 1
    11 shop 18 10:15 entrance 2 hall 3
"""
NAMES = {1: ("named", "Regular"), 3: ("named", "Customer"), 10: ("ignored", "Cleaner")}


def uid(kind: int, n: int) -> UUID:
    return UUID(int=kind << 64 | n)


def fill(database: Database) -> None:
    """The log, with fixed ids and times; the clock of the views stands still."""
    with database.transaction() as cursor:
        cursor.execute("set local timezone = 'Europe/Berlin'")
        cursor.execute(
            "insert into site (site, timezone, visit_gap) values "
            "('shop', 'Europe/Berlin', '5 min'), ('branch', 'Europe/Berlin', '5 min')"
        )
        for n in range(1, 12):
            status, name = NAMES.get(n, ("provisional", None))
            cursor.execute(
                "insert into identity (identity_id, number, status, name, root_id, created_at) "
                "values (%s, %s, %s, %s, %s, '2026-02-01')",
                (uid(1, n), n, status, name, uid(1, n)),
            )
        # Visitor 11 turned out to be visitor 6.
        cursor.execute(
            "update identity set root_id = %s, merged_into = %s where number = 11",
            (uid(1, 6), uid(1, 6)),
        )
        cursor.execute(
            "insert into merge (merge_id, kept_id, merged_id, merged_by, reason, merged_at) "
            "values (%s, %s, %s, 'merge job', "
            "'every pair in the group agrees at 0.58 or more', '2026-03-18 12:00')",
            (uid(3, 1), uid(1, 6), uid(1, 11)),
        )
        seen, known = 0, set()
        for line in LOG.strip().splitlines():
            person, site, day, time, *way = line.split()
            cursor.execute("select '2026-03-01'::date + %s - 1 + %s::time", (int(day), time))
            ((start,),) = cursor.fetchall()
            for camera, minutes in zip(way[::2], way[1::2], strict=True):
                seen += 1
                end = start + timedelta(minutes=int(minutes))
                score = 0.5 + (seen * 37 % 40) / 100
                decided = ("matched", score) if person in known else ("enrolled", 0.1)
                known.add(person)
                whom = (
                    uid(2, seen),
                    uid(1, int(person)),
                    site,
                    camera,
                    start,
                    end,
                    *decided,
                    uid(1, int(person)),
                )
                other = (0.08 + seen % 7 / 100, uid(1, int(person) % 9 + 1))
                cursor.execute(
                    "insert into sighting (sighting_id, identity_id, site, camera, started_at, "
                    "ended_at, decision, "
                    "score, candidate_id, second_score, second_id, quality, reason, "
                    "good_samples, face_px) "
                    "values %s",
                    ((*whom, *other, 0.5 + seen % 5 / 10, "like a known person", 5, 90),),
                )
                start = end + timedelta(seconds=20)
        for n, (day, score) in enumerate(((25, 0.36), (27, 0.38))):
            cursor.execute(
                "insert into sighting (sighting_id, site, camera, started_at, ended_at, "
                "decision, reason, score, "
                "candidate_id, quality, good_samples, face_px) values (%s, 'shop', 'entrance', "
                "%s, %s, 'pending', "
                "'only 1 good sample', %s, %s, 0.31, 1, 38)",
                (
                    uid(2, 900 + n),
                    f"2026-03-{day} 13:0{n}",
                    f"2026-03-{day} 13:0{n}:09",
                    score,
                    uid(1, 4),
                ),
            )
        cursor.execute("select rebuild_visits(site) from site")
        cursor.execute(
            "insert into camera (site, camera, state, reason, last_frame_at, fps, reported_at) "
            "values "
            f"('shop', 'entrance', 'live', '', {NOW}, 12.5, {NOW}), ('shop', 'hall', 'live', "
            f"'', {NOW}, 10, {NOW}), "
            f"('branch', 'gate', 'gone', 'no answer within 5 s', '2026-03-27 17:02', 0, {NOW})"
        )
        cursor.execute(
            "insert into camera_change (site, camera, changed_at, state, reason) values "
            "('branch', 'gate', '2026-03-26 08:00', 'live', ''), "
            "('branch', 'gate', '2026-03-26 21:30', 'gone', 'no daemon reported it'), "
            "('branch', 'gate', '2026-03-26 22:10', 'live', ''), "
            "('branch', 'gate', '2026-03-27 17:02', 'gone', 'no answer within 5 s')"
        )
        tell(cursor)
        # Two who always come together were in one picture; visitors 8 and 9 are two people.
        cursor.execute(
            "insert into together (sighting_id, other_id) "
            "select a.sighting_id, b.sighting_id "
            "from sighting a join sighting b using (site, camera) "
            "where a.identity_id = %s and b.identity_id = %s "
            "and a.started_at <= b.ended_at and a.ended_at >= b.started_at",
            (uid(1, 3), uid(1, 4)),
        )
        cursor.execute(
            "insert into rejection (one_id, other_id, rejected_by, reason, rejected_at) "
            "values (%s, %s, 'owner', 'brothers', '2026-03-27 18:05')",
            (uid(1, 8), uid(1, 9)),
        )
        cursor.execute(
            "insert into person_group (group_id, name, made_by, made_at) "
            "values (%s, 'staff', 'owner', '2026-03-10 12:00')",
            (uid(5, 1),),
        )
        cursor.execute(
            "insert into membership (identity_id, group_id, added_by, added_at) "
            "values (%s, %s, 'owner', '2026-03-10 12:00')",
            (uid(1, 1), uid(5, 1)),
        )
        cursor.execute(
            "insert into split (split_id, from_id, to_id, sightings, split_by, reason, split_at) "
            "values (%s, %s, %s, array[%s]::uuid[], 'owner', 'another coat, another man', "
            "'2026-03-24 12:00')",
            (uid(4, 1), uid(1, 6), uid(1, 7), uid(2, 43)),
        )
        cursor.execute(
            "select viewname, definition from pg_views where schemaname = 'visitord' and "
            "definition ~ 'now\\(\\)'"
        )
        for view, definition in cursor.fetchall():
            cursor.execute(f"create or replace view {view} as {definition.replace('now()', NOW)}")


def tell(cursor: Cursor) -> None:
    """The events of the last hour, as they were told; who came last is still here."""
    cursor.execute(
        "insert into event (event_id, kind, at, told_at, site, camera, identity_id, name, label, "
        "status, visit_id, first_time, duration) "
        "select md5(t.kind || v.visit_id)::uuid, t.kind, t.at, t.at, v.site, t.camera, "
        "i.identity_id, coalesce(i.name, 'visitor ' || i.number), 'visitor ' || i.number, "
        "i.status, v.visit_id, v.previous_end is null, t.duration "
        "from visit v join identity i using (identity_id) cross join lateral (values "
        "('arrival', v.started_at, v.cameras[1], null), "
        "('departure', v.ended_at, v.last_camera, v.ended_at - v.started_at)"
        ") t (kind, at, camera, duration) "
        f"where t.at between {NOW} - interval '1 hour' and {NOW} and i.status <> 'ignored' "
        f"and (t.kind = 'arrival' or t.at < {NOW} - interval '5 min') order by t.at"
    )


@contextmanager
def filled(url: str) -> Iterator[Database]:
    with copied(url) as own:
        database = Database(own)
        database.timezone = "Europe/Berlin"
        fill(database)
        yield database
        database.close()


def answer(database: Database, question: str) -> str:
    """What visitorctl sql prints for it into a pipe."""
    pipe = Console(file=StringIO(), width=10_000, highlight=False)
    with (
        database.transaction() as cursor,
        patch.object(terminal, "out", pipe),
        redirect_stdout(pipe.file),
    ):
        show_answer(adhoc.ask(cursor, question.replace("now()", NOW)), "table")
    return "".join(f"{line.rstrip()}\n" for line in pipe.file.getvalue().splitlines())  # type: ignore[attr-defined]


def answered(database: Database, page: str) -> str:
    """The page with the answers to its questions."""
    return ASKED.sub(lambda m: f"```sql\n{m[1]}```\n\n```text\n{answer(database, m[1])}```\n", page)


@pytest.fixture(scope="module")
def log(server_url: str) -> Iterator[Database]:
    with filled(server_url) as database:
        yield database


@pytest.mark.parametrize(("path", "least"), [(PAGE, 20), (README, 2)], ids=["cookbook", "README"])
def test_every_answer_of_the_page_is_what_its_question_gives(
    log: Database, path: Path, least: int
) -> None:
    page = path.read_text()
    assert len(ASKED.findall(page)) >= least
    assert answered(log, page) == page


def test_the_page_asks_views_only(log: Database) -> None:
    with log.transaction() as cursor:
        cursor.execute("select viewname from pg_views where schemaname = 'visitord'")
        views = {row[0] for row in cursor.fetchall()}
    asked = {
        view
        for sql, _ in ASKED.findall(PAGE.read_text())
        for view in re.findall(r"visitord\.(\w+)", sql)
    }
    assert asked == views


def grafana(question: str, sites: str = "'shop','branch'") -> str:
    """The question as Grafana sends it, for the month of March and by default all sites."""
    span = "between '2026-03-01T00:00:00Z' and '2026-03-31T23:59:59Z'"
    question = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 {span}", question)
    bucket = r"to_timestamp(floor(extract(epoch from \1) / 3600) * 3600)"
    question = re.sub(r"\$__timeGroup\((\w+), \$__interval\)", bucket, question)
    return question.replace("$site", sites).replace("now()", NOW)


@pytest.fixture
def board() -> dict[str, Any]:
    """Grafana's dashboard."""
    loaded: dict[str, Any] = json.loads((DOCS / "grafana.json").read_text())
    return loaded


def test_every_panel_of_the_dashboard_has_an_answer(log: Database, board: dict[str, Any]) -> None:
    asked = [target["rawSql"] for panel in board["panels"] for target in panel["targets"]]
    asked += [
        variable["query"] for variable in board["templating"]["list"] if variable["type"] == "query"
    ]
    assert len(asked) == 10
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    with log.transaction() as cursor:
        cursor.execute("set local role visitord_reader")
        for question in asked:
            assert "$" not in grafana(question)
            assert adhoc.ask(cursor, grafana(question)).rows, question


def test_the_dashboard_offers_a_site_whose_footage_was_only_replayed(
    log: Database, board: dict[str, Any]
) -> None:
    (sites,) = (one["query"] for one in board["templating"]["list"] if one["name"] == "site")
    with log.transaction() as cursor:
        assert adhoc.ask(cursor, sites).rows == (("branch",), ("shop",))
    with log.transaction() as cursor:
        cursor.execute("savepoint reported")
        cursor.execute("delete from camera")
        assert adhoc.ask(cursor, sites).rows == (("branch",), ("shop",))
        cursor.execute("rollback to savepoint reported")


def test_the_dashboards_regulars_are_those_of_the_chosen_site(
    log: Database, board: dict[str, Any]
) -> None:
    (panel,) = (one for one in board["panels"] if one["title"].startswith("Regulars"))
    (asked,) = (target["rawSql"] for target in panel["targets"])
    found = {}
    with log.transaction() as cursor:
        for sites in ("'shop'", "'branch'", "'shop','branch'"):
            rows = adhoc.ask(cursor, grafana(asked, sites)).rows
            found[sites] = {row[0]: row[1:3] for row in rows}
        frequent = adhoc.ask(cursor, "select name, visits_30d, days_30d from frequent_visitor")

    assert found["'shop'"] != found["'branch'"] != {}
    assert found["'shop','branch'"] == {row[0]: row[1:] for row in frequent.rows}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="visitord-") as folder:
        opened = Database.at("embedded", Path(folder))
        migrate.migrate(opened)
        opened.close()
        with filled(opened.url) as demo:
            for path in (PAGE, README):
                path.write_text(answered(demo, path.read_text()))
                sys.stdout.write(f"{path} has the answers of today.\n")
