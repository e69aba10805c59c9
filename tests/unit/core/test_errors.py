"""What went wrong, in the words of the command line and in those that every front can use."""

import pickle

from visitord.core.errors import NotFoundError, VisitordError


def test_a_fact_alone_is_the_whole_sentence() -> None:
    error = VisitordError("The disk is full.")
    assert (str(error), error.fact, error.advice) == ("The disk is full.", "The disk is full.", "")


def test_the_command_line_gets_the_advice_in_the_same_sentence() -> None:
    error = NotFoundError("Nobody is called Sam.", advice="visitorctl list shows everyone.")
    assert str(error) == "Nobody is called Sam; visitorctl list shows everyone."
    assert error.fact == "Nobody is called Sam."


def test_what_joins_fact_and_advice_can_be_chosen() -> None:
    error = VisitordError("Both have names.", advice="say who stays.", joint=": ")
    assert str(error) == "Both have names: say who stays."


def test_an_error_keeps_its_parts_between_processes() -> None:
    error = VisitordError("There is none.", advice="make one.")
    copied = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (str(copied), copied.fact, copied.advice) == (str(error), error.fact, error.advice)
