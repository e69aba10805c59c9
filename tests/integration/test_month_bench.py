"""The month's bench runs, on the product's own recorder, merge job and database."""

from pathlib import Path

from month import Month, live, open_site, total


def test_a_small_site_of_two_days_is_told_apart(open_path: Path) -> None:
    made = Month.made(days=2, regulars=4, once=12, seed=1)
    with open_site(open_path, strangers=5) as site:
        days = list(live(made, site, 2))

    assert [day.day for day in days] == ["1", "2"]
    assert sum(day.visits for day in days) == len(made.visits)

    end = total(days)
    came = len({visit.person for visit in made.visits})
    seen = len({made.visits[track.visit].person for track in made.tracks if track.well})
    assert end.missed == 0
    assert seen <= end.identities - end.duplicates <= came
    assert end.jobs >= 2 * (20 - 8)  # every hour of two days
