"""The bench of speed runs, on the product's own models, service and database."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from speed import pictures
from speed.footage import FPS, Footage, busy, encode, frames, people_of
from speed.likeness import Look
from speed.service import open_box

from visitord.models import catalog
from visitord.models.opencv_zoo import ZooPack


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    """Four seconds, in which somebody comes in."""
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    people = people_of(Path("no-kit"))
    walk = busy(list(people))[0]
    whole = Footage(path, round(walk.end_s * FPS), (walk,))
    encode(path, islice(frames(whole, people), FPS, 5 * FPS))
    return Footage(path, 4 * FPS, (replace(walk, start_s=walk.start_s - 1),))


def test_the_naive_loops_and_ours_see_the_same_person(
    clip: Footage, models_dir: Path, pack: ZooPack
) -> None:
    looks: dict[str, list[Look]] = {}
    took = pictures.run(clip, models_dir / catalog.DEFAULT, pack, 1, looks)
    assert set(took) == {pictures.NAIVE, pictures.OURS, pictures.LENT, pictures.BARE}
    faces = {
        name: np.mean([look.embedding for look in found], axis=0) for name, found in looks.items()
    }
    for name in (pictures.NAIVE, pictures.LENT):
        one, other = faces[name], faces[pictures.OURS]
        assert one @ other / np.linalg.norm(one) / np.linalg.norm(other) > 0.9
        assert len(looks[name]) > FPS

    lines = pictures.lines_of("busy", clip, took, looks)
    assert [line.goal for line in lines] == list(pictures.GOALS["busy"].values())
    assert all(line.value for line in lines)


def test_the_service_is_watched_from_its_start_to_the_rows_it_writes(
    clip: Footage, models_dir: Path
) -> None:
    with open_box(models_dir) as box:
        run = box.run([clip.path], seconds=2, settles_s=1)

    assert run.start_cpu_s > 0
    assert run.start_s > 0
    assert run.resident_mb > 50
    assert set(run.cameras) == {"camera-0"}
    assert run.slowest_per_s > 0
    assert len(run.rows_s) == 1
    assert len(run.told_new_s) == 1
    assert run.told_s == ()
