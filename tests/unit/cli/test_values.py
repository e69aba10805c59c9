"""How values read: in JSON for programs, in a cell of CSV, and in a table for people."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from visitord.cli.values import as_cell, as_json, as_short_text, by_name

NOON = datetime(2026, 1, 5, 12, 30, 15, 987, timezone(timedelta(hours=1)))
ID = UUID("3c470725-aaaa-4bbb-8ccc-0123456789ab")


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    visits: int


@pytest.mark.parametrize(
    ("value", "json"),
    [
        (NOON, "2026-01-05T12:30:15.000987+01:00"),
        (timedelta(minutes=1, milliseconds=500), 60.5),
        (ID, str(ID)),
        (Decimal("3"), 3),
        (Decimal("3.5"), 3.5),
        (float("nan"), None),
        (float("inf"), None),
        (memoryview(b"\x01\xff"), "01ff"),
        (b"\x01\xff", "01ff"),
        (None, None),
        (("a", ID), ["a", str(ID)]),
        ({"at": NOON.astimezone(UTC)}, {"at": "2026-01-05T11:30:15.000987+00:00"}),
        (Row("Sam", 2), {"name": "Sam", "visits": 2}),
        ([Row("Sam", 2)], [{"name": "Sam", "visits": 2}]),
        (complex(1, 2), "1+2j"),
    ],
)
def test_a_value_in_json(value: Any, json: Any) -> None:
    found = as_json(value)
    assert found == json
    assert type(found) is type(json)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (["entrance", "yard"], "entrance;yard"),
        ([], ""),
        ({"agreement": 0.5}, '{"agreement": 0.5}'),
        ([{"ä": 1}], '{"ä": 1}'),
        (None, None),
        (2, 2),
        (-2, -2),
        (-0.5, -0.5),
        (Decimal("-1.5"), -1.5),
        ("=1+1", "'=1+1"),
        ("+44", "'+44"),
        ("-Sam", "'-Sam"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        (["=1+1", "yard"], "'=1+1;yard"),
        ("Sam=", "Sam="),
        ("'Sam", "'Sam"),
        (NOON, "2026-01-05T12:30:15.000987+01:00"),
    ],
)
def test_a_value_in_a_cell(value: Any, cell: Any) -> None:
    assert as_cell(value) == cell


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (NOON, "2026-01-05 12:30:15"),
        (timedelta(seconds=59.6), "0:01:00"),
        (ID, "3c470725"),
        (0.5, "0.5"),
        (2.0, "2"),
        (0.666, "0.67"),
        (["entrance", "yard"], "entrance, yard"),
        (True, "True"),
        ("Sam", "Sam"),
        ({"a": 1}, '{"a": 1}'),
    ],
)
def test_a_value_in_a_table(value: Any, text: str) -> None:
    assert as_short_text(value) == text


def test_a_record_and_a_dictionary_have_the_same_names() -> None:
    assert by_name(Row("Sam", 2)) == {"name": "Sam", "visits": 2}
    assert by_name({"name": "Sam"}) == {"name": "Sam"}
