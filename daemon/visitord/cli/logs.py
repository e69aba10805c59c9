"""The log of a program, on stderr."""

import logging
import os
import sys

from visitord.core.redaction import redact
from visitord.core.text import visible


def log_to_stderr(level: int = logging.INFO) -> None:
    """One line per event; journald adds its own time, a terminal gets one."""
    stamp = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine(f"{stamp}%(levelname)s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=level, handlers=[handler])


class _OneLine(logging.Formatter):
    """Spells out what of an event nobody would see, line ends among it: no name makes a line.

    Secrets are left out of all it says: nobody knows what the traceback of a fault quotes.
    """

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        record.message = visible(record.message)
        return super().formatMessage(record)
