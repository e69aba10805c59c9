"""Which rule holds: the configuration's match, else what follows from the site's or the pack's."""

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from visitord.core.config import Config
from visitord.core.records import Separation
from visitord.identity.thresholds import MatchRule
from visitord.service.thresholds import rule_in_force
from visitord.store import calibration

MEASURED = Separation(dims=81, least=0.38, margin=0.13, source="for tests")


@contextlib.contextmanager
def transaction() -> Iterator[None]:
    yield


@pytest.mark.parametrize(
    ("configured", "applied", "dims", "strangers", "match"),
    [
        ({}, None, 81, 5, None),
        ({}, 60.0, 60, 5, None),
        ({"strangers": 50}, 60.0, 60, 50, None),
        ({"match": 0.40}, 60.0, 60, 5, 0.40),
        ({"match": 0.30}, None, 81, 5, 0.30),
    ],
)
def test_what_is_nearer_to_the_owner_goes_before(
    monkeypatch: pytest.MonkeyPatch,
    configured: dict[str, float],
    applied: float | None,
    dims: float,
    strangers: float,
    match: float | None,
) -> None:
    rule = in_force(monkeypatch, configured, applied)
    assert rule == MatchRule(Separation(dims, 0.38, 0.13, "for tests"), strangers, match)


def test_a_configured_match_holds_however_many_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = in_force(monkeypatch, {"match": 0.30}, None)
    assert [rule.at(people).match for people in (0, 30, 30000)] == [0.30] * 3


def in_force(
    monkeypatch: pytest.MonkeyPatch, configured: dict[str, float], applied: float | None
) -> MatchRule:
    monkeypatch.setattr(calibration, "applied", lambda *_: applied)
    pack: Any = SimpleNamespace(separation=MEASURED, fingerprint="pack-1")
    database: Any = SimpleNamespace(transaction=transaction)
    return rule_in_force(Config.model_validate({"models": configured}), pack, database)
