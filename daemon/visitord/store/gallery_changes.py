"""Tells every process that holds a gallery whose templates, name or merge changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from visitord.store import statements
from visitord.store.database import Cursor

_SQL = statements.load("gallery_changes")


@dataclass(frozen=True, slots=True)
class GalleryVersion:
    """A number that grows with every change; schema: a text that changes with every migration."""

    version: int
    schema: str


def version(cursor: Cursor) -> GalleryVersion:
    """Where the database is now."""
    found = statements.fetch_one(cursor, GalleryVersion, _SQL["version"])
    return found or GalleryVersion(0, "")


def announce(cursor: Cursor, identity_ids: Sequence[UUID]) -> int:
    """Tell everyone that these people changed, or are no more; returns the new version.

    The row that counts versions is locked until the transaction ends, so call this last.
    """
    return int(statements.fetch_value(cursor, _SQL["changed"], {"ids": list(identity_ids)}))


def since(cursor: Cursor, version: int) -> set[UUID]:
    """The identities that changed after this version, also those that are no more."""
    return set(statements.fetch_column(cursor, _SQL["since"], {"version": version}))


def sweep(cursor: Cursor, before: datetime) -> None:
    """Drop what was told before a moment about people who are no more."""
    cursor.execute(_SQL["sweep"], {"before": before})
