"""What both programs share: --config anywhere, errors as one sentence, tables, JSON and CSV."""

import csv
import json
import logging
import math
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from visitord import __version__
from visitord.clock import aware
from visitord.config import Config, duration, find, load
from visitord.errors import VisitordError

F = TypeVar("F", bound=Callable[..., Any])
_CONFIG = "visitord.config"

# A table in a file or a pipe must not be squeezed into 80 columns.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 10_000)


def _remember(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.meta[_CONFIG] = value


config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    expose_value=False,
    is_eager=True,  # read before options whose meaning depends on it, such as --since
    callback=_remember,
    metavar="FILE",
    help="Configuration file [default: $VISITORD_CONFIG, ./config.toml, /etc/visitord/config.toml].",
)


class Group(click.Group):
    """A command group whose --config is accepted before or after any command, and that never shows a traceback."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        super().add_command(config_option(cmd), name)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        # Ended in order, so that the embedded database is let go: the daemon has handlers of its own.
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
                signal.signal(number, lambda n, _: sys.exit(128 + n))
        try:
            for argument in sys.argv:
                argument.encode()
            return super().main(*args, **kwargs)
        except UnicodeEncodeError:
            fail("An argument is not valid text in this machine's encoding.")
        except VisitordError as error:
            fail(str(error))
        except PermissionError as error:
            fail(f"{error.filename}: {error.strerror}; run this as the account that owns it.")
        except ImportError as error:
            fail(
                f"A library does not load on this machine ({error}); "
                f"on a server without a desktop run: {sys.executable} -m visitord.opencv"
            )


def fail(sentence: str) -> None:
    """End the program with exit code 1 and one sentence on stderr."""
    click.echo(f"Error: {sentence}", err=True)
    raise SystemExit(1)


version_option = click.version_option(__version__, message="%(prog)s %(version)s")


def config() -> Config:
    """The configuration the command line asks for."""
    return load(find(click.get_current_context().meta.get(_CONFIG)))


def log_to_stderr(level: int = logging.INFO) -> None:
    """One line per event; journald adds its own time, a terminal gets one."""
    stamp = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(level=level, format=f"{stamp}%(levelname)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)


class Moment(click.ParamType[datetime]):
    """An instant: ISO 8601 (without an offset: in the site's time zone), or how long ago, such as 7d."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return datetime.now(UTC) - duration(value)
        except ValueError:
            pass
        try:
            moment = datetime.fromisoformat(value)
            return aware(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(config().site.timezone)))
        except (ValueError, OverflowError):
            self.fail(
                f'"{value}" is no time; use 2026-01-05T09:00:00+01:00, 2026-01-05, or how long ago as 12h or 7d.',
                param,
                ctx,
            )


def listing_options(command: F) -> F:
    """--format, --since, --until and --camera, as every listing takes them."""
    for option in (
        click.option("--camera", metavar="NAME", help="Only what this camera saw."),
        click.option("--until", type=Moment(), help="Only what began before."),
        click.option("--since", type=Moment(), help="Only what ended after, e.g. 2026-01-05 or 7d."),
        format_option,
    ):
        command = option(command)
    return command


format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="How to print.",
)


def show(
    rows: Sequence[dict[str, Any]], columns: Sequence[str], form: str, empty: str, keys: Sequence[str] = ()
) -> None:
    """Print rows: a table with `columns` only, or as JSON or CSV with all `keys` (default: the columns)."""
    keys = keys or columns
    if form == "json":
        click.echo(json.dumps([{k: _plain(v) for k, v in row.items()} for row in rows], indent=2, ensure_ascii=False))
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(keys)
        writer.writerows([_flat(_plain(row[k])) for k in keys] for row in rows)
    elif not rows:
        click.echo(empty)
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            number = all(isinstance(row[column], int | float | None) for row in rows)
            table.add_column(column, justify="right" if number else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(_short(row[column])) for column in columns))
        out.print(table)


def _plain(value: Any) -> Any:
    """A value as JSON knows it: ISO 8601 with offset, seconds, text."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, Decimal):
        value = int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no such number
    if isinstance(value, memoryview | bytes):
        return bytes(value).hex()
    return value if isinstance(value, int | float | str | bool | dict | None) else str(value)


def _flat(value: Any) -> Any:
    """A value in one CSV cell."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return ";".join(str(_flat(v)) for v in value) if isinstance(value, list) else value


def _short(value: Any) -> str:
    """A value as a table shows it: the site's local time to the second, short ids."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, timedelta):
        return str(timedelta(seconds=round(value.total_seconds())))
    if isinstance(value, UUID):
        return str(value)[:8]
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    if isinstance(value, list | tuple):
        return ", ".join(str(v) for v in value)
    return str(_flat(_plain(value)))
