"""What is erased is looked for, byte by byte: in every file below the state folder, those of the
embedded server among them, in every table, and in what every command prints.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from fixtures.canaries import Canary, files_with, tables_with
from fixtures.databases import ask
from fixtures.installation import Box
from fixtures.reports import START
from fixtures.visit_log import RULE, VisitLog
from visitord.cli.visitorctl import main as visitorctl
from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.core.records import TrackReport
from visitord.store import corrections, merges, migrate, people
from visitord.store.crops import Crops
from visitord.store.database import Database
from visitord.store.gallery_cache import GalleryFile
from visitord.store.spool import Spool

WORD = "canary-of-a-camera"
CAMERAS = """
[[camera]]
name = "door"
source = "rtsp://user:${DOOR_PASSWORD}@192.0.2.10/stream1"
enabled = false
"""
COMMANDS = (
    ("list",),
    ("visits",),
    ("stats",),
    ("status",),
    ("export", "visitors"),
    ("export", "visits"),
    ("export", "sightings"),
    ("events",),
    ("events", "--format", "json"),
    ("undo",),
    ("suggestions",),
    ("sql", "select * from visitord.merge_log"),
    ("sql", "select * from visitord.sighting_log"),
)
AGO = timedelta(days=3650)  # how much earlier those come that are to be dropped for their age


@dataclass
class House:
    """A box with the embedded server, and people who come to it."""

    box: Box
    config: Config
    database: Database
    visit_log: VisitLog
    guests: int = 0

    def guest(self, *, ago: timedelta = timedelta(0)) -> Canary:
        """Somebody new."""
        self.guests += 1
        chance = np.random.default_rng(self.guests)
        vector = chance.normal(size=128)
        face = np.asarray(vector / np.linalg.norm(vector), np.float32)
        at_s = 100_000.0 * self.guests - ago.total_seconds()
        return Canary(f"Canary Nr. {self.guests} of them", face, at_s)

    def sees(self, *tracks: TrackReport) -> None:
        for track in tracks:
            self.visit_log.recorder.handle(track)

    def knows(self, guest: Canary) -> str:
        """Let somebody come twice and be named; leaves a trace wherever there can be one.

        Returns their label.
        """
        first, again = guest.track(0), guest.track(1)
        self.sees(first, again)
        with self.database.transaction() as cursor:
            cursor.execute(
                "select 'visitor ' || number from sighting join identity using (identity_id) "
                "where sighting_id = %s",
                (first.sighting_id,),
            )
            ((label,),) = cursor.fetchall()
            people.rename(cursor, people.find(cursor, label), guest.name)
            cursor.execute("analyze identity, sighting, template")

        spool = Spool(self.config.spool_file, 1_000_000, "pack-1")
        spool.put(first)
        spool._file.close()
        recorder = self.visit_log.recorder
        recorder._follow()
        kept = GalleryFile(self.config.gallery_file, "pack-1", Clock())
        kept.keep(recorder._known.version or 0, recorder._known.gallery, RULE)
        return str(label)

    def files_with(self, needles: dict[str, bytes]) -> list[str]:
        """Which files below the state folder have which of these."""
        return files_with(self.config.state, needles)

    def outputs_with(self, *words: str) -> list[str]:
        """Which commands print one of these words."""
        found = []
        for command in COMMANDS:
            arguments = ["--config", str(self.box.folder / "config.toml"), *command]
            done = CliRunner(env={"DOOR_PASSWORD": WORD}).invoke(visitorctl, arguments)
            assert done.exit_code == 0, done.output
            printed = done.output
            found += [f"{word} by {command}" for word in (*words, WORD) if word in printed]
        return found

    def run(self, *command: str) -> str:
        """What a command prints, which is no secret."""
        done = self.box.run("visitorctl", *command, DOOR_PASSWORD=WORD)
        assert done.code == 0, done.err
        assert WORD not in done.out + done.err
        return done.out

    def found(self, guest: Canary) -> list[str]:
        """Where somebody is found."""
        everything = guest.everything
        return [*self.files_with(everything), *tables_with(self.database, everything)]


@pytest.fixture(scope="module")
def house(open_folder: Path) -> Iterator[House]:
    box = Box.at(open_folder / "box", None, "embedded", CAMERAS)
    config = Config(state_dir=box.folder / "state")
    config.state.chmod(0o755)  # the server may run as another account
    database = Database.at("embedded", config.state)
    migrate.migrate(database)
    visit_log = VisitLog(database, crops=Crops(config.crops_dir))
    made = House(box, config, database, visit_log)
    # Somebody stays, so that no table is empty.
    made.knows(made.guest())
    yield made
    database.close()


Erasing = Callable[[House, Canary, str], None]


def forget(house: House, guest: Canary, label: str) -> None:
    assert "forgotten" in house.run("forget", guest.name, "--yes")


def merge_and_forget(house: House, guest: Canary, label: str) -> None:
    other = house.guest()
    other = replace(other, name=f"{guest.name} again")
    house.knows(other)
    with house.database.transaction() as cursor:
        one, two = (people.find(cursor, name) for name in (guest.name, other.name))
        why = f"it is {guest.name}"
        merges.merge(cursor, one.visitor_id, two.visitor_id, "tester", why, START)
    house.run("forget", guest.name, "--yes")


def forget_what_was_undone(house: House, guest: Canary, label: str) -> None:
    """Of somebody who was taken for another one, in words that name them."""
    other = replace(house.guest(), name="Somebody who stays")
    house.knows(other)
    with house.database.transaction() as cursor:
        one, two = (people.find(cursor, name) for name in (other.name, guest.name))
        why = f"it is {guest.name}"
        merge_id = merges.merge(cursor, one.visitor_id, two.visitor_id, "tester", why, START)
        corrections.undo(cursor, str(merge_id), "tester", f"no, {guest.name} is not", START)
    house.run("forget", guest.name, "--yes")
    gone = house.box.run("visitorctl", "undo", str(merge_id))
    assert gone.code == 1
    assert guest.name not in gone.out + gone.err


def forget_sightings(house: House, guest: Canary, label: str) -> None:
    rows = ask(house.database, f"select sighting_id from sighting_log where name = '{guest.name}'")
    said = house.run("forget", "--sighting", *(str(row[0]) for row in rows), "--yes")
    assert guest.name in said, "who goes along is told"


def forget_a_time(house: House, guest: Canary, label: str) -> None:
    begins = START + timedelta(seconds=guest.at_s - 10)
    ends = begins + timedelta(hours=1)
    span = ("--from", begins.isoformat(), "--to", ends.isoformat())
    house.run("forget", "--camera", "door", *span, "--yes")


def drop_and_forget(house: House, guest: Canary, label: str) -> None:
    ends = START + timedelta(seconds=guest.at_s + 500)
    ask(house.database, f"select drop_before('{ends.isoformat()}')")
    house.run("forget", guest.name, "--yes")


def forget_and_drop(house: House, guest: Canary, label: str) -> None:
    house.run("forget", guest.name, "--yes")
    ends = START + timedelta(seconds=guest.at_s + 500)
    ask(house.database, f"select drop_before('{ends.isoformat()}')")


@pytest.mark.parametrize(
    "erase",
    [
        forget,
        merge_and_forget,
        forget_what_was_undone,
        forget_sightings,
        forget_a_time,
        drop_and_forget,
        forget_and_drop,
    ],
)
def test_nothing_of_whoever_was_erased_is_left_anywhere(house: House, erase: Erasing) -> None:
    ago = AGO if erase in (drop_and_forget, forget_and_drop) else timedelta(0)
    guest = house.guest(ago=ago)
    label = house.knows(guest)
    planted = " ".join(house.found(guest))
    for what in (
        "visitord.identity",
        "visitord.event",
        "crops/",
        "spool.db",
        "gallery.json",
        "postgres/",
    ):
        assert what in planted or what.removeprefix("visitord.") in planted, planted

    erase(house, guest, label)
    assert house.found(guest) == []
    assert house.outputs_with(guest.name) == []
    assert house.files_with({"password": WORD.encode()}) == []

    # Nor does a recording that is played again bring them back.
    house.sees(guest.track(0))
    assert house.found(guest) == []


def test_nothing_of_undecided_sightings_is_left_anywhere(house: House) -> None:
    guest = house.guest()
    house.sees(guest.track(0, samples=2), guest.track(1, samples=2))
    assert len(house.found(guest)) >= 3
    assert "2 sightings and 2 pictures are gone" in house.run("forget", "--pending", "--yes")
    assert house.found(guest) == []


def test_nothing_of_what_was_dropped_for_its_age_is_left_once_that_was_cleaned(
    house: House,
) -> None:
    """Whoever it was stays known, by what was learnt of them; so this is of nobody yet."""
    guest = house.guest(ago=2 * AGO)
    house.sees(guest.track(0, samples=2))
    ends = START + timedelta(seconds=guest.at_s + 500)
    ((dropped,),) = ask(house.database, f"select drop_before('{ends.isoformat()}')")
    assert dropped == 1
    house.run("forget", "--clean")
    assert house.found(guest) == []
