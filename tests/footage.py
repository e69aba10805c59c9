"""Clips for cameras under test: noisy like a sensor's, countable, and damaged, frozen or covered on purpose."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np

from support import people
from visitord.core.records import Image

FPS = 12
WIDTH_PX, HEIGHT_PX = 640, 360
COUNT_BITS = 10  # of the frame counter, in a row of blocks along the upper edge
GREEN, GREY = (0, 135, 0), (130, 130, 130)  # BGR; what decoders show for pictures whose data is missing

Change = Callable[[int, Image], Image]
"""Makes picture number n into what the camera shows."""


def room(count: int, width_px: int = WIDTH_PX, height_px: int = HEIGHT_PX) -> Iterator[Image]:
    """Pictures of a room with furniture, differing by a sensor's noise only."""
    random = np.random.default_rng(7)
    view = np.full((height_px, width_px, 3), (176, 186, 190), np.float32)
    view *= np.linspace(1.1, 0.8, width_px, dtype=np.float32)[:, None]
    view[height_px * 3 // 4 :] *= 0.6
    for x, y, w, h, colour in ((70, 30, 14, 45, (70, 92, 120)), (6, 50, 22, 25, (120, 80, 60))):
        x, y, w, h = x * width_px // 100, y * height_px // 100, w * width_px // 100, h * height_px // 100
        view[y : y + h, x : x + w] = colour
    view = cv2.GaussianBlur(view, (0, 0), 1.5)
    grain = random.normal(0.5, 2.0, (height_px, width_px, 1)).astype(np.float32)
    for down, right in random.integers(0, height_px, (count, 2)):  # new noise is slow to make
        yield np.clip(view + np.roll(grain, (down, right), (0, 1)), 0, 255).astype(np.uint8)


def counted(pictures: Iterable[Image]) -> Iterator[Image]:
    """The pictures with their number in black and white blocks at the upper edge."""
    for n, picture in enumerate(pictures):
        side = picture.shape[1] // (COUNT_BITS + 2)
        for bit in range(-1, COUNT_BITS + 1):  # one white and one black block around the number
            white = bit == -1 or (0 <= bit < COUNT_BITS and n >> bit & 1)
            picture[:side, (bit + 1) * side : (bit + 2) * side] = 235 if white else 16
        yield picture


def number(picture: Image) -> int | None:
    """The number that `counted` wrote, None if there is none to be read."""
    side = picture.shape[1] // (COUNT_BITS + 2)
    row = picture[side // 4 : side * 3 // 4]
    blocks = [float(row[:, i * side + side // 4 : i * side + side * 3 // 4].mean()) for i in range(COUNT_BITS + 2)]
    if blocks[0] < 180 or blocks[-1] > 75:
        return None
    return sum((block > 128) << bit for bit, block in enumerate(blocks[1:-1]))


def walking(pictures: Iterable[Image], person: str, first: int, last: int, face_px: int = 150) -> Iterator[Image]:
    """The pictures with a real face crossing them from left to right between these numbers."""
    portrait = cv2.resize(people()[person].image, (face_px, face_px), interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(8)
    for n, picture in enumerate(pictures):
        height, width = picture.shape[:2]
        if first <= n < last:
            x, y = round((n - first) / (last - first) * (width + face_px)) - face_px, (height - face_px) // 2
            left, right = max(x, 0), min(x + face_px, width)
            seen = portrait[:, left - x : right - x] + noise.normal(0, 2, (face_px, max(0, right - left), 1))
            picture[y : y + face_px, left:right] = np.clip(seen, 0, 255)
        yield picture


def changed(pictures: Iterable[Image], change: Change) -> Iterator[Image]:
    """The pictures as `change` makes them."""
    return (change(n, picture) for n, picture in enumerate(pictures))


def damaged(n: int, picture: Image) -> Image:
    """Every picture spoilt, in turn: green, grey, and torn in two ways."""
    return (green, grey, smeared, displaced)[n % 4](n, picture)


def green(n: int, picture: Image) -> Image:
    return np.full_like(picture, GREEN)


def grey(n: int, picture: Image) -> Image:
    return np.full_like(picture, GREY)


def smeared(n: int, picture: Image) -> Image:
    """From some row on, that row again and again: what a decoder shows of a picture whose end is missing."""
    row = picture.shape[0] // 2 + 8 * (n % 5)
    spoilt = picture.copy()
    spoilt[row:] = spoilt[row]
    return spoilt


def displaced(n: int, picture: Image) -> Image:
    """The lower half from elsewhere in the picture, too bright or too dark from block to block."""
    spoilt, half = picture.copy(), picture.shape[0] // 2
    shifted = np.roll(picture[half:], picture.shape[1] // 3 + 16 * n, axis=1).astype(np.int16)
    blocks = np.random.default_rng(n).choice([-90, -60, 50, 80], (len(shifted) // 16 + 1, picture.shape[1] // 16 + 1))
    errors = np.kron(blocks, np.ones((16, 16), np.int16))[: len(shifted), : picture.shape[1], None]
    spoilt[half:] = np.clip(shifted + errors, 0, 255)
    return spoilt


def covered(n: int, picture: Image) -> Image:
    """Nearly black, with noise: a hand or a sheet of paper lies on the lens."""
    noise = np.random.default_rng(n).normal(14, 2, (*picture.shape[:2], 1))
    return np.repeat(np.clip(noise, 0, 255).astype(np.uint8), 3, axis=2)


def between(first: int, last: int, change: Change) -> Change:
    """`change`, for the pictures from number `first` to before `last` only."""
    return lambda n, picture: change(n, picture) if first <= n < last else picture


def every(step: int, change: Change) -> Change:
    """`change`, for every step-th picture only."""
    return lambda n, picture: change(n // step, picture) if n % step == step - 1 else picture


def frozen() -> Change:
    """Always the first picture it was given."""
    kept: list[Image] = []

    def repeat(n: int, picture: Image) -> Image:
        kept.extend([] if kept else [picture])
        return kept[0]

    return repeat


def encode(path: Path, pictures: Iterable[Image], codec: str = "libx264", fps: int = FPS, key_s: float = 0.5) -> Path:
    """Writes pictures of one size as H.264 (or H.265: "libx265") without B-frames, a key frame every key_s."""
    options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "22", "g": str(round(fps * key_s))}
    options |= {"x265-params": "log-level=none"} if codec == "libx265" else {}
    with av.open(str(path), "w") as container:
        stream = None
        for picture in pictures:
            if stream is None:
                stream = container.add_stream(codec, rate=fps, options=options)
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = "yuv420p"
            planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        assert stream is not None
        container.mux(stream.encode(None))
    return path


def jpegs(folder: Path, pictures: Iterable[Image]) -> Path:
    """The pictures as numbered JPEG files in `folder`."""
    folder.mkdir()
    for n, picture in enumerate(pictures):
        cv2.imwrite(str(folder / f"{n:04}.jpg"), picture)
    return folder
