"""What capture costs over decoding alone, and how old the analysed picture is when the analysis is
slow.

    python bench/capture.py [--seconds 10] [--rounds 3]

Reads a 1280×720 H.264 stream of 25 pictures a second from the tests' RTSP server, which sends every
picture when this machine's clock says so: the number in a picture tells its age, however long the
stream lasts.  Each round measures bare decoding and visitord's camera one after the other, in CPU
time of this process, so that other load falls on both; the ratio is that of the rounds' medians.
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
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

from rtsp import Server

FPS = 25
WIDTH, HEIGHT = 1280, 720
LENGTH_S = 40
BITS, BLOCK_PX = 12, 40  # the picture's number, as black and white blocks


def film(path: Path) -> None:
    """An empty room with sensor noise and the picture's number in its upper left corner."""
    random = np.random.default_rng(1)
    room = cv2.resize(random.integers(60, 200, (9, 16, 3)).astype(np.uint8), (WIDTH, HEIGHT))
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=FPS, options={"preset": "veryfast", "crf": "24", "g": "50", "bf": "0"}
        )
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(LENGTH_S * FPS):
            noise = (
                random.integers(-3, 4, (HEIGHT // 2, WIDTH // 2, 1), dtype=np.int16)
                .repeat(2, 0)
                .repeat(2, 1)
            )
            image = np.clip(room + noise, 0, 255).astype(np.uint8)
            for bit in range(BITS):
                image[:BLOCK_PX, bit * BLOCK_PX : (bit + 1) * BLOCK_PX] = 255 * (number >> bit & 1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))


def number_of(image: Image) -> int:
    centres = range(BLOCK_PX // 2, BITS * BLOCK_PX, BLOCK_PX)
    return sum((image[BLOCK_PX // 2, x, 1] > 127) << bit for bit, x in enumerate(centres))


def camera(url: str) -> tuple[Camera, threading.Event, threading.Event]:
    """A running camera, the event that a picture came, and the one that stops it."""
    ready, stop = threading.Event(), threading.Event()
    made = Camera(
        CameraConfig(name="bench", source=url), Source(Kind.STREAM, url), Clock(), stop, ready.set
    )
    threading.Thread(target=made.run, daemon=True).start()
    return made, ready, stop


def bare_cpu_s(url: str, seconds: float) -> float:
    """CPU seconds of decoding every picture for so long, and nothing else."""
    with av.open(url, options={"rtsp_transport": "tcp"}) as container:
        container.streams.video[0].thread_type = "SLICE"
        frames = container.decode(video=0)
        next(frames)
        start, cpu = time.monotonic(), time.process_time()
        while time.monotonic() - start < seconds:
            next(frames)
        return time.process_time() - cpu


def ours_cpu_s(url: str, seconds: float) -> tuple[float, float, int]:
    """CPU seconds of the camera and its motion gate, those of the gate alone, and pictures let
    through the gate.
    """
    made, ready, stop = camera(url)
    ready.wait(10)
    number_is_no_motion = Area(ignore=(((0.0, 0.0), (1.0, 0.0), (1.0, 0.1), (0.0, 0.1)),))
    gate, gate_s, searched = MotionGate(number_is_no_motion), 0.0, 0
    start, cpu = time.monotonic(), time.process_time()
    while (t := time.monotonic() - start) < seconds:
        ready.wait(1)
        ready.clear()
        if frame := made.take():
            before = time.thread_time()
            searched += gate.is_open(frame) and t > 5
            gate_s += time.thread_time() - before
    cpu = time.process_time() - cpu
    stop.set()
    return cpu, gate_s, searched


def age_s(image: Image) -> float:
    """How long ago a picture was sent, modulo the clip's length."""
    return (time.monotonic() * FPS - number_of(image)) % (LENGTH_S * FPS) / FPS


def newest(url: str, seconds: float, slow_s: float) -> Iterator[float]:
    """The age of each picture when a slow analysis gets it from our camera."""
    made, ready, stop = camera(url)
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        ready.wait(1)
        ready.clear()
        if frame := made.take():
            yield age_s(frame.image)
            time.sleep(slow_s)
    stop.set()


def every(url: str, seconds: float, slow_s: float) -> Iterator[float]:
    """The same for a program that analyses picture after picture; for 20 s at most, it only gets
    worse.
    """
    with av.open(url, options={"rtsp_transport": "tcp"}) as container:
        start = time.monotonic()
        for frame in container.decode(video=0):
            if time.monotonic() - start > min(seconds, 20):
                return
            yield age_s(frame.to_ndarray(format="bgr24"))
            time.sleep(slow_s)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--overload", type=float, default=30, help="seconds under a slow analysis")
    options.add_argument(
        "--slow", type=float, default=0.5, help="seconds the slow analysis takes for a picture"
    )
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        film(Path(name) / "room.mp4")
        with Server(Path(name)) as server:
            url = server.url("room.mp4")
            rounds = [
                (bare_cpu_s(url, given.seconds), ours_cpu_s(url, given.seconds))
                for _ in range(given.rounds)
            ]
            bare = statistics.median(b for b, _ in rounds)
            ours = statistics.median(o[0] for _, o in rounds)
            gate = statistics.median(o[1] for _, o in rounds)
            second = given.seconds
            print(f"bare decoding       {bare / second:.3f} CPU s per second of stream")
            print(
                f"camera and gate     {ours / second:.3f} CPU s: {ours / bare:.2f} times bare decoding (goal 1.3)"
            )
            print(
                f"of it motion gate   {gate / second:.4f} CPU s: {100 * gate / bare:.1f} % of decoding (goal 5 %)"
            )
            print(
                f"searched            {sum(o[2] for _, o in rounds)} pictures of the empty room after 5 s"
            )
            for title, look in (("newest picture", newest), ("every picture", every)):
                ages = sorted(look(url, given.overload, given.slow))
                at = {p: ages[min(len(ages) - 1, len(ages) * p // 100)] for p in (50, 95, 100)}
                print(
                    f"{title:<20}age p50 {at[50]:.2f} s, p95 {at[95]:.2f} s, highest {at[100]:.2f} s"
                )


if __name__ == "__main__":
    main()
