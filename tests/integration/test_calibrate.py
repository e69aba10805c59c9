"""visitorctl calibrate on a real database: what it tells and draws, and what --apply changes."""

import json
import os
import stat
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from uuid import uuid4

import cv2
import numpy as np
import pytest

from fixtures.installation import Box
from fixtures.reports import axis, report
from visitord.core.clock import Clock
from visitord.core.config import load
from visitord.identity.centring import centred
from visitord.identity.thresholds import MatchRule, similarity_at
from visitord.models.opencv_zoo import ZooPack
from visitord.service import wiring
from visitord.service.recorder import Recorder
from visitord.store.database import Database

CROWD = 13  # people in one picture: 78 pairs, a few more than the 72 that a rate of 0.05 needs


def recorder(box: Box, database: Database, pack: ZooPack) -> Recorder:
    """A recorder as the daemon opens it now."""
    return wiring.open_recorder(
        load(box.folder / "config.toml"), database, pack, lambda _: None, Clock()
    )


def crowd(writer: Recorder, faces: Sequence[np.ndarray], at_s: float = 0) -> None:
    """Record faces that are seen in one picture."""
    ids = [uuid4() for _ in faces]
    for face, own in zip(faces, ids, strict=True):
        writer.handle(report(face, at_s, sighting_id=own, together=[i for i in ids if i != own]))


def alike(cosine: float, n: int = CROWD, first: int = 0) -> list[np.ndarray]:
    """Faces that all have this cosine to each other."""
    return [
        axis(first) * np.sqrt(cosine) + axis(first + 1 + i) * np.sqrt(1 - cosine) for i in range(n)
    ]


def change(database: Database, statement: str) -> None:
    with database.transaction() as cursor:
        cursor.execute(statement)


def told(box: Box, *arguments: str) -> dict[str, dict[str, float | None]]:
    return dict(json.loads(box.ok("visitorctl", "calibrate", "--format", "json", *arguments)))


def test_nothing_recorded_proposes_nothing_and_applying_that_fails(box: Box) -> None:
    text = box.ok("visitorctl", "calibrate")
    assert "0 pairs prove no rate below 1; 0.001 needs 3688 more" in text
    done = box.run("visitorctl", "calibrate", "--apply", "--picture", "empty.png")
    done.fails_with("no proposal to apply")
    assert cv2.imread(str(box.folder / "empty.png")) is not None


def test_a_crowd_is_measured_told_and_drawn(box: Box, database: Database, pack: ZooPack) -> None:
    writer, rng = recorder(box, database, pack), np.random.default_rng(5)
    faces = rng.normal(0, 1, (CROWD, 128)).astype(np.float32)
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    crowd(writer, list(faces))
    change(database, "update sighting set agreement = 0.7")
    change(
        database, f"update sighting set agreement = 0.1 where sighting_id = '{first_id(database)}'"
    )
    json_told = told(box, "--rate", "0.05")
    scores = [float(a @ b) for a, b in combinations(centred(faces, pack.centre), 2)]
    different, same, proposed = json_told["different"], json_told["same"], json_told["proposed"]
    assert (different["count"], json_told["couples"], json_told["missing"]) == (78, 78, 0)
    assert [different[k] for k in ("mean", "sd", "highest")] == pytest.approx(
        [np.mean(scores), np.std(scores), max(scores)], abs=1e-6
    )
    assert (same["count"], same["lowest"], same["highest"]) == (
        CROWD,
        pytest.approx(0.1),
        pytest.approx(0.7),
    )
    tail = similarity_at(0.05, float(proposed["dims"]))  # type: ignore[arg-type]
    assert max(scores) < tail <= max(scores) + 0.002
    assert json_told["current"]["match"] == 0.38
    assert json_told["current"]["dims"] == 81
    assert [promise["people"] for promise in json_told["promises"]] == [30, 300, 3000, 30000]
    assert json_told["current"]["false_non_match"]["rate"] == pytest.approx(1 / CROWD)  # type: ignore[index]
    os.umask(0)
    text = box.ok("visitorctl", "calibrate", "--rate", "0.05", "--picture", "scores.png")
    assert stat.S_IMODE((box.folder / "scores.png").stat().st_mode) == 0o600
    for part in (
        "different",
        "78",
        "13",
        "in force",
        "0 (0 to 0.046)",
        f"{proposed['dims']:.1f}",
        "30000",
    ):
        assert part in text
    picture = cv2.imread(str(box.folder / "scores.png"))
    assert picture is not None
    assert picture.shape == (500, 900, 3)
    box.run("visitorctl", "calibrate", "--picture", "nowhere/scores.png").fails_with(
        "cannot be written"
    )


def first_id(database: Database) -> object:
    with database.transaction() as cursor:
        cursor.execute("select sighting_id from sighting order by 1 limit 1")
        return (cursor.fetchone() or [None])[0]


