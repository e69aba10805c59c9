"""A database that is slow, cut off, away, of another version or never there: nothing is lost, all
is written once.
"""

import logging
import random
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures import crashing
from fixtures.contents import contents
from fixtures.databases import copied, until_someone_waits
from fixtures.films import Walk, film
from fixtures.installation import Box
from fixtures.proxy import Proxy
from fixtures.reports import axis, report
from fixtures.running import running, with_cameras
from fixtures.visit_log import RULE, SITE, prepared
from fixtures.waiting import join, wait
from visitord.core.errors import DatabaseError
from visitord.core.records import (
    Arrival,
    DecidedSighting,
    Decision,
    TrackReport,
    Verdict,
)
from visitord.identity import decision
from visitord.identity.thresholds import MatchRule
from visitord.store import migrate, sightings
from visitord.store.database import Database
from visitord.store.site import declare_site
from visitord.store.spool import Spool, Waiting, waiting


class RemoteRecorder:
    """A recorder with a spool that runs in a thread, behind a network that can be spoilt."""

    def __init__(self, url: str, folder: Path) -> None:
        self.network = Proxy(url)
        self.path = folder / "spool.db"
        self.direct = Database(url)
        database = Database(self.network.url("hidden-word"))
        declare_site(self.direct, SITE)
        self.arrivals: list[Arrival] = []
        self.failed = 0  # tries

        def prepare() -> MatchRule:
            migrate.require_current(database)
            return RULE

        spool = Spool(self.path, 100_000_000, "pack-1")
        self.recorder = prepared(database, self.arrivals.append, prepare=prepare, spool=spool)
        handle_next = self.recorder._try

        def counted() -> bool:
            try:
                return handle_next()
            except DatabaseError:
                self.failed += 1
                raise

        self.recorder._try = counted  # type: ignore[method-assign]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.recorder.run, args=(self._stop,), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, *tracks: TrackReport) -> None:
        for track in tracks:
            self.recorder.submit(track)

    def all_written(self, refused: int = 0) -> None:
        """Wait until nothing waits any more, on disk or in memory."""
        wait(
            lambda: waiting(self.path) == Waiting(0, refused) and not len(self.recorder._queue),
            lambda: f"{waiting(self.path)}, {len(self.recorder._queue)} in memory",
        )

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with self.direct.transaction() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def change(self, statement: str) -> None:
        with self.direct.transaction() as cursor:
            cursor.execute(statement)

    def end(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            join(self._thread)
        self.network.away()
        self.direct.close()


@pytest.fixture
def remote(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> Iterator[RemoteRecorder]:
    made = RemoteRecorder(database_url, tmp_path)
    yield made
    made.end()
    assert "hidden-word" not in caplog.text


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        r.getMessage()
        for r in caplog.records
        if r.name == "visitord.service.recorder" and r.levelno == logging.WARNING
    ]


def test_a_network_that_cuts_delays_and_goes_away_changes_nothing(
    remote: RemoteRecorder,
    database_url: str,
    server_url: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Cut before a statement arrives or before its answer does, commits most of all: who cannot
    tell tries again.
    """
    chance = random.Random(3)

    def fault(sent: bytes) -> str:
        often = 0.15 if b"COMMIT" in sent else 0.01
        return (
            chance.choice(["cut", "unheard", "unheard", "slow"]) if chance.random() < often else ""
        )

    tracks = crashing.day(120)
    remote.network.fault = fault
    remote.start()
    for i, track in enumerate(tracks):
        remote.submit(track)
        if i == 60:
            remote.network.away()
            threading.Timer(2, remote.network.back).start()
    remote.all_written()
    remote.network.fault = lambda _: ""
    assert {"cut", "unheard", "slow"} == set(remote.network.faults)
    assert len(warnings(caplog)) == remote.failed >= 5
    assert remote.recorder._filed == {}
    assert remote.recorder._queue.lost == 0
    with copied(server_url) as calm_url:
        crashing.play(calm_url, tmp_path / "calm.db", tracks=tracks)
        expected = contents(calm_url)
    assert contents(database_url) == expected
    assert len(expected["sighting"]) == len({t.sighting_id for t in tracks if t.final})


def test_while_the_database_is_away_tracks_wait_on_disk_only_and_it_recovers_by_itself(
    remote: RemoteRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    remote.network.away()
    remote.start()
    remote.submit(*(report(axis(i), 10 * i) for i in range(40)))
    assert waiting(remote.path) == Waiting(40)
    assert len(remote.recorder._queue) == 0
    wait(lambda: remote.failed >= 3)
    assert len(warnings(caplog)) in (
        remote.failed,
        remote.failed - 1,
    )  # the last one may be about to be logged
    assert all("cannot be used" in text for text in warnings(caplog))
    assert not any("memory" in text for text in warnings(caplog))
    assert remote.recorder._filed == {}
    remote.network.back()
    remote.all_written()
    assert [a.name for a in remote.arrivals] == [
        f"visitor {i + 1}" for i in range(40)
    ]  # it never knew anybody


def test_a_row_that_is_never_taken_goes_aside_with_its_reason_and_the_rest_flows_on(
    remote: RemoteRecorder,
) -> None:
    remote.submit(report(axis(0), 0), report(axis(1), 5, camera="x" * 100), report(axis(0), 200))
    remote.start()
    remote.all_written(refused=1)
    assert [a.name for a in remote.arrivals] == ["visitor 1", "visitor 1"]
    assert remote.recorder._spool
    ((reason,),) = remote.recorder._spool._file.execute("select refused from waiting").fetchall()
    assert "sighting_camera_check" in reason
    assert remote.failed == 0


def test_what_the_disk_does_not_take_waits_in_memory_and_is_written_all_the_same(
    remote: RemoteRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    assert remote.recorder._spool
    file = remote.recorder._spool._file
    (pages,) = file.execute("pragma page_count").fetchone()
    remote.submit(report(axis(0), 0))
    file.execute(f"pragma max_page_count = {pages}")
    remote.submit(report(axis(1), 100))
    assert waiting(remote.path) == Waiting(1)
    assert "disk is full. A sighting waits in memory only." in caplog.text
    remote.start()
    remote.all_written()
    assert [a.name for a in remote.arrivals] == ["visitor 1", "visitor 2"]
    remote.submit(report(axis(0), 200))
    remote.all_written()
    assert remote.rows("select count(*) from sighting") == [(3,)]


def test_what_is_not_a_rows_own_fault_holds_all_rows_until_it_is_mended(
    remote: RemoteRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    """A table that is missing, as amid a restore: no sighting may be given up for it."""
    remote.change("alter table sighting rename to elsewhere")
    remote.submit(report(axis(0), 0), report(axis(1), 5))
    remote.start()
    wait(lambda: remote.failed >= 2)
    assert waiting(remote.path) == Waiting(2)
    assert 'relation "sighting" does not exist' in warnings(caplog)[0]
    remote.change("alter table elsewhere rename to sighting")
    remote.all_written()
    assert remote.rows("select count(*) from sighting") == [(2,)]


def test_a_commit_that_is_still_under_way_when_its_sighting_is_tried_again_is_waited_for(
    remote: RemoteRecorder,
) -> None:
    """The connection broke, or the box died, after the commit was sent, and the server is slow to
    do it.
    """
    track = report(axis(0), 0)
    pooled = decision.pool(track.samples)
    verdict = Verdict(
        Decision.ENROLLED, decision.new_identity_id(track.sighting_id), None, None, "for tests"
    )
    before = DecidedSighting(
        track, verdict, pooled, "pack-1", decision.template_update(track, verdict, pooled, 0)
    )
    with remote.direct.another().transaction() as cursor:
        sightings.write(cursor, before, SITE)
        remote.submit(track)
        remote.start()
        until_someone_waits(remote.direct)
    remote.all_written()
    assert (
        remote.rows("select count(*) from sighting")
        == remote.rows("select count(*) from identity")
        == [(1,)]
    )
    assert remote.failed == 0


def test_a_newer_schema_stops_the_writing_until_it_is_taken_back(
    remote: RemoteRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    remote.start()
    remote.submit(report(axis(0), 0))
    remote.all_written()
    remote.change(
        "insert into _yoyo_migration (migration_hash, migration_id, applied_at_utc) "
        "values ('x', '9999_later', now())"
    )
    wait(lambda: remote.failed >= 1)  # without a track that comes
    remote.submit(report(axis(1), 100), report(axis(0), 200))
    wait(lambda: "migrated by a newer visitord (9999_later)" in "".join(warnings(caplog)))
    assert waiting(remote.path) == Waiting(2)
    assert remote.rows("select count(*) from sighting") == [(1,)]
    remote.change("delete from _yoyo_migration where migration_id = '9999_later'")
    remote.all_written()
    assert [a.name for a in remote.arrivals] == ["visitor 1", "A new visitor", "visitor 1"]


def test_a_start_without_the_database_keeps_sightings_and_writes_them_when_it_appears(
    database_url: str, tmp_path: Path, models_dir: Path
) -> None:
    clip = film(tmp_path / "walk.mp4", [Walk("astronaut", 1, 4)], 6)
    with Proxy(database_url) as network:
        network.away()
        box = Box.at(tmp_path / "box", models_dir, network.url("hidden-word"))
        with_cameras(box, tape=str(clip))
        with running(box) as daemon:
            daemon.wait_for("Until then nobody is recognised; sightings are kept in")
            daemon.wait_for("Camera tape is ended")
            wait(lambda: waiting(box.folder / "state" / "spool.db") == Waiting(1))
            told = box.run("visitorctl", "status")
            assert told.out.startswith("1 sightings wait on disk for the database")
            told.fails_with("127.0.0.1", "cannot be used", "database.url")
            assert re.search("tape +ended", told.out)  # as the daemon itself says
            assert "arrived" not in daemon.log
            network.back()
            daemon.wait_for("visitor 1 arrived at tape (first visit)")
            wait(lambda: waiting(box.folder / "state" / "spool.db") == Waiting())
            told_then = box.ok("visitorctl", "status")
            assert "1 sightings (0 pending)" in told_then
            assert "wait on disk" not in told_then
            assert daemon.end(signal.SIGTERM) == 0
    assert "Traceback" not in daemon.log
    assert "hidden-word" not in daemon.log + daemon.printed + told.out + told.err + told_then
