"""Which thresholds hold: the configuration's, else the site's, else the pack's."""

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from visitord.core.config import Config
from visitord.core.errors import ConfigError
from visitord.core.records import Thresholds
from visitord.service.thresholds import thresholds_in_force
from visitord.store import calibration
from visitord.store.calibration import AppliedThresholds

MEASURED = Thresholds(match=0.42, new=0.32, merge=0.45, certain=0.55, source="for tests")


@contextlib.contextmanager
def transaction() -> Iterator[None]:
    yield


@pytest.mark.parametrize(
    ("configured", "chosen", "expected"),
    [
        ({}, None, (0.42, 0.32, 0.45, 0.55)),
        ({}, (0.50, 0.40), (0.50, 0.40, 0.50, 0.55)),
        ({}, (0.60, 0.40), (0.60, 0.40, 0.60, 0.60)),
        ({"match": 0.40}, (0.50, 0.45), (0.40, 0.40, 0.45, 0.55)),
        ({"new": 0.20}, (0.50, 0.40), (0.50, 0.20, 0.50, 0.55)),
        ({"match": 0.30}, None, (0.30, 0.30, 0.45, 0.55)),
    ],
)
def test_what_is_nearer_to_the_owner_goes_before(
    monkeypatch: pytest.MonkeyPatch,
    configured: dict[str, float],
    chosen: tuple[float, float] | None,
    expected: tuple[float, ...],
) -> None:
    limits = in_force(monkeypatch, configured, chosen)
    assert (limits.match, limits.new, limits.merge, limits.certain) == expected


def test_a_configured_new_above_the_match_in_force_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ConfigError, match=r"models.new 0.6 contradicts the match in force, 0.5:"):
        in_force(monkeypatch, {"new": 0.6}, (0.5, 0.4))


def in_force(
    monkeypatch: pytest.MonkeyPatch,
    configured: dict[str, float],
    chosen: tuple[float, float] | None,
) -> Thresholds:
    applied = AppliedThresholds(*chosen) if chosen else None
    monkeypatch.setattr(calibration, "applied", lambda *_: applied)
    pack: Any = SimpleNamespace(thresholds=MEASURED, fingerprint="pack-1")
    database: Any = SimpleNamespace(transaction=transaction)
    return thresholds_in_force(Config.model_validate({"models": configured}), pack, database)
