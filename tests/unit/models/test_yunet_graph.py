"""YuNet's two outputs, against the twelve of the published network."""

from pathlib import Path

import numpy as np
import pytest

from visitord.models.catalog import DEFAULT, DETECTOR_FILE
from visitord.models.device import Device
from visitord.models.preparation import plain, serialised
from visitord.models.sessions import open_network
from visitord.models.yunet_graph import prepared

ON_CPU = Device().providers


@pytest.fixture(scope="module")
def published(models_dir: Path) -> bytes:
    return (models_dir / DEFAULT / DETECTOR_FILE).read_bytes()


def test_joined_branches_say_what_they_said_apart(published: bytes) -> None:
    picture = np.random.default_rng(8).uniform(0, 255, (1, 3, 640, 640)).astype(np.float32)
    apart = open_network(serialised(plain(published)), ON_CPU, 1).run(picture)
    cls, obj, bbox, kps = (np.concatenate(apart[n : n + 3], axis=1)[0].T for n in range(0, 12, 3))

    score, numbers = open_network(prepared(published), ON_CPU, 1).run(picture)
    assert score[0] == pytest.approx(np.sqrt(cls * obj), abs=1e-6)
    assert numbers[0] == pytest.approx(np.vstack([bbox, kps]), abs=1e-5)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (160, 160), (384, 640), (1024, 96)])
def test_pictures_may_have_any_size_in_steps_of_32_px(
    published: bytes, height: int, width: int
) -> None:
    picture = np.zeros((1, 3, height, width), np.float32)
    score, numbers = open_network(prepared(published), ON_CPU, 1).run(picture)
    places = sum(height * width // stride**2 for stride in (8, 16, 32))
    assert score.shape == (1, 1, places)
    assert numbers.shape == (1, 14, places)


def test_what_is_another_network_is_refused() -> None:
    with pytest.raises(Exception, match=r"(?i)pars"):
        prepared(b"no network")
