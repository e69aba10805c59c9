"""Templates that are not of the person they are filed under: set aside, shown and restored, on a
real database.
"""

import json
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest

from fixtures.corrections import merge, merges, split, undo
from fixtures.installation import Box
from fixtures.reports import START, axis, report
from fixtures.visit_log import LIMITS, RULE, SITE, VisitLog, prepared
from visitord.core.clock import Clock
from visitord.core.errors import NotFoundError, VisitordError
from visitord.core.records import Quality, Template, TrackReport
from visitord.identity.clustering import Proposal
from visitord.identity.neighbours import Neighbours
from visitord.models.opencv_zoo import ZooPack
from visitord.service import merge_job, template_job
from visitord.service.recorder import RecorderSettings
from visitord.store import gallery_changes, migrate, people, template_audit, templates, visitors
from visitord.store.database import Database
from visitord.store.gallery_cache import GalleryFile
from visitord.store.site import declare_site

WRONG = "00000000-0000-4000-8000-000000000003"  # the sighting whose template is not of visitor 1

ASIDE = """
    select sighting_id::text, set_aside_reason, set_aside_at
    from template
    where set_aside_at is not null
"""


def job(visit_log: VisitLog, *, dry_run: bool = False) -> Proposal:
    near = Neighbours(LIMITS.merge)
    return merge_job.merge_duplicates(
        visit_log.database, "pack-1", RULE, near, START, dry_run=dry_run
    )


def spoil(visit_log: VisitLog, sighting: str, look: np.ndarray) -> None:
    """Let the template of a sighting look like somebody else, as if it had been filed wrongly."""
    with visit_log.database.transaction() as cursor:
        cursor.execute(
            "update template set embedding = %s where sighting_id = %s returning identity_id",
            (look.tolist(), sighting),
        )
        ((owner,),) = cursor.fetchall()
        gallery_changes.announce(cursor, [owner])
    # What it looks like never changes otherwise, so that a gallery in memory would not notice.
    visit_log.recorder = prepared(visit_log.database, settings=visit_log.recorder.settings)


@pytest.fixture
def visit_log(visit_log: VisitLog) -> VisitLog:
    """Visitor 1 with three templates, of which the last is not theirs."""
    looks = (axis(0), axis(0, 1, 0.7), axis(0, 2, 0.7))
    for n, look in enumerate(looks):
        sighting = uuid4() if n < 2 else UUID(WRONG)
        visit_log.recorder.handle(report(look, 100 * n, sighting_id=sighting))
    assert visit_log.one("select count(*) from template") == 3
    spoil(visit_log, WRONG, axis(5))
    return visit_log


def named(visit_log: VisitLog, who: str) -> None:
    with visit_log.database.transaction() as cursor:
        people.rename(cursor, people.find(cursor, who), "Sam")


def filed_under(visit_log: VisitLog, look: np.ndarray, at_s: float) -> object:
    """Whom a new sighting is filed under."""
    made = report(look, at_s)
    visit_log.recorder.handle(made)
    return visit_log.one(f"select name from sighting_log where sighting_id = '{made.sighting_id}'")


def restore(visit_log: VisitLog) -> None:
    (template,) = visit_log.rows("select template_id from template where set_aside_at is not null")
    with visit_log.database.transaction() as cursor:
        template_audit.restore(cursor, str(template[0])[:8], START)


# The job


def test_the_merge_job_sets_a_wrong_template_aside_and_says_why(visit_log: VisitLog) -> None:
    assert filed_under(visit_log, axis(5), 1000) == "visitor 1"
    assert filed_under(visit_log, axis(0), 1100) == "visitor 1"
    assert job(visit_log).set_aside == 1
    why = "disagrees with the others of its identity"
    assert visit_log.rows(ASIDE) == [(WRONG, why, START)]
    assert filed_under(visit_log, axis(5), 2000) == "visitor 2"


