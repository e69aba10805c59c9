"""What both programs share: --config anywhere, errors as one sentence, tables, JSON and CSV."""

import contextlib
import csv
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import click
from pydantic_core import to_jsonable_python
from rich.console import Console
from rich.table import Table
from rich.text import Text

from visitord import __version__
from visitord.core.clock import aware
from visitord.core.config import Config, find, load
from visitord.core.durations import duration
from visitord.core.errors import ConfigError, VisitordError
from visitord.core.extras import require
from visitord.core.files import PUBLIC, replace_file
from visitord.store.adhoc import Table as Answer
from visitord.store.database import Database
from visitord.store.opening import open_database
from visitord.store.statements import names_of

F = TypeVar("F", bound=Callable[..., Any])
_CONFIG = "visitord.core.config"

# A table in a file or a pipe must not be squeezed into 80 columns.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 10_000)


def _remember(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.meta[_CONFIG] = value


PATH = click.Path(path_type=Path)
config_option = click.option(
    "--config",
    type=PATH,
    expose_value=False,
    is_eager=True,  # read before options whose meaning depends on it, such as --since
    callback=_remember,
    metavar="FILE",
    help="Configuration file [default: $VISITORD_CONFIG, ./config.toml, /etc/visitord/config.toml].",
)


class Group(click.Group):
    """A command group whose --config is accepted before or after any command, and that never shows
    a traceback.
    """

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        super().add_command(config_option(cmd), name)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        # Ended in order, so that the embedded database is let go: the daemon has handlers of its
        # own.
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
                signal.signal(number, lambda n, _: sys.exit(128 + n))
        try:
            "".join(sys.argv).encode()
            return super().main(*args, **kwargs)
        except UnicodeEncodeError:
            sentence = "An argument is not valid text in this machine's encoding."
        except VisitordError as error:
            sentence = str(error)
        except OSError as error:
            advice = (
                "; run this as the account that owns it"
                if isinstance(error, PermissionError)
                else ""
            )
            sentence = f"{error.filename or 'What was to be written or read'}: {error.strerror or error}{advice}."
        except ImportError as error:
            remedy = (
                f"on a server without a desktop run: {sys.executable} -m visitord.models.wheels"
            )
            sentence = f"A library does not load on this machine ({error}); {remedy}"
        click.echo(f"Error: {sentence}", err=True)
        raise SystemExit(1)


def program(function: Callable[[], None]) -> Group:
    """The group of a whole program's commands, with -h, --version, and --config before any command."""
    function = config_option(
        click.version_option(__version__, message="%(prog)s %(version)s")(function)
    )
    return click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})(
        function
    )


def config() -> Config:
    """The configuration the command line asks for."""
    return load(find(click.get_current_context().meta.get(_CONFIG)))


def log_to_stderr(level: int = logging.INFO) -> None:
    """One line per event; journald adds its own time, a terminal gets one."""
    stamp = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(
        level=level,
        format=f"{stamp}%(levelname)s %(message)s",
        datefmt="%H:%M:%S",
        stream=sys.stderr,
    )


def installed() -> Config:
    """The same, for a command about an installation that must be there; raises ConfigError where
    none is.
    """
    settings = config()
    if settings.path is None and not settings.state.exists():
        raise ConfigError(
            f"There is neither a config.toml nor {settings.state}: go where they are, or use --config."
        )
    return settings


def database(*, wait: bool = False) -> Database:
    """The database of the configuration the command line asks for, for a command that talks to
    people.
    """
    log_to_stderr()
    return open_database(installed(), wait=wait)


class Moment(click.ParamType[datetime]):
    """An instant: ISO 8601 (without an offset: in the site's time zone), or how long ago, such as
    7d.
    """

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        with contextlib.suppress(ValueError):
            return datetime.now(UTC) - duration(value)
        try:
            moment = datetime.fromisoformat(value)
            return aware(
                moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(config().site.timezone))
            )
        except (ValueError, OverflowError):
            advice = "use 2026-01-05T09:00:00+01:00, 2026-01-05, or how long ago as 12h or 7d"
            self.fail(f'"{value}" is no time; {advice}.', param, ctx)


def listing_options(command: F) -> F:
    """--format, --since, --until and --camera, as every listing takes them."""
    command = click.option("--camera", metavar="NAME", help="Only what this camera saw.")(command)
    command = click.option("--until", type=Moment(), help="Only what began before.")(command)
    command = click.option(
        "--since", type=Moment(), help="Only what ended after, e.g. 2026-01-05 or 7d."
    )(command)
    return format_option(command)


_FORMATS = click.Choice(["table", "json", "csv", "parquet"])
format_option = click.option(
    "--format", "form", type=_FORMATS, default="table", show_default=True, help="How to print."
)


def show(
    found: Sequence[Any] | Answer,
    form: str,
    empty: str,
    columns: Sequence[str] = (),
    record: type[Any] | None = None,
) -> None:
    """Print what was found as a table, or as JSON, CSV or Parquet.

    Parameters
    ----------
    found : records of one kind, dictionaries with the same keys, or an answer to a person's SQL
    form : one of those of `format_option`
    empty : the sentence that a table without rows is
    columns : of the table, in this order; default: all
    record : what kind of records these are: the other forms have all fields, also without rows
    """
    if isinstance(found, Answer):
        keys: Sequence[str] = found.columns
        rows = [dict(zip(keys, row, strict=True)) for row in found.rows]
    else:
        keys = names_of(record) if record else columns
        rows = [_by_name(row) for row in found]
    columns = columns or keys

    if form == "json":
        click.echo(json.dumps(_plain(rows), indent=2, ensure_ascii=False))
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(keys)
        writer.writerows([_flat(_plain(row[k])) for k in keys] for row in rows)
    elif form == "parquet":
        require("parquet", "Parquet needs a library: run {}.")
        import pyarrow.parquet

        plain = {
            k: [str(row[k]) if isinstance(row[k], UUID) else row[k] for row in rows] for k in keys
        }
        table = pyarrow.Table.from_pydict(plain)
        pyarrow.parquet.write_table(table, click.get_binary_stream("stdout"))  # type: ignore[operator]
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


def _by_name(row: Any) -> dict[str, Any]:
    """The fields of a record by name; a dictionary as it is."""
    if isinstance(row, dict):
        return row
    return {name: getattr(row, name) for name in names_of(type(row))}


def save(path: Path, content: bytes) -> None:
    """Write a file a person asked for, or a device as /dev/stdout; raises VisitordError."""
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
        else:
            mode = path.stat().st_mode & 0o777 if path.exists() else PUBLIC
            replace_file(path.resolve(), content, mode)
    except OSError as error:
        raise VisitordError(f"{path} cannot be written: {error.strerror}.") from None


def _plain(value: Any) -> Any:
    """A value as JSON knows it: ISO 8601 with offset, seconds, hexadecimal bytes, text; nothing for
    NaN.
    """
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, dict) or is_dataclass(value):
        return {k: _plain(v) for k, v in _by_name(value).items()}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        value = int(value) if value.is_finite() and value == int(value) else float(value)
    value = bytes(value) if isinstance(value, memoryview) else value
    return to_jsonable_python(
        value, timedelta_mode="float", bytes_mode="hex", inf_nan_mode="null", fallback=str
    )


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
