"""The clips that are measured on: a busy one and one that is mostly empty, with their truth.

Everyone in them comes twice.  They are people of the evaluation kit where it is there, another
photograph each time; else those of the demo, who always look the same.  They are encoded as
cameras do it, without B-frames and with a key frame every two seconds.
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

from visitord.core.records import Image
from visitord.demo import clips
from visitord.demo.faces import portraits

FPS = 15
KEY_EVERY = 2 * FPS  # pictures
ENCODER = {"preset": "veryfast", "crf": "26", "g": str(KEY_EVERY), "bf": "0"}
GRAIN = 2  # grey levels of sensor noise
GRAIN_SEED = 1
GRAIN_PX = 4

PEOPLE = 5
TIMES = 2  # that everyone comes
WALK_S = 6.0
BUSY_EVERY_S = 5.8  # from one walk to the next
PAIR_EVERY = 4  # one in so many comes while the last one is there
PAIR_EARLY_S = 2.5
ALONE_AT_S = 20.0
FIRST_S = 2.0
REST_S = 3.0  # after the last walk


@dataclass(frozen=True, slots=True)
class Walk:
    """One person once through the picture: who, which photograph, and when, in seconds."""

    person: str
    photograph: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Footage:
    """A clip, how many pictures it has, and who walks through it."""

    path: Path
    pictures: int
    walks: tuple[Walk, ...]

    @property
    def length_s(self) -> float:
        return self.pictures / FPS


def people_of(faces: Path) -> dict[str, list[Image]]:
    """Square photographs of each person: of a folder with one folder a person, else the demo's."""
    if not faces.is_dir():
        return {portrait.person: [portrait.image] for portrait in portraits()[:PEOPLE]}

    folders = sorted(folder for folder in faces.iterdir() if folder.is_dir())[:PEOPLE]
    return {folder.name: [_square(path) for path in sorted(folder.iterdir())] for folder in folders}


def _square(path: Path) -> Image:
    """The middle of a photograph."""
    image = cv2.imread(str(path))
    assert image is not None, path
    height, width = image.shape[:2]
    side = min(height, width)
    top = (height - side) // 2
    left = (width - side) // 2
    return np.asarray(image[top : top + side, left : left + side], np.uint8)


def busy(people: Sequence[str]) -> list[Walk]:
    """Everyone twice, one after the other, now and then two at once."""
    walks = []
    for n, person in enumerate([*people] * TIMES):
        start_s = FIRST_S + BUSY_EVERY_S * n
        if n % PAIR_EVERY == PAIR_EVERY - 1:
            start_s -= PAIR_EARLY_S
        walks.append(Walk(person, n // len(people), start_s, start_s + WALK_S))
    return walks


def empty(people: Sequence[str]) -> list[Walk]:
    """One person, once."""
    return [Walk(people[0], 0, ALONE_AT_S, ALONE_AT_S + WALK_S)]


def footage(kept: Path, faces: Path, kind: str, length_s: float | None = None) -> Footage:
    """A clip, made unless it was made before.

    Parameters
    ----------
    kept
        The folder where clips are kept.
    faces
        The kit's folder of photographs; the demo's people walk where it is not there.
    kind
        `busy` or `empty`.
    length_s
        Seconds, by default until everyone has come twice; both kinds are of one length.
    """
    people = people_of(faces)
    walks = {"busy": busy, "empty": empty}[kind](list(people))
    length_s = length_s or busy(list(people))[-1].end_s + REST_S
    walks = [walk for walk in walks if walk.end_s < length_s]
    found = Footage(_place(kept, kind, people, walks, length_s), round(length_s * FPS), (*walks,))
    if not found.path.exists():
        kept.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept) as aside:
            made = Path(aside) / found.path.name
            encode(made, frames(found, people))
            made.replace(found.path)
    return found


def _place(
    kept: Path, kind: str, people: dict[str, list[Image]], walks: list[Walk], length_s: float
) -> Path:
    """Where a clip lies: its name says what it was made of."""
    said = hashlib.sha256(Path(__file__).read_bytes() + Path(clips.__file__).read_bytes())
    said.update(json.dumps([length_s, *map(asdict, walks)]).encode())
    for photographs in people.values():
        for image in photographs:
            said.update(image.tobytes())
    return kept / f"{kind}-{said.hexdigest()[:12]}.mp4"


def frames(footage: Footage, people: dict[str, list[Image]]) -> Iterator[Image]:
    """The pictures (720, 1280, 3) of a clip, without noise."""
    margin = clips.RIGHT_PX
    room = np.full((clips.HEIGHT_PX, clips.WIDTH_PX + 2 * margin, 3), 175, np.uint8)
    room[clips.FLOOR_PX :] = (125, 95, 70)
    above_left = (margin + clips.DOOR_LEFT_PX, clips.DOOR_TOP_PX)
    below_right = (margin + clips.DOOR_RIGHT_PX, clips.FLOOR_PX)
    cv2.rectangle(room, above_left, below_right, (74, 96, 128), cv2.FILLED)

    for index in range(footage.pictures):
        view = room.copy()
        for walk in footage.walks:
            share = (index / FPS - walk.start_s) / WALK_S
            if 0 <= share <= 1:
                photographs = people[walk.person]
                clips.paint(view, photographs[walk.photograph % len(photographs)], share)
        yield np.ascontiguousarray(view[:, margin:-margin])


def encode(path: Path, images: Iterator[Image]) -> None:
    """Write pictures with a little noise as H.264."""
    random = np.random.default_rng(GRAIN_SEED)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options=ENCODER)
        stream.width = clips.WIDTH_PX
        stream.height = clips.HEIGHT_PX
        stream.pix_fmt = "yuv420p"
        for image in images:
            planes = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), np.uint8)
            shape = (clips.HEIGHT_PX // GRAIN_PX, clips.WIDTH_PX // GRAIN_PX)
            grain = random.integers(-GRAIN, GRAIN + 1, shape, np.int8).view(np.uint8)
            # Brightness is 16 to 235, so that the noise never overflows.
            planes[: clips.HEIGHT_PX] += grain.repeat(GRAIN_PX, 0).repeat(GRAIN_PX, 1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode(None))


def rotated(path: Path, to: Path, share: float) -> None:
    """The same clip begun at so large a share (0..1) of its length, its beginning put at the end.

    Nothing is encoded anew.  Many cameras are so busy at different times.
    """
    with av.open(str(path)) as source:
        given = source.streams.video[0]
        packets = [packet for packet in source.demux(given) if packet.dts is not None]
        keys = [n for n, packet in enumerate(packets) if packet.is_keyframe]
        first = keys[int(share * len(keys)) % len(keys)]

        with av.open(str(to), "w") as container:
            stream = container.add_stream_from_template(given)
            for n, packet in enumerate(packets[first:] + packets[:first]):
                packet.stream = stream
                packet.time_base = Fraction(1, FPS)
                packet.pts = packet.dts = n
                packet.duration = 1
                container.mux(packet)


def one_a_camera(footage: Footage, folder: Path, cameras: int) -> list[Path]:
    """A clip for each camera; those that begin alike are one file."""
    keys = footage.pictures // KEY_EVERY
    paths = []
    for n in range(cameras):
        path = folder / f"{footage.path.stem}-{n % keys}.mp4"
        if not path.exists():
            # Steps of the golden ratio: however many there are, they are well apart.
            rotated(footage.path, path, n % keys * 0.618 % 1)
        paths.append(path)
    return paths
