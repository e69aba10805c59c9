"""What was found, printed in each form."""

import json
from dataclasses import dataclass
from uuid import UUID

import pytest

from visitord.cli.listing import show

ID = UUID("3c470725-aaaa-4bbb-8ccc-0123456789ab")


@dataclass(frozen=True, slots=True)
class Person:
    visitor_id: UUID
    name: str
    visits: int | None


SAM = Person(ID, "Sam", 12)
NEW = Person(ID, "visitor 7", None)


def printed(capsys: pytest.CaptureFixture[str], form: str, *found: Person) -> str:
    show(found, form, "Nobody to show.", ("name", "visits"), Person)
    return capsys.readouterr().out


def test_a_table_has_the_columns_asked_for_numbers_to_the_right(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = [line.rstrip() for line in printed(capsys, "table", SAM, NEW).splitlines()]
    assert lines == ["name       visits", "Sam            12", "visitor 7"]


def test_a_table_without_rows_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "table") == "Nobody to show.\n"


def test_json_has_all_fields_and_is_a_list_also_without_rows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    everything = {"visitor_id": str(ID), "name": "Sam", "visits": 12}
    assert json.loads(printed(capsys, "json", SAM)) == [everything]
    assert json.loads(printed(capsys, "json")) == []


def test_csv_has_all_fields_and_its_head_also_without_rows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    head = "visitor_id,name,visits\n"
    assert printed(capsys, "csv", NEW) == f"{head}{ID},visitor 7,\n"
    assert printed(capsys, "csv") == head


def test_dictionaries_are_shown_by_the_columns_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show([{"camera": "door", "state": "live", "fps": 8.0}], "csv", "", ("camera", "state"))
    assert capsys.readouterr().out == "camera,state\ndoor,live\n"


def test_csv_has_no_cell_that_a_spreadsheet_would_compute(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show([{"=1+1": "@Sam", "n": -1}], "csv", "", ("=1+1", "n"))
    assert capsys.readouterr().out == "'=1+1,n\n'@Sam,-1\n"
    show([{"name": "=Sam"}], "json", "", ("name",))
    assert json.loads(capsys.readouterr().out) == [{"name": "=Sam"}]


def test_a_table_spells_out_what_nobody_would_see(capsys: pytest.CaptureFixture[str]) -> None:
    hidden = Person(ID, "Sam\u200b\x1b[2J\u202e", 1)
    assert r"Sam\u200b\x1b[2J\u202e" in printed(capsys, "table", hidden)
    assert "Sam\u200b" in printed(capsys, "csv", hidden)
