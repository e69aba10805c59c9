"""What the page says of an error: the fact, not what to type at a terminal."""

import logging

import pytest
from flask import Flask
from werkzeug.exceptions import Forbidden, NotFound

from visitord.core.errors import DatabaseUnavailableError, NotFoundError, VisitordError
from visitord.web.app import worded


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (VisitordError("Sam is not ignored.", advice="x."), 409, "Sam is not ignored."),
        (NotFoundError("Nobody.", advice="visitorctl list shows all."), 404, "Nobody."),
        (DatabaseUnavailableError("It is away."), 503, "It is away."),
        (NotFound(), 404, "There is no such page."),
        (Forbidden("This page has no such name."), 403, "This page has no such name."),
    ],
)
def test_an_error_has_a_status_and_a_sentence(error: Exception, status: int, said: str) -> None:
    assert worded(error) == (status, said)


def test_what_nobody_expected_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    with Flask(__name__).test_request_context("/suggestions"), caplog.at_level(logging.ERROR):
        assert worded(ZeroDivisionError("secret")) == (
            500,
            "Something went wrong in visitord; its log says what.",
        )
    assert "GET /suggestions" in caplog.text
