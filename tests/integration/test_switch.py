"""Everyone is carried over to another model pack from the pictures that were kept, and no two packs
ever meet.

The packs are stand-ins, for which a person is a pattern of coloured squares.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fixtures.installation import Box
from fixtures.reports import START, report
from fixtures.standins import pack_folder
from fixtures.visit_log import LIMITS, RULE, SITE, prepared
from visitord.admin import reembedding
from visitord.admin.reembedding import learn, reembed_photographs, reembed_sightings
from visitord.capture.encoding import jpeg
from visitord.core.records import Image, Template, TrackReport
from visitord.identity.neighbours import Neighbours
from visitord.models.insightface_pack import InsightPack
from visitord.models.pack import middle, unit
from visitord.service import merge_job
from visitord.service.recorder import RecorderSettings
from visitord.store import (
    calibration,
    identities,
    merge_candidates,
    people,
    template_audit,
    templates,
)
from visitord.store import reembedding as reembedding_store
from visitord.store.crops import Crops
from visitord.store.database import Database
from visitord.store.site import declare_site

DIM = 256


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> tuple[InsightPack, InsightPack]:
    folder = tmp_path_factory.mktemp("packs")
    old, new = (
        InsightPack(name, pack_folder(folder / name, DIM, seed))
        for seed, name in enumerate(("old", "new"))
    )
    return old, new


def portrait(person: int, look: int = 0) -> Image:
    """What is kept of a person; looks of one person are alike but not the same."""
    squares = np.random.default_rng(person).integers(0, 256, (8, 8, 3))
    squares = squares + np.random.default_rng((person, look)).integers(-25, 26, squares.shape)
    face = np.clip(squares, 0, 255).astype(np.uint8).repeat(14, 0).repeat(14, 1)
    return cv2.copyMakeBorder(face, *[24] * 4, cv2.BORDER_CONSTANT, value=(0, 0, 0))


class Place:
    """A database and its crops, watched by one pack or the other."""

    def __init__(self, database: Database, crops: Path) -> None:
        self.database, self.crops = database, Crops(crops)
        declare_site(database, SITE)

    def seen(
        self, pack: InsightPack, person: int, at_s: float, *, share: float = 1.0, **more: object
    ) -> TrackReport:
        """A report on a person; share: how much of their look is their own and of no other."""
        image = portrait(person, look=int(at_s))
        (own,) = pack.embed([middle(image)])
        other = np.random.default_rng(int(at_s)).normal(size=DIM).astype(np.float32)
        other -= (other @ own) * own
        embedding = share * own + np.sqrt(1 - share**2) * unit(other)
        made = report(np.asarray(embedding, np.float32), at_s, **more)  # type: ignore[arg-type]
        return replace(made, samples=tuple(replace(s, portrait=jpeg(image)) for s in made.samples))

    def record(self, pack: InsightPack, *reports: TrackReport) -> None:
        settings = RecorderSettings(SITE, pack.fingerprint, pack.dim)
        recorder = prepared(self.database, settings=settings, crops=self.crops)
        for made in reports:
            recorder.handle(made)

    def see(self, pack: InsightPack, *visits: tuple[int, float]) -> None:
        self.record(pack, *(self.seen(pack, person, at_s) for person, at_s in visits))

    def switch(self, pack: InsightPack) -> None:
        reembed_sightings(self.database, pack, self.crops, lambda _: None)
        learn(self.database, pack.fingerprint)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with self.database.transaction() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def known(self) -> list[tuple[object, ...]]:
        """All that two packs know, and what must not change by that."""
        tables = ("identity", "sighting", "template", "reembedding", "merge")
        return [
            row for table in tables for row in self.rows(f"select * from {table} order by 1, 2")
        ]

    def names(self) -> list[object]:
        return [row[0] for row in self.rows("select name from sighting_log order by started_at")]


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Place:
    return Place(database, tmp_path / "crops")


Packs = tuple[InsightPack, InsightPack]


def test_the_new_pack_knows_everyone_and_the_old_one_still_does(place: Place, packs: Packs) -> None:
    old, new = packs
    place.see(old, (1, 0), (2, 100), (3, 200), (1, 300))
    before = (
        place.rows("select * from identity order by 1"),
        place.rows("select * from sighting order by 1"),
    )
    templates = place.rows("select * from template order by 1")
    place.switch(new)
    assert before == (
        place.rows("select * from identity order by 1"),
        place.rows("select * from sighting order by 1"),
    )
    assert [
        row for row in place.rows("select * from template order by 1") if row[3] == old.fingerprint
    ] == templates
    place.see(new, (3, 1000), (1, 1100))
    place.see(old, (2, 1200))
    assert place.names() == [f"visitor {n}" for n in (1, 2, 3, 1, 3, 1, 2)]


def test_without_a_switch_everyone_would_be_a_stranger(place: Place, packs: Packs) -> None:
    old, new = packs
    place.see(old, (1, 0))
    place.see(new, (1, 100))
    assert place.names() == ["visitor 1", "visitor 2"]


def test_to_switch_again_changes_nothing(place: Place, packs: Packs) -> None:
    place.see(packs[0], (1, 0), (2, 100), (1, 200))
    place.switch(packs[1])
    before = place.known()
    place.switch(packs[1])
    assert place.known() == before


def test_photographs_go_to_and_fro_without_becoming_more(place: Place, packs: Packs) -> None:
    old, new = packs
    face, owner = portrait(1), uuid4()
    crop = place.crops.keep(jpeg(face))
    with place.database.transaction() as cursor:
        identities.enrol(cursor, owner, START)
        (embedding,) = old.embed([middle(face)])
        assert crop
        photograph = Template(uuid4(), owner, owner, embedding, 0.8)
        templates.learn_photograph(cursor, photograph, old.fingerprint, crop, START)
    for pack in (new, old, new, old):
        reembed_photographs(place.database, pack, place.crops)
    held = {row[0] for row in place.rows("select pack from template")}
    assert place.rows("select count(*) from template") == [(2,)]
    assert held == {old.fingerprint, new.fingerprint}
    version = place.rows("select version from gallery_version")
    reembed_photographs(place.database, new, place.crops)
    assert place.rows("select version from gallery_version") == version
    place.see(new, (1, 1000))
    assert place.rows("select distinct visitor_id from sighting_log") == [(owner,)]


class BreaksDown(InsightPack):
    """A pack that stops after some looks, as a process does that is killed."""

    def __init__(self, pack: InsightPack, looks: int) -> None:
        self.__dict__.update(pack.__dict__)
        self.looks = looks

    def embed(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        self.looks -= len(crops)
        if self.looks < 0:
            raise KeyboardInterrupt
        return super().embed(crops)


def test_a_switch_that_is_interrupted_is_resumed_and_comes_out_the_same(
    place: Place, packs: Packs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reembedding, "BATCH", 2)
    place.see(packs[0], *((n % 4, 100.0 * n) for n in range(9)))
    with pytest.raises(KeyboardInterrupt):
        place.switch(BreaksDown(packs[1], 5))
    assert place.rows("select count(*) from reembedding") == [(4,)]
    taught = "select count(*) from reembedding join template using (sighting_id)"
    assert place.rows(taught) == [(4,)], "what was learnt from comes first"
    place.switch(BreaksDown(packs[1], 5))
    resumed = place.known()
    with place.database.transaction() as cursor:
        cursor.execute(
            "delete from reembedding; delete from template where pack = %s", (packs[1].fingerprint,)
        )
    place.switch(packs[1])
    assert place.known() == resumed


def test_who_came_under_the_new_pack_is_known_to_the_old_one_after_going_back(
    place: Place, packs: Packs
) -> None:
    old, new = packs
    place.see(old, (1, 0))
    place.switch(new)
    place.see(new, (1, 100), (2, 200))
    place.switch(old)
    place.see(old, (2, 300), (1, 400))
    assert place.names() == ["visitor 1", "visitor 1", "visitor 2", "visitor 2", "visitor 1"]
    assert place.rows("select pack from reembedding") == [
        (new.fingerprint,),
        (old.fingerprint,),
        (old.fingerprint,),
    ]


def test_the_merge_job_works_on_what_was_carried_over(place: Place, packs: Packs) -> None:
    """Two sightings that the old pack left pending; what the job learns from them holds for both
    packs.
    """
    old, new = packs
    place.see(old, (1, 0))
    place.record(old, *(place.seen(old, 1, at_s, share=0.37, samples=2) for at_s in (100, 200)))
    assert place.names() == ["visitor 1", None, None]
    place.switch(new)
    merge_job.merge_duplicates(
        place.database, new.fingerprint, RULE, Neighbours(LIMITS.merge), START
    )
    assert place.names() == ["visitor 1"] * 3, (
        "their pictures show them better than the old pack saw them"
    )
    before = place.known()
    merge_job.merge_duplicates(
        place.database, new.fingerprint, RULE, Neighbours(LIMITS.merge), START
    )
    assert place.known() == before


def test_what_a_job_or_a_person_learns_later_each_pack_learns(place: Place, packs: Packs) -> None:
    old, new = packs
    place.see(old, (1, 0), (1, 100))
    place.switch(new)
    _, (second,) = place.rows("select sighting_id from sighting order by started_at")
    assert isinstance(second, UUID)
    with place.database.transaction() as cursor:
        templates.learn(cursor, people.find(cursor, "1").visitor_id, second)
    packs_of = f"select pack from template where sighting_id = '{second}' order by 1"
    assert place.rows(packs_of) == sorted([(old.fingerprint,), (new.fingerprint,)])


def test_what_one_pack_set_aside_the_next_one_does_too(place: Place, packs: Packs) -> None:
    """Nobody is then known to the new pack by that alone."""
    old, new = packs
    place.see(old, (1, 0), (2, 100))
    with place.database.transaction() as cursor:
        owner = people.find(cursor, "2").visitor_id
        cursor.execute("select template_id from template where identity_id = %s", (owner,))
        ((template,),) = cursor.fetchall()
        template_audit.set_aside(cursor, {template: "for tests"}, START)
    place.switch(new)
    assert place.rows("select set_aside_reason, count(*) from template group by 1 order by 1") == [
        ("for tests", 2),
        (None, 2),
    ]
    with place.database.transaction() as cursor:
        assert [t.root_id for t in templates.templates(cursor, new.fingerprint)] != [owner]
        known = reembedding_store.known_to(cursor, new.fingerprint)
    assert (known.people, known.templates) == (1, 1)


def test_packs_never_meet(place: Place, packs: Packs) -> None:
    """In the gallery, in the merge job, and in what calibration compares."""
    old, new = packs
    together = [place.seen(old, 1, 0), place.seen(new, 2, 0)]
    together = [
        replace(r, together=frozenset(o.sighting_id for o in together if o is not r))
        for r in together
    ]
    place.record(old, together[0])
    place.record(new, together[1])
    place.see(old, (3, 100))
    place.see(new, (4, 200))
    ids = dict(place.rows("select template_id, pack from template"))
    centre = np.zeros(DIM, np.float32)
    for pack, other in ((old, new), (new, old)):
        with place.database.transaction() as cursor:
            held = {t.template_id for t in templates.templates(cursor, pack.fingerprint)}
            keys = {
                key
                for m in merge_candidates.members(cursor, pack.fingerprint)
                for part in m.parts
                for key in part
            }
            assert held == keys == {i for i, p in ids.items() if p == pack.fingerprint}
            assert merge_candidates.embeddings(cursor, other.fingerprint, sorted(keys)) == {}
            assert (
                len(calibration.sample(cursor, "main", pack.fingerprint, centre).different) == 0
            ), "one of the two is the other's"
    place.switch(new)
    with place.database.transaction() as cursor:
        members = merge_candidates.members(cursor, new.fingerprint)
        keys = [key for m in members for part in m.parts for key in part]
        assert len(members) == 4
        by_new = merge_candidates.embeddings(cursor, new.fingerprint, keys)
    assert by_new.keys() == set(keys)
    for (sighting,) in place.rows("select sighting_id from reembedding"):
        with place.database.transaction() as cursor:
            (one,) = merge_candidates.embeddings(cursor, new.fingerprint, [sighting]).values()  # type: ignore[list-item]
            (other_,) = merge_candidates.embeddings(cursor, old.fingerprint, [sighting]).values()  # type: ignore[list-item]
        assert abs(float(one @ other_)) < 0.3, "each pack gets what it saw itself"


def test_what_is_erased_is_erased_for_all_packs(place: Place, packs: Packs) -> None:
    place.see(packs[0], (1, 0))
    place.switch(packs[1])
    with place.database.transaction() as cursor:
        cursor.execute("delete from template; delete from sighting")
    assert place.rows("select * from reembedding") == []
    place.switch(packs[1])
    assert (
        place.rows(
            "select * from reembedding union all "
            "select sighting_id, pack, template_id, embedding from template"
        )
        == []
    )


# The command


@pytest.fixture
def shop(box: Box, tmp_path: Path) -> tuple[Box, Place, Packs]:
    """A box whose configuration names the old pack, with three people: one named, one whose picture
    is gone.
    """
    folders = [
        pack_folder(tmp_path / name, DIM, seed) for seed, name in enumerate(("first", "second"))
    ]
    text = (box.folder / "config.toml").read_text()
    box.configure(text.replace("[models]", f'[models]\npack = "{folders[0]}"'))
    packs = InsightPack("first", folders[0]), InsightPack("second", folders[1])
    from visitord.core.config import load

    place = Place(
        Database(load(box.folder / "config.toml").database_url()), box.folder / "state" / "crops"
    )
    place.see(packs[0], (1, 0), (2, 100), (3, 200), (1, 300))
    with place.database.transaction() as cursor:
        people.rename(cursor, people.find(cursor, "1"), "Customer")
    return box, place, packs


def test_the_command_tells_who_is_left_and_what_to_do_next(
    shop: tuple[Box, Place, Packs], tmp_path: Path
) -> None:
    box, place, packs = shop
    ((crop,),) = place.rows(
        "select crop from sighting_log l join sighting using (sighting_id) where name = 'visitor 3'"
    )
    next((box.folder / "state" / "crops").rglob(str(crop))).unlink()
    with place.database.transaction() as cursor:
        cursor.execute(
            "update sighting set crop = null where identity_id = %s",
            (people.find(cursor, "2").visitor_id,),
        )
    new = str(tmp_path / "second")
    said = box.ok("visitord", "models", "switch", new)
    assert f"{new} knows 1 people, by " in said
    assert (
        "2 of 4 sightings were not carried over: of 1 no picture was kept, "
        "and that of 1 is not on this box." in said
    )
    assert "strangers when they come again: visitor 3 (their pictures are not on this box)" in said
    assert "strangers when they come again: visitor 2 (no picture of them was kept)" in said
    assert f'set pack = "{new}" under [models] in {box.folder}' in said.replace("\n", "")
    again = box.ok("visitord", "models", "switch", new)
    assert again == said
    text = (box.folder / "config.toml").read_text().replace(str(tmp_path / "first"), new)
    box.configure(text)
    assert "models.pack names it already" in box.ok("visitord", "models", "switch", new)
    place.see(packs[1], (1, 1000))
    assert place.names()[-1] == "Customer"


def test_there_is_a_way_back_until_the_old_pack_is_dropped(
    shop: tuple[Box, Place, Packs], tmp_path: Path
) -> None:
    box, place, packs = shop
    old, new = str(tmp_path / "first"), str(tmp_path / "second")
    box.run("visitord", "models", "switch", "--back").fails_with("There is nothing to go back from")
    box.ok("visitord", "models", "switch", new)
    config = (box.folder / "config.toml").read_text()
    box.configure(config.replace(old, new))
    place.see(packs[1], (4, 1000))
    said = box.ok("visitord", "models", "switch", "--back")
    assert f"{old} knows 4 people" in said
    assert f'set pack = "{old}"' in said
    place.see(packs[0], (4, 1100))
    assert place.names()[-2:] == ["visitor 4", "visitor 4"]
    place.see(packs[0], (5, 1200))
    refused = box.run("visitord", "models", "switch", "--drop-old")
    refused.fails_with("does not know visitor 5, who would be known to no pack", "--yes")
    box.ok("visitord", "models", "switch", new)
    assert "templates of other packs are gone" in box.ok(
        "visitord", "models", "switch", "--drop-old"
    )
    for table in ("template", "sighting"):
        assert place.rows(f"select distinct pack from {table}") == [(packs[1].fingerprint,)]
    assert place.rows("select count(*) from reembedding") == [(0,)]
    place.see(packs[1], (1, 2000), (5, 2100))
    assert place.names()[-2:] == ["Customer", "visitor 5"]
    before = len(place.names())
    merge_job.merge_duplicates(
        place.database, packs[1].fingerprint, RULE, Neighbours(LIMITS.merge), START
    )
    assert len(place.names()) == before


def test_a_command_without_a_pack_or_with_one_that_is_not_there(box: Box) -> None:
    done = box.run("visitord", "models", "switch")
    assert done.code == 2
    assert "Say to which PACK" in done.err
    box.run("visitord", "models", "switch", "buffalo_l").fails_with(
        "buffalo_l is not installed", "models install"
    )
    assert "names it already" in box.ok("visitord", "models", "switch", "opencv-zoo")
