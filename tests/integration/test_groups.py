"""Groups of people: said at the command line and on the page, seen in views, kept by merges."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from click.testing import CliRunner

from fixtures.corrections import person
from fixtures.databases import copied
from fixtures.installation import Box
from fixtures.reports import START, axis, report
from fixtures.reviewing import Visitor, serving
from fixtures.visit_log import SITE, VisitLog
from visitord.admin import grouping, ignoring, merging
from visitord.admin.author import Author
from visitord.cli import visitorctl
from visitord.core.accounts import account_name
from visitord.core.clock import Clock
from visitord.core.errors import VisitordError
from visitord.store import erasure, group_names, groups
from visitord.store.database import Database
from visitord.store.site import Site, declare_site

AUTHOR = Author("tester", "because")
SINCE = ("--since", "2026-01-01")
CONFIG = '[database]\nurl = "{url}"\n[visit]\ngap = "30s"\n'


@dataclass(frozen=True)
class Place:
    """A log of four people, the first of whom came twice, and the commands asked about it."""

    visit_log: VisitLog
    box: Box

    @property
    def database(self) -> Database:
        return self.visit_log.database

    def run(self, *words: str, code: int = 0) -> str:
        """What a command prints, or its error."""
        config = str(self.box.folder / "config.toml")
        done = CliRunner().invoke(visitorctl.main, [*words, "--config", config])
        assert done.exit_code == code, done.output
        return done.output

    def rows(self, *words: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.run(*words, "--format", "json"))
        return found

    def groups(self, view: str = "visitor") -> dict[str, list[str]]:
        """The groups of everyone in a view who is in any, by their labels."""
        found = self.visit_log.rows(
            f"select distinct v.label, g.groups from {view} g join visitor v using (visitor_id) "
            "where g.groups <> '{}'"
        )
        return {str(label): list(names) for label, names in found}  # type: ignore[call-overload]

    def configure(self, text: str = "") -> None:
        self.box.configure(CONFIG.format(url=self.database.url) + text)


@pytest.fixture(scope="module")
def log(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with copied(server_url) as url:
        database = Database(url)
        visit_log = VisitLog(database)
        ago_s = (datetime.now(UTC) - START).total_seconds() - 600
        for n, face in enumerate((axis(0), axis(1), axis(2), axis(3), axis(0))):
            visit_log.recorder.handle(report(face, ago_s + 100 * n))
        folder: Path = tmp_path_factory.mktemp("groups")
        yield Place(visit_log, Box.at(folder, None, url))
        database.close()


@pytest.fixture
def place(log: Place) -> Iterator[Place]:
    """The log, without groups and with everyone apart."""
    log.configure()
    declare_site(log.database, SITE)
    yield log
    with log.database.transaction() as cursor:
        cursor.execute("delete from person_group")
        cursor.execute("select merge_id from merge where undone_at is null order by merged_at desc")
        in_force = [str(row[0]) for row in cursor]
    for merge_id in in_force:
        merging.undo(log.database, merge_id, AUTHOR, Clock())


def add(place: Place, group: str, *who: str) -> None:
    grouping.add(place.database, group, who, AUTHOR, Clock())


def remove(place: Place, group: str, *who: str) -> None:
    grouping.remove(place.database, group, who, AUTHOR, Clock())


def merge(place: Place, keep: str, other: str) -> str:
    done = merging.merge(place.database, keep, other, AUTHOR, Clock(), certain=True)
    return str(done.merge_id)


def undo(place: Place, merge_id: str) -> None:
    merging.undo(place.database, merge_id, AUTHOR, Clock())


# What people type


def test_people_are_put_into_a_group_and_taken_out_of_it(place: Place) -> None:
    said = place.run("group", "add", "staff", "1", "visitor 2")
    assert said == "staff is a new group.\nvisitor 1 and visitor 2 are now in staff.\n"
    said = place.run("group", "add", "Staff", "2", "3", "3")
    assert said == "visitor 3 is now in staff.\nvisitor 2 is in staff already.\n"

    said = place.run("group", "remove", "staff", "1", "2")
    assert said == "visitor 1 and visitor 2 are no more in staff.\n"
    assert place.groups() == {"visitor 3": ["staff"]}
    assert "visitor 1 is not in staff" in place.run("group", "remove", "staff", "1", code=1)
    place.run("group", "add", "staff", "1")
    assert set(place.groups()) == {"visitor 1", "visitor 3"}


def test_who_said_so_and_when_is_kept(place: Place) -> None:
    place.run("group", "add", "staff", "1", "2")
    place.run("group", "remove", "staff", "2")
    rows = place.visit_log.rows(
        'select name, group_name, "by", added_at is null, removed_by, removed_at is null '
        "from group_log order by name"
    )
    me = account_name()
    assert rows == [
        ("visitor 1", "staff", me, False, None, True),
        ("visitor 2", "staff", me, False, me, False),
    ]
    (member,) = place.rows("group", "list", "staff")
    assert (member["name"], member["by"]) == ("visitor 1", me)
    assert datetime.fromisoformat(member["added_at"]).tzinfo is not None


def test_groups_are_listed_with_how_many_are_in_them(place: Place) -> None:
    assert place.run("group", "list") == ("There is no group; visitorctl group add makes one.\n")
    add(place, "staff", "1", "2")
    add(place, "barred", "3")
    remove(place, "barred", "3")
    listed = {row["name"]: row["members"] for row in place.rows("group", "list")}
    assert listed == {"barred": 0, "staff": 2}
    assert place.run("group", "list", "barred") == "Nobody is in it.\n"
    assert 'no group "stafff"; did you mean staff?' in place.run("group", "list", "stafff", code=1)


def test_nobody_is_put_into_a_group_with_somebody_who_is_not_known(place: Place) -> None:
    assert "Nobody is known" in place.run("group", "add", "staff", "1", "77", code=1)
    assert place.run("group", "list").startswith("There is no group")


def test_a_typing_error_that_makes_a_group_is_told(place: Place) -> None:
    add(place, "staff", "1")
    said = place.run("group", "add", "stafff", "2")
    assert said.startswith("stafff is a new group; did you mean staff?\n")


def test_the_name_of_a_group_has_one_form_and_can_be_seen(place: Place) -> None:
    add(place, normalize("NFD", "  Café \t crew "), "1")
    assert place.groups() == {"visitor 1": ["Café crew"]}
    listed = place.run("visits", *SINCE, "--group", normalize("NFD", "café crew"))
    assert listed.count("visitor 1") == 2
    for name in ("", " ", "a/b", "a\u200bb", "x" * 65):
        said = place.run("group", "add", name, "2", code=1)
        assert "The name of a group has 1 to 64 visible characters" in said


def test_a_group_is_renamed_with_who_is_in_it(place: Place) -> None:
    place.configure('[footfall]\nexclude_groups = ["staff"]\n')
    add(place, "staff", "1")
    add(place, "vip", "2")
    assert "a group vip already" in place.run("group", "rename", "staff", "VIP", code=1)
    said = place.run("group", "rename", "staff", "team")
    assert said.startswith("staff is now called team.\nChange footfall.exclude_groups in ")
    assert said.endswith("config.toml: staff is called team.\n")
    assert place.run("group", "rename", "team", "Team") == "team is now called Team.\n"
    assert place.groups() == {"visitor 1": ["Team"], "visitor 2": ["vip"]}


def test_a_group_with_people_is_deleted_only_when_somebody_says_so(place: Place) -> None:
    add(place, "staff", "1")
    said = place.run("group", "delete", "staff", code=2)
    assert "Delete staff, in which 1 person is?" in said
    assert place.run("group", "delete", "staff", "--yes") == "There is no group staff any more.\n"
    assert place.groups() == {}
    assert place.visit_log.one("select count(*) from visitor") == 4


# Where they are seen


@pytest.mark.parametrize(
    "view", ["visitor", "visit_log", "sighting_log", "present_now", "frequent_visitor"]
)
def test_a_view_of_people_shows_their_groups(place: Place, view: str) -> None:
    place.visit_log.recorder.handle(
        report(axis(0), (datetime.now(UTC) - START).total_seconds() - 5)
    )
    add(place, "vip", "1")
    add(place, "staff", "1")
    assert place.groups(view) == {"visitor 1": ["staff", "vip"]}
    assert place.visit_log.one(f"select count(*) from {view} where groups is null") == 0


def test_a_person_and_the_lists_show_groups(place: Place) -> None:
    assert "groups" not in place.run("list")
    assert "groups" not in place.run("show", "1")
    add(place, "staff", "1")
    assert "groups: staff\n" in place.run("show", "1")
    assert place.rows("show", "1")[0]["groups"] == ["staff"]
    assert "groups" in place.run("list").splitlines()[0]
    assert {row["label"]: row["groups"] for row in place.rows("list")} == {
        "visitor 1": ["staff"],
        **{f"visitor {n}": [] for n in (2, 3, 4)},
    }
    exported = place.run("export", "visits")
    assert {row["groups"] for row in csv.DictReader(StringIO(exported))} == {"staff", ""}


def test_a_listing_is_of_a_group_or_of_everybody_else(place: Place) -> None:
    add(place, "staff", "1", "2")
    add(place, "vip", "2", "3")

    def listed(*words: str) -> set[str]:
        return {row["name"].removeprefix("visitor ") for row in place.rows(*words)}

    for command in (["list"], ["visits"], ["export", "sightings"], ["export", "visitors"]):
        assert listed(*command, "--group", "staff") == {"1", "2"}, command
        assert listed(*command, "--group", "staff", "--group", "VIP") == {"1", "2", "3"}
        assert listed(*command, "--not-group", "staff") == {"3", "4"}
        assert listed(*command, "--group", "staff", "--not-group", "vip") == {"1"}
    assert listed("list", "--frequent", "--group", "staff") == {"1"}
    assert listed("list", "--frequent", "--not-group", "staff") == set()
    for command in (["list"], ["visits"], ["stats"], ["export", "visits"]):
        said = place.run(*command, "--group", "stafff", code=1)
        assert said == 'Error: There is no group "stafff"; did you mean staff?\n'


# Whom footfall leaves out


def test_a_group_that_the_configuration_names_is_not_counted(place: Place) -> None:
    """Neither by visitorctl stats nor by the views; the log keeps everyone."""

    def counted() -> list[int]:
        by_command = sum(row["visits"] for row in place.rows("stats", *SINCE))
        in_views = [
            place.visit_log.one(f"select sum({column})::integer from {view}")
            for column, view in (("visits", "daily_footfall"), ("arrivals", "occupancy"))
        ]
        return [by_command, *map(int, map(str, in_views))]

    visits = place.visit_log.one("select count(*) from visit_log")
    assert isinstance(visits, int)
    theirs = visits - 3
    assert counted() == [visits] * 3
    ignoring.ignore(place.database, "4")
    add(place, "Staff", "1", "4")
    assert counted() == [visits - 1] * 3

    declare_site(place.database, Site(SITE.name, SITE.timezone, SITE.gap, None, ("staff",)))
    assert counted() == [2] * 3
    assert place.visit_log.one("select count(*) from visit_log") == visits
    asked = place.rows("stats", *SINCE, "--group", "staff")
    assert sum(row["visits"] for row in asked) == theirs, "asked for by name, but for the ignored"
    ignoring.unignore(place.database, "4")


def test_a_site_leaves_out_its_own_groups_alone(place: Place) -> None:
    add(place, "staff", "1")
    declare_site(place.database, Site("branch", "UTC", SITE.gap, None, ("staff",)))
    everyone = place.visit_log.rows("select site from uncounted")
    assert everyone == [("branch",)]


def test_what_the_configuration_names_is_a_group_before_anybody_is_in_it(place: Place) -> None:
    place.configure('[footfall]\nexclude_groups = ["staff"]\n')
    assert "visitor 1" in place.run("list", "--not-group", "Staff")
    assert 'There is no group "vip"; there are: staff.' in place.run(
        "list", "--group", "vip", code=1
    )


def test_naming_a_group_to_leave_out_puts_no_visit_together_anew(place: Place) -> None:
    site = Site(SITE.name, SITE.timezone, SITE.gap, None, ("staff",))
    assert declare_site(place.database, site) is None
    assert place.visit_log.one("select exclude_groups from site where site = 'main'") == ["staff"]


# What merges, undoing, splitting and forgetting do


def test_a_merge_keeps_the_groups_of_both_and_its_undoing_gives_each_its_own(place: Place) -> None:
    add(place, "staff", "1", "2")
    add(place, "vip", "2")
    before = place.groups()
    merge_id = merge(place, "1", "2")
    assert place.groups() == {"visitor 1": ["staff", "vip"]}
    assert [row["members"] for row in place.rows("group", "list")] == [1, 1]
    assert [row["name"] for row in place.rows("group", "list", "staff")] == ["visitor 1"]
    undo(place, merge_id)
    assert place.groups() == before


def test_what_is_said_of_the_two_as_one_stays_with_the_one_who_was_kept(place: Place) -> None:
    add(place, "staff", "1")
    add(place, "vip", "2")
    merge_id = merge(place, "1", "2")
    add(place, "barred", "1")
    remove(place, "staff", "1")
    remove(place, "vip", "1")
    assert place.groups() == {"visitor 1": ["barred"]}
    undo(place, merge_id)
    assert place.groups() == {"visitor 1": ["barred"], "visitor 2": ["vip"]}


def test_what_was_taken_before_a_merge_stays_taken(place: Place) -> None:
    add(place, "vip", "2", "3")
    inner = merge(place, "2", "3")
    remove(place, "vip", "2")
    outer = merge(place, "1", "2")
    undo(place, outer)
    assert place.groups() == {}
    undo(place, inner)
    assert place.groups() == {"visitor 3": ["vip"]}


def test_who_is_in_a_group_by_a_merge_is_put_into_it_no_second_time(place: Place) -> None:
    add(place, "staff", "2")
    merge(place, "1", "2")
    assert place.run("group", "add", "staff", "1") == "visitor 1 is in staff already.\n"


def test_who_is_split_off_is_in_no_group(place: Place) -> None:
    add(place, "staff", "1")
    sighting = place.visit_log.rows(
        "select sighting_id from sighting_log where name = 'visitor 1' order by started_at limit 1"
    )[0][0]
    done = merging.split(place.database, "1", [str(sighting)], AUTHOR, Clock())
    assert place.groups() == {"visitor 1": ["staff"]}
    merge(place, "1", str(done.new.visitor_id))


def test_ignored_people_are_in_groups_like_everyone(place: Place) -> None:
    add(place, "staff", "2")
    ignoring.ignore(place.database, "2")
    assert place.groups() == {"visitor 2": ["staff"]}
    assert [row["status"] for row in place.rows("group", "list", "staff")] == ["ignored"]
    ignoring.unignore(place.database, "2")


def test_who_was_merged_meanwhile_is_put_into_no_group(place: Place) -> None:
    add(place, "staff", "1")
    seen = person(place.visit_log, "2")
    merge(place, "1", "2")
    with (
        pytest.raises(VisitordError, match="merged by somebody else"),
        place.database.transaction() as cursor,
    ):
        groups.add(cursor, group_names.find(cursor, "staff"), seen, "tester", START)


# On the page


def test_the_page_shows_groups_and_changes_them(place: Place) -> None:
    add(place, "vip", "2")
    with serving(place.box) as page:
        visitor = Visitor.of(page, place.visit_log)
        home = f"/person/{visitor.id_of(1)}"
        said = visitor.act(f"{home}/group/add", {"group": "staff & co"})
        assert said == "visitor 1 is now in staff &amp; co."
        shown = visitor.look(home)
        assert "Take out of staff &amp; co" in shown
        assert '<option value="vip">' in shown, "offered where one types"
        assert place.groups()["visitor 1"] == ["staff & co"]

        assert "is in staff &amp; co already" in visitor.act(
            f"{home}/group/add", {"group": "Staff & co"}
        )
        assert "1 to 64 visible characters" in visitor.act(f"{home}/group/add", {"group": " "})
        said = visitor.act(f"{home}/group/remove", {"group": "staff & co"})
        assert said == "visitor 1 is no more in staff &amp; co."
        assert "not in staff" in visitor.act(f"{home}/group/remove", {"group": "staff & co"})
        assert place.groups() == {"visitor 2": ["vip"]}
        assert place.visit_log.one("select removed_by from group_log where name = 'visitor 1'")
        visitor.http.close()


# Last, for it leaves one person less


def test_who_is_forgotten_is_in_no_group(place: Place) -> None:
    add(place, "staff", "3", "4")
    merge(place, "3", "4")
    gone = person(place.visit_log, "3")
    with place.database.transaction() as cursor:
        erasure.forget(cursor, gone)
    assert place.visit_log.one("select count(*) from membership") == 0
    assert place.rows("group", "list")[0]["members"] == 0
