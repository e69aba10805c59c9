"""Which embeddings look alike, and that it does not matter how they came there."""

from collections.abc import Sequence
from itertools import combinations
from random import Random
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.build import uid
from fixtures.people import MERGE, Case, cases, decided, many, unit
from visitord.identity.agreement import agreement
from visitord.identity.clustering import Proposal, propose
from visitord.identity.neighbours import Neighbours

pytestmark = pytest.mark.usefixtures("small_blocks")


def by_key(neighbours: Neighbours, keys: Sequence[UUID]) -> set[frozenset[UUID]]:
    of_row = dict(zip(neighbours.rows(keys).tolist(), keys, strict=True))
    return {frozenset(of_row[row] for row in pair) for pair in neighbours.pairs.T.tolist()}


@many
@given(cases(), st.randoms(use_true_random=False))
def test_learning_step_by_step_gives_what_learning_at_once_gives(
    case: Case, random: Random
) -> None:
    neighbours, keys = Neighbours(MERGE), list(case.looks)
    for _ in range(3):
        some = random.sample(keys, random.randint(0, len(keys)))
        fetched = {key: case.looks[key] for key in neighbours.unknown(some)}
        neighbours.update(some, fetched)
        at_once = Neighbours(MERGE)
        at_once.update(some, case.looks)
        assert by_key(neighbours, some) == by_key(at_once, some)
        assert all(
            (neighbours.matrix[neighbours.rows([k])[0]] == case.looks[k]).all() for k in some
        )
        assert len(neighbours.matrix) == len(some)
        assert neighbours.pairs.shape == at_once.pairs.shape
    neighbours.update(keys, case.looks)
    assert propose(case.members, case.cannot_link, neighbours) == decided(case)


def test_a_pair_exactly_at_the_threshold_is_near_in_whatever_block_it_comes() -> None:
    rng, keys = np.random.default_rng(3), [uid(n) for n in range(12)]
    looks = {key: unit(rng.normal(size=128)) for key in keys}
    for a, b in combinations(keys, 2):
        for step in (1, 4, 12):
            neighbours = Neighbours(float(agreement(looks[a][None], looks[b][None])))
            for end in range(step, 13, step):
                neighbours.update(keys[:end], looks)
            assert frozenset({a, b}) in by_key(neighbours, keys)


def test_what_is_missing_or_of_another_size_changes_nothing() -> None:
    neighbours, axes = Neighbours(MERGE), np.eye(4, dtype=np.float32)
    neighbours.update([uid(1), uid(2)], {uid(1): axes[0], uid(2): axes[0]})
    with pytest.raises(KeyError):
        neighbours.update([uid(2), uid(3)], {})
    with pytest.raises(ValueError, match="dimension"):
        neighbours.update([uid(2), uid(3)], {uid(3): np.ones(5, np.float32)})
    assert neighbours.unknown([uid(1), uid(2), uid(3)]) == [uid(3)]
    assert by_key(neighbours, [uid(1), uid(2)]) == {frozenset({uid(1), uid(2)})}


def test_nothing_is_asked_of_nobody() -> None:
    neighbours = Neighbours(MERGE)
    neighbours.update([], {})
    assert propose([], set(), neighbours) == Proposal([], [])
    neighbours.update([uid(1)], {uid(1): unit([1, 0])})
    neighbours.update([], {})
    assert neighbours.pairs.shape == (2, 0)


@many
@given(cases(), st.floats(-0.5, 1), st.floats(-0.5, 1))
def test_asking_for_more_or_less_gives_what_asking_for_it_at_once_gives(
    case: Case, first: float, then: float
) -> None:
    keys = list(case.looks)
    neighbours, at_once = Neighbours(first), Neighbours(then)
    neighbours.update(keys[::2], case.looks)
    neighbours.ask(then)
    neighbours.update(keys, case.looks)
    at_once.update(keys, case.looks)
    assert neighbours.threshold == then
    assert by_key(neighbours, keys) == by_key(at_once, keys)


def test_what_all_faces_have_in_common_makes_nobody_near() -> None:
    looks = {uid(1): unit([1, 1, 0, 0]), uid(2): unit([1, 0, 1, 0]), uid(3): unit([1, 0, 2, 0])}
    centre = np.asarray([0.6, 0, 0, 0], np.float32)
    near = {}
    for name, neighbours in (("plain", Neighbours(MERGE)), ("centred", Neighbours(MERGE, centre))):
        neighbours.update(list(looks), looks)
        near[name] = by_key(neighbours, list(looks))
    assert frozenset({uid(1), uid(2)}) in near["plain"]
    assert near["centred"] == {frozenset({uid(2), uid(3)})}
