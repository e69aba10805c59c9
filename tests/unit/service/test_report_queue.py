"""Reports between the vision thread and the recorder's."""

import logging
import threading
import time
from dataclasses import replace

import pytest

from fixtures.build import report, uid
from visitord.service.report_queue import ReportQueue


def test_of_each_track_only_the_newest_report_waits() -> None:
    queue = ReportQueue()
    older, newer = report(n=1, final=False), report(n=1, length_s=5, final=False)
    queue.put(older, on_disk=False)
    queue.put(newer, on_disk=False)
    assert len(queue) == 1
    assert queue.oldest() is newer
    assert queue.take_unseen() == [newer]


def test_a_track_that_goes_on_waits_behind_those_that_came_meanwhile() -> None:
    queue = ReportQueue()
    first, second = report(n=1, final=False), report(n=2)
    queue.put(first, on_disk=False)
    queue.put(second, on_disk=False)
    queue.put(replace(first, final=True), on_disk=False)
    assert queue.oldest() is second


def test_what_is_on_disk_is_only_to_be_seen() -> None:
    queue = ReportQueue()
    still_open, ended = report(n=1, final=False), report(n=1)
    queue.put(still_open, on_disk=False)
    queue.put(ended, on_disk=True)
    assert queue.oldest() is None
    assert queue.take_unseen() == [ended]
    assert queue.take_unseen() == []


def test_a_report_that_was_written_goes_unless_a_newer_one_came_meanwhile() -> None:
    queue = ReportQueue()
    older, newer = report(n=1, final=False), report(n=1, length_s=5)
    queue.put(older, on_disk=False)
    queue.put(newer, on_disk=False)
    queue.remove(older)
    assert queue.oldest() is newer
    queue.remove(newer)
    assert len(queue) == 0


def test_a_newer_report_stays_unseen_when_an_older_one_was_looked_at() -> None:
    queue = ReportQueue()
    older, newer = report(n=1, final=False), report(n=1, length_s=5, final=False)
    queue.put(newer, on_disk=False)
    queue.mark_seen(older)
    assert queue.take_unseen() == [newer]
    queue.put(newer, on_disk=False)
    queue.mark_seen(newer)
    assert queue.take_unseen() == []


def test_when_all_on_disk_is_written_only_what_waits_in_memory_is_left() -> None:
    queue = ReportQueue()
    in_memory, on_disk = report(n=1), report(n=2)
    queue.put(in_memory, on_disk=False)
    queue.put(on_disk, on_disk=True)
    assert queue.keep_unwritten() == {uid(1)}
    assert queue.take_unseen() == [in_memory]


def test_full_loses_the_oldest_sighting_counts_it_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    queue = ReportQueue(tracks_max=2)
    for n in (1, 2, 3, 4):
        queue.put(report(n=n), on_disk=False)
    assert len(queue) == 2
    assert queue.keep_unwritten() == {uid(3), uid(4)}
    assert queue.lost == 2
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert "a sighting was dropped (2 so far)" in caplog.text


def test_full_of_what_is_on_disk_loses_no_sighting(caplog: pytest.LogCaptureFixture) -> None:
    queue = ReportQueue(tracks_max=2)
    for n in (1, 2, 3):
        queue.put(report(n=n), on_disk=True)
    assert [track.sighting_id for track in queue.take_unseen()] == [uid(2), uid(3)]
    assert queue.lost == 0
    assert caplog.text == ""


def test_a_report_ends_the_wait() -> None:
    queue = ReportQueue()
    threading.Timer(0.05, queue.put, [report()], {"on_disk": False}).start()
    began = time.monotonic()
    queue.wait(10)
    assert time.monotonic() - began < 5
    began = time.monotonic()
    queue.wait(0.05)
    assert time.monotonic() - began >= 0.04, "it was heard once"
