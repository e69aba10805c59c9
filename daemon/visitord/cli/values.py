"""How a value of a listing reads in JSON, in a cell of CSV, and in a table."""

import json
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic_core import to_jsonable_python

from visitord.cli.saying import shown

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how text begins that a spreadsheet computes
ID_SHOWN = 8  # characters of an id that a table shows, and that are enough to name it


def by_name(row: Any) -> dict[str, Any]:
    """The fields of a record by name; a dictionary as it is."""
    if isinstance(row, dict):
        return row
    return {field.name: getattr(row, field.name) for field in fields(row)}


def as_json(value: Any) -> Any:
    """A value as JSON knows it.

    ISO 8601 with offset, seconds, hexadecimal bytes, text for what else there is; null for NaN.
    """
    if isinstance(value, list | tuple):
        return [as_json(part) for part in value]
    if isinstance(value, dict) or is_dataclass(value):
        return {key: as_json(part) for key, part in by_name(value).items()}
    if isinstance(value, datetime):
        return value.isoformat()

    if isinstance(value, Decimal):
        whole = value.is_finite() and value == int(value)
        value = int(value) if whole else float(value)
    if isinstance(value, memoryview):
        value = bytes(value)
    return to_jsonable_python(
        value, timedelta_mode="float", bytes_mode="hex", inf_nan_mode="null", fallback=str
    )


def as_cell(value: Any) -> Any:
    """A value in one cell of CSV: text that a spreadsheet would compute gets an apostrophe."""
    flat = _flat(as_json(value))
    if isinstance(flat, str) and flat.startswith(_FORMULA):
        return f"'{flat}"
    return flat


def at_zone(row: dict[str, Any], zone: tzinfo) -> dict[str, Any]:
    """A row whose instants are told by the clocks of a time zone."""
    return {
        key: value.astimezone(zone) if isinstance(value, datetime) and value.tzinfo else value
        for key, value in row.items()
    }


def as_short_text(value: Any, *, with_offset: bool = False) -> str:
    """A value as a table shows it: local time to the second, short ids."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime(f"%Y-%m-%d %H:%M:%S{' %z' if with_offset else ''}")
    if isinstance(value, timedelta):
        return str(timedelta(seconds=round(value.total_seconds())))
    if isinstance(value, UUID):
        return str(value)[:ID_SHOWN]
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    if isinstance(value, list | tuple):
        return shown(", ".join(str(part) for part in value))
    return shown(str(_flat(as_json(value))))


def _flat(value: Any) -> Any:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return ";".join(str(_flat(part)) for part in value)
    return value
