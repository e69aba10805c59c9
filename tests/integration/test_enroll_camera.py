"""Taking photographs before a real RTSP camera, with keys pressed at a terminal or sent through a
pipe.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from fixtures.commands import BIN
from fixtures.faces import people
from fixtures.installation import Box
from fixtures.rtsp import Server

SECRET = "s3cret-pass"  # noqa: S105
SCENE_S = 1.5
ENDS_WITHIN_S = 60


def scenes() -> list[np.ndarray]:
    """One person as a camera sees them: near; from further away and dimmed; nearly as at first;
    with another person; and nobody.
    """
    face, other = (cv2.resize(people()[name].image, (260, 260)) for name in ("t1-5", "t1-2"))
    made = []
    for side, light, mirrored in ((260, 1.0, False), (104, 0.6, True), (250, 0.97, False)):
        room = np.full((540, 960, 3), 150, np.uint8)
        looks = cv2.flip(face, 1) if mirrored else face
        looks = np.clip(looks * light, 0, 255).astype(np.uint8)
        room[140 : 140 + side, 350 : 350 + side] = cv2.resize(
            looks, (side, side), interpolation=cv2.INTER_AREA
        )
        made.append(room)
    two = made[0].copy()
    two[140:400, 680:940] = other
    return [*made, two, np.full((540, 960, 3), 150, np.uint8)]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "1.mp4"
    random = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=8, options={"preset": "veryfast", "crf": "20", "g": "8"}
        )
        stream.width, stream.height, stream.pix_fmt = 960, 540, "yuv420p"
        for scene in scenes():
            for _ in range(round(SCENE_S * 8)):
                noise = random.integers(0, 4, (540, 960, 1), np.uint8).repeat(
                    3, axis=2
                )  # no camera repeats itself
                frame = av.VideoFrame.from_ndarray(
                    np.asarray(cv2.add(scene, noise), np.uint8), format="bgr24"
                )
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def camera(clip: Path) -> Iterator[Server]:
    with Server(clip.parent, auth="digest", password=SECRET) as server:
        yield server


class Session:
    """`visitorctl enroll NAME --camera` at a terminal of its own."""

    def __init__(self, box: Box, *arguments: str) -> None:
        self._controller, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        environment.pop("DISPLAY", None)
        self.process = subprocess.Popen(
            [str(BIN / "visitorctl"), "enroll", *arguments],
            cwd=box.folder,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env=environment,
        )
        os.close(terminal)
        self.shown = ""

    def until(self, done: Callable[[str], object], press: str = "") -> str:
        """Read on until that holds of what is shown, pressing a key whenever it was quiet for a
        moment.
        """
        deadline = time.monotonic() + ENDS_WITHIN_S
        while not done(self.shown) and time.monotonic() < deadline:
            if select.select([self._controller], [], [], 0.4)[0]:
                try:
                    self.shown += os.read(self._controller, 65536).decode(errors="replace")
                except OSError:  # the other end was closed
                    break
            elif press and "S takes a picture" in self.shown:
                os.write(self._controller, press.encode())
        assert done(self.shown), re.sub(r"\x1b[^m]*m|▀", "", self.shown)
        return self.shown

    def end(self) -> int:
        code = self.process.wait(ENDS_WITHIN_S)
        while select.select([self._controller], [], [], 0)[0]:
            try:
                self.shown += os.read(self._controller, 65536).decode(errors="replace")
            except OSError:
                break
        os.close(self._controller)
        return code


def test_pictures_are_taken_judged_and_enrolled_at_a_terminal(box: Box, camera: Server) -> None:
    session = Session(box, "Sam", "--camera", camera.url("1.mp4", SECRET))
    said = ("Taken: 2 of 5", "hardly differs", "there are 2 faces", "there is no face")
    session.until(lambda shown: all(text in shown for text in said), press="s")
    session.until(lambda shown: "enrolled" in shown, press="q")
    assert session.end() == 0, session.shown
    assert re.search(r"Sam \(visitor 1\) is enrolled with \d photographs", session.shown)
    assert "▀" in session.shown and "\x1b[38;2;" in session.shown, (
        "the face that was taken, in 24-bit colour"
    )
    assert SECRET not in session.shown
    ((status, templates),) = [
        row.values()
        for row in box.rows("select status, visits from visitord.visitor where name = 'Sam'")
    ]
    assert (status, templates) == ("named", 0)
    assert len(list((box.folder / "state" / "crops").glob("*/*"))) >= 2


def test_whoever_was_seen_already_is_said_and_offered_the_name(
    box: Box, camera: Server, clip: Path
) -> None:
    box.ok("visitord", "replay", str(clip))
    session = Session(box, "Sam", "--camera", camera.url("1.mp4", SECRET))
    session.until(lambda shown: re.search(r"It looks like visitor \d", shown), press="s")
    session.until(lambda shown: "Give that one the name" in shown, press="q")
    session.until(lambda shown: "is now called Sam" in shown, press="y\n")
    assert session.end() == 0, session.shown


def test_keys_come_through_a_pipe_too_and_its_end_finishes(box: Box, camera: Server) -> None:
    box.configure(
        (box.folder / "config.toml").read_text()
        + f'[[camera]]\nname = "desk"\nsource = "{camera.url("1.mp4", "${CAMERA_PASSWORD}")}"\n'
    )
    done = subprocess.run(
        [str(BIN / "visitorctl"), "enroll", "Kim", "--camera", "desk"],
        cwd=box.folder,
        input="s" * 25,
        capture_output=True,
        text=True,
        timeout=ENDS_WITHIN_S,
        check=False,
        env={**os.environ, "CAMERA_PASSWORD": SECRET},
    )
    assert done.returncode == 0, done.stderr
    assert "Taken: 1 of 5" in done.stdout
    assert "Kim (visitor 1) is enrolled" in done.stdout
    assert "▀" not in done.stdout


def test_nobody_is_enrolled_when_it_is_finished_without_a_picture_or_broken_off(
    box: Box, camera: Server
) -> None:
    session = Session(box, "Sam", "--camera", camera.url("1.mp4", SECRET))
    session.until(
        lambda shown: "No photograph of Sam can be used: nobody was enrolled." in shown, press="q"
    )
    assert session.end() == 1
    session = Session(box, "Sam", "--camera", camera.url("1.mp4", SECRET))
    session.until(lambda shown: "Taken: 1" in shown, press="s")
    session.process.send_signal(signal.SIGINT)
    assert session.end() == 1
    assert "Aborted" in session.shown
    assert "Traceback" not in session.shown
    assert box.rows("select * from visitord.visitor") == []


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("nowhere", 'No camera is called "nowhere"; there is: none'),
        ("ftp://host/x", "unknown scheme ftp://"),
        ("rtsp://", "names no host"),
        ("/dev/video93", "no such video device"),
    ],
)
def test_a_camera_that_cannot_be_is_one_sentence(box: Box, source: str, why: str) -> None:
    box.run("visitorctl", "enroll", "Sam", "--camera", source).fails_with(why)


def test_a_camera_that_refuses_is_one_sentence_without_the_password(box: Box, clip: Path) -> None:
    with Server(clip.parent, auth="basic", password="another") as server:  # noqa: S106
        done = box.run("visitorctl", "enroll", "Sam", "--camera", server.url("1.mp4", SECRET))
    done.fails_with("gives no picture: it is refused")
    assert SECRET not in done.err


def test_a_window_that_is_wanted_and_cannot_open_is_one_sentence(box: Box, camera: Server) -> None:
    source = camera.url("1.mp4", SECRET)
    done = box.run("visitorctl", "enroll", "Sam", "--camera", source, "--window", DISPLAY=":93")
    done.fails_with("No window opens here", "--no-window")
