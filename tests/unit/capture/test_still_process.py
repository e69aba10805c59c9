"""Decoding in a process of its own: what becomes of decoders that crash or hang."""

import os
import signal
import time
from collections.abc import Iterator

import numpy as np
import pytest

from fixtures.pictures import jpeg
from visitord.capture.still_decoder import DAMAGED, Refused
from visitord.capture.still_process import CRASHED, HANGS, StillProcess
from visitord.core.records import Image

CRASH = b"crash"
HANG = b"hang"
LARGE_PX = 5000


def scripted(content: bytes) -> Image | Refused:
    """Does what it is told, in the other process."""
    if content == CRASH:
        os.kill(os.getpid(), signal.SIGSEGV)
    if content == HANG:
        time.sleep(3600)
    return np.full((LARGE_PX, 3, 3), len(content), np.uint8)


@pytest.fixture(scope="module")
def process() -> Iterator[StillProcess]:
    process = StillProcess(scripted)
    yield process
    process.close()


def test_a_picture_comes_whole_from_the_other_process(process: StillProcess) -> None:
    for length in (7, 200):
        image = process.decode(bytes(length))
        assert isinstance(image, np.ndarray)
        assert image.shape == (LARGE_PX, 3, 3)
        assert (image == length).all()


def test_a_crash_is_told_and_the_next_picture_is_decoded(process: StillProcess) -> None:
    assert process.decode(CRASH) == CRASHED
    assert isinstance(process.decode(b"next"), np.ndarray)


def test_a_decoder_that_hangs_is_ended() -> None:
    hanging = StillProcess(scripted, within_s=0.1)
    assert hanging.decode(HANG) == HANGS


def test_what_is_refused_there_is_refused_here() -> None:
    process = StillProcess()
    assert process.decode(b"no picture") == DAMAGED
    image = process.decode(jpeg(64, 48))
    assert isinstance(image, np.ndarray)
    assert image.shape == (48, 64, 3)
    process.close()
