"""Bars along the clock, by hand."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from visitord.web.timeline import Bar, days

BERLIN = ZoneInfo("Europe/Berlin")


def at(day: int, hour: int, minute: int = 0, month: int = 1) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def test_no_visit_is_no_day() -> None:
    assert days([]) == []


def test_a_day_has_its_visits_in_order_and_the_newest_day_is_first() -> None:
    visits = [(at(6, 8), at(6, 9)), (at(5, 18, 30), at(5, 19)), (at(5, 9, 5), at(5, 10, 5))]
    assert days(visits) == [
        (date(2026, 1, 6), [Bar(480, 60, "08:00 to 09:00")]),
        (date(2026, 1, 5), [Bar(545, 60, "09:05 to 10:05"), Bar(1110, 30, "18:30 to 19:00")]),
    ]


def test_a_visit_past_midnight_is_on_both_days() -> None:
    assert days([(at(5, 23), at(6, 1))]) == [
        (date(2026, 1, 6), [Bar(0, 60, "23:00 to 01:00")]),
        (date(2026, 1, 5), [Bar(1380, 60, "23:00 to 01:00")]),
    ]


def test_a_short_visit_can_be_seen_and_stays_inside_its_day() -> None:
    assert days([(at(5, 9), at(5, 9))]) == [(date(2026, 1, 5), [Bar(540, 12, "09:00 to 09:00")])]
    assert days([(at(5, 23, 59), at(5, 23, 59))]) == [
        (date(2026, 1, 5), [Bar(1428, 12, "23:59 to 23:59")])
    ]


def test_a_clock_set_back_during_a_visit_makes_no_bar_backwards() -> None:
    before, after = at(25, 2, 50, month=10), at(25, 2, 10, month=10).replace(fold=1)
    assert days([(before, after)]) == [(date(2026, 10, 25), [Bar(170, 12, "02:50 to 02:10")])]
