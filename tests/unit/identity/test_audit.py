"""Templates that are not of the person they are filed under: what is found, and what never is."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fixtures.build import axis, near, uid, with_cosines
from fixtures.people import directions, many
from visitord.core.records import Embedding, Thresholds
from visitord.identity.audit import AGREE, NEARER, Audit, AuditedTemplate, Finding, Why, likeness
from visitord.identity.neighbours import Neighbours

LIMITS = Thresholds(match=0.42, merge=0.42, certain=0.55, people=3)
SAM, REGULAR, THIRD = uid(101), uid(102), uid(103)
ABOVE, BELOW = AGREE + 0.02, AGREE - 0.02

Looks = Sequence[Embedding] | NDArray[np.float32]


@dataclass(frozen=True)
class Filed:
    """A template and what it looks like."""

    template: AuditedTemplate
    look: Embedding


def filed(n: int, owner: int, look: Embedding, **more: bool) -> Filed:
    return Filed(AuditedTemplate(uid(n), uid(owner), **more), look)


def audit(*templates: Filed, limits: Thresholds = LIMITS) -> Audit:
    neighbours = Neighbours(limits.merge)
    looks = {one.template.template_id: one.look for one in templates}
    neighbours.update(list(looks), looks)
    return Audit([one.template for one in templates], neighbours, limits)


def found(*templates: Filed, seen: dict[int, Looks] | None = None) -> list[Finding]:
    """What is found when the sightings seen were filed under these identities."""
    made = audit(*templates)
    looks = {uid(owner): np.array(own, np.float32) for owner, own in (seen or {}).items()}
    return made.findings(made.suspects(), looks)


def numbers(findings: Sequence[Finding]) -> list[int]:
    return [finding.template_id.int for finding in findings]


def in_agreement(*cosines: float) -> NDArray[np.float32]:
    """Three looks with these cosines: of the first two, of the first and last, of the last two."""
    one_two, one_three, two_three = cosines
    table = [[1, one_two, one_three], [one_two, 1, two_three], [one_three, two_three, 1]]
    return np.pad(with_cosines(table), ((0, 0), (0, 5)))


# Templates that disagree with the others of their identity


def test_a_template_that_is_like_none_of_the_others_is_set_aside() -> None:
    one, two, wrong = in_agreement(0.6, 0.1, 0.2)
    (finding,) = found(filed(1, 101, one), filed(2, 101, two), filed(3, 101, wrong))
    assert (finding.template_id, finding.identity_id) == (uid(3), SAM)
    assert (finding.why, finding.sets_aside) == (Why.DISAGREES, True)
    assert finding.own == pytest.approx(0.2)
    assert (finding.other_id, finding.other) == (None, None)


@pytest.mark.parametrize(("to_one", "wrong"), [(ABOVE, []), (BELOW, [3])])
def test_it_is_enough_to_agree_with_one_of_them(to_one: float, wrong: list[int]) -> None:
    looks = in_agreement(0.6, to_one, 0.0)
    templates = [filed(n + 1, 101, look) for n, look in enumerate(looks)]
    assert numbers(found(*templates)) == wrong


def test_a_chain_of_looks_is_one_face() -> None:
    chain = in_agreement(0.5, 0.0, 0.5)
    assert found(*(filed(n + 1, 101, look) for n, look in enumerate(chain))) == []


def test_the_only_template_of_an_identity_is_never_judged() -> None:
    assert found(filed(1, 101, axis(0)), filed(2, 102, axis(0)), filed(3, 102, axis(0))) == []


def test_of_two_that_disagree_the_sightings_say_which_is_wrong() -> None:
    two = filed(1, 101, axis(0)), filed(2, 101, axis(1))
    (finding,) = found(*two, seen={101: [near(1, 0.7, 2)]})
    assert (finding.template_id, finding.sets_aside) == (uid(1), True)


def test_where_the_sightings_do_not_say_it_is_only_reported() -> None:
    two = filed(1, 101, axis(0)), filed(2, 101, axis(1))
    undecided: list[dict[int, Looks]] = [
        {},
        {101: [near(0, 0.7, 2), near(1, 0.7, 2)]},
        {101: [axis(3)]},  # like neither
        {101: [near(1, BELOW, 2)]},
    ]
    for seen in undecided:
        (finding,) = found(*two, seen=seen)
        assert (finding.clear, finding.sets_aside) == (False, False)


def test_sightings_outvote_templates() -> None:
    """Two templates of the wrong face, one of the right one, which all sightings look like."""
    templates = filed(1, 101, axis(0)), filed(2, 101, axis(1)), filed(3, 101, near(1, 0.8, 2))
    assert numbers(found(*templates)) == [1]
    assert sorted(numbers(found(*templates, seen={101: [axis(0)] * 2}))) == [2, 3]


def test_what_a_person_said_is_only_reported() -> None:
    looks = in_agreement(0.6, 0.1, 0.2)
    templates = [filed(n + 1, 101, look, kept=True) for n, look in enumerate(looks)]
    (finding,) = found(*templates)
    assert (finding.template_id, finding.kept, finding.clear) == (uid(3), True, True)
    assert not finding.sets_aside


def test_a_photograph_says_which_face_is_right_whatever_looks_otherwise() -> None:
    wrong = [filed(n, 101, near(1, 0.8, n)) for n in (2, 3)]
    photograph = filed(1, 101, axis(0), kept=True, photograph=True)
    assert sorted(numbers(found(photograph, *wrong, seen={101: [axis(1)] * 9}))) == [2, 3]


# Templates that are nearer to another identity


def others() -> list[Filed]:
    """Two templates of the regular that agree at 0.8."""
    return [filed(11, 102, axis(1)), filed(12, 102, near(1, 0.8, 2))]


def blend(own: float, other: float) -> Embedding:
    """A look with these cosines to axes 0 and 1."""
    rest = np.sqrt(1 - own**2 - other**2)
    return np.asarray(own * axis(0) + other * axis(1) + rest * axis(3), np.float32)


def test_a_template_that_is_nearer_to_another_is_set_aside() -> None:
    wrong = filed(3, 101, blend(0.45, 0.7))
    (finding,) = found(filed(1, 101, axis(0)), filed(2, 101, near(0, 0.9, 4)), wrong, *others())
    assert (finding.template_id, finding.why) == (uid(3), Why.NEARER)
    assert finding.sets_aside
    assert finding.own == pytest.approx(0.45)
    assert finding.other_id == REGULAR
    assert finding.other == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("own", "other", "is_found"),
    [
        (0.4, 0.4 + NEARER + 0.01, True),
        (0.4, 0.4 + NEARER - 0.01, False),
        (0.29, LIMITS.match + 0.01, True),
        (0.29, LIMITS.match - 0.01, False),
    ],
)
def test_it_must_match_the_other_and_be_clearly_nearer_to_it(
    own: float, other: float, is_found: bool
) -> None:
    two = filed(1, 101, axis(0)), filed(2, 101, blend(own, other))
    assert bool(found(*two, *others())) is is_found


def test_what_is_nearer_to_a_wrong_template_of_another_is_right() -> None:
    """The other identity has a template of this person, which is the one that is wrong."""
    right = [filed(1, 101, axis(0)), filed(2, 101, near(0, 0.5, 3))]
    lost = filed(13, 102, near(0, 0.5, 3))
    assert numbers(found(*right, *others(), lost)) == [13]
    assert found(*right, filed(11, 102, axis(1)), lost)[0].template_id == uid(13)


def test_two_identities_that_are_alike_are_a_question_for_the_merge_job() -> None:
    """One person enrolled twice: a template fits either, and is of both."""
    bridge = filed(2, 101, blend(0.45, 0.7))
    alike = [filed(11, 102, near(1, np.sqrt(1 - ABOVE**2), 0))]
    unlike = [filed(11, 102, axis(1))]
    assert found(filed(1, 101, axis(0)), bridge, *alike) == []
    assert numbers(found(filed(1, 101, axis(0)), bridge, *unlike)) == [2]


def test_of_two_of_which_one_is_nearer_to_another_the_sightings_decide() -> None:
    two = filed(1, 101, axis(0)), filed(2, 101, blend(0.45, 0.7))
    decided: list[tuple[Looks, bool]] = [
        ([], False),
        ([axis(0)], True),
        ([blend(0.45, 0.7)], False),
    ]
    for looks, aside in decided:
        (finding,) = found(*two, *others(), seen={101: looks} if looks else {})
        assert (finding.template_id, finding.sets_aside) == (uid(2), aside)


def test_where_all_templates_are_nearer_to_others_two_are_left_to_a_person() -> None:
    """Three that agree at 0.5, each nearer to somebody else: of two neither outvotes the other."""
    mixed = [np.asarray((axis(0) + axis(n)) / np.sqrt(2), np.float32) for n in (1, 2, 3)]
    own = [filed(n, 101, look) for n, look in enumerate(mixed, 1)]
    elsewhere = [filed(10 + n, 101 + n, axis(n)) for n in (1, 2, 3)]
    findings = found(*own, *elsewhere)
    assert sorted(numbers(findings)) == [1, 2, 3]
    assert numbers([finding for finding in findings if finding.sets_aside]) == [1]


# What is compared


def test_likeness_is_that_of_the_best_or_of_their_mean() -> None:
    others = np.stack([axis(0), axis(1)])
    assert likeness(axis(0), others) == pytest.approx(1.0)
    between = np.asarray((axis(0) + axis(1)) / np.sqrt(2), np.float32)
    assert likeness(between, others) == pytest.approx(1.0)


def test_a_template_is_compared_with_its_identity_without_it() -> None:
    made = audit(filed(1, 101, axis(0)), filed(2, 101, near(0, 0.6, 2)), filed(3, 102, axis(2)))
    compared = made.compare(uid(2), SAM, near(0, 0.6, 2))
    assert (compared.own, compared.other_id) == (pytest.approx(0.6), REGULAR)
    assert compared.other == pytest.approx(0.8)
    alone = made.compare(uid(3), REGULAR, axis(2))
    assert (alone.own, alone.other_id) == (None, SAM)
    nobody = made.compare(uid(9), THIRD, axis(0))
    assert (nobody.own, nobody.other_id) == (None, SAM)
    empty = audit().compare(uid(9), THIRD, axis(0))
    assert (empty.own, empty.other_id, empty.other) == (None, None, None)


def test_of_no_templates_nothing_is_found() -> None:
    assert audit().suspects() == []


# Whatever there is

some = settings(many, max_examples=50)


@st.composite
def galleries(draw: Callable) -> tuple[list[Filed], dict[int, list[Embedding]]]:
    """Up to four identities of up to five templates, and what was filed under them."""
    templates = []
    for owner in range(101, 101 + draw(st.integers(1, 4))):
        for _ in range(draw(st.integers(1, 5))):
            photograph = draw(st.integers(0, 9)) == 0
            kept = photograph or draw(st.integers(0, 4)) == 0
            n = len(templates) + 1
            templates.append(filed(n, owner, draw(directions), kept=kept, photograph=photograph))
    owners = {one.template.root_id.int for one in templates}
    seen = {owner: draw(st.lists(directions, min_size=1, max_size=4)) for owner in sorted(owners)}
    return templates, seen


@some
@given(galleries())
def test_one_template_of_each_identity_always_stays(
    gallery: tuple[list[Filed], dict[int, list[Embedding]]],
) -> None:
    templates, seen = gallery
    aside = {f.template_id for f in found(*templates, seen=seen) if f.sets_aside}
    left = Counter(
        one.template.root_id for one in templates if one.template.template_id not in aside
    )
    assert set(left) == {one.template.root_id for one in templates}


@some
@given(galleries())
def test_what_a_person_said_is_never_set_aside(
    gallery: tuple[list[Filed], dict[int, list[Embedding]]],
) -> None:
    templates, seen = gallery
    kept = {one.template.template_id for one in templates if one.template.kept}
    assert not any(f.sets_aside for f in found(*templates, seen=seen) if f.template_id in kept)


@some
@given(galleries())
def test_an_identity_whose_templates_agree_best_with_each_other_is_left_alone(
    gallery: tuple[list[Filed], dict[int, list[Embedding]]],
) -> None:
    templates, seen = gallery
    looks: dict[int, list[Embedding]] = {}
    for one in templates:
        looks.setdefault(one.template.root_id.int, []).append(one.look)
    agreed = {
        owner
        for owner, own in looks.items()
        if all(float(a @ b) > 1 - NEARER for a, b in combinations(own, 2))
    }
    assert not agreed & {f.identity_id.int for f in found(*templates, seen=seen)}
