"""Statements out of files, and records out of answers."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest

from visitord.store import statements
from visitord.store.database import Cursor


@dataclass(frozen=True, slots=True)
class Pet:
    name: str
    age: int


class Answer:
    """A cursor whose every answer is this."""

    def __init__(self, columns: tuple[str, ...], *rows: tuple[object, ...]) -> None:
        self.description = [SimpleNamespace(name=column) for column in columns]
        self._rows = rows

    def execute(self, statement: str, values: object) -> None: ...

    def fetchone(self) -> tuple[object, ...] | None:
        return self._rows[0] if self._rows else None

    def __iter__(self) -> Any:
        return iter(self._rows)


def cursor(columns: tuple[str, ...], *rows: tuple[object, ...]) -> Cursor:
    return cast(Cursor, Answer(columns, *rows))


def test_each_row_is_a_record() -> None:
    answer = cursor(("name", "age"), ("Rex", 3), ("Tom", 5))
    assert statements.fetch_all(answer, Pet, "") == [Pet("Rex", 3), Pet("Tom", 5)]
    assert statements.fetch_one(answer, Pet, "") == Pet("Rex", 3)
    assert statements.fetch_one(cursor(("name", "age")), Pet, "") is None


@pytest.mark.parametrize("columns", [("age", "name"), ("name",), ("name", "age", "owner")])
def test_columns_that_are_not_the_fields_are_an_error_of_ours(columns: tuple[str, ...]) -> None:
    with pytest.raises(TypeError, match="Pet has"):
        statements.fetch_all(cursor(columns), Pet, "")


def test_one_value_or_one_column() -> None:
    answer = cursor(("age",), (3,), (5,))
    assert statements.fetch_column(answer, "") == [3, 5]
    assert statements.fetch_value(answer, "") == 3
    assert statements.fetch_value(cursor(("age",)), "") is None
