"""Times as cron writes them."""

from datetime import UTC, datetime, timedelta

import pytest

from visitord.core import cron


def times(
    text: str, zone: str = "UTC", begin: str = "2026-03-01T00:00", many: int = 7
) -> list[str]:
    """The first few, as weekday, day and local time."""
    moment = datetime.fromisoformat(begin).replace(tzinfo=UTC)
    found = []
    for _ in range(many):
        moment = cron.next_time(text, moment, zone)
        found.append(f"{moment:%a %d %H:%M}")
    return found


def weekdays(text: str) -> str:
    return " ".join(time[:3] for time in times(text))


@pytest.mark.parametrize("sunday", ["0", "7", "sun", "SUN"])
def test_sunday_is_0_and_7_and_has_a_name(sunday: str) -> None:
    """The first of March 2026 is one."""
    assert times(f"30 3 * * {sunday}", many=3) == ["Sun 01 03:30", "Sun 08 03:30", "Sun 15 03:30"]


@pytest.mark.parametrize("days", ["1-5", "mon-fri", "1,2,3,4,5", "1-4,5"])
def test_1_to_5_is_monday_to_friday(days: str) -> None:
    assert weekdays(f"0 0 * * {days}") == "Mon Tue Wed Thu Fri Mon Tue"


def test_a_range_may_end_on_sunday_and_have_steps() -> None:
    assert weekdays("0 0 * * 5-7") == "Fri Sat Sun Fri Sat Sun Fri"
    assert weekdays("0 0 * * */2") == "Tue Thu Sat Sun Tue Thu Sat"


def test_where_both_days_are_restricted_either_will_do() -> None:
    assert times("0 12 10 * 5", many=4) == [
        "Fri 06 12:00",
        "Tue 10 12:00",
        "Fri 13 12:00",
        "Fri 20 12:00",
    ]


def test_where_one_of_them_is_a_star_the_other_decides() -> None:
    assert times("0 12 13 * *", many=2) == ["Fri 13 12:00", "Mon 13 12:00"]


def test_lists_ranges_and_steps_of_hours_and_minutes() -> None:
    assert times("*/20 8-9,22 * * *") == [
        "Sun 01 08:00",
        "Sun 01 08:20",
        "Sun 01 08:40",
        "Sun 01 09:00",
        "Sun 01 09:20",
        "Sun 01 09:40",
        "Sun 01 22:00",
    ]


def test_the_fields_mean_the_clock_of_the_zone() -> None:
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    found = cron.next_time("30 3 * * *", begin, "Europe/Berlin")
    assert found.isoformat() == "2026-03-01T03:30:00+01:00"


def test_what_is_skipped_in_spring_comes_when_the_clock_goes_on() -> None:
    assert times("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", 2) == [
        "Sun 29 03:00",
        "Mon 30 02:30",
    ]


def test_what_is_repeated_in_autumn_comes_once() -> None:
    begin = datetime(2026, 10, 24, 12, tzinfo=UTC)
    found = cron.next_time("30 2 * * *", begin, "Europe/Berlin")
    assert found.isoformat() == "2026-10-25T02:30:00+02:00"
    for minutes in (0, 30, 45, 60, 70):  # the hour begins again 30 minutes later
        later = found.astimezone(UTC) + timedelta(minutes=minutes)
        next_one = cron.next_time("30 2 * * *", later, "Europe/Berlin")
        assert next_one.isoformat() == "2026-10-26T02:30:00+01:00"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("30 3 * *", "it has not five fields"),
        ("0 30 3 * * *", "it has not five fields"),
        ("@daily", "it has not five fields"),
        ("60 3 * * *", "Bad minute"),
        ("30 24 * * *", "Bad hour"),
        ("30 3 0 * *", "Bad day-of-month"),
        ("30 3 * 13 *", "Bad month"),
        ("30 3 * * 8", "Bad day-of-week"),
        ("30 3 * * 5-1", "Bad day-of-week"),
        ("30 3 31 2 *", "Bad day-of-month"),
        ("0 0 30 2 1#6", "Bad day-of-week"),
    ],
)
def test_what_cron_would_not_take_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{why}$"):
        cron.check(text)


@pytest.mark.parametrize("text", ["30 3 * * 7", "*/5 * * * *", "0 0 29 2 *", "0 4 1-7 jan,jul mon"])
def test_what_cron_takes_is_taken(text: str) -> None:
    cron.check(text)
