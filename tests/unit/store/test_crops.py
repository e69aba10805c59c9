"""Pictures of faces on disk: who may read them, which go, and what a disk that fails leaves."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest

from visitord.store.crops import Crops

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAYS = timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "crops"


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def aged(folder: Path, crops: Crops, jpeg: bytes, days: float) -> str:
    """A picture kept so many days ago."""
    name = crops.keep(jpeg)
    assert name
    (path,) = (p for p in files(folder) if p.name == name)
    os.utime(path, ((NOW - days * DAYS).timestamp(),) * 2)
    return name


def test_a_picture_is_kept_once_and_for_its_owner_only(folder: Path) -> None:
    crops = Crops(folder)
    name = crops.keep(b"face")
    assert crops.keep(b"face") == name
    assert crops.read(name) == b"face"
    (path,) = files(folder)
    assert [p.stat().st_mode & 0o777 for p in (path, path.parent, folder)] == [0o600, 0o700, 0o700]


def test_no_picture_has_no_name(folder: Path) -> None:
    assert Crops(folder).keep(b"") is None
    assert Crops(folder).read(None) is None
    assert Crops(folder).read("0" * 64) is None


def test_the_old_go_then_the_oldest_beyond_the_limit_but_none_that_is_needed(folder: Path) -> None:
    crops = Crops(folder)
    names = [
        aged(folder, crops, bytes([n]) * 10, days) for n, days in enumerate((100, 95, 3, 2, 1))
    ]
    assert crops.tidy({names[0]}, NOW, 90 * DAYS, 20) == 2
    assert {p.name for p in files(folder)} == {names[0], *names[3:]}
    assert crops.tidy({names[0]}, NOW, 90 * DAYS, 20) == 0


def test_there_may_be_nothing_to_tidy(folder: Path) -> None:
    assert Crops(folder).tidy(set(), NOW, DAYS, 0) == 0


def test_a_full_disk_leaves_nothing_half_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("visitord.core.files.os.fsync", full)
    assert Crops(folder).keep(b"face") is None
    assert files(folder) == []


def test_tidying_does_not_mind_a_picture_that_is_just_being_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crops = Crops(folder)
    aged(folder, crops, b"old", 100)
    found = Path.glob

    def gone_meanwhile(self: Path, pattern: str) -> Iterator[Path]:
        with NamedTemporaryFile(dir=next(self.iterdir())) as half:
            names = [*found(self, pattern), Path(half.name)]
        return iter(names)

    monkeypatch.setattr(Path, "glob", gone_meanwhile)
    assert crops.tidy(set(), NOW, 90 * DAYS, 1000) == 1


def test_pictures_are_listed_by_age_and_nothing_else_is(folder: Path) -> None:
    crops = Crops(folder)
    old, _ = (aged(folder, crops, face, days) for face, days in ((b"old", 2), (b"new", 1)))
    stranger = files(folder)[0].with_name("not-a-picture")
    stranger.write_bytes(b"")
    os.utime(stranger, (0, 0))
    assert crops.written_before(NOW - 1.5 * DAYS) == [old]
