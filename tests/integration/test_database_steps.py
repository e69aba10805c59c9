"""A connection says before each step that may take long for how long it may."""

from contextlib import closing

import pytest

from visitord.store.database import (
    CONNECTS_WITHIN_S,
    STATEMENT_WITHIN_S,
    UNHURRIED_WITHIN_S,
    Database,
    unhurried,
)

BEGINS = [STATEMENT_WITHIN_S] * 2  # what each transaction sets
COMMITS = [STATEMENT_WITHIN_S]


@pytest.fixture
def said(database: Database) -> list[float]:
    """What a further connection to the database says."""
    return []


def test_each_statement_and_the_commit_are_steps_and_so_is_connecting(
    database: Database, said: list[float]
) -> None:
    with closing(database.another()) as connection:
        connection.on_step = said.append
        with connection.transaction() as cursor:
            cursor.execute("select 1")
            cursor.execute("select %s", (2,))
        assert said == [CONNECTS_WITHIN_S, *BEGINS, *[STATEMENT_WITHIN_S] * 2, *COMMITS]
        said.clear()
        with connection.transaction():
            pass
        assert said == [*BEGINS, *COMMITS], "it is connected"


def test_where_statements_have_no_limit_they_may_take_hours(
    database: Database, said: list[float]
) -> None:
    with closing(database.another()) as connection:
        connection.on_step = said.append
        with connection.transaction() as cursor:
            unhurried(cursor)
            cursor.execute("select 1")
        with connection.transaction() as cursor:
            cursor.execute("select 1")
    begins_unhurried = [*BEGINS, STATEMENT_WITHIN_S]
    hurried = [*BEGINS, STATEMENT_WITHIN_S, *COMMITS]
    assert said == [CONNECTS_WITHIN_S, *begins_unhurried, UNHURRIED_WITHIN_S, *COMMITS, *hurried]
