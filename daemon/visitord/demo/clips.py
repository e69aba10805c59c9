"""The demo's two recordings: everyone passes the entrance, soon after the hall, and then again."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from visitord.core.errors import VisitordError
from visitord.core.files import make_private_folder
from visitord.core.records import Image
from visitord.demo import faces

Colour = tuple[int, int, int]  # BGR


@dataclass(frozen=True, slots=True)
class Room:
    """What a camera looks at, and how people pass it.

    first_s: when the first of them comes.
    leftwards: whether they go from right to left.
    """

    wall: Colour
    door: Colour
    first_s: float
    leftwards: bool


class Walk(NamedTuple):
    """One person once through a camera's view, and when it begins."""

    person: str
    start_s: float


CAMERAS = {
    "entrance": Room((176, 188, 192), (74, 96, 128), first_s=1.0, leftwards=False),
    "hall": Room((192, 186, 172), (150, 158, 132), first_s=7.5, leftwards=True),
}

# The recording.
WIDTH_PX = 1280
HEIGHT_PX = 720
FPS = 12
NOISE = 2.4  # standard deviation in grey levels: enough of it survives the encoder
NOISE_SEED = 1
LENGTH_S = 67.8  # until a second after the last walk

# The timetable: pairs enter one after the other, and all of them a second time.
TURNS = 2
TURN_S = 32.0  # from someone's first walk to their second
PAIR_S = 6.8  # from one pair to the next
WITHIN_PAIR_S = 2.4
WALK_S = 4.5

# The picture.
LANE_PX = 320  # the row of the portraits' middles
FLOOR_PX = 576  # the row of the floor's edge
LEFT_PX = 180  # side of a portrait at the view's left edge
RIGHT_PX = 240  # and at its right edge; the margin for those half in view is as wide
DOOR_LEFT_PX = 900
DOOR_RIGHT_PX = 1150
DOOR_TOP_PX = 90


def _soft_ellipse() -> NDArray[np.float32]:
    """How much a portrait counts against the room (200, 200), 0..1: its rim is soft."""
    ellipse = np.zeros((200, 200), np.float32)
    cv2.ellipse(ellipse, (100, 100), (80, 92), 0, 0, 360, 1, cv2.FILLED)
    return np.asarray(cv2.GaussianBlur(ellipse, (0, 0), 4), np.float32)


_WEIGHT = _soft_ellipse()


def walks(camera: str) -> list[Walk]:
    """Everyone's two walks through a camera's view; two people at most are ever in it."""
    first_s = CAMERAS[camera].first_s
    found = []
    for turn in range(TURNS):
        for index, person in enumerate(faces.CROPS):
            pair, second = divmod(index, 2)
            start_s = first_s + TURN_S * turn + PAIR_S * pair + WITHIN_PAIR_S * second
            found.append(Walk(person, start_s))
    return found


def build(folder: Path) -> dict[str, Path]:
    """The clip of each camera in a folder, made unless whole ones of this very code are there.

    Raises VisitordError when a portrait's picture is missing or the folder cannot be written.
    """
    stamp = folder / "demo.stamp"
    try:
        if not stamp.exists() or stamp.read_bytes() != _identity(folder):
            make_private_folder(folder)
            stamp.unlink(missing_ok=True)
            _make(folder)
            stamp.write_bytes(_identity(folder))
    except (OSError, av.FFmpegError) as error:
        raise VisitordError(f"The demo's clips cannot be written to {folder}: {error}.") from error
    return {camera: folder / f"{camera}.mp4" for camera in CAMERAS}


def _identity(folder: Path) -> bytes:
    """What the stamp beside whole clips says: the code that made them, and their sizes."""
    code = Path(__file__).read_bytes() + Path(faces.__file__).read_bytes()
    sizes = sorted((clip.name, clip.stat().st_size) for clip in folder.glob("*.mp4"))
    return f"{hashlib.sha256(code).hexdigest()} {sizes}\n".encode()


def _make(folder: Path) -> None:
    """Write all clips aside, then move them into place: who reads an old one keeps it whole."""
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
    room = CAMERAS[camera]
    empty = _empty(room)
    for index in range(round(LENGTH_S * FPS)):
        view = empty.copy()
        for walk in walks(camera):
            share = (index / FPS - walk.start_s) / WALK_S
            if 0 <= share <= 1:
                if room.leftwards:
                    share = 1 - share
                paint(view, people[walk.person], share)
        yield view[:, RIGHT_PX:-RIGHT_PX]


def _empty(room: Room) -> Image:
    """A room without people, with a margin on either side for those half in view."""
    view = np.full((HEIGHT_PX, WIDTH_PX + 2 * RIGHT_PX, 3), room.wall, np.uint8)
    view[FLOOR_PX:] //= 2
    above_left = (RIGHT_PX + DOOR_LEFT_PX, DOOR_TOP_PX)
    below_right = (RIGHT_PX + DOOR_RIGHT_PX, FLOOR_PX)
    cv2.rectangle(view, above_left, below_right, room.door, cv2.FILLED)
    return view


def paint(view: Image, portrait: Image, share: float) -> None:
    """Blend a portrait into a view that has its margins.

    Parameters
    ----------
    view
        BGR, (height, width + 2 margins, 3); changed.
    portrait
        BGR, square, of any size.
    share
        Of the way from left to right, 0..1.
    """
    side = round(LEFT_PX + share * (RIGHT_PX - LEFT_PX))
    left = round(share * (WIDTH_PX + RIGHT_PX))
    top = LANE_PX - side // 2
    spot = view[top : top + side, left : left + side]

    weight = cv2.resize(_WEIGHT, (side, side))
    seen = cv2.resize(portrait, (side, side))
    spot[:] = cv2.blendLinear(seen, spot.copy(), weight, 1 - weight)


def encode(path: Path, frames: Iterable[Image]) -> None:
    """Write BGR frames, each with noise of its own, as H.264.

    There is a key frame every second and there are no B-frames, as cameras have it.
    """
    random = np.random.default_rng(NOISE_SEED)
    noise = _noise(random)
    options = {"preset": "ultrafast", "qp": "24", "g": str(FPS)}
    with av.open(str(path), mode="w") as container:
        stream = container.add_stream("libx264", rate=FPS, options=options)
        stream.width = WIDTH_PX
        stream.height = HEIGHT_PX
        stream.pix_fmt = "yuv420p"

        for image in frames:
            planes = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), np.uint8)
            brightness = planes[:HEIGHT_PX]  # 16 to 235: the noise never overflows
            start = random.integers(brightness.size)
            grain = noise[start : start + brightness.size]
            brightness += grain.reshape(brightness.shape)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _noise(random: np.random.Generator) -> NDArray[np.uint8]:
    """Twice as much as a frame takes, so that each frame begins elsewhere in it.

    Less than nothing is what wraps around when it is added.
    """
    levels = np.rint(random.normal(0, NOISE, 2 * HEIGHT_PX * WIDTH_PX))
    return levels.astype(np.int8).view(np.uint8)
