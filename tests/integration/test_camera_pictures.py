"""Pictures that do not show what is there: damaged, frozen, covered.  They enrol nobody, and are
not called live.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fixtures import footage
from fixtures.build import after
from fixtures.databases import ask
from fixtures.installation import Box
from fixtures.rtsp import Server
from fixtures.running import Watched, running, states, with_cameras
from fixtures.waiting import wait
from visitord.capture import recordings
from visitord.capture.health import State
from visitord.capture.inspection import Inspector
from visitord.core.records import Detection, Embedding, Frame, Image
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
            wait(enough, lambda: daemon.log)
            all_live = dict.fromkeys(("empty", "spoilt", "lossy"), "live")
            wait(lambda: states(box) == all_live, lambda: states(box))
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

    def refined(self, image: Image, detection: Detection) -> Detection:
        return self._pack.refined(image, detection)

    def embed(self, crops: list[Image]) -> list[Embedding]:
        return self._pack.embed(crops)


def _offered(clip: Path) -> Iterator[Frame]:
    """The pictures of a clip that a camera offers to the analysis, however busy the machine is."""
    inspector = Inspector()
    for picture in recordings.read(clip, 8.0):
        if not inspector.flaw(picture):
            yield Frame("door", picture, after(picture.t), picture.t)


def test_damaged_pictures_are_not_analysed_and_do_not_hold_the_motion_gate_open(
    pack: ZooPack, clips: Path
) -> None:
    counting, pictures = Counting(pack), 0
    pipeline = Pipeline(counting, "main")
    for frame in _offered(clips / "empty.mp4"):
        if frame.t < 4.5:  # the gate's warm-up
            counting.asked = pictures = 0
        pipeline.process(frame)
        pictures += 1
    assert pictures > 25
    assert counting.asked <= 0.4 * pictures, (
        f"faces were searched in {counting.asked} of {pictures} pictures"
    )

    numbers = [footage.number(frame.image) for frame in _offered(clips / "numbered.mp4")]
    assert None not in numbers  # green and grey pictures carry no number
    torn = [number for number in numbers if number is not None and number % 4 == 3]
    assert (
        len(torn) <= len(numbers) / 16
    )  # half of what was sent: the line may run where nothing changes


def test_a_picture_that_is_frozen_covered_or_damaged_for_long_is_stale_until_it_is_well(
    clips: Path,
) -> None:
    reasons = {
        "frozen.mp4": "froz",
        "repeated": "froz",
        "covered.mp4": "cover",
        "blank.mp4": "damaged",
    }

    def follow(name: str) -> None:
        server = rtsp if name.endswith("mp4") else web
        with Watched(server.url(name), stale_after_s=2.0) as door:
            door.wait_for(State.LIVE)
            door.wait_for(State.STALE, reasons[name])
            door.wait_for(State.LIVE)

    with (
        Server(clips) as rtsp,
        Server(clips, kind="mjpeg") as web,
        ThreadPoolExecutor() as pool,
    ):
        list(pool.map(follow, reasons))
