"""While the database is away people are recognised by what is known in memory, and what is written
is the same.
"""

import os
import threading
from collections.abc import Callable, Iterator
from errno import ENOSPC
from pathlib import Path
from uuid import uuid4

import pytest

from fixtures.proxy import Proxy
from fixtures.reports import START, axis, report
from fixtures.visit_log import RULE, SITE, prepared
from fixtures.waiting import join, wait
from visitord.core.clock import Clock
from visitord.core.records import Arrival, TrackReport
from visitord.identity.thresholds import MatchRule
from visitord.service.recorder import Phase, Recorder, RecorderSettings
from visitord.store import corrections, erasure, merges, migrate, people, spool, templates
from visitord.store.database import Database
from visitord.store.gallery_cache import GalleryFile
from visitord.store.site import declare_site
from visitord.store.spool import Spool, Waiting, waiting


class Running:
    """A recorder as a daemon has it, behind a network that can go away."""

    def __init__(self, url: str, folder: Path, *, away: bool = False, vector: bool = False) -> None:
        self.network = Proxy(url)
        self.folder, self.direct = folder, Database(url)
        self.arrivals: list[Arrival] = []
        database = Database(self.network.url("word"))
        declare_site(self.direct, SITE)
        if away:
            self.network.away()

        def prepare() -> MatchRule:
            migrate.require_current(database)
            return RULE

        self.recorder = Recorder(
            database,
            RecorderSettings(SITE, "pack-1", 128, vector),
            prepare,
            self.arrivals.append,
            Clock(),
            spool=Spool(folder / "spool.db", 100_000_000, "pack-1"),
            gallery_file=GalleryFile(folder / "gallery.json", "pack-1", Clock()),
        )
        if away:
            self.recorder.remember()
        else:
            self.recorder.prepare()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.recorder.run, args=(self._stop,), daemon=True)
        self._thread.start()

    def submit(self, *tracks: TrackReport) -> None:
        for track in tracks:
            self.recorder.submit(track)

    def told(self, *names: str) -> None:
        """Wait until so many arrivals were told; they must be these."""
        wait(
            lambda: len(self.arrivals) >= len(names),
            lambda: str([a.name for a in self.arrivals]),
        )
        assert [a.name for a in self.arrivals] == list(names)

    def settle(self) -> None:
        wait(
            lambda: (
                waiting(self.folder / "spool.db") == Waiting() and not len(self.recorder._queue)
            ),
        )

    def settle_spool(self) -> None:
        wait(lambda: waiting(self.folder / "spool.db") == Waiting())

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with self.direct.transaction() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def end(self) -> None:
        self._stop.set()
        join(self._thread)
        self.network.away()
        self.direct.close()


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    made: list[Running] = []

    def one(**more: bool) -> Running:
        made.append(Running(database_url, tmp_path, **more))
        return made[-1]

    yield one
    for running in made:
        if running._thread.is_alive():
            running.end()


def away(box: Running) -> None:
    box.network.away()
    wait(lambda: box.recorder.phase is Phase.AWAY)


def test_who_is_known_is_recognised_and_who_is_new_is_recognised_the_next_time(
    start: Callable[..., Running],
) -> None:
    box = start()
    box.submit(report(axis(0), 0))
    box.told("visitor 1")
    away(box)
    box.submit(report(axis(0, 1, 0.8), 1000))
    box.submit(report(axis(5), 2000))
    box.submit(report(axis(5, 6, 0.8), 3000))
    box.told("visitor 1", "visitor 1", "A new visitor", "A new visitor")
    assert len({a.visitor_id for a in box.arrivals}) == 2
    assert [str(a) for a in box.arrivals[1:2]] == [
        "visitor 1 arrived at door (the database is away)"
    ]
    assert box.rows("select count(*) from sighting") == [(1,)]
    box.network.back()
    box.settle()
    written = "select visitor_id, started_at from visit_log order by started_at"
    assert box.rows(written) == [(a.visitor_id, a.at) for a in box.arrivals]
    assert len(box.arrivals) == 4  # nobody is told twice
    box.submit(report(axis(5), 4000))
    box.told(*(a.name for a in box.arrivals[:4]), "visitor 2")
    assert str(box.arrivals[-1]) == "visitor 2 arrived at door (visit 3)"


def test_one_visit_is_told_once_whether_it_began_before_or_during_the_outage(
    start: Callable[..., Running],
) -> None:
    box = start()
    first = uuid4()
    box.submit(report(axis(0), 0, length_s=2, final=False, sighting_id=first))
    box.submit(report(axis(0), 0, length_s=4, sighting_id=first))
    box.told("visitor 1")
    away(box)
    box.submit(report(axis(0), 10))
    track = uuid4()
    for length_s in (1, 2, 3):
        box.submit(report(axis(0), 20, length_s=length_s, final=length_s == 3, sighting_id=track))
        box.submit(report(axis(7), 500 + length_s, length_s=3))
    box.told("visitor 1", "A new visitor")
    box.network.back()
    box.settle()
    assert box.rows("select sightings from visit_log order by started_at") == [(3,), (3,)]
    assert len(box.arrivals) == 2


