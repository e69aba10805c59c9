"""Brings a database to the schema this version needs; yoyo applies the numbered files and records them."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import yoyo

from visitord.errors import DatabaseError
from visitord.store.database import Cursor, Database

# Held while migrating, so that boxes starting together wait for one another.  An advisory lock, not yoyo's
# lock table: a process that dies holding it leaves nothing behind.
_LOCK = 7_305_808_869_232_650_604


def folder() -> Path:
    """Where the numbered SQL files are: inside the wheel, or beside daemon/ in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for candidate in (package / "migrations", package.parents[1] / "migrations"):
        if candidate.is_dir():
            return candidate
    raise DatabaseError("The migrations are missing from this installation of visitord; install it again.")


def migrate(database: Database) -> list[str]:
    """Apply what is missing, in order; returns the names of what was applied."""
    with database.transaction() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        cursor.execute("select to_regnamespace('visitord') is null")
        if cursor.fetchone() == (True,):
            cursor.execute("create schema visitord")
    with database.transaction() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        _refuse_newer(_applied(cursor))
        with _yoyo(database) as (backend, migrations):
            due = backend.to_apply(migrations)
            backend.apply_migrations(due)
            return [m.id for m in due]


def require_current(database: Database) -> None:
    """Raises DatabaseError unless the schema is the one this version was written for."""
    with database.transaction() as cursor:
        applied = _applied(cursor)
    _refuse_newer(applied)
    if missing := _known() - applied:
        raise DatabaseError(
            f"The database at {database.shown} lacks {len(missing)} migration(s); run: visitord migrate."
        )


def _known() -> set[str]:
    return {path.stem for path in folder().glob("*.sql")}


def _applied(cursor: Cursor) -> set[str]:
    cursor.execute("select to_regclass('visitord._yoyo_migration') is not null")
    if cursor.fetchone() != (True,):
        return set()
    cursor.execute("select migration_id from visitord._yoyo_migration")
    return {row[0] for row in cursor.fetchall()}


def _refuse_newer(applied: set[str]) -> None:
    if newer := sorted(applied - _known()):
        raise DatabaseError(f"The database was migrated by a newer visitord ({newer[-1]}); update this one.")


@contextlib.contextmanager
def _yoyo(
    database: Database,
) -> Iterator[tuple[yoyo.backends.DatabaseBackend, yoyo.migrations.MigrationList]]:
    logging.getLogger("yoyo").setLevel(logging.WARNING)
    separator = "&" if "?" in database.url else "?"
    url = database.url.replace("postgres://", "postgresql://", 1)
    backend = yoyo.get_backend(f"{url}{separator}schema=visitord")
    try:
        yield backend, yoyo.read_migrations(str(folder()))
    finally:
        backend.connection.close()