def test_a_second_job_and_a_dry_run_change_nothing(visit_log: VisitLog) -> None:
    before = visit_log.everything()
    assert job(visit_log, dry_run=True).set_aside == 1
    assert visit_log.everything() == before
    job(visit_log)
    before = visit_log.everything()
    assert job(visit_log).set_aside == 0
    assert visit_log.everything() == before


def test_the_job_compares_people_without_what_it_sets_aside(visit_log: VisitLog) -> None:
    """Visitor 2 looks like the wrong template, and would be made one with them otherwise."""
    other = uuid4()
    visit_log.recorder.handle(report(axis(9), 3000, sighting_id=other))
    spoil(visit_log, str(other), axis(5))
    with visit_log.database.transaction() as cursor:
        cursor.execute("delete from template where created_at = '2026-01-05 09:01:40+00'")
        cursor.execute("update template set restored_at = %s", (START,))
    assert len(job(visit_log, dry_run=True).groups) == 1

    with visit_log.database.transaction() as cursor:
        cursor.execute("update template set restored_at = null")
    done = job(visit_log)
    assert (done.suggestions, done.groups, done.set_aside) == ([], [], 1)
    assert merge_job.outcome(done).endswith("set aside 1 template(s)")


def test_named_people_are_only_reported(visit_log: VisitLog) -> None:
    named(visit_log, "1")
    before = visit_log.everything()
    assert job(visit_log).set_aside == 0
    assert visit_log.everything() == before


