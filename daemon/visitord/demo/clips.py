"""The demo's two recordings: everyone glides past the entrance, soon after through the hall, and
then once more.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import cv2
import numpy as np

from visitord.core.errors import VisitordError
from visitord.core.records import Image
from visitord.demo import faces

# The colours of wall and door, BGR.
CAMERAS = {"entrance": ((176, 188, 192), (74, 96, 128)), "hall": ((192, 186, 172), (150, 158, 132))}
WIDTH_PX = 1280
HEIGHT_PX = 720
FPS = 12
NOISE = 2.4  # standard deviation in grey levels: enough of it survives the encoder
LENGTH_S = 67.8  # until a second after the last walk
WALK_S = 4.5
LANE_PX, FLOOR_PX = 320, 576  # the rows of the portraits' middles and of the floor's edge
LEFT_PX, RIGHT_PX = 180, 240  # side of a portrait at the view's left and right edge
_ELLIPSE = cv2.ellipse(
    np.zeros((200, 200), np.float32), (100, 100), (80, 92), 0, 0, 360, 1, cv2.FILLED
)
_WEIGHT = cv2.GaussianBlur(_ELLIPSE, (0, 0), 4)  # of a portrait against the room: its rim is soft


def walks(camera: str) -> list[tuple[str, float]]:
    """Everyone's two walks through a camera's view, with their starts in seconds; two at most are
    ever in it.
    """
    first_s = 7.5 if camera == "hall" else 1.0
    return [
        (person, first_s + 32.0 * turn + 6.8 * (index // 2) + 2.4 * (index % 2))
        for turn in range(2)
        for index, person in enumerate(faces.CROPS)
    ]


def build(folder: Path) -> dict[str, Path]:
    """The clip of each camera, in `folder`; they are made unless whole ones of this very code are
    there.

    Raises VisitordError when a portrait's picture is missing or the folder cannot be written.
    """
    stamp = folder / "demo.stamp"
    try:
        if not stamp.exists() or stamp.read_bytes() != _identity(folder):
            folder.mkdir(parents=True, exist_ok=True)
            stamp.unlink(missing_ok=True)
            _make(folder)
            stamp.write_bytes(_identity(folder))
    except (OSError, av.FFmpegError) as error:
        raise VisitordError(f"The demo's clips cannot be written to {folder}: {error}.") from error
    return {camera: folder / f"{camera}.mp4" for camera in CAMERAS}


def _identity(folder: Path) -> bytes:
    """What the stamp beside whole clips says: the code that made them, and their sizes."""
    code = hashlib.sha256(
        Path(__file__).read_bytes() + Path(faces.__file__).read_bytes()
    ).hexdigest()
    return f"{code} {sorted((clip.name, clip.stat().st_size) for clip in folder.glob('*.mp4'))}\n".encode()


def _make(folder: Path) -> None:
    """Writes all clips aside, then moves them into place: whoever reads an old one keeps it whole."""
    people = dict(faces.portraits())
    with (
        tempfile.TemporaryDirectory(prefix=".demo-", dir=folder) as aside,
        ThreadPoolExecutor() as pool,
    ):
        made = [Path(aside) / f"{camera}.mp4" for camera in CAMERAS]
        list(pool.map(encode, made, [frames(camera, people) for camera in CAMERAS]))
        for clip in made:
            clip.replace(folder / clip.name)


def frames(camera: str, people: dict[str, Image]) -> Iterator[Image]:
    """The (height, width, 3) BGR frames of one camera: a room, and whoever is in it."""
    wall, door = CAMERAS[camera]
    room = np.full(
        (HEIGHT_PX, WIDTH_PX + 2 * RIGHT_PX, 3), wall, np.uint8
    )  # margins for those half in view
    room[FLOOR_PX:] //= 2
    cv2.rectangle(room, (RIGHT_PX + 900, 90), (RIGHT_PX + 1150, FLOOR_PX), door, cv2.FILLED)
    for index in range(round(LENGTH_S * FPS)):
        view = room.copy()
        for person, start_s in walks(camera):
            share = (index / FPS - start_s) / WALK_S
            if 0 <= share <= 1:
                paint(view, people[person], 1 - share if camera == "hall" else share)
        yield view[:, RIGHT_PX:-RIGHT_PX]


def paint(view: Image, portrait: Image, share: float) -> None:
    """Blends `portrait` into `view`, which has its margins, at `share` of the way from left to
    right.
    """
    side = round(LEFT_PX + share * (RIGHT_PX - LEFT_PX))
    left, top = round(share * (WIDTH_PX + RIGHT_PX)), LANE_PX - side // 2
    spot = view[top : top + side, left : left + side]
    weight = cv2.resize(_WEIGHT, (side, side))
    spot[:] = cv2.blendLinear(cv2.resize(portrait, (side, side)), spot.copy(), weight, 1 - weight)


def encode(path: Path, frames: Iterable[Image]) -> None:
    """Writes BGR `frames`, each with noise of its own, as H.264 with a key frame every second and
    no B-frames.
    """
    random = np.random.default_rng(1)
    noise = (
        np.rint(random.normal(0, NOISE, 2 * HEIGHT_PX * WIDTH_PX)).astype(np.int8).view(np.uint8)
    )
    with av.open(str(path), mode="w") as container:
        stream = container.add_stream(
            "libx264", rate=FPS, options={"preset": "ultrafast", "qp": "24", "g": str(FPS)}
        )
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        for image in frames:
            planes = np.asarray(
                cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), np.uint8
            )  # faster than swscale
            brightness = planes[:HEIGHT_PX]  # 16 to 235: the noise never overflows
            start = random.integers(brightness.size)
            brightness += noise[start : start + brightness.size].reshape(brightness.shape)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode(None))
