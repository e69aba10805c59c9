"""A name that is not known is answered with what was probably meant."""

import pytest

from visitord.core.near_names import did_you_mean


@pytest.mark.parametrize(
    ("typed", "known", "said"),
    [
        ("gaet", ["gate", "yard"], "did you mean gate"),
        ("GATE1", ["gate", "yard"], "did you mean gate"),
        ("visitor 11", ["visitor 1", "visitor 12"], "did you mean visitor 1 or visitor 12"),
        ("gat", ["gate", "gat1", "gat2", "gat3"], "did you mean gate, gat3 or gat2"),
        ("zoo", ["gate", "yard"], None),
        ("zoo", [], None),
    ],
)
def test_the_names_most_like_the_typed_one_are_offered(
    typed: str, known: list[str], said: str | None
) -> None:
    assert did_you_mean(typed, known) == said


def test_no_more_are_offered_than_are_asked_for() -> None:
    assert did_you_mean("gat", ["gate", "gats"], offered_max=1) in (
        "did you mean gate",
        "did you mean gats",
    )
