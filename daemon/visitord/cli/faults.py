"""What a program shows of a fault in it: the traceback, without the secrets it may quote."""

import sys
import threading
import traceback
from types import TracebackType

from visitord.core.redaction import redact


def hide_secrets() -> None:
    """Print what nothing catches without its secrets, in whichever thread it is raised.

    Where something else than Python itself would show it, that goes on.
    """
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _print
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _print_of_thread


def _print(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    text = "".join(traceback.format_exception(kind, error, trace))
    sys.stderr.write(redact(text))


def _print_of_thread(fault: threading.ExceptHookArgs) -> None:
    if fault.exc_value is not None and fault.exc_type is not SystemExit:
        _print(fault.exc_type, fault.exc_value, fault.exc_traceback)
