"""Pictures that other threads ask the vision thread for."""

import queue
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from visitord.core.errors import CameraError
from visitord.core.records import Image

ANSWERED_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class _Request:
    camera: str
    answer: Future[Image | None]


class SnapshotRequests:
    """`ask` may be called from any thread and waits; `serve` belongs to the thread that can draw.

    The queue has no limit: whoever asks waits for the answer, so as many requests wait as threads.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake  # the thread that serves
        self._requests: queue.SimpleQueue[_Request] = queue.SimpleQueue()

    def ask(self, camera: str) -> Image | None:
        """What the camera sees, None before its first picture; raises CameraError after a time."""
        request = _Request(camera, Future())
        self._requests.put(request)
        self._wake()
        try:
            return request.answer.result(ANSWERED_WITHIN_S)
        except TimeoutError:
            raise CameraError("The analysis is too busy to draw a snapshot; try again.") from None

    def serve(self, draw: Callable[[str], Image | None]) -> None:
        """Answer everyone who waits."""
        while not self._requests.empty():
            request = self._requests.get()
            request.answer.set_result(draw(request.camera))