def test_the_arrival_of_somebody_ignored_is_not_told(start: Callable[..., Running]) -> None:
    box = start()
    box.submit(report(axis(0), 0))
    box.told("visitor 1")
    with box.direct.transaction() as cursor:
        people.ignore(cursor, people.find(cursor, "1"))
    wait(lambda: box.recorder._known.gallery.name(box.arrivals[0].visitor_id) is None)
    away(box)
    box.submit(report(axis(0), 1000), report(axis(1), 2000))
    box.told("visitor 1", "A new visitor")


def test_two_people_in_one_picture_stay_two(start: Callable[..., Running]) -> None:
    box = start()
    box.submit(report(axis(9), 0))
    box.told("visitor 1")
    away(box)
    one, other = uuid4(), uuid4()
    box.submit(report(axis(0), 1000, sighting_id=one, together=[other]))
    box.told("visitor 1", "A new visitor")
    box.submit(report(axis(0, 1, 0.8), 1000, sighting_id=other, together=[one]))
    box.told("visitor 1", "A new visitor", "A new visitor")
    assert len({a.visitor_id for a in box.arrivals}) == 3
    box.network.back()
    box.settle()
    assert box.rows("select count(*) from visitor") == [(3,)]


def test_a_start_without_the_database_knows_whom_it_knew(
    start: Callable[..., Running], tmp_path: Path
) -> None:
    box = start()
    box.submit(report(axis(0), 0), report(axis(1), 100))
    box.settle()
    with box.direct.transaction() as cursor:
        people.rename(cursor, people.find(cursor, "2"), "Ada")
    file = tmp_path / "gallery.json"
    wait(lambda: file.exists() and b"Ada" in file.read_bytes())
    assert file.stat().st_mode & 0o777 == 0o600
    box.end()
    later = start(away=True)
    later.submit(report(axis(1), 5000))
    later.told("Ada")
    later.network.back()
    later.settle()
    later.submit(report(axis(1), 9000))
    later.told("Ada", "Ada")
    assert later.rows("select count(*) from visitor") == [(2,)]


def test_a_start_without_the_database_and_without_a_gallery_keeps_sightings(
    start: Callable[..., Running], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "gallery.json").write_text('{"pack": 3')
    box = start(away=True)
    box.submit(report(axis(0), 0))
    wait(lambda: not box.recorder._queue._unseen)
    assert box.recorder.phase is Phase.PREPARING
    assert box.arrivals == []
    assert "gallery.json cannot be used: " in caplog.text
    assert waiting(tmp_path / "spool.db") == Waiting(1)
    box.network.back()
    box.told("visitor 1")


def test_a_kept_gallery_of_another_recogniser_is_not_used(
    start: Callable[..., Running], tmp_path: Path
) -> None:
    box = start()
    box.submit(report(axis(0), 0))
    wait((tmp_path / "gallery.json").exists)
    assert GalleryFile(tmp_path / "gallery.json", "pack-1", Clock()).load()
    assert GalleryFile(tmp_path / "gallery.json", "pack-2", Clock()).load() is None


def full_disk(_: int) -> None:
    raise OSError(ENOSPC, os.strerror(ENOSPC))


