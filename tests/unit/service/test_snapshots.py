"""Pictures asked for in one thread and drawn in another."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from fixtures.build import picture
from visitord.core.errors import CameraError
from visitord.core.records import Image
from visitord.service import snapshots
from visitord.service.snapshots import SnapshotRequests


def draw(camera: str) -> Image | None:
    """A picture as bright as the camera's number, none of "door 0"."""
    number = int(camera.removeprefix("door "))
    return picture(value=number) if number else None


def test_each_gets_the_picture_asked_for() -> None:
    ready = threading.Event()
    requests = SnapshotRequests(ready.set)
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(requests.ask, f"door {n}") for n in range(4)]
        while not all(answer.done() for answer in answers):
            ready.wait(0.01)
            requests.serve(draw)
    first, *others = (answer.result() for answer in answers)
    assert first is None
    assert [int(np.max(image)) for image in others] == [1, 2, 3]


def test_who_waits_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "ANSWERED_WITHIN_S", 0.01)
    requests = SnapshotRequests(lambda: None)
    with pytest.raises(CameraError, match="too busy to draw a snapshot"):
        requests.ask("door 1")
    requests.serve(draw)  # a picture that is late disturbs nothing
