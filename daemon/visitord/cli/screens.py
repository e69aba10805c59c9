"""Where a camera session shows itself: a window on a desktop, else the terminal, else whatever
standard input is.
"""

import os
import select
import subprocess
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
import cv2
import numpy as np

from visitord.cli.console import out
from visitord.cli.faces import draw
from visitord.core.errors import VisitordError
from visitord.core.records import Frame

if TYPE_CHECKING:
    from visitord.cli.session import Front

TITLE = "visitorctl enroll"
ESCAPE = "\x1b"
# OpenCV ends the process where a window cannot be opened, so another one tries.
_TRY = f"import cv2; cv2.namedWindow({TITLE!r}); cv2.waitKey(1); cv2.destroyAllWindows()"
_TRY_S = 20


@contextmanager
def open_front(window: bool | None) -> Iterator["Front"]:
    """A window if it is wanted (None: if one opens), or the terminal; raises VisitordError where a
    wanted one fails.
    """
    opens = window is not False and _window_opens()
    if window and not opens:
        advice = (
            "set DISPLAY, and install opencv-python with libgl1 in place of opencv-python-headless"
        )
        raise VisitordError(f"No window opens here: {advice}, or use --no-window.")
    if opens:
        cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL)
        try:
            yield _Window()
        finally:
            cv2.destroyAllWindows()
        return
    number = sys.stdin.fileno()
    if not os.isatty(number):
        yield _Terminal(number)
        return
    before = termios.tcgetattr(number)
    tty.setcbreak(number)
    try:
        yield _Terminal(number)
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def _window_opens() -> bool:
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        done = subprocess.run(
            [sys.executable, "-c", _TRY], capture_output=True, timeout=_TRY_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


class _Window:
    """The live picture with what was said last below it; Escape, or closing it, finishes."""

    def __init__(self) -> None:
        self._text = ""

    def key(self, within_s: float) -> str:
        code = cv2.waitKey(max(1, round(within_s * 1000)))
        if cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1:
            return "q"
        key = chr(code & 0xFF) if code >= 0 else ""
        return "q" if key == ESCAPE else key

    def see(self, frame: Frame) -> None:
        foot = np.zeros((48, frame.image.shape[1], 3), np.uint8)
        cv2.putText(foot, self._text, (8, 32), (255, 255, 255), cv2.FontFace("sans"), 18)
        cv2.imshow(TITLE, np.vstack([frame.image, foot]))

    def tell(self, text: str, portrait: bytes = b"") -> None:
        del portrait  # the window shows it
        self._text = text
        click.echo(text)


class _Terminal:
    """Keys as they are pressed, and after each picture the face; the end of the input finishes."""

    def __init__(self, number: int) -> None:
        self._number = number

    def key(self, within_s: float) -> str:
        if not select.select([self._number], [], [], within_s)[0]:
            return ""
        return os.read(self._number, 1).decode("latin-1") or "q"

    def see(self, frame: Frame) -> None:
        """A terminal shows no film."""

    def tell(self, text: str, portrait: bytes = b"") -> None:
        click.echo(text)
        if portrait and out.is_terminal:
            draw([portrait])
