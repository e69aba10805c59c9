"""The log of a program, on stderr."""

import logging
import os
import sys


def log_to_stderr(level: int = logging.INFO) -> None:
    """One line per event; journald adds its own time, a terminal gets one."""
    stamp = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(
        level=level,
        format=f"{stamp}%(levelname)s %(message)s",
        datefmt="%H:%M:%S",
        stream=sys.stderr,
    )
