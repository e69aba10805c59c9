"""The demo's two recordings and the timetable of who walks through them.

Every person passes the entrance and shortly afterwards the hall, stays away, and does both once more.
"""

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import av
import cv2
import numpy as np

from visitord.demo import backdrop, faces, walker
from visitord.errors import VisitordError
from visitord.records import Image

RECIPE = 2
"""Raise it whenever the clips would come out differently; clips of another recipe are made anew."""

CAMERAS = ("entrance", "hall")
ROUNDS = 2
WIDTH_PX = 1280
HEIGHT_PX = 720
FPS = 12
PASS_S = 4.5
HALL_S = 6.5  # from a person's start at the entrance to that in the hall
COMPANION_S = 2.4  # by which the second of two companions follows the first
COUPLE_S = 6.8  # from the first of two companions to the first of the next two
ROUND_S = 32.0  # from a person's first start to their return, at least
EMPTY_S = 1.0  # before the first pass and after the last
STAMP = "demo.stamp"


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


def schedule(people: Sequence[str]) -> tuple[Pass, ...]:
    """Every pass of `people`, by start; companions come in twos and at most two are ever in one view."""
    round_s = max(ROUND_S, (len(people) + 1) // 2 * COUPLE_S)
    passes = []
    for turn, (index, person), camera in product(range(ROUNDS), enumerate(people), range(len(CAMERAS))):
        start_s = EMPTY_S + turn * round_s + index // 2 * COUPLE_S + index % 2 * COMPANION_S + camera * HALL_S
        passes.append(Pass(person, CAMERAS[camera], start_s, start_s + PASS_S))
    return tuple(sorted(passes, key=lambda one: one.start_s))


def spot(one: Pass, time_s: float) -> walker.Spot:
    """Where one of the PEOPLE is at `time_s`: they walk rightwards at the entrance, leftwards in the hall."""
    index, camera = faces.PEOPLE.index(one.person), CAMERAS.index(one.camera)
    share = (time_s - one.start_s) / PASS_S
    face_px = 120 + 5 * ((index + 3 * camera) % 8)
    lane_px = (300, 350)[(index + camera) % 2]
    return walker.spot(1 - share if camera else share, WIDTH_PX, face_px * faces.SIDE_PER_FACE, lane_px)


def build(folder: Path) -> Demo:
    """Makes the clips in `folder`, unless those of this recipe are there already.

    Raises VisitordError when a portrait's picture is missing or the folder cannot be written.
    """
    passes = schedule(faces.PEOPLE)
    demo = Demo({camera: folder / f"{camera}.mp4" for camera in CAMERAS}, passes, passes[-1].end_s + EMPTY_S)
    try:
        if not _is_current(folder, demo):
            _make(folder, demo)
    except (OSError, av.FFmpegError) as error:
        raise VisitordError(f"The demo's clips cannot be written to {folder}: {error}.") from error
    return demo


def _is_current(folder: Path, demo: Demo) -> bool:
    try:
        return (folder / STAMP).read_bytes() == _stamp(demo)
    except OSError:
        return False


def _stamp(demo: Demo) -> bytes:
    """What the stamp beside whole clips says: their recipe and sizes."""
    return f"{RECIPE} {[clip.stat().st_size for clip in demo.clips.values()]}\n".encode()


def _make(folder: Path, demo: Demo) -> None:
    """Writes all clips aside, then moves them and the stamp into place, the stamp last."""
    portraits = dict(faces.portraits())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / STAMP).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix=".demo-", dir=folder) as aside, ThreadPoolExecutor() as pool:
        paths = [Path(aside) / clip.name for clip in demo.clips.values()]
        list(pool.map(encode, paths, [_frames(demo, camera, portraits) for camera in demo.clips]))
        for clip in demo.clips.values():
            (Path(aside) / clip.name).replace(clip)
        stamp = Path(aside) / STAMP
        stamp.write_bytes(_stamp(demo))
        stamp.replace(folder / STAMP)


def _frames(demo: Demo, camera: str, portraits: dict[str, Image]) -> Iterator[Image]:
    """The (height, width, 3) BGR frames of one camera."""
    empty = backdrop.views(camera, WIDTH_PX, HEIGHT_PX)
    for index in range(round(demo.length_s * FPS)):
        view = empty[index % len(empty)].copy()
        for one in demo.passes:
            if one.camera == camera and one.start_s <= index / FPS <= one.end_s:
                walker.paint(view, portraits[one.person], spot(one, index / FPS))
        yield view


def encode(path: Path, frames: Iterator[Image]) -> None:
    """Writes BGR `frames` as H.264 with a key frame every second; this preset has no B-frames."""
    with av.open(str(path), mode="w") as container:
        options = {"preset": "ultrafast", "crf": "24", "g": str(FPS)}
        stream = container.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        for image in frames:
            planes = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), np.uint8)  # faster than swscale
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode(None))
