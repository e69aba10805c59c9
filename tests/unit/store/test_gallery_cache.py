"""The gallery's file: when it is written, and what is left of it when it is deleted."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fixtures.build import DIM, axis, template
from fixtures.visit_log import RULE
from visitord.core.clock import Clock
from visitord.core.records import Template
from visitord.identity.gallery import Gallery
from visitord.store import gallery_cache
from visitord.store.gallery_cache import KEEP_EVERY_S, GalleryFile


class MovedClock(Clock):
    """A clock that stands still until a test moves it."""

    t = 0.0

    def monotonic(self) -> float:
        return self.t


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gallery.json"


@pytest.fixture
def kept(path: Path, clock: MovedClock) -> GalleryFile:
    return GalleryFile(path, "pack-1", clock)


def person(n: int) -> Template:
    return template(n, n, axis(n))


def owners(file: GalleryFile) -> list[int]:
    found = file.load()
    assert found
    return [kept.identity_id.int for kept in found[1]]


def test_a_gallery_that_only_grew_is_written_now_and_then(
    kept: GalleryFile, clock: MovedClock
) -> None:
    gallery = Gallery(DIM, [person(1)])
    kept.keep(1, gallery, RULE)
    gallery.add(person(2))
    kept.keep(2, gallery, RULE)
    assert owners(kept) == [1]
    clock.t = KEEP_EVERY_S
    kept.keep(2, gallery, RULE)
    assert owners(kept) == [1, 2]


def test_a_gallery_in_which_somebody_was_erased_or_merged_is_written_at_once(
    kept: GalleryFile,
) -> None:
    kept.keep(1, Gallery(DIM, [person(1), person(2)]), RULE)
    kept.keep(2, Gallery(DIM, [person(2)]), RULE)
    assert owners(kept) == [2]


def test_what_is_written_is_read_back_equal(kept: GalleryFile, path: Path) -> None:
    given = person(3)
    kept.keep(1, Gallery(DIM, [given]), RULE)
    found = GalleryFile(path, "pack-1", Clock()).load()
    assert found
    rule, (read,) = found
    assert rule == RULE
    assert (read.template_id, read.name) == (given.template_id, given.name)
    assert np.array_equal(read.embedding, given.embedding)
    assert GalleryFile(path, "pack-2", Clock()).load() is None


@pytest.fixture
def half_written(path: Path) -> Iterator[Path]:
    """What a crash left of an earlier writing."""
    half = path.with_name(f".{path.name}.0a1b2c3d.part")
    half.write_bytes(b"somebody")
    yield half


def test_nothing_of_it_is_left_when_it_is_deleted_or_written_anew(
    kept: GalleryFile, path: Path, half_written: Path
) -> None:
    gallery_cache.delete(path)
    assert not half_written.exists()
    half_written.write_bytes(b"somebody")
    kept.keep(1, Gallery(DIM, [person(1)]), RULE)
    assert not half_written.exists()
    kept.discard()
    assert list(path.parent.iterdir()) == []
