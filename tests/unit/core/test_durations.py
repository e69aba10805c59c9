"""Durations as people write them."""

from datetime import timedelta

import pytest

from visitord.core.durations import duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250ms", 0.25),
        ("30s", 30),
        ("10m", 600),
        ("1h", 3600),
        ("30d", 2_592_000),
        ("1.5h", 5400),
        ("5 m", 300),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value", ["", "5", "5x", "m5", "-5m", "5m30s", "5M", ".5s", "5s ", 5, 5.0, None, True]
)
def test_anything_else_is_no_duration(value: object) -> None:
    with pytest.raises(ValueError, match='must be a duration in quotes such as "30s"'):
        duration(value)
