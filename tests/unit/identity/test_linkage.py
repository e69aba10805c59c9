"""Complete linkage that leaves ambiguous things apart, on numbers alone."""

import pytest

from visitord.identity.linkage import AMBIGUOUS, Fits, Joined, Linkage, link

ALL_SURE = frozenset(range(10))


def fits(*pairs: tuple[int, int, float]) -> Fits:
    found: Fits = {}
    for a, b, fit in pairs:
        found.setdefault(a, {})[b] = fit
        found.setdefault(b, {})[a] = fit
    return found


def test_where_all_fit_all_they_are_one_group_with_the_lowest_agreement() -> None:
    linkage = link(fits((3, 1, 0.7), (1, 2, 0.9), (2, 3, 0.5)), ALL_SURE, set())
    assert linkage == Linkage({1: Joined({1, 2, 3}, 0.5)}, set())


def test_the_better_end_of_a_chain_is_joined_and_the_other_left_out() -> None:
    linkage = link(fits((1, 2, 0.5), (2, 3, 0.7)), ALL_SURE, set())
    assert linkage == Linkage({2: Joined({2, 3}, 0.7)}, set())


@pytest.mark.parametrize("lead", [0.0, AMBIGUOUS / 2])
def test_an_even_chain_is_left_as_it_is_and_its_pairs_are_ambiguous(lead: float) -> None:
    linkage = link(fits((1, 2, 0.5), (2, 3, 0.5 + lead)), ALL_SURE, set())
    assert linkage == Linkage({}, {(1, 2), (2, 3)})


def test_a_lone_sighting_is_a_rival_only_of_those_it_cannot_be_linked_with() -> None:
    identities = {1, 2}
    assert link(fits((1, 2, 0.7), (2, 3, 0.7)), identities, set()).groups == {
        1: Joined({1, 2}, 0.7)
    }
    assert link(fits((1, 2, 0.7), (2, 3, 0.7)), identities, {(1, 3)}).groups == {}


def test_a_pair_that_waited_is_joined_once_its_rival_has_gone_elsewhere() -> None:
    linkage = link(fits((1, 3, 0.6), (2, 3, 0.6), (2, 4, 0.8)), ALL_SURE, set())
    assert linkage == Linkage({2: Joined({2, 4}, 0.8), 1: Joined({1, 3}, 0.6)}, set())


def test_several_linkages_are_one_as_if_linked_together() -> None:
    one = Linkage({1: Joined({1, 2}, 0.6)}, {(1, 3)})
    other = Linkage({4: Joined({4, 5}, 0.7)}, set())
    assert Linkage.of_all([one, other]) == Linkage({**one.groups, **other.groups}, {(1, 3)})
    assert Linkage.of_all([]) == Linkage({}, set())
