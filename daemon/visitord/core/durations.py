"""Durations as people write them."""

import re
from datetime import timedelta

LONGEST = timedelta(days=3660)
_UNITS_S = {"ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(rf"(\d+(?:\.\d+)?)\s*({'|'.join(_UNITS_S)})")


def duration(value: object) -> timedelta:
    """A duration such as "250ms", "30s", "10m", "1h" or "30d"; raises ValueError."""
    if isinstance(value, timedelta):
        return value

    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('must be a duration in quotes such as "30s", "10m", "1h" or "30d"')

    seconds = float(match[1]) * _UNITS_S[match[2]]
    if seconds > LONGEST.total_seconds():
        raise ValueError(f"must be at most {LONGEST.days} days")
    return timedelta(seconds=seconds)
