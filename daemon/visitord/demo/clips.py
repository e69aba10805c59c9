"""The demo's two recordings and the timetable of who walks through them.

Every person passes the entrance and shortly afterwards the hall, stays away, and does both once more.  The
clips are made once and kept: a stamp beside them tells whether they still fit this recipe.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from visitord.demo import faces, walker
from visitord.demo.backdrop import Backdrop
from visitord.demo.faces import Portrait
from visitord.errors import VisitordError

Image = NDArray[np.uint8]

RECIPE = 1
"""Raise it whenever the pictures of the clips change; clips of another recipe are made anew."""

CAMERAS = ("entrance", "hall")
ROUNDS = 2
WIDTH_PX = 1280
HEIGHT_PX = 720
FPS = 12

FIRST_S = 1.0
PASS_S = 4.5
TRANSFER_S = 2.0
"""Time from leaving the entrance's view to coming into the hall's."""
COMPANION_S = 2.4
"""Time by which the second of two companions follows the first."""
COUPLE_S = 6.8
"""Time from the first of two companions to the first of the next two."""
ROUND_S = 32.0
"""Shortest time from a person's first appearance to their return."""
TAIL_S = 1.2

STAMP = "demo.stamp"
_SMALLEST_FACE_PX = 120
_LANES_PX = (300, 350)


@dataclass(frozen=True)
class Pass:
    """One walk of `person` through the view of `camera`; times count from the clip's first frame."""

    person: str
    camera: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Demo:
    """The clips by camera, all `length_s` long, and every pass in them by start."""

    clips: dict[str, Path]
    passes: tuple[Pass, ...]
    length_s: float


@dataclass(frozen=True)
class _Walk:
    """A pass with what it takes to draw it."""

    timing: Pass
    portrait: Portrait
    path: walker.Path2d


def schedule(people: Sequence[str]) -> tuple[Pass, ...]:
    """Every pass of `people`, by start; companions come in twos and at most two are ever in one view."""
    couples = (len(people) + 1) // 2
    round_s = max(ROUND_S, couples * COUPLE_S)
    passes: list[Pass] = []
    for round_index in range(ROUNDS):
        for index, person in enumerate(people):
            start_s = FIRST_S + round_index * round_s + index // 2 * COUPLE_S + index % 2 * COMPANION_S
            passes.extend(_visit(person, start_s))
    return tuple(sorted(passes, key=lambda one: (one.start_s, one.camera)))


def path_of(one: Pass, people: Sequence[str]) -> walker.Path2d:
    """The line a pass takes through the view: rightwards at the entrance, leftwards in the hall."""
    index = people.index(one.person)
    camera = CAMERAS.index(one.camera)
    return walker.Path2d(
        view_width_px=WIDTH_PX,
        face_height_px=_SMALLEST_FACE_PX + 5 * ((index + 3 * camera) % 8),
        lane_px=_LANES_PX[(index + camera) % 2],
        leftwards=camera == 1,
    )


def progress(one: Pass, time_s: float) -> float:
    """How far the walker of `one` has come at `time_s`; 0 to 1 while in view."""
    return (time_s - one.start_s) / (one.end_s - one.start_s)


def build(folder: Path) -> Demo:
    """Makes the clips in `folder`, unless those of this recipe are there already.

    Raises VisitordError when a portrait's picture is missing or the folder cannot be written.
    """
    passes = schedule(faces.PEOPLE)
    length_s = _length_s(passes)
    clips = {camera: folder / f"{camera}.mp4" for camera in CAMERAS}
    if not _is_current(folder, clips, passes):
        try:
            _make(folder, clips, passes, length_s)
        except (OSError, av.FFmpegError) as error:
            raise VisitordError(f"The demo's clips cannot be written to {folder}: {error}.") from error
    return Demo(clips, passes, length_s)


