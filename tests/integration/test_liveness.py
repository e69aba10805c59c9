"""Faces and pictures of faces: what follows from it, and what the real networks say of some.

The stand-in networks take for a face what is more blue than red.
"""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import cv2
import numpy as np
import pytest

from fixtures.faces import people
from fixtures.installation import Box
from fixtures.liveness import BLUE, RED, plain
from fixtures.paths import SHARED
from fixtures.reports import START, axis, report
from fixtures.standins import liveness_folder
from fixtures.visit_log import LIMITS, RULE, VisitLog
from visitord.core.records import Detection, Image, Liveness, TrackReport
from visitord.identity.neighbours import Neighbours
from visitord.models.liveness.detector import NetworkLivenessDetector
from visitord.models.liveness.networks import MINIFASNET_THRESHOLD, load
from visitord.models.opencv_zoo import ZooPack
from visitord.service import merge_job

KIT = SHARED / "models"
with_kit = pytest.mark.skipif(
    not KIT.is_dir(), reason="the networks and their samples are not beside this checkout"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return liveness_folder(tmp_path / "liveness")


# What follows from it


def scored(i: int, at_s: float, score: float, *, blocks: bool, **more: object) -> TrackReport:
    return replace(report(axis(i), at_s, **more), liveness=Liveness(score, 0.4, blocks))  # type: ignore[arg-type]


def test_where_the_camera_blocks_a_picture_gets_no_identity_nor_does_the_merge_job_give_it_one(
    visit_log: VisitLog,
) -> None:
    for n in range(3):
        visit_log.recorder.handle(scored(0, 100 * n, 0.12, blocks=True))
    assert visit_log.one("select count(*) from visitor") == 0
    assert visit_log.arrivals == []
    (row, *_) = visit_log.rows(
        "select visitor_id, decision, live, live_score, reason from sighting_log"
    )
    assert row[:3] == (None, "pending", False)
    assert row[3] == pytest.approx(0.12)
    assert row[4] == "liveness 0.12 is below 0.40: a picture of a face, it seems"
    assert visit_log.one("select count(embedding) from sighting") == 0
    merge_job.merge_duplicates(visit_log.database, "pack-1", RULE, Neighbours(LIMITS.merge), START)
    assert visit_log.one("select count(*) from visitor") == 0


def test_a_picture_of_a_known_person_is_not_taken_for_them(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(scored(0, 0, 0.9, blocks=True))
    visit_log.recorder.handle(scored(0, 100, 0.1, blocks=True))
    assert visit_log.rows("select name, live, candidate from sighting_log order by started_at") == [
        ("visitor 1", True, None),
        (None, False, "visitor 1"),
    ]
    assert visit_log.one("select visits from visitor") == 1


def test_a_camera_that_flags_only_says_so(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(scored(0, 0, 0.1, blocks=False))
    visit_log.recorder.handle(report(axis(0), 100))
    assert visit_log.rows("select name, live from sighting_log order by started_at") == [
        ("visitor 1", False),
        ("visitor 1", None),
    ]


def test_what_later_samples_say_replaces_what_the_first_said(visit_log: VisitLog) -> None:
    track = uuid4()
    visit_log.recorder.handle(scored(0, 0, 0.9, blocks=False))
    for length_s, score in ((2.0, 0.2), (9.0, 0.6)):
        visit_log.recorder.handle(
            scored(
                0,
                100,
                score,
                blocks=False,
                sighting_id=track,
                length_s=length_s,
                final=length_s > 5,
            )
        )
    visit_log.recorder.handle(
        scored(0, 100, 0.2, blocks=False, sighting_id=track, length_s=2.0)
    )  # once more, as after a crash
    assert visit_log.rows("select live from sighting_log order by started_at") == [(True,), (True,)]


def test_the_whole_program_blocks_pictures_of_faces(box: Box, folder: Path, tmp_path: Path) -> None:
    """Portraits in a blue and in a red room; the third camera does not ask."""
    portrait = cv2.resize(people()["astronaut"].image, (120, 120), interpolation=cv2.INTER_AREA)
    for name, colour in (("blue", BLUE), ("red", RED)):
        image = plain(colour)
        image[120:240, 260:380] = portrait
        cv2.imwrite(str(tmp_path / f"{name}.png"), image)
    text = (
        (box.folder / "config.toml")
        .read_text()
        .replace("[models]", f'[models]\nliveness = "{folder}"')
    )
    for camera, mode in (("gate", "block"), ("hall", "flag"), ("yard", "off")):
        text += (
            f'[[camera]]\nname = "{camera}"\nsource = "rtsp://192.0.2.1/a"\nliveness = "{mode}"\n'
        )
    box.configure(text)
    for camera in ("gate", "hall", "yard"):
        files = (str(tmp_path / "red.png"), str(tmp_path / "blue.png"))
        box.ok("visitord", "replay", *files, "--camera", camera, "--start", START.isoformat())
    rows = box.rows(
        "select camera, live, name from visitord.sighting_log order by camera, started_at"
    )
    assert [(r["camera"], r["live"], r["name"]) for r in rows] == [
        ("gate", False, None),
        ("gate", True, "visitor 1"),
        ("hall", False, "visitor 1"),
        ("hall", True, "visitor 1"),
        ("yard", None, "visitor 1"),
        ("yard", None, "visitor 1"),
    ]


def test_a_camera_that_asks_without_networks_is_an_error_at_the_start(
    box: Box, tmp_path: Path
) -> None:
    text = (box.folder / "config.toml").read_text()
    camera = '[[camera]]\nname = "gate"\nsource = "rtsp://192.0.2.1/a"\nliveness = "block"\n'
    box.configure(text + camera)
    box.run("visitord", "check-config").fails_with("camera gate has liveness on", "models.liveness")
    box.configure(text.replace("[models]", '[models]\nliveness = "none"') + camera)
    done = box.run("visitord", "run")
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith("Error: models.liveness: ")
    assert "holds no liveness network" in box.run("visitorctl", "doctor").out


# The real networks


@pytest.fixture(scope="module")
def real() -> NetworkLivenessDetector:
    return NetworkLivenessDetector(load(KIT), MINIFASNET_THRESHOLD, blocks=False)


def _seen(pack: ZooPack, image: Image) -> Detection:
    return pack.detect(image, still=True)[0]


@with_kit
@pytest.mark.parametrize(
    ("name", "is_real"), [("image_T1.jpg", True), ("image_F1.jpg", False), ("image_F2.jpg", False)]
)
def test_the_networks_own_samples_are_told_apart(
    real: NetworkLivenessDetector, pack: ZooPack, name: str, is_real: bool
) -> None:
    image = cv2.imread(str(KIT / name))
    assert image is not None
    score = real.score(image, _seen(pack, image))
    assert score is not None
    assert (score >= MINIFASNET_THRESHOLD) == is_real


@with_kit
def test_with_red_and_blue_exchanged_a_picture_would_pass(
    real: NetworkLivenessDetector, pack: ZooPack
) -> None:
    """Which is why it matters that the networks get what cameras give: BGR."""
    image = cv2.imread(str(KIT / "image_F2.jpg"))
    assert image is not None
    found = _seen(pack, image)
    right, wrong = real.score(image, found), real.score(image[..., ::-1].copy(), found)
    assert right is not None and wrong is not None
    assert right < 0.1 and wrong > 0.9


@with_kit
def test_a_face_in_an_ordinary_photograph_passes_and_a_grey_copy_says_nothing(
    real: NetworkLivenessDetector, pack: ZooPack
) -> None:
    from skimage.data import astronaut

    image = np.ascontiguousarray(astronaut()[..., ::-1])
    found = _seen(pack, image)
    score = real.score(image, found)
    assert score is not None and score > 0.9
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    assert real.score(np.asarray(grey, np.uint8), found) is None
    assert real.networks.score(np.asarray(grey, np.uint8), found) == pytest.approx(0, abs=0.1), (
        "would be called a picture"
    )
