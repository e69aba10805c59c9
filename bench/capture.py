"""What capture costs over decoding alone, and how old the analysed picture is.

    python bench/capture.py [--seconds 10] [--rounds 3]

Reads a 1280×720 H.264 stream of 25 pictures a second from the tests' RTSP server, which sends every
picture when this machine's clock says so: the number in a picture tells its age, however long the
stream lasts.  Each round measures bare decoding and visitord's camera one after the other, in CPU
time of this process, so that other load falls on both; the ratio is that of the rounds' medians.
Ages are measured under an analysis that is too slow for the stream.
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from visitord.capture.camera import Camera
from visitord.core.clock import Clock
from visitord.core.config import CameraConfig
from visitord.core.records import Image
from visitord.core.sources import Kind, Source
from visitord.vision.motion import MotionGate
from visitord.vision.zones import Area

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from fixtures.rtsp import Server

FPS = 25
WIDTH_PX = 1280
HEIGHT_PX = 720
LENGTH_S = 40
# The picture's number, as black and white blocks.
BITS = 12
BLOCK_PX = 40
NUMBER_IS_NO_MOTION = Area(ignore=(((0.0, 0.0), (1.0, 0.0), (1.0, 0.1), (0.0, 0.1)),))
SETTLES_S = 5.0  # so long does the motion gate take to know the room
EVERY_MAX_S = 20.0  # analysing every picture only gets worse after that
TCP = {"rtsp_transport": "tcp"}
ENCODER = {"preset": "veryfast", "crf": "24", "g": "50", "bf": "0"}

Ages = Iterator[float]


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of one round, and what the motion gate made of an empty room.

    bare_s: decoding every picture, and nothing else.  ours_s: the camera and its gate.  gate_s: the
    gate alone.  searched: pictures let through the gate once it knew the room.
    """

    bare_s: float
    ours_s: float
    gate_s: float
    searched: int


