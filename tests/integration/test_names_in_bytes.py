"""Files, and the whole installation, under names that are not UTF-8, as old disks have them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.databases import copied
from fixtures.faces import people
from fixtures.installation import Box
from visitord.capture.encoding import jpeg

CAFE = os.fsdecode(b"caf\xe9")
START = "2026-01-05T09:00:00Z"


@pytest.fixture(scope="module")
def box(
    tmp_path_factory: pytest.TempPathFactory, models_dir: Path, server_url: str
) -> Iterator[Box]:
    """An installation in such a folder, models and all, with a folder of photographs in it."""
    with copied(server_url) as url:
        box = Box.at(tmp_path_factory.mktemp("bytes") / CAFE, models_dir, url)
        faces = box.folder / "people" / "Sam"
        faces.mkdir(parents=True)
        (faces / f"{CAFE}.jpg").write_bytes(jpeg(people()["astronaut"].image))
        (faces / "good.jpg").write_bytes(jpeg(people()["astronaut"].image[:, ::-1]))
        (box.folder / f"{CAFE}.jpg").write_bytes(jpeg(people()["hanks"].image))
        (box.folder / "people" / CAFE).mkdir()
        yield box


def test_a_folder_with_such_a_file_is_enrolled_and_a_name_of_a_person_is_refused(box: Box) -> None:
    done = box.run("visitorctl", "enroll", "--folder", "people")
    assert "Sam (visitor 1) is enrolled with" in done.out
    assert "could not be enrolled: caf\\udce9." in done.err
    assert done.code == 1


def test_such_a_file_is_taken_as_an_argument(box: Box) -> None:
    said = box.ok("visitorctl", "enroll", "Kim", f"{CAFE}.jpg")
    assert "Kim (visitor 2) is enrolled with 1 photograph." in said


def test_such_a_file_is_replayed_as_a_camera_whose_name_spells_it(box: Box) -> None:
    said = box.ok("visitord", "replay", f"{CAFE}.jpg", "--start", START)
    assert "as camera caf\\xe9." in said
    assert box.rows("select camera from visitord.sighting_log") == [{"camera": "caf\\xe9"}]
    assert "caf\\xe9.jpg" in box.ok("visitord", "unreplay")
    box.run("visitord", "replay", f"{CAFE}.mp4").fails_with("No such file")


def test_whatever_else_is_no_text_is_refused(box: Box) -> None:
    for command in (["visitorctl", "show", CAFE], ["visitorctl", "visits", "--camera", CAFE]):
        box.run(*command).fails_with('"caf\\udce9" is not UTF-8 text')
