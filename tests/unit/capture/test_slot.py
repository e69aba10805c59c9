"""The newest frame, waiting to be taken."""

from fixtures.build import frame
from visitord.capture.slot import Slot


def test_an_empty_slot_gives_nothing() -> None:
    assert Slot().take() is None


def test_a_frame_is_taken_once() -> None:
    slot = Slot()
    one = frame(0.0)
    assert slot.put(one) is False
    assert slot.take() is one
    assert slot.take() is None


def test_a_newer_frame_replaces_one_that_was_never_taken_and_says_so() -> None:
    slot = Slot()
    first, second = frame(0.0), frame(1.0)
    assert (slot.put(first), slot.put(second)) == (False, True)
    assert slot.take() is second
    assert slot.put(first) is False, "what was taken is not lost"
