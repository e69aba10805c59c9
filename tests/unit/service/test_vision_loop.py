"""The vision thread: each camera's newest picture, what comes of it, and its end."""

import threading
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fixtures.build import after, frame, picture, report, uid
from fixtures.scripted import ManualClock, SetClock, configured
from visitord.capture.camera import Health, State
from visitord.core.clock import Clock
from visitord.core.records import Frame, Image, TrackReport
from visitord.core.stages import WITHIN_S, Stage
from visitord.service.vision_loop import WARM_UP_WITHIN_S, View, VisionLoop
from visitord.vision.search import Choice

ZONE = ZoneInfo("Asia/Kathmandu")


class OneCamera:
    """Gives these pictures, one at a look, then stops the loop."""

    def __init__(self, stop: threading.Event, *frames: Frame | None) -> None:
        self.settings = configured()
        self.now = Health("door", State.LIVE)
        self._stop = stop
        self._frames = list(frames)

    def take(self) -> Frame | None:
        frame = self._frames.pop(0)
        if not self._frames:
            self._stop.set()
        return frame

    def health(self) -> Health:
        return self.now


class ScriptedPipeline:
    """Says which of its methods was called by the number of the track that it reports."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.zones: list[tzinfo] = []
        self.choice = Choice([(0, 0, 4, 4)], put_off=2)

    def process(self, _: Frame) -> list[TrackReport]:
        return [report(n=1)]

    def expire(self, _: float) -> list[TrackReport]:
        return [report(n=2)]

    def flush(self) -> list[TrackReport]:
        return [report(n=3)]

    def snapshot(self, note: str, zone: tzinfo) -> Image | None:
        self.notes.append(note)
        self.zones.append(zone)
        return picture()


class Told(Stage):
    """A stage that keeps what was said of it."""

    def __init__(self, name: str, clock: Clock) -> None:
        super().__init__(name, clock)
        self.within_s: list[float] = []

    def beat(self, within_s: float = WITHIN_S) -> None:
        self.within_s.append(within_s)


class Bench:
    """A loop on a scripted camera and pipeline, with what it handed over."""

    def __init__(self, *frames: Frame | None) -> None:
        self.stop = threading.Event()
        self.ready = threading.Event()
        self.reports: list[TrackReport] = []
        self.camera: Any = OneCamera(self.stop, *frames)
        self.pipeline: Any = ScriptedPipeline()
        views = [View(self.camera, self.pipeline)]
        self.stage = Told("vision", SetClock(after(0)))
        clock = ManualClock()
        self.loop = VisionLoop(views, self.ready, clock, self.reports.append, self.stage, ZONE)

    def run(self) -> list[int]:
        self.ready.set()
        thread = threading.Timer(0.05, self.ready.set)
        thread.start()
        self.loop.run(self.stop)
        thread.join()
        return [made.sighting_id.int for made in self.reports]


def test_a_picture_is_analysed_and_without_one_tracks_may_end() -> None:
    assert Bench(frame(0), None).run() == [1, 2, 3]


def test_it_says_before_each_look_that_it_goes_on_and_allows_the_first_picture_more() -> None:
    bench = Bench(None, frame(0), None, frame(1))
    bench.ready.wait = lambda _timeout=None: True  # type: ignore[method-assign]
    bench.run()
    looks = [WITHIN_S, WARM_UP_WITHIN_S, WITHIN_S, WITHIN_S]
    snapshots = [WITHIN_S] * 4
    assert bench.stage.within_s[::2] == looks
    assert bench.stage.within_s[1::2] == snapshots


def test_at_the_end_open_tracks_are_handed_over() -> None:
    assert Bench(None).run()[-1] == uid(3).int


def test_places_that_wait_in_picture_after_picture_are_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench(*(frame(float(n)) for n in range(65)))
    bench.ready.wait = lambda timeout=None: True  # type: ignore[method-assign]
    bench.run()
    (line,) = caplog.messages
    assert "Camera door" in line
    assert "of about 3 places" in line


@pytest.mark.parametrize(
    ("health", "note"),
    [
        (Health("door", State.LIVE), ""),
        (Health("door", State.GONE, "no answer"), "LAST PICTURE: gone: no answer"),
    ],
)
def test_a_snapshot_says_when_it_is_an_old_one(health: Health, note: str) -> None:
    bench = Bench(None)
    bench.camera.now = health
    found: list[Image | None] = []
    asking = threading.Thread(target=lambda: found.append(bench.loop.snapshot("door")))
    asking.start()
    assert bench.ready.wait(5)
    bench.loop.run(bench.stop)
    asking.join(5)
    assert len(found) == 1
    assert found[0] is not None
    assert bench.pipeline.notes == [note]
    assert bench.pipeline.zones == [ZONE], "its times are those of the site"


def test_of_a_camera_that_is_not_read_there_is_no_snapshot() -> None:
    assert Bench().loop.snapshot("off") is None
