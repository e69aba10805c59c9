"""A person's visits as the page lists them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from visitord.store.visit_log import Visit
from visitord.web.visits import ShownVisit, in_words, shown


def visit(start: str, length_s: float, site: str = "shop", zone: str = "Europe/Berlin") -> Visit:
    begun = datetime.fromisoformat(start).replace(tzinfo=UTC)
    ended = begun + timedelta(seconds=length_s)
    who = UUID(int=1)
    cameras = ["door", "hall"]
    return Visit(
        *(UUID(int=2), who, "Sam", "named", "door", cameras, begun, ended, length_s, 2),
        *(who, site, zone, "Sam", []),
    )


def test_a_visit_past_midnight_is_told_once() -> None:
    (told,) = shown([visit("2026-01-05T22:50", 1200)], "Europe/Berlin")
    assert told == ShownVisit(told.start, "", "20 min", "shop", "door, hall")
    assert f"{told.start:%Y-%m-%d %H:%M}" == "2026-01-05 23:50"


def test_the_newest_comes_first() -> None:
    visits = [visit("2026-01-05T10:00", 5), visit("2026-01-06T10:00", 5)]
    assert [told.start.day for told in shown(visits, "Europe/Berlin")] == [6, 5]


def test_the_two_halves_of_a_repeated_hour_are_told_apart() -> None:
    visits = [visit("2026-10-25T00:30", 60), visit("2026-10-25T01:30", 60)]
    told = shown(visits, "Europe/Berlin")
    assert [f"{one.start:%H:%M} {one.zone}" for one in told] == ["02:30 CET", "02:30 CEST"]


def test_another_site_is_told_by_its_own_clocks_and_says_so() -> None:
    (told,) = shown([visit("2026-01-05T10:00", 5, "branch", "Asia/Tokyo")], "Europe/Berlin")
    assert (f"{told.start:%H:%M}", told.zone, told.site) == ("19:00", "JST", "branch")


@pytest.mark.parametrize(
    ("length_s", "words"),
    [
        (0.0, "0 s"),
        (9.6, "10 s"),
        (60.0, "1 min"),
        (125.0, "2 min"),
        (3600.0, "1 h"),
        (4830.0, "1 h 20 min"),
        (90_000.0, "25 h"),
    ],
)
def test_a_length_in_words(length_s: float, words: str) -> None:
    assert in_words(length_s) == words
