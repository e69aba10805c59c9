"""Naming people from photographs before they come, and everything about a photograph that can be
wrong.
"""

import os
import pty
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as PILImage

from fixtures.commands import BIN
from fixtures.faces import people
from fixtures.installation import Box
from fixtures.paths import SHARED
from fixtures.pictures import huge_png
from fixtures.reports import axis
from visitord.admin.photographs import (
    TOO_LIKE,
    FacePhotograph,
    Unusable,
    choose,
    odd_ones_out,
    read,
)
from visitord.capture.encoding import jpeg
from visitord.core.records import Image
from visitord.models.opencv_zoo import ZooPack

FACES = SHARED / "eval" / "faces"
EVERYONE = ("t1-1", "t1-2", "t1-3", "t1-5", "t1-6", "hanks", "astronaut")


def variant(image: Image, n: int) -> Image:
    """The n-th of a few pictures that differ as photographs do: in size, light and side."""
    side, light, mirrored = (
        (300, 1.0, False),
        (120, 0.6, True),
        (180, 1.15, False),
        (90, 0.8, True),
    )[n]
    face = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    face = np.clip((face[:, ::-1] if mirrored else face) * light, 0, 255).astype(np.uint8)
    return np.asarray(
        cv2.copyMakeBorder(face, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=(140, 140, 140)),
        np.uint8,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three photographs for each of seven people; a fourth of each lies beside them."""
    made = tmp_path_factory.mktemp("photographs")
    (made / "later").mkdir()
    for name in EVERYONE:
        (made / "people" / name).mkdir(parents=True)
        for n in range(3):
            cv2.imwrite(str(made / "people" / name / f"{n}.png"), variant(people()[name].image, n))
        cv2.imwrite(str(made / "later" / f"{name}.png"), variant(people()[name].image, 3))
    return made


@pytest.fixture
def enrol(box: Box, folder: Path) -> Box:
    """A box that knows one person by three photographs."""
    box.ok("visitorctl", "enroll", "Sam", str(folder / "people" / "astronaut"))
    return box


def visitors(box: Box) -> list[dict[str, object]]:
    return box.rows("select name, status, visits from visitord.visitor order by label")


def test_everyone_of_a_folder_is_recognised_in_another_photograph(box: Box, folder: Path) -> None:
    said = box.ok("visitorctl", "enroll", "--folder", str(folder / "people"))
    assert len(said.splitlines()) == len(EVERYONE)
    box.ok("visitord", "replay", *map(str, sorted((folder / "later").iterdir())))
    seen = box.rows("select camera, name, decision from visitord.sighting_log order by camera")
    assert seen == [{"camera": n, "name": n, "decision": "matched"} for n in sorted(EVERYONE)]


@pytest.mark.skipif(not FACES.is_dir(), reason="the evaluation kit is not beside this checkout")
def test_eight_people_of_four_photographs_are_recognised_in_the_fifth(
    box: Box, tmp_path: Path
) -> None:
    names = sorted(path.name for path in FACES.iterdir())
    fifth = []
    for name in names:
        *four, last = sorted((FACES / name).iterdir())
        (tmp_path / "people" / name).mkdir(parents=True)
        for photo in four:
            shutil.copy(photo, tmp_path / "people" / name)
        fifth.append(str(shutil.copy(last, tmp_path / f"{name}.png")))
    box.ok("visitorctl", "enroll", "--folder", str(tmp_path / "people"))
    box.ok("visitord", "replay", *fifth)
    seen = box.rows("select camera, name from visitord.sighting_log order by camera")
    assert seen == [{"camera": name, "name": name} for name in names]


def test_the_same_photographs_again_change_nothing(enrol: Box, folder: Path) -> None:
    def rows() -> list[dict[str, object]]:
        return enrol.rows(
            "select t.template_id, t.identity_id, t.crop, t.created_at "
            "from visitord.template t order by 1"
        )

    before = rows()
    again = folder.parent / "again.png"
    shutil.copy(folder / "people" / "astronaut" / "0.png", again)
    assert "known from these photographs, or ones as good, already" in enrol.ok(
        "visitorctl", "enroll", "sam", str(again)
    )
    assert rows() == before
    assert before
    assert all(
        (enrol.folder / "state" / "crops" / str(r["crop"])[:2] / str(r["crop"])).exists()
        for r in before
    )


def test_somebody_of_that_name_gets_more_and_it_is_said(enrol: Box, folder: Path) -> None:
    said = enrol.ok("visitorctl", "enroll", "SAM", str(folder / "later" / "astronaut.png"))
    assert said in (
        "Sam (visitor 1) was there already: 1 photograph added.\n",
        "SAM is known from these photographs, or ones as good, already; nothing changed.\n",
    )
    assert [v["name"] for v in visitors(enrol)] == ["Sam"]


def test_photographs_unlike_the_one_of_that_name_are_asked_about(enrol: Box, folder: Path) -> None:
    photo = str(folder / "people" / "hanks" / "0.png")
    enrol.run("visitorctl", "enroll", "Sam", photo).fails_with(
        "look unlike Sam as known so far", "--yes"
    )
    assert "1 photograph added" in enrol.ok("visitorctl", "enroll", "Sam", photo, "--yes")


@pytest.fixture
def met(box: Box, folder: Path) -> Box:
    """A box that has seen one person, whom nobody named."""
    box.ok("visitord", "replay", str(folder / "later" / "t1-5.png"))
    assert visitors(box) == [{"name": "visitor 1", "status": "provisional", "visits": 1}]
    return box


def test_whoever_was_seen_before_is_offered_the_name(met: Box, folder: Path) -> None:
    photos = str(folder / "people" / "t1-5")
    met.run("visitorctl", "enroll", "Kim", photos).fails_with(
        "look like visitor 1", "--yes", "--new"
    )
    assert [v["name"] for v in visitors(met)] == ["visitor 1"]
    assert "visitor 1 is now called Kim" in met.ok("visitorctl", "enroll", "Kim", photos, "--yes")
    assert visitors(met) == [{"name": "Kim", "status": "named", "visits": 1}]


@pytest.mark.parametrize("answer", ["y", "n"])
def test_a_person_at_a_terminal_is_asked(met: Box, folder: Path, answer: str) -> None:
    controller, terminal = pty.openpty()
    command = [str(BIN / "visitorctl"), "enroll", "Kim", str(folder / "people" / "t1-5")]
    os.write(controller, f"{answer}\n".encode())
    done = subprocess.run(
        command, cwd=met.folder, stdin=terminal, capture_output=True, text=True, check=True
    )
    assert "Give that one the name" in done.stdout + done.stderr
    names = {"y": ["Kim"], "n": ["visitor 1", "Kim"]}[answer]
    assert [v["name"] for v in visitors(met)] == names
    (kept_apart,) = met.rows("select count(*) from visitord.rejection")
    assert kept_apart == {"count": len(names) - 1}
    met.ok("visitorctl", "cluster")
    assert [v["name"] for v in visitors(met)] == names, "no job takes the answer back"


def test_whoever_has_another_name_already_is_not_enrolled_twice(enrol: Box, folder: Path) -> None:
    other = str(folder / "later" / "astronaut.png")
    enrol.run("visitorctl", "enroll", "Kim", other, "--yes").fails_with(
        "look like Sam", "--new if they are two people"
    )
    same = str(folder / "people" / "astronaut" / "0.png")
    enrol.run("visitorctl", "enroll", "Kim", same).fails_with(
        "is Sam's already: nobody was enrolled"
    )
    assert "enrolled" in enrol.ok("visitorctl", "enroll", "Kim", other, "--new")
    enrol.ok("visitorctl", "cluster")
    assert [v["name"] for v in visitors(enrol)] == ["Sam", "Kim"]


def test_one_person_of_a_folder_who_cannot_be_enrolled_does_not_hold_up_the_others(
    box: Box, folder: Path
) -> None:
    shutil.copytree(folder / "people" / "hanks", box.folder / "people" / "Tom")
    (box.folder / "people" / "Empty").mkdir()
    (box.folder / "people" / "7").mkdir()
    shutil.copy(folder / "people" / "t1-5" / "0.png", box.folder / "people" / "7")
    done = box.run("visitorctl", "enroll", "--folder", "people")
    assert done.code == 1
    assert "Tom (visitor 1) is enrolled with" in done.out
    assert done.err.splitlines()[-1] == "Error: 2 of 3 people could not be enrolled: 7, Empty."
    assert "looks like a label" in done.err
    assert [v["name"] for v in visitors(box)] == ["Tom"]


def test_what_is_not_there_or_holds_nothing_is_one_sentence(
    box: Box, tmp_path: Path, folder: Path
) -> None:
    photo = str(folder / "later" / "hanks.png")
    (tmp_path / "bare").mkdir()
    box.run("visitorctl", "enroll", "Sam", photo, "none.jpg").fails_with(
        "none.jpg is not there; nobody was enrolled."
    )
    box.run("visitorctl", "enroll", "Sam", str(tmp_path / "bare")).fails_with(
        "holds no photographs"
    )
    box.run("visitorctl", "enroll", "--folder", str(tmp_path / "bare")).fails_with(
        "holds no folders"
    )
    box.run("visitorctl", "enroll", "--folder", photo).fails_with("is no folder")
    box.run("visitorctl", "enroll", "visitor 12", photo).fails_with("looks like a label")
    box.run("visitorctl", "enroll", "\u202egnorw", photo).fails_with("visible characters only")
    for wrong in (
        [],
        ["Sam"],
        ["Sam", photo, "--camera", "door"],
        ["--camera", "door"],
        ["Sam", "--folder", "x"],
    ):
        assert box.run("visitorctl", "enroll", *wrong).code == 2
    assert visitors(box) == []


def test_why_nobody_was_enrolled_is_said(box: Box, folder: Path) -> None:
    mixed = [
        str(next((folder / "people" / name).iterdir())) for name in ("astronaut", "t1-1", "hanks")
    ]
    done = box.run("visitorctl", "enroll", "Mix", *mixed)
    done.fails_with("The photographs of Mix look like different people", "nobody was enrolled")
    (folder / "people" / "empty").mkdir()
    done = box.run("visitorctl", "enroll", "--folder", str(folder / "people"))
    assert "empty: its folder holds no photographs; nobody was enrolled." in done.err
    (folder / "people" / "empty").rmdir()


def test_a_disk_that_keeps_no_picture_leaves_nothing_half_done(box: Box, folder: Path) -> None:
    (box.folder / "state" / "crops").write_text("in the way")
    done = box.run("visitorctl", "enroll", "Sam", str(folder / "people" / "hanks" / "0.png"))
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith("Error: The face pictures cannot be kept")
    assert visitors(box) == []


def test_whoever_was_enrolled_can_be_forgotten_and_enrolled_again(enrol: Box, folder: Path) -> None:
    photos = str(folder / "people" / "astronaut")
    assert "Sam (visitor 1) is forgotten" in enrol.ok("visitorctl", "forget", "Sam", "--yes")
    assert not list((enrol.folder / "state" / "crops").glob("*/*"))
    assert visitors(enrol) == []
    enrol.ok("visitorctl", "enroll", "Sam", photos)
    assert list((enrol.folder / "state" / "crops").glob("*/*"))
    assert [v["name"] for v in visitors(enrol)] == ["Sam"]


# What a photograph must be.


@pytest.fixture
def photo(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "photo.jpg"


def judged(pack: ZooPack, path: Path, image: Image | None = None) -> FacePhotograph | Unusable:
    if image is not None:
        cv2.imwrite(str(path), image)
    return read(pack, path)


def test_a_good_photograph_is_taken(pack: ZooPack, photo: Path) -> None:
    found = judged(pack, photo, variant(people()["astronaut"].image, 0))
    assert isinstance(found, FacePhotograph)
    assert (found.name, found.embedding.shape) == ("photo.jpg", (128,))
    kept = cv2.imdecode(np.frombuffer(found.portrait(), np.uint8), cv2.IMREAD_COLOR)
    assert kept is not None
    assert kept.shape == (160, 160, 3)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda face: np.full((300, 300, 3), 120, np.uint8), "there is no face in it"),
        (
            lambda face: np.hstack([face, variant(people()["hanks"].image, 0)]),
            "there are 2 faces in it",
        ),
        (
            lambda face: cv2.resize(face, None, fx=0.12, fy=0.12, interpolation=cv2.INTER_AREA),
            "pixels wide: come closer",
        ),
        (lambda face: cv2.GaussianBlur(face, (0, 0), 9), "blurred: hold still"),
        (lambda face: (face * 0.15).astype(np.uint8), "too dark"),
        (lambda face: face[:, 170:], "outside the picture"),
    ],
)
def test_what_is_wrong_with_a_photograph_comes_with_advice(
    pack: ZooPack, photo: Path, change: object, why: str
) -> None:
    face = variant(people()["astronaut"].image, 0)
    found = judged(pack, photo.with_suffix(".png"), change(face))  # type: ignore[operator]
    assert isinstance(found, Unusable)
    assert why in found.reason


def test_somebody_far_behind_does_not_count(pack: ZooPack, photo: Path) -> None:
    face, behind = variant(people()["astronaut"].image, 0), variant(people()["hanks"].image, 3)
    scene = np.full((380, 560, 3), 140, np.uint8)
    scene[:, :380], scene[:170, 385:555] = face, behind
    alone, together = judged(pack, photo, face), judged(pack, photo, scene)
    assert isinstance(alone, FacePhotograph)
    assert isinstance(together, FacePhotograph)
    assert float(alone.embedding @ together.embedding) > 0.9


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_photograph_is_turned_as_the_camera_was_held(
    pack: ZooPack, photo: Path, orientation: int
) -> None:
    face = variant(people()["astronaut"].image, 0)
    upright = judged(pack, photo, face)
    turned = np.rot90(face, {3: 2, 6: 1, 8: 3}[orientation])
    picture = PILImage.fromarray(np.ascontiguousarray(turned[..., ::-1]))
    exif = PILImage.Exif()
    exif[0x0112] = orientation
    picture.save(photo, exif=exif, quality=95)
    found = read(pack, photo)
    assert isinstance(found, FacePhotograph)
    assert isinstance(upright, FacePhotograph)
    assert float(found.embedding @ upright.embedding) > 0.9


def test_files_that_are_no_photographs_are_told_apart(pack: ZooPack, tmp_path: Path) -> None:
    face = PILImage.fromarray(variant(people()["astronaut"].image, 0)[..., ::-1].copy())
    face.save(tmp_path / "moving.gif", save_all=True, append_images=[face.rotate(5)], duration=100)
    face.save(tmp_path / "still.gif")
    (tmp_path / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    (tmp_path / "broken.jpg").write_bytes(jpeg(variant(people()["astronaut"].image, 0))[:300])
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("not a picture")
    assert "animation" in str(read(pack, tmp_path / "moving.gif"))
    assert isinstance(read(pack, tmp_path / "still.gif"), FacePhotograph)
    assert "no picture, or it is damaged" in str(read(pack, tmp_path / "phone.heic"))
    (tmp_path / "huge.png").write_bytes(huge_png())
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "endless.jpg").symlink_to("/dev/zero")
    assert "it has more than 64 megapixels: make it" in str(read(pack, tmp_path / "huge.png"))
    assert "it cannot be read: it is a pipe" in str(read(pack, tmp_path / "pipe.jpg"))
    assert "it cannot be read: it is a device" in str(read(pack, tmp_path / "endless.jpg"))
    for name in ("broken.jpg", "empty.jpg", "text.jpg"):
        assert read(pack, tmp_path / name) == Unusable("it is no picture, or it is damaged")
    assert read(pack, tmp_path / "none.jpg") == Unusable(
        "it cannot be read: No such file or directory"
    )


# Choosing among many.


def made(embedding: np.ndarray, quality: float = 0.5) -> FacePhotograph:
    return FacePhotograph(
        "photo",
        f"{embedding.tobytes().hex()}",
        np.asarray(embedding, np.float32),
        quality,
        lambda: b"",
    )


def test_the_best_is_chosen_and_then_what_differs_most() -> None:
    photographs = [
        made(axis(0), 0.9),
        made(axis(0, 1, 0.9)),
        made(axis(0, 2, 0.6)),
        made(axis(0, 3, 0.8)),
    ]
    assert choose(photographs, 3, np.empty((0, 128), np.float32)) == [
        photographs[0],
        photographs[2],
        photographs[3],
    ]
    assert choose(photographs, 2, axis(0, 2, 0.6)[None]) == [photographs[3], photographs[1]]
    assert choose(photographs, 0, np.empty((0, 128), np.float32)) == []
    assert choose([], 5, np.empty((0, 128), np.float32)) == []


def test_of_ten_thousand_photographs_a_few_are_chosen_none_like_another() -> None:
    random = np.random.default_rng(2)
    faces = axis(0) * 3 + random.normal(0, 0.1, (10_000, 128))
    photographs = [made(face / np.linalg.norm(face)) for face in faces.astype(np.float32)]
    chosen = np.stack(
        [one.embedding for one in choose(photographs, 8, np.empty((0, 128), np.float32))]
    )
    assert len(chosen) == 8
    assert (chosen @ chosen.T - 2 * np.eye(8)).max() < TOO_LIKE
    assert choose([photographs[0]] * 50, 8, np.empty((0, 128), np.float32)) == [photographs[0]]


def test_one_that_looks_like_nobody_else_is_a_stranger() -> None:
    photographs = [made(axis(0)), made(axis(0, 1, 0.8)), made(axis(0, 2, 0.7)), made(axis(5))]
    assert odd_ones_out(photographs, None) == [photographs[3]]
    assert odd_ones_out(photographs[2:], None) == [], "of two, who is it?"