def _visit(person: str, start_s: float) -> Iterator[Pass]:
    for index, camera in enumerate(CAMERAS):
        camera_start_s = round(start_s + index * (PASS_S + TRANSFER_S), 3)
        yield Pass(person, camera, camera_start_s, round(camera_start_s + PASS_S, 3))


def _length_s(passes: Sequence[Pass]) -> float:
    """The last pass and a short empty end, rounded to whole frames."""
    return round((max(one.end_s for one in passes) + TAIL_S) * FPS) / FPS


def _make(folder: Path, clips: dict[str, Path], passes: Sequence[Pass], length_s: float) -> None:
    """Writes all clips aside, then moves them and the stamp into place, the stamp last."""
    portraits = {portrait.person: portrait for portrait in faces.portraits()}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / STAMP).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix=".demo-", dir=folder) as aside:
        for camera, clip in clips.items():
            walks = [
                _Walk(one, portraits[one.person], path_of(one, faces.PEOPLE)) for one in passes if one.camera == camera
            ]
            _encode(Path(aside) / clip.name, _frames(camera, walks, round(length_s * FPS)))
        for clip in clips.values():
            (Path(aside) / clip.name).replace(clip)
        stamp = Path(aside) / STAMP
        stamp.write_text(_stamp(clips, passes), encoding="ascii")
        stamp.replace(folder / STAMP)


def _frames(camera: str, walks: Sequence[_Walk], count: int) -> Iterator[Image]:
    """The `count` (height, width, 3) BGR frames of one camera."""
    backdrop = Backdrop(camera, WIDTH_PX, HEIGHT_PX)
    for index in range(count):
        view = backdrop.frame(index)
        for walk in walks:
            share = progress(walk.timing, index / FPS)
            if 0.0 <= share <= 1.0:
                walker.paint(view, walk.portrait, walker.spot(walk.path, share))
        yield view


def _encode(path: Path, frames: Iterator[Image]) -> None:
    """Writes BGR `frames` as H.264 without B-frames, so that decoding order is showing order."""
    with av.open(str(path), mode="w") as container:
        stream = container.add_stream("libx264", rate=FPS, options=_encoder_options())
        stream.width, stream.height = WIDTH_PX, HEIGHT_PX
        stream.pix_fmt = "yuv420p"
        stream.thread_type = "FRAME"
        for index, image in enumerate(frames):
            _mux(container, stream, _video_frame(image, index))
        _mux(container, stream, None)


def _encoder_options() -> dict[str, str]:
    return {
        "preset": "veryfast",
        "crf": "24",
        "bf": "0",
        "g": str(FPS),
        "keyint_min": str(FPS),
        "sc_threshold": "0",
        "x264-params": "sliced-threads=0:weightp=0:me=dia:subme=1",
    }


def _video_frame(image: Image, index: int) -> av.VideoFrame:
    planes = cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420).astype(np.uint8, copy=False)
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts = index
    frame.time_base = Fraction(1, FPS)
    return frame


def _mux(container: av.container.OutputContainer, stream: VideoStream, frame: av.VideoFrame | None) -> None:
    for packet in stream.encode(frame):
        container.mux(packet)


def _is_current(folder: Path, clips: dict[str, Path], passes: Sequence[Pass]) -> bool:
    try:
        return (folder / STAMP).read_text(encoding="ascii") == _stamp(clips, passes)
    except (OSError, UnicodeDecodeError):
        return False


def _stamp(clips: dict[str, Path], passes: Sequence[Pass]) -> str:
    """What the stamp beside whole clips says: the recipe's hash, and the size of every clip."""
    recipe = {
        "recipe": RECIPE,
        "view": [WIDTH_PX, HEIGHT_PX, FPS],
        "encoder": _encoder_options(),
        "paths": [asdict(path_of(one, faces.PEOPLE)) for one in passes],
        "passes": [asdict(one) for one in passes],
        "length_s": _length_s(passes),
    }
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
    sizes = [f"{clip.name} {clip.stat().st_size}" for clip in clips.values()]
    return "\n".join([digest, *sizes]) + "\n"
