"""database.vector: the server finds whom a face is like, and decisions are those of the gallery in
memory.
"""

import numpy as np
import pytest

from fixtures.boxes import BoxRunning, written
from fixtures.databases import ask, copied
from fixtures.installation import Box
from fixtures.reports import START, axis, report
from fixtures.visit_log import SITE, prepared
from fixtures.waiting import wait
from visitord.core.records import TrackReport
from visitord.service.recorder import Recorder, RecorderSettings
from visitord.store import corrections, likeness, merges, migrate, people
from visitord.store.database import Database
from visitord.store.site import declare_site


def recorder(database: Database, vector: bool, dim: int = 128, pack: str = "pack-1") -> Recorder:
    declare_site(database, SITE)
    return prepared(database, settings=RecorderSettings(SITE, pack, dim, vector))


@pytest.fixture
def vectors(database: Database) -> Database:
    """A database with what is optional."""
    assert migrate.migrate(database, vector=True) == ["vector"]
    return database


def crowd(people: int, visits: int) -> list[TrackReport]:
    """Tracks of people who look alike in part, so that many decisions are close."""
    chance = np.random.default_rng(7)
    faces = chance.normal(size=(people, 128)) + 0.7 * chance.normal(size=128)
    tracks = []
    for n in range(people * visits):
        look = faces[n % people] + chance.normal(scale=0.9, size=128)
        look = np.asarray(look / np.linalg.norm(look), np.float32)
        tracks.append(report(look, 100 * n, good=n % 7 != 3))
    return tracks


DECISIONS = "select sighting_id, decision, visitor_id, score from sighting_log order by started_at"


def test_decisions_are_those_of_the_gallery_in_memory(
    vectors: Database, server_url: str, database_url: str
) -> None:
    tracks = crowd(40, 5)
    with copied(server_url) as url:
        exact = Database(url)
        visit_log = recorder(exact, vector=False)
        for track in tracks:
            visit_log.handle(track)
        expected = ask(exact, DECISIONS)
        exact.close()
    visit_log = recorder(vectors, vector=True)
    for track in tracks:
        visit_log.handle(track)
    assert len(visit_log._known.gallery) == 0
    found = ask(vectors, DECISIONS)
    assert [row[:3] for row in found] == [row[:3] for row in expected]
    assert [row[3] for row in found] == pytest.approx([row[3] for row in expected], abs=1e-5)
    assert {row[1] for row in found} == {"enrolled", "matched", "pending"}
    with vectors.transaction() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute(
            "explain select identity_id from template "
            "where cardinality(embedding) = 128 and pack = 'pack-1' "
            "order by embedding::vector(128) <=> %s::real[]::vector(128) limit 9",
            (axis(0).tolist(),),
        )
        assert "template_near_128" in str(cursor.fetchall())


def test_the_most_alike_are_those_that_reading_everyone_finds(
    vectors: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit_log = recorder(vectors, vector=True)
    for track in crowd(40, 2):
        visit_log.handle(track)
    with vectors.transaction() as cursor:
        person = people.find(cursor, "visitor 1").visitor_id
        looks = likeness.looks_of_person(cursor, person)
        found = likeness.to_everyone(cursor, looks, index=True)
        read = likeness.to_everyone(cursor, looks, index=False)
        monkeypatch.setattr(likeness, "READ_MAX", -1)
        assert likeness.to_everyone(cursor, looks, index=False) == {}, "they are too many"
        assert likeness.to_everyone(cursor, looks, index=True) == found

    alike = sorted(read, key=lambda one: -read[one])[:10]
    assert alike[0] == person
    assert set(alike) <= found.keys()
    assert all(found[one] == pytest.approx(read[one], abs=1e-5) for one in found)


def test_embeddings_of_another_length_have_an_index_of_their_own(vectors: Database) -> None:
    small, large = recorder(vectors, vector=True), recorder(vectors, vector=True, dim=512)
    large.pack = "pack-2"
    for visit_log, size in ((small, 128), (large, 512)):
        face = np.eye(1, size, dtype=np.float32)[0]
        visit_log.handle(report(face, size))
        visit_log.handle(report(face, 10 * size))
    assert ask(vectors, "select decision, count(*) from sighting_log group by 1 order by 1") == [
        ("enrolled", 2),
        ("matched", 2),
    ]


def test_those_seen_in_the_same_picture_do_not_hide_who_it_is(vectors: Database) -> None:
    visit_log = recorder(vectors, vector=True)
    companions = [report(axis(0, n, 0.41), 100 * n) for n in range(1, 6)]
    visit_log.handle(report(axis(0, 90, 0.5), 0))
    for track in companions:
        visit_log.handle(track)
    ids = [c.sighting_id for c in companions]
    visit_log.handle(report(axis(0), 5000, together=ids))
    ((decision, who),) = ask(
        vectors, "select decision, name from sighting_log where started_at > '2026-01-05 10:00+00'"
    )
    assert (decision, who) == ("matched", "visitor 1")


def test_merges_and_undos_hold_at_once(vectors: Database) -> None:
    visit_log = recorder(vectors, vector=True)
    for n in range(2):
        visit_log.handle(report(axis(n), 100 * n))
    with vectors.transaction() as cursor:
        one, two = people.find(cursor, "1"), people.find(cursor, "2")
        merges.merge(cursor, one.visitor_id, two.visitor_id, "me", "for tests", START)
    visit_log.handle(report(axis(1), 1000))
    newest = "select visitor_id from sighting_log order by started_at desc limit 1"
    assert ask(vectors, newest) == [(one.visitor_id,)]
    with vectors.transaction() as cursor:
        cursor.execute("select merge_id::text from merge")
        corrections.undo(cursor, cursor.fetchone()[0], "me", "for tests", START)
    visit_log.handle(report(axis(1), 2000))
    assert ask(vectors, newest) == [(two.visitor_id,)]


def test_the_same_stranger_at_two_boxes_at_once_is_enrolled_once(vectors: Database) -> None:
    declare_site(vectors, SITE)
    boxes = [BoxRunning(vectors.url, vector=True), BoxRunning(vectors.url, vector=True)]
    for i in range(10):
        for box, camera in zip(boxes, ("door", "hall"), strict=True):
            box.recorder.submit(report(axis(i), 100 * i, camera=camera))
    wait(lambda: written(vectors) == 20)
    for box in boxes:
        box.end()
    assert ask(vectors, "select count(*) from identity") == [(10,)]


def test_without_its_migration_it_is_said_what_to_do_and_migrate_does_it(
    box: Box, database_url: str
) -> None:
    box.configure(f'[database]\nurl = "{database_url}"\nvector = true\n')
    box.run("visitorctl", "list").fails_with("lacks this version's vector", "visitord migrate")
    assert "vector" in box.ok("visitord", "migrate")
    assert "Nobody to show." in box.ok("visitorctl", "list")
    box.configure(f'[database]\nurl = "{database_url}"\n')  # and back
    assert "Nobody to show." in box.ok("visitorctl", "list")
