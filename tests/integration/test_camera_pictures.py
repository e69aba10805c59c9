"""Pictures that do not show what is there: damaged, frozen, covered.  They enrol nobody, and are
not called live.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fixtures import footage
from fixtures.databases import ask
from fixtures.installation import Box
from fixtures.rtsp import Server
from fixtures.running import Watched, running, states, wait, with_cameras
from visitord.capture.health import State
from visitord.core.records import Detection, Embedding, Image
from visitord.models.opencv_zoo import ZooPack
from visitord.store.database import Database
from visitord.vision.pipeline import Pipeline

ONE = "astronaut"


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A walker, and rooms: with damaged pictures on the way, or going wrong after 4 s, for 5 or 6
    s.
    """
    folder = tmp_path_factory.mktemp("clips")
    footage.encode(folder / "walk.mp4", footage.walking(footage.room(96), ONE, 12, 60))
    footage.encode(folder / "spoilt.mp4", _spoilt(footage.walking(footage.room(96), ONE, 12, 60)))
    footage.encode(folder / "empty.mp4", _spoilt(footage.room(120)))
    footage.encode(folder / "numbered.mp4", _spoilt(footage.counted(footage.room(120))))
    for name, change in {
        "frozen": footage.frozen(),
        "covered": footage.covered,
        "blank": _blank,
    }.items():
        pictures = footage.changed(footage.room(120), footage.between(48, 120, change))
        # Key frames of a picture that is frozen differ a little, until the encoder has settled:
        # none there.
        footage.encode(folder / f"{name}.mp4", pictures, key_s=10 if name == "frozen" else 0.5)
    footage.jpegs(
        folder / "repeated",
        footage.changed(footage.room(90), footage.between(40, 90, footage.frozen())),
    )
    return folder


def _spoilt(pictures: Iterator[Image]) -> Iterator[Image]:
    """Every fourth picture is damaged, each time in another way."""
    return footage.changed(pictures, footage.every(4, footage.damaged))


def _blank(n: int, picture: Image) -> Image:
    return (footage.green if n % 2 else footage.grey)(n, picture)


def test_damaged_pictures_enrol_nobody(box: Box, database: Database, clips: Path) -> None:
    """One person walks by in all; the pictures of two cameras are damaged on the way, one by lost
    packets.
    """

    def enough() -> bool:
        seen = dict(ask(database, "select camera, count(*) from sighting_log group by 1"))
        return seen.get("spoilt", 0) >= 2 and seen.get("lossy", 0) >= 1

    with Server(clips) as server, Server(clips, lose=0.01) as lossy:
        with_cameras(
            box,
            empty=server.url("empty.mp4"),
            spoilt=server.url("spoilt.mp4"),
            lossy={"source": lossy.url("walk.mp4"), "transport": "udp"},
        )
        with running(box) as daemon:
            wait(enough, 45, lambda: daemon.log)
            assert states(box) == {"empty": "live", "spoilt": "live", "lossy": "live"}
            assert daemon.end() == 0
    assert ask(database, "select name from visitor") == [("visitor 1",)]
    assert ask(database, "select count(*) from sighting_log where camera = 'empty'") == [(0,)]


class Counting:
    """A pack that counts the pictures in which it is asked for faces."""

    def __init__(self, pack: ZooPack) -> None:
        self._pack = pack
        self.asked = 0

    def detect(self, image: Image, *, still: bool = False) -> list[Detection]:
        self.asked += 1
        return self._pack.detect(image, still=still)

    def embed(self, crops: list[Image]) -> list[Embedding]:
        return self._pack.embed(crops)


def test_damaged_pictures_are_not_analysed_and_do_not_hold_the_motion_gate_open(
    pack: ZooPack, clips: Path
) -> None:
    counting, pictures, numbers = Counting(pack), 0, []
    pipeline = Pipeline(counting, "main")
    with (
        Server(clips) as server,
        Watched(server.url("empty.mp4")) as door,
        Watched(server.url("numbered.mp4")) as numbered,
    ):
        began = door.frame().t
        while (frame := door.frame()).t < began + 12:
            if frame.t < began + 4.5:  # the gate's warm-up
                counting.asked = pictures = 0
            pipeline.process(frame)
            pictures += 1
            numbers.append(footage.number(numbered.frame().image))
    assert pictures > 30
    assert counting.asked <= 0.4 * pictures, (
        f"faces were searched in {counting.asked} of {pictures} pictures"
    )
    assert None not in numbers  # green and grey pictures carry no number
    torn = [number for number in numbers if number is not None and number % 4 == 3]
    assert (
        len(torn) <= len(numbers) / 16
    )  # half of what was sent: the line may run where nothing changes


def test_a_picture_that_is_frozen_covered_or_damaged_for_long_is_stale_until_it_is_well(
    clips: Path,
) -> None:
    wrongs = {
        "frozen.mp4": "froz",
        "repeated": "froz",
        "covered.mp4": "cover",
        "blank.mp4": "damaged",
    }
    seen: dict[str, list[tuple[State, str]]] = {name: [] for name in wrongs}

    def watch(name: str, door: Watched) -> None:
        door.wait_for(State.LIVE, within_s=20)
        end, last = time.monotonic() + 26, None
        while time.monotonic() < end and len(seen[name]) < 3:
            health = door.camera.health()
            if health.state is not last:
                last = health.state
                seen[name].append(
                    (health.state, wrongs[name] if wrongs[name] in health.reason else health.reason)
                )
            time.sleep(0.1)

    with Server(clips) as rtsp, Server(clips, kind="mjpeg") as web, ExitStack() as stack:
        threads = []
        for name in wrongs:
            door = stack.enter_context(Watched((rtsp if name.endswith("mp4") else web).url(name)))
            threads.append(threading.Thread(target=watch, args=(name, door)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == {
        name: [(State.LIVE, ""), (State.STALE, reason), (State.LIVE, "")]
        for name, reason in wrongs.items()
    }