def test_a_gallery_that_cannot_be_written_is_deleted_rather_than_left_behind(
    database: Database,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may hold somebody who was forgotten since."""
    declare_site(database, SITE)
    gallery_file = GalleryFile(tmp_path / "gallery.json", "pack-1", Clock())
    recorder = prepared(database, gallery_file=gallery_file)
    recorder.handle(report(axis(0), 0))
    recorder._follow()
    assert (tmp_path / "gallery.json").exists()
    with database.transaction() as cursor:
        erasure.forget(cursor, people.find(cursor, "1"))
    monkeypatch.setattr("visitord.core.files.os.fsync", full_disk)
    recorder._follow()
    assert not (tmp_path / "gallery.json").exists()
    assert "gallery.json cannot be written: " in caplog.text


def test_a_daemon_whose_database_goes_before_it_was_asked_tells_nobody_rather_than_wrongly(
    database: Database, tmp_path: Path
) -> None:
    declare_site(database, SITE)
    arrivals: list[Arrival] = []
    network = Proxy(database.url)
    network.away()
    recorder = prepared(Database(network.url("word")), arrivals.append)
    stop = threading.Event()
    thread = threading.Thread(target=recorder.run, args=(stop,), daemon=True)
    thread.start()
    recorder.submit(report(axis(0), 0))
    wait(lambda: recorder.phase is Phase.AWAY and not recorder._queue._unseen)
    assert arrivals == []
    network.back()
    wait(lambda: len(arrivals) == 1)
    stop.set()
    join(thread)
    network.away()


def test_an_arrival_told_while_its_track_was_open_is_not_told_again_when_it_ends(
    start: Callable[..., Running],
) -> None:
    box = start()
    box.submit(report(axis(0), 0))
    box.told("visitor 1")
    away(box)
    track, later = uuid4(), uuid4()
    box.submit(report(axis(0), 1000, length_s=1, final=False, sighting_id=track))
    box.told("visitor 1", "visitor 1")
    box.submit(
        report(axis(0, 1, 0.45), 1000, length_s=2, final=False, sighting_id=track)
    )  # not certain any more
    box.submit(report(axis(0), 1003, sighting_id=later))  # ends first, and is written first
    box.network.back()
    box.settle_spool()
    box.submit(report(axis(0), 1000, length_s=9, sighting_id=track))
    box.settle()
    assert box.rows("select sightings from visit_log order by started_at") == [(1,), (2,)]
    assert len(box.arrivals) == 2


def test_what_was_guessed_of_a_track_that_is_never_written_is_forgotten(
    start: Callable[..., Running],
) -> None:
    box = start()
    box.submit(report(axis(0), 0))
    box.told("visitor 1")
    away(box)
    stranger = report(axis(5), 1000)
    box.submit(stranger)
    box.told("visitor 1", "A new visitor")
    spool.erase(box.folder / "spool.db", [stranger.sighting_id])
    box.network.back()
    wait(
        lambda: (
            box.recorder.phase is Phase.FOLLOWING and not box.recorder._presence.template_updates()
        ),
    )
    away(box)
    assert len(box.recorder._known.gallery) == 1


def test_a_database_that_is_only_busy_does_not_cost_the_gallery(
    start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    box = start()
    box.submit(report(axis(0), 0))
    box.told("visitor 1")
    box.settle()
    wait(lambda: (box.recorder._known.version or 0) > 0)
    held = box.recorder._known.gallery
    with box.direct.transaction() as cursor:
        cursor.execute("lock table identity")
        box.submit(report(axis(0), 1000))
        wait(lambda: box.recorder.phase is Phase.AWAY)
    box.settle()
    assert box.recorder._known.gallery is held


def test_a_disk_that_does_not_take_the_gallery_is_said_and_harms_nothing(
    start: Callable[..., Running],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("visitord.core.files.os.fsync", full_disk)
    box = start()
    box.submit(report(axis(0), 0))
    box.told("visitor 1")
    wait(lambda: "gallery.json cannot be written: " in caplog.text)


def followed(database: Database, box: Recorder) -> list[tuple[object, ...]]:
    """What the box holds once it has caught up, next to what a box holds that starts now."""
    box._follow()
    fresh = prepared(Database(database.url))
    fresh._follow()
    assert box._known.version == fresh._known.version
    held = [
        sorted(
            (t.template_id, t.identity_id, t.root_id, t.name, t.embedding.tobytes())
            for t in r._known.gallery
        )
        for r in (box, fresh)
    ]
    assert held[0] == held[1]
    return [(t[2], t[3]) for t in held[0]]


def test_a_box_catches_up_with_what_changed_and_nothing_else(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare_site(database, SITE)
    one, other = (prepared(Database(database.url)) for _ in range(2))
    for n in range(4):
        one.handle(report(axis(n), 100 * n))
    assert len(followed(database, other)) == 4
    fetched: list[int] = []
    load = templates.templates

    def counted(cursor: object, pack: str, of: set[object] | None = None) -> object:
        found = load(cursor, pack, of)
        if of is not None:
            fetched.append(len(found))
        return found

    monkeypatch.setattr("visitord.store.templates.templates", counted)
    one.handle(report(axis(9), 900))
    assert len(followed(database, other)) == 5
    assert fetched == [1]
    with database.transaction() as cursor:
        ada = people.find(cursor, "1")
        people.rename(cursor, ada, "Ada")
    assert ("Ada" in dict(followed(database, other)).values()) is True
    with database.transaction() as cursor:
        kept, merged = people.find(cursor, "Ada"), people.find(cursor, "2")
        merges.merge(cursor, kept.visitor_id, merged.visitor_id, "me", "for tests", START)
    assert len(set(followed(database, other))) == 4
    assert other._known.gallery.rank(axis(1))[0][0] == kept.visitor_id
    with database.transaction() as cursor:
        cursor.execute("select merge_id::text from merge")
        ((merge_id,),) = cursor.fetchall()
        corrections.undo(cursor, merge_id, "me", "for tests", START)
    assert len(set(followed(database, other))) == 5
    with database.transaction() as cursor:
        merges.merge(
            cursor, kept.visitor_id, people.find(cursor, "3").visitor_id, "me", "for tests", START
        )
        erasure.forget(cursor, kept)
    assert len(followed(database, other)) == 3
    assert max(fetched) <= 2
    fetched.clear()
    followed(database, other)
    assert fetched == []


def test_a_database_put_back_to_an_earlier_state_is_loaded_again(database: Database) -> None:
    declare_site(database, SITE)
    box = prepared(Database(database.url))
    box.handle(report(axis(0), 0))
    with database.transaction() as cursor:
        cursor.execute("delete from template")
        cursor.execute("update gallery_version set version = 0")
    assert followed(database, box) == []


def test_a_box_without_memory_or_database_tells_nobody(start: Callable[..., Running]) -> None:
    box = start(vector=True)  # it holds no gallery
    away(box)
    box.submit(report(axis(0), 0))
    wait(lambda: not box.recorder._queue._unseen)
    assert box.arrivals == []
