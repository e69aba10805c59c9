"""The gallery in memory and the version of the database that it stands for."""

from typing import Any
from uuid import UUID

import pytest

from fixtures.build import DIM, axis, near, template, uid
from visitord.core.records import Embedding, PooledSamples, Template
from visitord.service.gallery_follower import GalleryFollower, SchemaChangedError
from visitord.store import templates

SAM, REGULAR = uid(101), uid(102)


@pytest.fixture
def known() -> GalleryFollower:
    return GalleryFollower("pack-1", DIM)


def people(known: GalleryFollower) -> set[UUID]:
    return {held.root_id for held in known.gallery}


def test_it_knows_nobody_for_certain_before_it_saw_a_database(
    known: GalleryFollower, store: Any
) -> None:
    assert (known.version, known.recognises) == (None, False)
    known.catch_up(store)
    assert (known.version, known.recognises) == (0, True)


def test_the_first_time_all_are_fetched_then_only_those_who_changed(
    known: GalleryFollower, store: Any
) -> None:
    store.version, store.templates = 7, [template(1, 101, axis(0))]
    known.catch_up(store)
    known.catch_up(store)
    assert store.fetched == [None]

    store.version = 8
    store.templates.append(template(2, 102, axis(1)))
    store.changed_since[7] = {REGULAR}
    known.catch_up(store)
    assert store.fetched == [None, {REGULAR}]
    assert people(known) == {SAM, REGULAR}


def test_an_earlier_version_means_another_database_and_all_are_fetched(
    known: GalleryFollower, store: Any
) -> None:
    store.version, store.templates = 7, [template(1, 101, axis(0))]
    known.catch_up(store)
    store.version, store.templates = 3, []
    known.catch_up(store)
    assert store.fetched == [None, None]
    assert (people(known), known.version) == (set(), 3)


def test_what_was_only_guessed_is_replaced_by_what_the_database_holds(
    known: GalleryFollower, store: Any
) -> None:
    known.catch_up(store)
    known.guess(template(1, 101, axis(0)))
    assert (people(known), known.version) == ({SAM}, None)
    known.catch_up(store)
    assert people(known) == set()


def test_what_this_process_wrote_is_added_without_asking(
    known: GalleryFollower, store: Any
) -> None:
    known.catch_up(store)
    known.learn(template(1, 101, axis(0)), 1, "Sam")
    assert (known.version, known.gallery.name(SAM)) == (1, "Sam")
    known.learn(template(2, 101, axis(1)), 2)
    assert len(known.gallery.held(SAM)) == 2
    assert known.gallery.name(SAM) == "Sam"


def test_where_another_process_wrote_too_both_are_fetched(
    known: GalleryFollower, store: Any
) -> None:
    known.catch_up(store)
    assert not known.is_next(2)
    known.learn(template(1, 101, axis(0)), 2, "Sam")
    assert (people(known), known.version) == (set(), 0)


def test_a_migration_is_told_once_and_then_followed(known: GalleryFollower, store: Any) -> None:
    known.catch_up(store)
    store.schema = "2"
    with pytest.raises(SchemaChangedError):
        known.catch_up(store)
    known.catch_up(store)


def test_a_start_with_a_kept_gallery_recognises_and_loads_all_later(
    known: GalleryFollower, store: Any
) -> None:
    known.recall([template(1, 101, axis(0))])
    assert (people(known), known.recognises, known.version) == ({SAM}, True, None)
    known.catch_up(store)
    assert people(known) == set()


def test_with_an_index_in_the_database_nobody_is_held_in_memory(store: Any) -> None:
    store.version, store.templates = 7, [template(1, 101, axis(0))]
    known = GalleryFollower("pack-1", DIM, vector=True)
    known.catch_up(store)
    known.learn(template(2, 102, axis(1)), 8)
    assert (len(known.gallery), known.version, known.recognises) == (0, 8, False)


def test_with_an_index_in_the_database_everyone_there_counts_and_the_near_are_compared(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.version, store.templates = 7, [template(1, 300, axis(0)), template(2, 102, axis(1))]
    asked = []

    def nearest(_: object, __: str, embedding: Embedding, ___: int) -> list[Template]:
        asked.append(embedding)
        return store.templates[1:]

    monkeypatch.setattr(templates, "nearest", nearest)
    centre = 0.6 * axis(0)
    known = GalleryFollower("pack-1", DIM, centre, vector=True)
    known.catch_up(store)
    face = PooledSamples(near(0, 0.6, 1), 0.8, 3, 60.0)
    found = known.candidates(store, face, 0)
    assert (len(found), found.people, found.count) == (1, 300, 4)
    assert asked[0] == pytest.approx(axis(1)), "the face without what all have in common"
    assert found.rank(face.embedding)[0][0] == uid(102)
