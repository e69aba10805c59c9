"""Prints what was found: as a table for people, as JSON, CSV or Parquet for programs."""

import csv
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC
from typing import Any, BinaryIO, TextIO
from uuid import UUID
from zoneinfo import ZoneInfo

import click

from visitord.cli.saying import shown
from visitord.cli.values import as_cell, as_json, as_short_text, at_zone, by_name
from visitord.core.extras import require


def show(
    found: Sequence[Any],
    form: str,
    empty: str,
    columns: Sequence[str] = (),
    record: type[Any] | None = None,
    *,
    utc: bool = False,
) -> None:
    """Print what was found.

    Times are those of the time zone that a row names; a table with several zones shows offsets.

    Parameters
    ----------
    found : sequence
        Records of one kind, or dictionaries with the same keys.
    form : str
        One of those of `format_option`.
    empty : str
        The sentence that a table without rows is.
    columns : sequence of str
        Of the table, in this order; by default all.
    record : type
        What kind of records these are: the other forms have all fields, also without rows.
    utc : bool
        Whether times in JSON are in UTC, as those in Parquet always are.
    """
    keys = [field.name for field in fields(record)] if record else list(columns)
    show_rows(keys, _rows_of(found, utc=utc and form == "json"), form, empty, columns)


def groups_of(found: Sequence[Any]) -> tuple[str, ...]:
    """The column `groups`, for a table of people of whom somebody is in one."""
    return ("groups",) if any(row.groups for row in found) else ()


def show_rows(
    keys: Sequence[str],
    rows: Sequence[dict[str, Any]],
    form: str,
    empty: str,
    columns: Sequence[str] = (),
) -> None:
    """Print rows that have these keys; the rest as for `show`."""
    if form == "json":
        click.echo(_in_json(rows))
    elif form == "csv":
        _write_csv(sys.stdout, keys, rows)
    elif form == "parquet":
        _write_parquet(sys.stdout.buffer, keys, rows)
    elif rows:
        _print_table(columns or keys, rows)
    else:
        click.echo(empty)


def _rows_of(found: Sequence[Any], *, utc: bool) -> list[dict[str, Any]]:
    """Records by the names of their fields, with times in UTC or in the time zone a row names."""
    rows = []
    for row in map(by_name, found):
        if utc:
            rows.append(at_zone(row, UTC))
        elif row.get("timezone"):
            rows.append(at_zone(row, ZoneInfo(row["timezone"])))
        else:
            rows.append(row)
    return rows


def in_file(found: Sequence[Any], form: str, record: type[Any]) -> bytes:
    """What `show` prints of records in JSON (in UTC), CSV or Parquet, as the content of a file."""
    keys = [field.name for field in fields(record)]
    rows = _rows_of(found, utc=form == "json")
    if form == "json":
        return f"{_in_json(rows)}\n".encode()
    if form == "csv":
        text = io.StringIO()
        _write_csv(text, keys, rows)
        return text.getvalue().encode()

    content = io.BytesIO()
    _write_parquet(content, keys, rows)
    return content.getvalue()


def _in_json(rows: Sequence[dict[str, Any]]) -> str:
    return json.dumps(as_json(rows), indent=2, ensure_ascii=False)


def _write_csv(stream: TextIO, keys: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([as_cell(key) for key in keys])
    writer.writerows([as_cell(row[key]) for key in keys] for row in rows)


def _write_parquet(stream: BinaryIO, keys: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    require("parquet", "Parquet needs a library: run {}.")
    import pyarrow.parquet

    def cell(value: Any) -> Any:
        return str(value) if isinstance(value, UUID) else value

    instants = [at_zone(row, UTC) for row in rows]
    table = pyarrow.Table.from_pydict({key: [cell(row[key]) for row in instants] for key in keys})
    pyarrow.parquet.write_table(table, stream)


def _print_table(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    from rich.table import Table  # takes a tenth of a second to import
    from rich.text import Text

    from visitord.cli import terminal

    several_zones = len({row.get("timezone") for row in rows} - {None}) > 1
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        is_number = all(isinstance(row[column], int | float | None) for row in rows)
        table.add_column(
            Text(shown(column)), justify="right" if is_number else "left", overflow="fold"
        )
    for row in rows:
        cells = (as_short_text(row[column], with_offset=several_zones) for column in columns)
        table.add_row(*(Text(cell) for cell in cells))
    terminal.out.print(table)
