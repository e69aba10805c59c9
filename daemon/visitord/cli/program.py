"""What both programs are: groups of commands that end with one sentence, never with a traceback."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import click

from visitord import __version__
from visitord.cli.configuration import config_option
from visitord.cli.deferred import DeferredCommand
from visitord.cli.faults import hide_secrets
from visitord.cli.plain_text import told_in_text
from visitord.cli.saying import say
from visitord.core.errors import VisitordError

UMASK = 0o077  # what the programs write is for their account alone


class Group(click.Group):
    """A group of commands, each with --config, whose errors are one sentence on stderr."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        own = isinstance(cmd, DeferredCommand)  # it adds the option when it is loaded
        super().add_command(cmd if own else config_option(told_in_text(cmd)), name)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        hide_secrets()
        _end_in_order()
        os.umask(UMASK)
        try:
            return super().main(*args, **kwargs)
        except (VisitordError, UnicodeEncodeError, ImportError, OSError) as error:
            say(f"Error: {sentence(error)}", err=True)
        raise SystemExit(1)


def program(function: Callable[[], None]) -> Group:
    """The group of a whole program's commands, with -h, --version and --config before them."""
    version = click.version_option(__version__, message="%(prog)s %(version)s")
    group = click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
    return group(config_option(version(function)))


def sentence(error: Exception) -> str:
    """What went wrong, and what to do about it."""
    match error:
        case UnicodeEncodeError():
            return "An argument is not valid text in this machine's encoding."
        case ImportError():
            remedy = f"{sys.executable} -m visitord.models.wheels"
            return (
                f"A library does not load on this machine ({error}); "
                f"on a server without a desktop run: {remedy}"
            )
        case PermissionError():
            return f"{_what_failed(error)}; run this as the account that owns it."
        case OSError():
            return f"{_what_failed(error)}."
    return str(error)


def _what_failed(error: OSError) -> str:
    return f"{error.filename or 'What was to be written or read'}: {error.strerror or error}"


def _end_in_order() -> None:
    """End on a signal as on Ctrl-C, so that the embedded database is let go.

    The daemon has handlers of its own.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
            signal.signal(number, lambda n, _: sys.exit(128 + n))