def film(path: Path) -> None:
    """An empty room with sensor noise and the picture's number in its upper left corner."""
    random = np.random.default_rng(1)
    blocks = random.integers(60, 200, (9, 16, 3)).astype(np.uint8)
    room = cv2.resize(blocks, (WIDTH_PX, HEIGHT_PX))

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options=ENCODER)
        stream.width = WIDTH_PX
        stream.height = HEIGHT_PX
        stream.pix_fmt = "yuv420p"
        for number in range(LENGTH_S * FPS):
            grain = random.integers(-3, 4, (HEIGHT_PX // 2, WIDTH_PX // 2, 1), dtype=np.int16)
            noise = grain.repeat(2, 0).repeat(2, 1)
            image = np.clip(room + noise, 0, 255).astype(np.uint8)
            write_number(image, number)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_number(image: Image, number: int) -> None:
    """Write the picture's number into it."""
    for bit in range(BITS):
        left = bit * BLOCK_PX
        image[:BLOCK_PX, left : left + BLOCK_PX] = 255 * (number >> bit & 1)


def number_of(image: Image) -> int:
    """The number that a picture carries."""
    number = 0
    for bit in range(BITS):
        x = bit * BLOCK_PX + BLOCK_PX // 2
        number |= int(image[BLOCK_PX // 2, x, 1] > 127) << bit
    return number


def age_s(image: Image) -> float:
    """How long ago a picture was sent, modulo the clip's length."""
    return (time.monotonic() * FPS - number_of(image)) % (LENGTH_S * FPS) / FPS


@contextmanager
def reading(url: str) -> Iterator[tuple[Camera, threading.Event]]:
    """A running camera, and the event that a picture came."""
    ready = threading.Event()
    stop = threading.Event()
    settings = CameraConfig(name="bench", source=url)
    camera = Camera(settings, Source(Kind.STREAM, url), Clock(), stop, ready.set)
    threading.Thread(target=camera.run, daemon=True).start()
    try:
        yield camera, ready
    finally:
        stop.set()


def bare_cpu_s(url: str, seconds: float) -> float:
    """CPU seconds of decoding every picture for so long, and nothing else."""
    with av.open(url, options=TCP) as container:
        container.streams.video[0].thread_type = "SLICE"
        frames = container.decode(video=0)
        next(frames)

        start_t = time.monotonic()
        cpu_s = time.process_time()
        while time.monotonic() - start_t < seconds:
            next(frames)
        return time.process_time() - cpu_s


def cost(url: str, seconds: float) -> Cost:
    """One round: bare decoding, then the camera and its motion gate, each for so long."""
    bare_s = bare_cpu_s(url, seconds)
    gate = MotionGate(NUMBER_IS_NO_MOTION)
    gate_s = 0.0
    searched = 0

    with reading(url) as (camera, ready):
        ready.wait(10)
        start_t = time.monotonic()
        cpu_s = time.process_time()
        while (t := time.monotonic() - start_t) < seconds:
            ready.wait(1)
            ready.clear()
            frame = camera.take()
            if frame is not None:
                before_s = time.thread_time()
                searched += gate.is_open(frame) and t > SETTLES_S
                gate_s += time.thread_time() - before_s
        ours_s = time.process_time() - cpu_s

    return Cost(bare_s, ours_s, gate_s, searched)


def newest(url: str, seconds: float, slow_s: float) -> Ages:
    """The age of each picture when a slow analysis gets it from our camera."""
    with reading(url) as (camera, ready):
        start_t = time.monotonic()
        while time.monotonic() - start_t < seconds:
            ready.wait(1)
            ready.clear()
            frame = camera.take()
            if frame is not None:
                yield age_s(frame.image)
                time.sleep(slow_s)


def every(url: str, seconds: float, slow_s: float) -> Ages:
    """The same for a program that analyses picture after picture."""
    with av.open(url, options=TCP) as container:
        start_t = time.monotonic()
        for frame in container.decode(video=0):
            if time.monotonic() - start_t > min(seconds, EVERY_MAX_S):
                return
            yield age_s(frame.to_ndarray(format="bgr24"))
            time.sleep(slow_s)


def print_costs(rounds: list[Cost], seconds: float) -> None:
    """What a second of the stream costs, by the medians of the rounds."""
    bare_s = statistics.median(one.bare_s for one in rounds)
    ours_s = statistics.median(one.ours_s for one in rounds)
    gate_s = statistics.median(one.gate_s for one in rounds)
    searched = sum(one.searched for one in rounds)

    times = ours_s / bare_s
    share = 100 * gate_s / bare_s
    print(f"bare decoding       {bare_s / seconds:.3f} CPU s per second of stream")
    print(f"camera and gate     {ours_s / seconds:.3f} CPU s: ", end="")
    print(f"{times:.2f} times bare decoding (goal 1.3)")
    print(f"of it motion gate   {gate_s / seconds:.4f} CPU s: ", end="")
    print(f"{share:.1f} % of decoding (goal 5 %)")
    print(f"searched            {searched} pictures of the empty room after {SETTLES_S:g} s")


def print_ages(title: str, measured: Ages) -> None:
    """How old pictures are: the middle, the worst of twenty, the worst."""
    ages = sorted(measured)

    def at(percent: int) -> float:
        return ages[min(len(ages) - 1, len(ages) * percent // 100)]

    print(f"{title:<20}age p50 {at(50):.2f} s, p95 {at(95):.2f} s, highest {at(100):.2f} s")


def options() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )

    def add(name: str, kind: Callable[[str], float], default: float, meaning: str) -> None:
        parser.add_argument(name, type=kind, default=default, help=meaning)

    add("--seconds", float, 10, "of stream in each half of a round")
    add("--rounds", int, 3, "how many")
    add("--overload", float, 30, "seconds under a slow analysis")
    add("--slow", float, 0.5, "seconds the slow analysis takes for a picture")
    return parser.parse_args()


def main() -> None:
    """Film, serve, measure, print."""
    given = options()
    with tempfile.TemporaryDirectory() as folder:
        film(Path(folder) / "room.mp4")
        with Server(Path(folder)) as server:
            url = server.url("room.mp4")
            rounds = [cost(url, given.seconds) for _ in range(given.rounds)]
            print_costs(rounds, given.seconds)
            print_ages("newest picture", newest(url, given.overload, given.slow))
            print_ages("every picture", every(url, given.overload, given.slow))


if __name__ == "__main__":
    main()
