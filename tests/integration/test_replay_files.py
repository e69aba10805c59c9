"""Which sightings of a camera and time came of other footage than a file that is to be replayed."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from fixtures.reports import START, axis, report
from fixtures.visit_log import VisitLog
from visitord.store import replays
from visitord.store.replays import Replay, ReplayFile

END = START + timedelta(seconds=10)
FILE = ReplayFile("day.mp4", "door", bytes(32), START, END)
LATER = timedelta(seconds=5)


def test_the_same_file_is_known_by_its_content_and_by_when_it_was_filed(
    visit_log: VisitLog,
) -> None:
    replay = Replay(uuid4(), "main", ["door"], ["day.mp4"], START, END, "tester", START)
    seen = report(axis(0), 2)
    with visit_log.database.transaction() as cursor:
        replays.begin(cursor, replay, [FILE])
        replays.note(cursor, replay.replay_id, seen.sighting_id)
    visit_log.recorder.handle(seen)

    def is_asked_about(file: ReplayFile) -> bool:
        with visit_log.database.transaction() as cursor:
            found = replays.others(cursor, "main", file)
        assert found is None or (found.sightings, found.replays) == (1, [replay.replay_id])
        return found is not None

    assert not is_asked_about(replace(FILE, file="renamed.mp4"))
    assert not is_asked_about(replace(FILE, camera="hall"))
    assert not is_asked_about(replace(FILE, begins_at=END, ends_at=END + LATER))
    assert is_asked_about(replace(FILE, digest=bytes(31) + b"1"))
    assert is_asked_about(replace(FILE, begins_at=START + LATER))

    # Of a replay by an earlier version there is no more than the name.
    with visit_log.database.transaction() as cursor:
        cursor.execute("delete from replay_file")
    assert not is_asked_about(FILE)
    assert is_asked_about(replace(FILE, file="other.mp4"))


def test_what_the_camera_itself_saw_is_other_footage(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(0), 2))
    with visit_log.database.transaction() as cursor:
        found = replays.others(cursor, "main", FILE)
    assert found
    assert (found.sightings, found.replays) == (1, [])
    assert found.first_at == START + timedelta(seconds=2)
