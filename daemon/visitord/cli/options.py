"""Options that several commands take, and what their values mean."""

import contextlib
import functools
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

import click

from visitord.cli.arguments import CAMERA, GROUP, SITE
from visitord.cli.configuration import config
from visitord.cli.saying import say, shown
from visitord.core.clock import aware
from visitord.core.durations import duration
from visitord.store.window import Window

F = TypeVar("F", bound=Callable[..., Any])

ALL_SITES = "all"


def format_of(*forms: str, help: str = "How to print.") -> Callable[[F], F]:
    """--format, one of these, the first where none is asked for."""
    return click.option(
        "--format", "form", type=click.Choice(forms), default=forms[0], show_default=True, help=help
    )


format_option = format_of("table", "json", "csv", "parquet")
why_option = click.option("--why", default="said by a person", help="The reason, kept with it.")
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask.")


class Moment(click.ParamType[datetime]):
    """An instant in ISO 8601, without an offset in the site's time zone; or how long ago, as 7d."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        with contextlib.suppress(ValueError):
            return datetime.now(UTC) - duration(value)
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=ZoneInfo(config().site.timezone))
            return aware(moment)
        except (ValueError, OverflowError):
            advice = "use 2026-01-05T09:00:00+01:00, 2026-01-05, or how long ago as 12h or 7d"
            self.fail(f'"{value}" is no time; {advice}.', param, ctx)


class Length(click.ParamType[timedelta]):
    """How long something may take, such as 30s or 5m, at most a day."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        try:
            length = duration(value)
        except ValueError:
            length = timedelta()
        if not timedelta() < length <= timedelta(days=1):
            self.fail(f'"{value}" is no time to wait; use 30s, 5m or 1h, at most 1d.', param, ctx)
        return length


def window_options(command: F) -> F:
    """--since, --until, --camera and --site, which a command gets as one `window`."""

    @functools.wraps(command)
    def with_window(
        *args: Any,
        since: datetime | None,
        until: datetime | None,
        camera: str | None,
        site: str | None,
        **kwargs: Any,
    ) -> Any:
        where = None if site == ALL_SITES else site or config().site.name
        return command(*args, window=Window(since, until, camera, where), **kwargs)

    options = (
        click.option(
            "--site",
            type=SITE,
            metavar="NAME",
            help=f"Of this site instead of the configured one; {ALL_SITES}: of every site.",
        ),
        click.option("--camera", type=CAMERA, metavar="NAME", help="Only what this camera saw."),
        click.option("--until", type=Moment(), help="Only what began before."),
        click.option(
            "--since", type=Moment(), help="Only what ended after, e.g. 2026-01-05 or 7d."
        ),
    )
    for option in options:  # the last is the first in the help
        option(with_window)
    return cast(F, with_window)


def group_options(command: F) -> F:
    """--group and --not-group, for a command that gets a `window`: they become part of it."""

    @functools.wraps(command)
    def with_groups(
        *args: Any,
        window: Window,
        groups: tuple[str, ...],
        not_groups: tuple[str, ...],
        **kwargs: Any,
    ) -> Any:
        chosen = replace(window, groups=list(groups), not_groups=list(not_groups))
        return command(*args, window=chosen, **kwargs)

    options = (
        click.option(
            "--not-group",
            "not_groups",
            multiple=True,
            type=GROUP,
            metavar="NAME",
            help="Nobody of this group; repeatable.",
        ),
        click.option(
            "--group",
            "groups",
            multiple=True,
            type=GROUP,
            metavar="NAME",
            help="Only people of this group; repeatable, for people of any of them.",
        ),
    )
    for option in options:
        option(with_groups)
    return cast(F, with_groups)


def listing_options(command: F) -> F:
    """--format, and those of a window."""
    return format_option(window_options(command))


def people_options(command: F) -> F:
    """Those of a listing, and --group and --not-group."""
    return listing_options(group_options(command))


def confirm_or_warn(objection: str, question: str, yes: bool) -> None:
    """Ask before what can be taken back; where nobody can be asked, say what stands against it."""
    if yes:
        return
    if sys.stdin.isatty():
        click.confirm(shown(f"{objection} {question}"), abort=True)
    else:
        say(f"Warning: {objection}", err=True)


def confirm(question: str, yes: bool, option: str = "--yes") -> None:
    """Go on only if a person, or `option`, says so; raises UsageError where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} There is no terminal to ask at: say so with {option}.")
    click.confirm(shown(question), abort=True)