def test_who_was_put_together_by_a_person_is_only_reported(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(report(axis(9), 3000))
    merge(visit_log, "1", "2")
    assert job(visit_log).set_aside == 0
    undo(visit_log, merges(visit_log)[0])
    assert job(visit_log).set_aside == 1


def test_sightings_say_which_of_two_templates_is_wrong(visit_log: VisitLog) -> None:
    """Of visitor 2 there are two templates; further sightings look like the second."""
    first, second = uuid4(), uuid4()
    visit_log.recorder.handle(report(axis(10), 3000, sighting_id=first))
    visit_log.recorder.handle(report(axis(10, 11, 0.7), 3100, sighting_id=second))
    visit_log.recorder.handle(report(axis(10, 11, 0.6), 3200))
    spoil(visit_log, str(first), axis(20))
    job(visit_log)
    assert {row[0] for row in visit_log.rows(ASIDE)} == {WRONG, str(first)}


def test_one_run_looks_at_so_many_people_and_the_next_at_others(
    visit_log: VisitLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = uuid4()
    for n, look in enumerate((axis(10), axis(10, 11, 0.7), axis(10, 12, 0.7))):
        sighting = uuid4() if n < 2 else lost
        visit_log.recorder.handle(report(look, 3000 + 100 * n, sighting_id=sighting))
    spoil(visit_log, str(lost), axis(20))
    monkeypatch.setattr(template_job, "SUSPECTS_MAX", 1)
    assert [job(visit_log).set_aside for _ in range(3)] == [1, 1, 0]
    assert {row[0] for row in visit_log.rows(ASIDE)} == {WRONG, str(lost)}


# Set aside, and back


def test_other_boxes_drop_what_is_set_aside_and_match_what_is_restored(visit_log: VisitLog) -> None:
    other = prepared(visit_log.database)
    other.handle(report(axis(0), 1000))
    job(visit_log)
    other.handle(report(axis(0), 1100))
    assert len(other._known.gallery) == 2
    restore(visit_log)
    other.handle(report(axis(0), 1200))
    assert len(other._known.gallery) == 3


def test_a_start_without_the_database_knows_nothing_of_what_was_set_aside(
    visit_log: VisitLog, tmp_path: Path
) -> None:
    kept = GalleryFile(tmp_path / "gallery.json", "pack-1", Clock())
    box = prepared(visit_log.database, gallery_file=kept)
    for templates_kept in (3, 2):
        box._follow()
        found = kept.load()
        assert found is not None
        assert len(found[1]) == templates_kept
        job(visit_log)


def test_the_database_does_not_find_what_is_set_aside(visit_log: VisitLog) -> None:
    database = visit_log.database
    migrate.migrate(database, vector=True)
    vectors = prepared(database, settings=RecorderSettings(SITE, "pack-1", 128, vector=True))
    with database.transaction() as cursor:
        assert len(templates.nearest(cursor, "pack-1", axis(5), 0)) == 3
    job(visit_log)
    with database.transaction() as cursor:
        assert len(templates.nearest(cursor, "pack-1", axis(0), 0)) == 2
        cursor.execute("select nearest('pack-1', %s::real[], 9, 100)", (axis(5).tolist(),))
        assert len(cursor.fetchall()) == 2
    vectors.handle(report(axis(5), 5000))
    assert visit_log.one("select count(*) from visitor") == 2


def test_what_is_restored_is_matched_and_never_set_aside_again(visit_log: VisitLog) -> None:
    job(visit_log)
    restore(visit_log)
    assert filed_under(visit_log, axis(5), 1000) == "visitor 1"
    assert job(visit_log).set_aside == 0
    assert visit_log.rows(ASIDE) == []


def test_what_cannot_be_restored_is_said(visit_log: VisitLog) -> None:
    (template, *_) = visit_log.rows("select template_id from template order by created_at")
    for said, error in (("00000000", NotFoundError), (str(template[0]), VisitordError)):
        with pytest.raises(error), visit_log.database.transaction() as cursor:
            template_audit.restore(cursor, said, START)


def test_a_person_says_how_many_of_their_templates_were_set_aside(visit_log: VisitLog) -> None:
    job(visit_log)
    with visit_log.database.transaction() as cursor:
        about = visitors.detail(cursor, people.find(cursor, "1").visitor_id)
    assert (about.templates, about.set_aside) == (2, 1)


def test_who_is_split_off_with_nothing_but_what_was_set_aside_is_matched_by_it(
    visit_log: VisitLog,
) -> None:
    job(visit_log)
    split(visit_log, "1", UUID(WRONG))
    assert visit_log.rows(ASIDE) == []
    assert filed_under(visit_log, axis(5), 1000) == "visitor 2"


def test_an_undone_merge_gives_back_what_was_set_aside_of_who_has_nothing_else(
    visit_log: VisitLog,
) -> None:
    """Visitor 2 was merged into visitor 1 by a job, and their only template set aside then."""
    visit_log.recorder.handle(report(axis(9), 3000))
    merge(visit_log, "1", "2")
    with visit_log.database.transaction() as cursor:
        cursor.execute("update merge set merged_by = 'merge job'")
    job(visit_log)
    assert len(visit_log.rows(ASIDE)) == 2
    undo(visit_log, merges(visit_log)[0])
    assert [row[0] for row in visit_log.rows(ASIDE)] == [WRONG]
    assert filed_under(visit_log, axis(9), 4000) == "visitor 2"


def test_what_is_set_aside_is_forgotten_too(visit_log: VisitLog) -> None:
    job(visit_log)
    with visit_log.database.transaction() as cursor:
        cursor.execute("select forget(%s)", (people.find(cursor, "1").visitor_id,))
    assert visit_log.one("select count(*) from template") == 0


# A first poor template


def poor(at_s: float) -> TrackReport:
    """Seen often enough to be enrolled, but poorly."""
    made = report(axis(30), at_s)
    samples = (replace(sample, quality=Quality(0.2)) for sample in made.samples)
    return replace(made, samples=tuple(samples))


@pytest.mark.parametrize("name", [False, True])
def test_a_good_look_replaces_a_first_poor_template(visit_log: VisitLog, name: bool) -> None:
    first = poor(3000)
    visit_log.recorder.handle(first)
    if name:
        named(visit_log, "2")
    good = report(axis(30, 31, 0.95), 3100)
    visit_log.recorder.handle(good)
    ((sighting, why, _),) = visit_log.rows(ASIDE)
    assert (sighting, why) == (str(first.sighting_id), templates.REPLACED)

    visit_log.recorder.handle(report(axis(30), 3200))
    held = visit_log.recorder._known.gallery.held(
        visit_log.rows("select identity_id from identity where number = 2")[0][0]  # type: ignore[arg-type]
    )
    assert held == pytest.approx(axis(30, 31, 0.95)[None])
    assert visit_log.one("select count(*) from visitor") == 2


def test_a_photograph_is_never_replaced(visit_log: VisitLog) -> None:
    with visit_log.database.transaction() as cursor:
        owner = people.find(cursor, "1").visitor_id
        cursor.execute("delete from template")
        photograph = Template(uuid4(), owner, owner, axis(0), 0.2)
        templates.learn_photograph(cursor, photograph, "pack-1", "0" * 64, START)
        gallery_changes.announce(cursor, [owner])
    visit_log.recorder.handle(report(axis(0, 1, 0.95), 3000))
    assert visit_log.rows(ASIDE) == []


# The command


@pytest.fixture
def watched(box: Box, database: Database, pack: ZooPack) -> VisitLog:
    """The same as `visit_log`, by the real pack, with what that has in common left alone."""
    visit_log = VisitLog(database)
    settings = RecorderSettings(SITE, pack.fingerprint, 128, centre=pack.centre)
    declare_site(database, SITE)
    visit_log.recorder = prepared(database, settings=settings)
    for n, look in enumerate((axis(0), axis(0, 1, 0.75), axis(0, 2, 0.75))):
        sighting = uuid4() if n < 2 else UUID(WRONG)
        visit_log.recorder.handle(report(look, 100 * n, sighting_id=sighting))
    assert visit_log.one("select count(*) from template") == 3
    spoil(visit_log, WRONG, axis(5))
    return visit_log


def listed(box: Box, *options: str) -> list[dict[str, object]]:
    found = json.loads(box.ok("visitorctl", "audit", "--format", "json", *options))
    assert isinstance(found, list)
    return found


def test_the_command_lists_applies_and_restores(watched: VisitLog, box: Box) -> None:
    (due,) = listed(box)
    assert (due["person"], due["camera"], due["state"]) == ("visitor 1", "door", "due")
    assert due["why"] == "disagrees with the others of its identity"
    assert isinstance(due["own"], float) and due["own"] < 0.28
    assert (due["other"], due["set_aside_at"]) == (None, None)
    assert watched.rows(ASIDE) == []

    (aside,) = listed(box, "--apply")
    assert (aside["template_id"], aside["state"]) == (due["template_id"], "set aside")
    assert aside["own"] == pytest.approx(due["own"], abs=1e-5)
    assert "2 template(s), 1 set aside (visitorctl audit)" in box.ok("visitorctl", "show", "1")

    first = str(due["template_id"])[:8]
    assert "visitor 1 is matched against this template again" in box.ok(
        "visitorctl", "audit", "--restore", first
    )
    (restored,) = listed(box)
    assert (restored["state"], restored["set_aside_at"]) == ("restored", None)
    assert restored["own"] == pytest.approx(due["own"], abs=1e-5)
    box.run("visitorctl", "audit", "--restore", first).fails_with("was not set aside")
    box.run("visitorctl", "audit", "--restore", "0" * 8).fails_with("No template has the id")


def test_the_command_says_what_is_left_to_a_person(watched: VisitLog, box: Box) -> None:
    box.ok("visitorctl", "rename", "1", "Sam")
    (reported,) = listed(box, "--apply")
    assert (reported["person"], reported["state"]) == ("Sam", "reported")
    assert str(reported["why"]).endswith("a person said whose it is")
    assert watched.rows(ASIDE) == []


def test_where_nothing_is_wrong_the_command_says_so(database: Database, box: Box) -> None:
    assert box.ok("visitorctl", "audit") == "Every template is like its person.\n"