def test_only_this_sites_moving_faces_of_this_pack_count(
    box: Box, database: Database, pack: ZooPack
) -> None:
    writer = recorder(box, database, pack)
    writer.handle(report(axis(90), 500, together=[uuid4()]))  # the other one was never written
    change(database, "update sighting set agreement = null")
    for at_s, spoilt in (
        (0, "pack = 'other'"),
        (100, "static = true"),
        (200, "site = 'annex'"),
        (300, "pack = pack"),
    ):
        crowd(writer, [axis(at_s // 50), axis(at_s // 50 + 1)], at_s)
        change(database, "insert into site values ('annex', 'UTC', '1 min') on conflict do nothing")
        last = "(select max(started_at) from sighting where started_at < '2026-01-05 09:08+00')"
        change(database, f"update sighting set agreement = 0.9, {spoilt} where started_at = {last}")
    result = told(box)
    assert [result[kind]["count"] for kind in ("different", "same")] == [1, 2]
    assert (result["couples"], result["identities"], result["missing"]) == (1, 3, 3687)


def decision(box: Box, database: Database, pack: ZooPack, at_s: int) -> tuple[str, str]:
    """How a recorder that starts now decides on a face at 0.46 to the known axis 0, and why."""
    fresh, sighting = recorder(box, database, pack), uuid4()
    fresh.handle(report(axis(0, 100 + at_s // 1000, 0.46), at_s, sighting_id=sighting, samples=2))
    with database.transaction() as cursor:
        cursor.execute("select decision, reason from sighting where sighting_id = %s", (sighting,))
        return cursor.fetchone() or ("", "")


def in_force(box: Box, database: Database, pack: ZooPack) -> MatchRule:
    """The rule of a recorder that starts now."""
    rule = recorder(box, database, pack).rule
    assert rule is not None
    return rule


def test_applying_changes_what_is_decided_from_the_next_start_on(
    box: Box, database: Database, pack: ZooPack
) -> None:
    writer = recorder(box, database, pack)
    writer.handle(report(axis(0), 0))
    crowd(
        writer, alike(0.5, first=2), 100
    )  # these people look like each other more than the pack expects
    proposed = told(box, "--rate", "0.05")["proposed"]
    assert decision(box, database, pack, 1000)[0] == "matched"
    assert box.rows("select 1 from visitord.calibration") == []
    assert "Applied at main" in box.ok("visitorctl", "calibrate", "--rate", "0.05", "--apply")
    assert writer.rule == MatchRule(pack.separation)
    how, why = decision(box, database, pack, 2000)
    assert how == "pending"
    rule = in_force(box, database, pack)
    assert rule.separation.dims == told(box)["current"]["dims"] == proposed["dims"]
    assert f"is below match {rule.at(14).match:.2f}" in why
    (row,) = box.rows("select * from visitord.calibration")
    assert (row["site"], row["pack"]) == ("main", pack.fingerprint)
    assert row["applied_by"]
    assert row["applied_at"]


def test_the_configuration_goes_before_what_was_applied(
    box: Box, database: Database, pack: ZooPack
) -> None:
    crowd(recorder(box, database, pack), alike(0.5))
    plain = (box.folder / "config.toml").read_text()
    box.configure(plain.replace("[models]", "[models]\nmatch = 0.45"))
    done = box.run("visitorctl", "calibrate", "--rate", "0.05", "--apply", "--format", "json")
    assert done.code == 0
    assert json.loads(done.out)["current"]["match"] == 0.45
    assert "models.match" in done.err
    limits = in_force(box, database, pack).at(3000)
    assert (limits.match, limits.certain) == (0.45, pytest.approx(0.58))
    box.configure(plain.replace("[models]", "[models]\nstrangers = 100"))
    rule = in_force(box, database, pack)
    assert (rule.strangers, rule.match) == (100, None)
    assert rule.separation.dims < pack.separation.dims
    box.configure(plain + '[site]\nname = "annex"\n')
    assert in_force(box, database, pack) == MatchRule(pack.separation)


def test_applying_again_replaces_what_was_applied(
    box: Box, database: Database, pack: ZooPack
) -> None:
    crowd(recorder(box, database, pack), alike(0.5))
    for rate in ("0.05", "0.5"):
        box.ok("visitorctl", "calibrate", "--rate", rate, "--apply")
    assert len(box.rows("select 1 from visitord.calibration")) == 1


@pytest.mark.parametrize("arguments", [("--rate", "0"), ("--rate", "0.6"), ("--format", "csv")])
def test_wrong_usage(box: Box, arguments: tuple[str, ...]) -> None:
    assert box.run("visitorctl", "calibrate", *arguments).code == 2


def test_merging_uses_what_was_applied_and_draws_what_it_found(
    box: Box, database: Database, pack: ZooPack, tmp_path: Path
) -> None:
    writer = recorder(box, database, pack)
    writer.handle(report(axis(0), 0))
    writer.handle(report(axis(2, 3, 0.6), 100, samples=2))  # pending
    writer.handle(report(axis(2), 200))
    change(
        database,
        "insert into calibration (site, pack, dims, applied_by, applied_at) "
        f"values ('main', '{pack.fingerprint}', 8, 'tester', now())",
    )
    tried = ("visitorctl", "cluster", "--dry-run", "--picture", "found.png")
    said = box.ok(*tried)
    assert "merged 0 identities and settled 0" in said
    assert "nothing to show side by side: found.png is not written" in said
    assert not (box.folder / "found.png").exists()

    change(database, "delete from calibration")
    assert "merged 0 identities and settled 1" in box.ok(*tried)
    assert (box.folder / "found.png").exists()
