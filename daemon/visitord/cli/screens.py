"""Where a person sees a camera and presses keys: a window on a desktop, else the terminal."""

import os
import select
import subprocess
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click
import cv2
import numpy as np

from visitord.cli.faces import draw
from visitord.cli.terminal import out
from visitord.core.errors import VisitordError
from visitord.core.records import Frame

TITLE = "visitorctl enroll"
ESCAPE = "\x1b"
FOOT_PX = 48  # below the picture, for what was said last
# OpenCV ends the process where a window cannot be opened, so another one tries.
_TRY = f"import cv2; cv2.namedWindow({TITLE!r}); cv2.waitKey(1); cv2.destroyAllWindows()"
_TRY_S = 20


class Screen(Protocol):
    """Shows a camera's pictures and what is said of them, and tells which keys are pressed."""

    def key(self, within_s: float) -> str:
        """The key pressed, "" for none within that time."""
        ...

    def see(self, frame: Frame) -> None:
        """A new picture."""
        ...

    def tell(self, text: str, portrait: bytes = b"") -> None:
        """Something to read, and a face as JPEG."""
        ...


@contextmanager
def open_screen(window: bool | None) -> Iterator[Screen]:
    """A window if it is wanted (None: if one opens), else the terminal.

    Raises VisitordError where a wanted window does not open.
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
            yield WindowScreen()
        finally:
            cv2.destroyAllWindows()
    else:
        number = sys.stdin.fileno()
        with _each_key_at_once(number):
            yield TerminalScreen(number)


@contextmanager
def _each_key_at_once(number: int) -> Iterator[None]:
    """Let a terminal hand on keys before Enter while the block runs; another input as it is."""
    if not os.isatty(number):
        yield
        return
    before = termios.tcgetattr(number)
    tty.setcbreak(number)
    try:
        yield
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def _window_opens() -> bool:
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    command = [sys.executable, "-c", _TRY]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TRY_S, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


class WindowScreen:
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
        foot = np.zeros((FOOT_PX, frame.image.shape[1], 3), np.uint8)
        cv2.putText(foot, self._text, (8, 32), (255, 255, 255), cv2.FontFace("sans"), 18)
        cv2.imshow(TITLE, np.vstack([frame.image, foot]))

    def tell(self, text: str, portrait: bytes = b"") -> None:
        del portrait  # the window shows it
        self._text = text
        click.echo(text)


class TerminalScreen:
    """Keys as they are pressed, and after each picture the face; the end of the input finishes."""

    def __init__(self, number: int) -> None:
        self._number = number

    def key(self, within_s: float) -> str:
        pressed, _, _ = select.select([self._number], [], [], within_s)
        if not pressed:
            return ""
        return os.read(self._number, 1).decode("latin-1") or "q"

    def see(self, frame: Frame) -> None:
        """A terminal shows no film."""

    def tell(self, text: str, portrait: bytes = b"") -> None:
        click.echo(text)
        if portrait and out.is_terminal:
            draw([portrait])
