"""Faces and pictures of faces: what is judged, what it changes, and what the real networks say
where they are at hand.

The stand-in networks take for a face what is more blue than red, which also shows in which order
they get the colours.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import cv2
import numpy as np
import onnx
import pytest

from fixtures.faces import people
from fixtures.installation import Box
from fixtures.paths import SHARED
from fixtures.reports import START, axis, report
from fixtures.standins import liveness_addon, liveness_folder, pack_folder
from fixtures.visit_log import LIMITS, VisitLog
from visitord.core.errors import ModelError
from visitord.core.records import Detection, Frame, Image, Liveness, Picture, TrackReport
from visitord.identity.neighbours import Neighbours
from visitord.models.liveness import networks
from visitord.models.liveness.detector import NetworkLivenessDetector
from visitord.models.liveness.networks import MINIFASNET_THRESHOLD, Addon, MiniFasNets, load
from visitord.models.opencv_zoo import ZooPack
from visitord.service import merge_job
from visitord.vision.tracker import LIVE_LOOKS, Tracker

KIT = SHARED / "models"
with_kit = pytest.mark.skipif(
    not KIT.is_dir(), reason="the networks and their samples are not beside this checkout"
)

BLUE, RED, GREY = (200, 120, 60), (60, 120, 200), (120, 120, 120)


def face(
    x: float = 220.0, y: float = 140.0, size: float = 100.0, roll_deg: float = 0.0
) -> Detection:
    points = np.array([[-0.2, -0.1], [0.2, -0.1], [0, 0.1], [-0.15, 0.3], [0.15, 0.3]]) * size
    turn = np.radians(roll_deg)
    points = points @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + [
        x + size / 2,
        y + size / 2,
    ]
    return Detection(
        np.array([x, y, x + size, y + size], np.float32), points.astype(np.float32), 0.9
    )


def plain(colour: tuple[int, int, int]) -> Image:
    return np.full((360, 640, 3), colour, np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return liveness_folder(tmp_path / "liveness")


@pytest.fixture
def liveness_detector(folder: Path) -> NetworkLivenessDetector:
    return NetworkLivenessDetector(load(folder), 0.4, blocks=True)


# One look


def test_a_face_and_a_picture_of_one_are_told_apart_by_colours_in_the_right_order(
    liveness_detector: NetworkLivenessDetector,
) -> None:
    assert liveness_detector.score(plain(BLUE), face()) == pytest.approx(1, abs=0.01)
    assert liveness_detector.score(plain(RED), face()) == pytest.approx(0, abs=0.01)


def test_the_networks_mean_counts(folder: Path) -> None:
    one, other = sorted(folder.glob("*.onnx"))
    model = onnx.load(one)
    model.graph.initializer[0].CopyFrom(
        onnx.numpy_helper.from_array(np.zeros((3, 3), np.float32), "columns")
    )
    onnx.save(model, one)
    assert MiniFasNets([one, other]).score(plain(BLUE), face()) == pytest.approx(
        (1 / 3 + 1) / 2, abs=0.01
    )


def test_each_network_sees_as_much_around_the_face_as_its_name_says(folder: Path) -> None:
    image = plain(RED)
    image[90:290, 170:370] = (
        BLUE  # twice the box, of what 2.7 and 4 times the box show: 55 and 25 %
    )
    near, far = (MiniFasNets([file]).score(image, face()) for file in sorted(folder.glob("*.onnx")))
    assert near == pytest.approx(1, abs=0.01)
    assert far == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(
    ("image", "detection"),
    [
        pytest.param(plain(GREY), face(), id="grey or infrared"),
        pytest.param(plain(BLUE), face(size=49), id="small"),
        pytest.param(plain(BLUE), face(x=0), id="at the picture's edge"),
        pytest.param(plain(BLUE), face(y=10), id="a little below the upper edge"),
        pytest.param(plain(BLUE)[:240], face(), id="cut off below"),
    ],
)
def test_where_the_picture_does_not_allow_to_say_nothing_is_said(
    liveness_detector: NetworkLivenessDetector, image: Image, detection: Detection
) -> None:
    assert liveness_detector.score(image, detection) is None


@pytest.mark.parametrize("detection", [face(size=50), face(x=15), face(y=15)])
def test_just_enough_of_the_picture_is_enough(
    liveness_detector: NetworkLivenessDetector, detection: Detection
) -> None:
    assert liveness_detector.score(plain(BLUE), detection) is not None


def test_grey_means_grey_where_the_face_is(liveness_detector: NetworkLivenessDetector) -> None:
    """Infrared has a little colour of its own, from the encoder; and a red wall makes no face
    colourful.
    """
    noisy = plain(GREY) + np.random.default_rng(1).integers(
        -2, 3, (360, 640, 3), dtype=np.int8
    ).astype(np.uint8)
    assert liveness_detector.score(noisy, face()) is None
    image = plain(RED)
    image[140:240, 220:320] = GREY
    assert liveness_detector.score(image, face()) is None


# insightface's addon


@pytest.fixture
def addon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Addon:
    """A stand-in in place of the file that insightface publishes, by whose hash it is known."""
    made = liveness_addon(tmp_path / "addon")
    published = dataclasses.replace(
        networks.ADDON_CATALOG["liveness"], sha256=_sha256(made / "liveness.onnx")
    )
    monkeypatch.setattr(networks, "ADDON_CATALOG", {"liveness": published})
    loaded = load(made)
    assert isinstance(loaded, Addon)
    return loaded


def _sha256(file: Path) -> str:
    return networks.hashlib.sha256(file.read_bytes()).hexdigest()


def test_insightface_s_addon_judges_upright_faces_only(addon: Addon) -> None:
    liveness_detector = NetworkLivenessDetector(addon, addon.threshold, blocks=False)
    assert liveness_detector.score(plain(BLUE), face()) == pytest.approx(1, abs=0.01)
    assert liveness_detector.score(plain(RED), face()) == pytest.approx(0, abs=0.01)
    assert liveness_detector.score(plain(BLUE), face(roll_deg=14)) is not None
    assert liveness_detector.score(plain(BLUE), face(roll_deg=16)) is None
    assert liveness_detector.score(plain(BLUE), face(roll_deg=-16)) is None


def test_an_addon_that_insightface_did_not_publish_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"liveness.onnx is not the file that insightface publishes \(SHA-256"
    ):
        load(liveness_addon(tmp_path / "addon"))


# What is in the folder


def test_what_is_no_liveness_network_is_refused_in_one_sentence(
    tmp_path: Path, folder: Path
) -> None:
    with pytest.raises(ModelError, match="holds no liveness network; expected"):
        load(tmp_path / "none")
    (folder / "2.7_80x80_MiniFASNetV2.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(folder)
    (pack_folder(tmp_path / "pack", dim=64) / "rec.onnx").replace(
        folder / "2.7_80x80_MiniFASNetV2.onnx"
    )
    with pytest.raises(ModelError, match=r"is no MiniFASNet: it has to take \(n, 3, 80, 80\)"):
        load(folder)
    (folder / "2.7_80x80_MiniFASNetV2.onnx").rename(folder / "big_80x80_MiniFASNet.onnx")
    with pytest.raises(ModelError, match="its name has to begin with the scale"):
        load(folder)


# A track


class Scripted:
    """Gives these scores one after the other, then none."""

    def __init__(self, *scores: float | None, blocks: bool = False) -> None:
        self.scores, self.blocks = list(scores), blocks
        self.asked: list[float] = []

    def score(self, image: Image, detection: Detection) -> float | None:
        self.asked.append(float(image[0, 0, 0]))
        return self.scores.pop(0) if self.scores else None

    def verdict(self, scores: Sequence[float]) -> Liveness:
        return Liveness(float(np.median(scores)), 0.4, self.blocks)


def follow(
    liveness_detector: Scripted, seconds: float, flaws: tuple[str, ...] = ()
) -> list[TrackReport]:
    """What is reported of somebody who stands there, eight pictures a second, each as bright as its
    number.
    """
    tracker, reports = Tracker("main", liveness_detector), list[TrackReport]()
    for n in range(round(seconds * 8)):
        frame = Frame("door", Picture.of(np.full((9, 9, 3), n % 256, np.uint8)), START, n / 8)
        (sample,) = report(axis(0), n / 8).samples[:1]
        sample = replace(sample, quality=replace(sample.quality, flaws=flaws))
        reports += tracker.update(frame, [(face(), sample)])
    return reports + tracker.flush()


def test_few_looks_are_judged_and_their_median_counts() -> None:
    liveness_detector = Scripted(0.9, 0.1, 0.2, 0.3, 0.8)
    *_, last = follow(liveness_detector, 12)
    assert liveness_detector.asked == [0, 3, 6, 9, 12], "every third of a second, then no more"
    assert last.liveness == Liveness(0.3, 0.4, False)
    assert not last.liveness.real and not last.blocked


def test_poor_looks_are_not_judged() -> None:
    liveness_detector = Scripted(0.1)
    *_, last = follow(liveness_detector, 3, flaws=("blurred",))
    assert liveness_detector.asked == []
    assert last.liveness is None


def test_looks_that_say_nothing_are_not_counted() -> None:
    liveness_detector = Scripted(None, 0.1, None, 0.2)
    *_, last = follow(liveness_detector, 3)
    assert last.liveness == Liveness(pytest.approx(0.15), 0.4, False)


def test_a_camera_that_blocks_says_nothing_until_a_track_is_judged() -> None:
    flagging, blocking = (follow(Scripted(*[0.9] * 5, blocks=b), 3) for b in (False, True))
    assert (flagging[0].ended_at - START).total_seconds() == 1.0
    assert (blocking[0].ended_at - START).total_seconds() == 1.5, "after five looks"
    assert not blocking[0].final
    waits_in_vain = follow(Scripted(blocks=True), 40)
    assert [r.final for r in waits_in_vain] == [True], (
        "later looks may still tell that it is a picture"
    )
    assert waits_in_vain[0].liveness is None and not waits_in_vain[0].blocked, (
        "unknown is not blocked"
    )
    assert LIVE_LOOKS == 5


# What follows from it


def judged(i: int, at_s: float, score: float, *, blocks: bool, **more: object) -> TrackReport:
    return replace(report(axis(i), at_s, **more), liveness=Liveness(score, 0.4, blocks))  # type: ignore[arg-type]


def test_a_picture_is_nobody_where_the_camera_blocks_and_the_merge_job_makes_it_nobody_either(
    visit_log: VisitLog,
) -> None:
    for n in range(3):
        visit_log.recorder.handle(judged(0, 100 * n, 0.12, blocks=True))
    assert visit_log.one("select count(*) from visitor") == 0
    assert visit_log.arrivals == []
    (row, *_) = visit_log.rows(
        "select visitor_id, decision, live, live_score, reason from sighting_log"
    )
    assert row[:3] == (None, "pending", False)
    assert row[3] == pytest.approx(0.12)
    assert row[4] == "liveness 0.12 is below 0.40: a picture of a face, it seems"
    assert visit_log.one("select count(embedding) from sighting") == 0
    merge_job.merge_duplicates(visit_log.database, "pack-1", Neighbours(LIMITS.merge), START)
    assert visit_log.one("select count(*) from visitor") == 0


def test_a_picture_of_a_known_person_is_not_taken_for_them(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(judged(0, 0, 0.9, blocks=True))
    visit_log.recorder.handle(judged(0, 100, 0.1, blocks=True))
    assert visit_log.rows("select name, live, candidate from sighting_log order by started_at") == [
        ("visitor 1", True, None),
        (None, False, "visitor 1"),
    ]
    assert visit_log.one("select visits from visitor") == 1


def test_a_camera_that_flags_only_says_so(visit_log: VisitLog) -> None:
    visit_log.recorder.handle(judged(0, 0, 0.1, blocks=False))
    visit_log.recorder.handle(report(axis(0), 100))
    assert visit_log.rows("select name, live from sighting_log order by started_at") == [
        ("visitor 1", False),
        ("visitor 1", None),
    ]


def test_what_later_looks_say_replaces_what_the_first_said(visit_log: VisitLog) -> None:
    track = uuid4()
    visit_log.recorder.handle(judged(0, 0, 0.9, blocks=False))
    for length_s, score in ((2.0, 0.2), (9.0, 0.6)):
        visit_log.recorder.handle(
            judged(
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
        judged(0, 100, 0.2, blocks=False, sighting_id=track, length_s=2.0)
    )  # once more, as after a crash
    assert visit_log.rows("select live from sighting_log order by started_at") == [(True,), (True,)]


def test_the_whole_program_blocks_pictures_of_faces(box: Box, folder: Path, tmp_path: Path) -> None:
    """Portraits in a blue and in a red room; in a third camera nobody asks."""
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
def test_the_samples_are_judged_right(
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
