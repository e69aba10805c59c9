"""Two sites on one server, in two time zones: each listing says which, and by which clock."""

import csv
import json
from datetime import datetime, timedelta
from io import BytesIO, StringIO
from typing import Any

import pyarrow.parquet as pq
import pytest

from fixtures.installation import Box
from fixtures.reports import axis, report
from fixtures.visit_log import SITE, VisitLog
from visitord.store.database import Database
from visitord.store.site import Site

TOKYO = Site("branch", "Asia/Tokyo", timedelta(seconds=30))
SINCE = ("--since", "2026-01-01")


@pytest.fixture(autouse=True)
def two_sites(database: Database, box: Box) -> None:
    """Somebody at 09:00 UTC at main; at 18:10 in Tokyo they and somebody else at branch."""
    main = VisitLog(database, SITE)
    main.recorder.handle(report(axis(0), 0))
    branch = VisitLog(database, TOKYO)
    branch.recorder.handle(report(axis(0), 600, camera="gate"))
    branch.recorder.handle(report(axis(1), 700, camera="gate"))


def visits(box: Box, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        box.ok("visitorctl", "visits", *SINCE, *options, "--format", "json")
    )
    return found


def test_a_listing_is_of_the_configured_site_unless_another_is_asked_for(box: Box) -> None:
    assert [visit["site"] for visit in visits(box)] == ["main"]
    assert [visit["site"] for visit in visits(box, "--site", "branch")] == ["branch"] * 2
    assert [visit["site"] for visit in visits(box, "--site", "all")] == ["main", "branch", "branch"]


def test_times_are_those_of_the_site_of_the_row(box: Box) -> None:
    started = [visit["started_at"] for visit in visits(box, "--site", "all")]
    assert started[0] == "2026-01-05T09:00:00+00:00"
    assert started[1] == "2026-01-05T18:10:00+09:00"

    table = box.ok("visitorctl", "visits", *SINCE, "--site", "all")
    assert "2026-01-05 09:00:00 +0000" in table
    assert "2026-01-05 18:10:00 +0900" in table
    alone = box.ok("visitorctl", "visits", *SINCE, "--site", "branch")
    assert "2026-01-05 18:10:00" in alone
    assert "+0900" not in alone


def test_people_are_listed_where_they_have_been(box: Box) -> None:
    def listed(*options: str) -> list[tuple[str, str]]:
        rows = csv.DictReader(StringIO(box.ok("visitorctl", "list", *options, "--format", "csv")))
        return sorted((row["label"], row["site"]) for row in rows)

    assert listed() == [("visitor 1", "branch")]
    assert listed("--site", "branch") == [("visitor 1", "branch"), ("visitor 2", "branch")]
    assert listed("--site", "all") == [("visitor 1", "branch"), ("visitor 2", "branch")]


def test_a_person_has_the_visits_of_all_sites_by_their_clocks(box: Box) -> None:
    shown = box.ok("visitorctl", "show", "1")
    assert "2026-01-05 09:00:00 +0000" in shown
    assert "2026-01-05 18:10:00 +0900" in shown


def test_an_export_has_site_and_visitor_id_and_one_kind_of_time(box: Box) -> None:
    rows = {
        what: json.loads(box.ok("visitorctl", "export", what, "--site", "all", "--format", "json"))
        for what in ("visits", "visitors", "sightings")
    }
    for what, found in rows.items():
        assert {"site", "timezone", "visitor_id"} <= set(found[0]), what
    assert [row["started_at"] for row in rows["visits"]][:2] == [
        "2026-01-05T09:00:00+00:00",
        "2026-01-05T09:10:00+00:00",
    ]

    text = box.ok("visitorctl", "export", "visits", "--site", "all")
    starts = [row["started_at"] for row in csv.DictReader(StringIO(text))]
    assert starts[:2] == ["2026-01-05T09:00:00+00:00", "2026-01-05T18:10:00+09:00"]


def test_parquet_has_utc_instants(database: Database, capsysbinary: Any) -> None:
    from fixtures.databases import ask
    from visitord.cli.listing import show_rows

    found = ask(database, "select started_at, site from visit_log order by 1")
    rows = [{"started_at": at, "site": site} for at, site in found]
    show_rows(["started_at", "site"], rows, "parquet", "")
    table = pq.read_table(BytesIO(capsysbinary.readouterr().out))
    assert str(table.schema.field("started_at").type) == "timestamp[us, tz=UTC]"
    assert table["started_at"][1].as_py() == datetime.fromisoformat("2026-01-05T09:10:00+00:00")


def test_how_many_came_is_counted_site_by_site(box: Box) -> None:
    def stats(*options: str) -> list[tuple[str, str, int]]:
        text = box.ok("visitorctl", "stats", *SINCE, *options, "--format", "json")
        return [(row["site"], row["arrived"], row["visits"]) for row in json.loads(text)]

    only = stats("--until", "2026-01-06")
    assert only == [("main", "2026-01-05", 1), ("main", "2026-01-06", 0)]
    by_hour = [row for row in stats("--by", "hour", "--site", "all") if row[2]]
    assert by_hour == [("branch", "18:00", 2), ("main", "09:00", 1)]


def test_a_typing_error_is_no_empty_log(box: Box) -> None:
    for command in (["visits"], ["list"], ["stats"], ["export", "visits"]):
        box.run("visitorctl", *command, "--camera", "dor").fails_with('camera "dor"', "door")
        box.run("visitorctl", *command, "--site", "brunch").fails_with('site "brunch"', "branch")
    box.run("visitorctl", "visits", "--camera", "gate").fails_with('camera "gate"', "door")
    assert box.ok("visitorctl", "visits", "--camera", "gate", "--site", "all")


def test_a_camera_that_is_configured_is_known_before_it_saw_anybody(box: Box) -> None:
    box.configure(
        (box.folder / "config.toml").read_text()
        + '[[camera]]\nname = "yard"\nsource = "rtsp://127.0.0.1:9/1"\n'
    )
    assert box.ok("visitorctl", "visits", "--camera", "yard") == "No visits.\n"


def test_where_the_configured_site_has_no_log_every_site_is_listed(box: Box) -> None:
    """As beside the demo, which has a site of its own."""
    box.configure((box.folder / "config.toml").read_text() + '[site]\nname = "new"\n')
    assert [visit["site"] for visit in visits(box)] == ["main", "branch", "branch"]
    assert box.ok("visitorctl", "list")
