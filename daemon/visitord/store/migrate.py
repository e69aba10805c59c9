"""Brings a database to the schema this version needs; yoyo applies the numbered files and records
them.
"""

import contextlib
import logging
from pathlib import Path

from visitord.core.errors import DatabaseError
from visitord.store.database import Cursor, Database
from visitord.store.statements import fetch_value

# Held while migrating, so that boxes starting together wait for one another.  An advisory lock, not
# yoyo's lock table: a process that dies holding it leaves nothing behind.
_LOCK = 7_305_808_869_232_650_604
VECTOR = "vector"  # the folder of what only database.vector needs


def folder() -> Path:
    """Where the numbered SQL files are: inside the wheel, or beside daemon/ in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for candidate in (package / "migrations", package.parents[1] / "migrations"):
        if candidate.is_dir():
            return candidate
    raise DatabaseError(
        "The migrations are missing from this installation of visitord; install it again."
    )


def migrate(database: Database, vector: bool = False) -> list[str]:
    """Apply what is missing, in order; returns the names of what was applied.  vector: also what
    pgvector needs.
    """
    import yoyo  # a database that is up to date needs none

    logging.getLogger("yoyo").setLevel(logging.WARNING)
    url = database.url.replace("postgres://", "postgresql://", 1)
    with database.transaction() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        if fetch_value(cursor, "select to_regnamespace('visitord') is null"):
            cursor.execute("create schema visitord")
    with database.transaction() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        _missing(cursor, vector)  # raises for what a newer version applied
        backend = yoyo.get_backend(f"{url}{'&' if '?' in url else '?'}schema=visitord")
        with contextlib.closing(backend.connection):
            applied = []
            for place in (folder(), *([folder() / VECTOR] if vector else [])):
                due = backend.to_apply(yoyo.read_migrations(str(place)))
                backend.apply_migrations(due)
                applied += [migration.id for migration in due]
            return applied


def require_current(database: Database, vector: bool = False) -> None:
    """Raises DatabaseError unless the schema is the one this version was written for."""
    with database.transaction() as cursor:
        missing = _missing(cursor, vector)
    if missing:
        raise DatabaseError(
            f"The database at {database.shown} lacks {len(missing)} migrations; run: visitord migrate."
        )


def _missing(cursor: Cursor, vector: bool) -> set[str]:
    """Names of the migrations not applied; raises DatabaseError for one applied that this version
    does not know.
    """
    known, applied = {path.stem for path in folder().glob("*.sql")}, set()
    optional = {path.stem for path in (folder() / VECTOR).glob("*.sql")}
    if fetch_value(cursor, "select to_regclass('visitord._yoyo_migration') is not null"):
        cursor.execute("select migration_id from visitord._yoyo_migration")
        applied = {row[0] for row in cursor.fetchall()}
    if newer := sorted(applied - known - optional):
        raise DatabaseError(
            f"The database was migrated by a newer visitord ({newer[-1]}); update this one."
        )
    return (known | optional if vector else known) - applied
