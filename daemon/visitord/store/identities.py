"""The rows that people are: enrolled once, and locked for whoever changes who is who."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from visitord.core.errors import VisitordError
from visitord.core.records import Status
from visitord.store import statements
from visitord.store.database import Cursor

_SQL = statements.load("identities")


def enrol(cursor: Cursor, identity_id: UUID, created_at: datetime) -> None:
    """Insert a provisional identity, unless it is there.

    Parameters
    ----------
    cursor : of an open transaction
    identity_id : made by the caller, so that doing it twice is harmless
    created_at : when the sighting that enrols it began
    """
    values = {
        "id": identity_id,
        "status": Status.PROVISIONAL.value,
        "created_at": created_at,
    }
    cursor.execute(_SQL["enrol"], values)


def highest_number(cursor: Cursor) -> int:
    """The highest number that anybody has: there are no more people than that."""
    return int(statements.fetch_value(cursor, _SQL["highest_number"]))


def freeze(cursor: Cursor) -> None:
    """Let nobody else merge, split, rename or ignore until the transaction ends.

    It must act on what it has seen.  Recorders may go on matching; to enrol someone they wait.
    """
    cursor.execute(_SQL["freeze"])


def hold(cursor: Cursor, identity_ids: Sequence[UUID]) -> None:
    """Lock identities until the transaction ends.

    Raises VisitordError if one was merged away meanwhile.
    """
    held = statements.fetch_value(cursor, _SQL["hold"], {"ids": list(identity_ids)})
    if held != len(set(identity_ids)):
        raise VisitordError(
            "One of these people was merged by somebody else just now; look again and repeat."
        )


def hold_root(cursor: Cursor, identity_id: UUID) -> UUID:
    """Who stands for this identity, locked until the transaction ends.

    A merge under way is waited for and seen, and so is another recorder writing a visit of the same
    person.
    """
    while True:
        root_id: UUID = statements.fetch_value(cursor, _SQL["root_of"], {"id": identity_id})
        cursor.execute(_SQL["lock"], {"id": root_id})

        # Whoever held the lock before us may have merged it away.
        if statements.fetch_value(cursor, _SQL["root_of"], {"id": identity_id}) == root_id:
            return root_id
