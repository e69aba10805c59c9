"""Two boxes on one database that see the same people at the same moments, and one that dies while
it merges.
"""

import contextlib
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.boxes import BoxRunning, written
from fixtures.databases import ask
from fixtures.films import film
from fixtures.installation import Box
from fixtures.reports import START, axis, report
from fixtures.running import running, with_cameras
from fixtures.visit_log import LIMITS, RULE, SITE, prepared
from fixtures.waiting import wait
from visitord.capture.health import Health, State
from visitord.identity.neighbours import Neighbours
from visitord.service import merge_job
from visitord.service.recorder import RecorderSettings
from visitord.store import cameras
from visitord.store.database import Database
from visitord.store.site import declare_site

STRANGERS = 20


@pytest.fixture
def boxes(database: Database) -> Iterator[tuple[BoxRunning, BoxRunning]]:
    declare_site(database, SITE)
    one, two = BoxRunning(database.url), BoxRunning(database.url)
    yield one, two
    one.end()
    two.end()


def test_the_same_strangers_at_two_cameras_at_once_are_enrolled_once(
    database: Database, boxes: tuple[BoxRunning, BoxRunning], caplog: pytest.LogCaptureFixture
) -> None:
    one, two = boxes
    for i in range(STRANGERS):
        at_door = report(axis(i), 100 * i, camera="door")
        in_hall = report(axis(i, 40 + i, 0.85), 100 * i, camera="hall")
        for box, track in ((one, at_door), (two, in_hall))[:: 1 if i % 2 else -1]:
            box.recorder.submit(track)
        if i % 4 == 3:  # four at once: a queue on either side
            wait(lambda n=2 * (i + 1): written(database) == n)
    assert ask(database, "select count(*) from identity") == [(STRANGERS,)]
    visits = ask(
        database, "select array(select unnest(cameras) order by 1), sightings from visit_log"
    )
    assert visits == [(["door", "hall"], 2)] * STRANGERS
    decisions = ask(database, "select decision, count(*) from sighting_log group by 1 order by 1")
    assert decisions == [("enrolled", STRANGERS), ("matched", STRANGERS)]
    wait(lambda: len(one.arrivals) + len(two.arrivals) == STRANGERS)
    assert len({a.visitor_id for a in one.arrivals + two.arrivals}) == STRANGERS
    enrolling = ask(
        database, "select camera, count(*) from sighting_log where decision = 'enrolled' group by 1"
    )
    assert len(enrolling) == 2, "one box was always first: they did not race"
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []


def test_whom_one_box_enrolled_the_other_recognises_at_once(
    database: Database, boxes: tuple[BoxRunning, BoxRunning]
) -> None:
    one, two = boxes
    two.recorder.submit(report(axis(99), 0))  # both are at work
    wait(lambda: written(database) == 1)
    for i in range(5):
        one.recorder.submit(report(axis(i), 100 * i))
        wait(lambda n=2 * i + 2: written(database) == n)
        two.recorder.submit(report(axis(i, 40 + i, 0.85), 100 * i + 50, length_s=1, final=False))
        wait(lambda n=2 * i + 3: written(database) == n)
    assert ask(
        database,
        "select decision, count(*) from sighting_log where camera = 'door' group by 1 order by 1",
    ) == [
        ("enrolled", 6),
        ("matched", 5),
    ]


def test_an_idle_box_follows_what_others_enrol(
    database: Database, boxes: tuple[BoxRunning, BoxRunning]
) -> None:
    """So that the first track it sees does not wait for a gallery of thousands to be loaded."""
    one, two = boxes
    one.recorder.submit(report(axis(0), 0))
    wait(lambda: two.recorder._known.gallery.rank(axis(0))[:1] != [])


def test_a_merge_job_whose_box_dies_leaves_the_way_free(database: Database) -> None:
    code = (
        "import sys, time\n"
        "from visitord.store import identities, merges\n"
        "from visitord.store.database import Database\n"
        "with Database(sys.argv[1]).transaction() as cursor:\n"
        "    assert merges.lock(cursor); identities.freeze(cursor)\n"
        "    print('locked', flush=True); time.sleep(60)"
    )
    recorder = prepared(Database(database.url))
    declare_site(database, SITE)
    recorder.handle(report(axis(0), 0))
    recorder.handle(report(axis(1), 100))
    with database.transaction() as cursor:
        cursor.execute(
            "update template set embedding = %s", (axis(0).tolist(),)
        )  # it was one person after all
    with subprocess.Popen(
        [sys.executable, "-c", code, database.url],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "locked\n"
        with contextlib.closing(database.another()) as job:
            assert (
                merge_job.merge_duplicates(
                    job, "pack-1", RULE, Neighbours(LIMITS.merge), START
                ).groups
                == []
            )
        other.kill()
        other.wait()
    near = Neighbours(LIMITS.merge)
    wait(lambda: bool(merge_job.merge_duplicates(database, "pack-1", RULE, near, START).groups))
    recorder.handle(report(axis(5), 300))  # to enrol, nobody waits
    assert ask(database, "select count(*) from visitor") == [(2,)]


def test_a_sighting_says_which_box_wrote_it(database: Database) -> None:
    for name in ("front", "back"):
        site = replace(SITE, box=name)
        declare_site(database, site)
        settings = RecorderSettings(site, "pack-1", 128)
        prepared(Database(database.url), settings=settings).handle(
            report(axis(0), 100 * len(name), camera=name)
        )
    assert ask(database, "select camera, box from sighting order by 1") == [
        ("back", "back"),
        ("front", "front"),
    ]


def test_a_camera_name_that_another_box_uses_is_left_to_it_and_said(
    box: Box, database: Database, tmp_path: Path
) -> None:
    """Or the two would overwrite each other's reports, and their sightings would look like one
    camera's.
    """
    clip = film(tmp_path / "empty.mp4", [], 20)
    declare_site(database, SITE)
    with database.transaction() as cursor:
        other = [Health("door", State.LIVE, ""), Health("yard", State.LIVE, "")]
        assert cameras.report(cursor, "main", "front", other) == []
        cursor.execute(
            "update camera set reported_at = now() - interval '1 minute' where camera = 'yard'"
        )
    (box.folder / "config.toml").write_text(
        'box = "back"\n' + (box.folder / "config.toml").read_text()
    )
    with_cameras(box, door=str(clip), yard=str(clip))
    with running(box) as daemon:
        daemon.wait_for("Box front reads a camera door too; give one of the two another name.")
        rows = "select camera, box from visitord.camera_health order by camera"
        wait(
            lambda: [r["box"] for r in box.rows(rows)] == ["front", "back"]
        )  # front is not heard of for the yard
        assert daemon.end() == 0
    assert daemon.log.count("reads a camera door too") == 1
