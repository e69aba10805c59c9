"""Brings a database to the schema this version needs, from the files of migrations/.

Tables come from numbered files, each applied once, in order: yoyo applies and records them.  Views,
functions and rights are files that say how things are, not how they change: each run puts them in
place again.  Everything happens in one transaction: a database is of one version or of another.
"""

import contextlib
import hashlib
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg2 import errors

from visitord.core.errors import DatabaseError
from visitord.store import statements
from visitord.store.database import Cursor, Database

# Held while migrating, so that boxes starting together wait for one another.  An advisory lock, not
# yoyo's lock table: a process that dies holding it leaves nothing behind.
_LOCK = 7_305_808_869_232_650_604
_LOCK_TIMEOUT_S = 5  # for tables in use; whoever waits for us does not wait longer than that

FUNCTIONS = "functions"
VIEWS = "views"
RIGHTS = "rights"
VECTOR = "vector"  # only where database.vector is wanted: it needs an extension
_SQL = statements.load("migrate")


@dataclass(frozen=True, slots=True)
class _File:
    """A file of migrations/.  name: without its ending."""

    name: str
    text: str

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def made(self, kind: str) -> list[str]:
        """Full names of the functions or views it makes."""
        return re.findall(rf"^create or replace {kind} (visitord\.\w+)", self.text, re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Missing:
    """What a database needs to be of this version: names of files applied once, and of others."""

    numbered: tuple[str, ...]
    replaced: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        return [*self.numbered, *self.replaced]


@dataclass(frozen=True, slots=True)
class MissingRoles:
    """Statements: created_by, of an administrator; granted_by, of the owner, after that."""

    created_by: str
    granted_by: str


def folder() -> Path:
    """Where the SQL files are: inside the wheel, or beside daemon/ in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for candidate in (package / "migrations", package.parents[1] / "migrations"):
        if candidate.is_dir():
            return candidate
    raise DatabaseError(
        "The migrations are missing from this installation of visitord; install it again."
    )


def migrate(database: Database, vector: bool = False) -> list[str]:
    """Apply what is missing, and put views, functions and rights in place again.

    Parameters
    ----------
    database : of any earlier version, or empty
    vector : also what pgvector needs to find faces

    Returns
    -------
    The names of the files that are new to the database, in the order in which they were applied.

    Raises
    ------
    DatabaseError
        for a database of a newer version, one whose migrations were other ones, and one where
        something of its owner's depends on what has to be replaced
    """
    with database.transaction() as cursor:
        _lock(cursor)
        if statements.fetch_value(cursor, "select to_regnamespace('visitord') is null"):
            cursor.execute("create schema visitord")

    with database.transaction() as cursor:
        _lock(cursor)
        missing = _missing(cursor, vector)
        with _backend(database.url) as backend:
            _apply(backend, missing, _replaced_files(vector))
    return missing.names


def missing_roles(database: Database) -> MissingRoles | None:
    """What makes the roles that rights are for, where the owner may not create any; else None."""
    with database.transaction() as cursor:
        names = statements.fetch_column(cursor, _SQL["missing_roles"])
    if not names:
        return None
    created_by = " ".join(f"create role {name};" for name in names)
    return MissingRoles(created_by, "select visitord.grant_roles();")


def is_current(database: Database, vector: bool = False) -> bool:
    """Whether the schema is the one this version was written for.

    Raises DatabaseError for a database of a newer version, or whose migrations were other ones.
    """
    with database.transaction() as cursor:
        return not _missing(cursor, vector).names


def require_current(database: Database, vector: bool = False) -> None:
    """Raises DatabaseError unless the schema is the one this version was written for."""
    with database.transaction() as cursor:
        missing = _missing(cursor, vector).names
    if missing:
        raise DatabaseError(
            f"The database at {database.shown} lacks this version's {', '.join(missing)}; "
            "run: visitord migrate."
        )


def _lock(cursor: Cursor) -> None:
    cursor.execute("select pg_advisory_xact_lock(%(key)s)", {"key": _LOCK})


def _numbered_files() -> list[_File]:
    """What is applied once, in order."""
    paths = sorted(folder().glob("[0-9]*.sql"))
    return [_File(path.stem, path.read_text("utf-8")) for path in paths]


def _replaced_files(vector: bool) -> list[_File]:
    """What is put in place again each time, in order."""
    names = [FUNCTIONS, VIEWS, *([VECTOR] if vector else []), RIGHTS]
    return [_File(name, (folder() / f"{name}.sql").read_text("utf-8")) for name in names]


def _missing(cursor: Cursor, vector: bool) -> _Missing:
    """What the database lacks.

    Raises DatabaseError for a migration that this version does not know, or knows otherwise.
    """
    applied: set[str] = set()
    hashes: dict[str, str] = {}
    if _exists(cursor, "visitord._yoyo_migration"):
        applied = set(statements.fetch_column(cursor, _SQL["applied"]))
    if _exists(cursor, "visitord.schema_file"):
        cursor.execute(_SQL["hashes"])
        hashes = dict(cursor.fetchall())

    numbered = _numbered_files()
    newer = sorted(applied - {file.name for file in numbered})
    if newer:
        raise DatabaseError(
            f"The database was migrated by a newer visitord ({newer[-1]}); update this one."
        )
    for file in numbered:
        if file.name in applied and hashes.get(file.name) != file.hash:
            raise DatabaseError(
                f"The migration {file.name} is not the one that was applied to the database: "
                "install the visitord that applied it."
            )

    due = [file.name for file in numbered if file.name not in applied]
    stale = [file.name for file in _replaced_files(vector) if hashes.get(file.name) != file.hash]
    return _Missing(tuple(due), tuple(stale))


def _exists(cursor: Cursor, table: str) -> bool:
    values = {"table": table}
    return bool(statements.fetch_value(cursor, "select to_regclass(%(table)s) is not null", values))


@contextlib.contextmanager
def _backend(url: str) -> Iterator[Any]:
    """yoyo's own connection to the database, in one transaction that is committed at the end."""
    import yoyo  # a database that is up to date needs none

    logging.getLogger("yoyo").setLevel(logging.WARNING)
    url = url.replace("postgres://", "postgresql://", 1)
    backend = yoyo.get_backend(f"{url}{'&' if '?' in url else '?'}schema=visitord")
    # It would open a connection for each migration; on this one they are parts of our transaction.
    backend.copy = lambda: contextlib.nullcontext(backend)
    with contextlib.closing(backend.connection):
        backend.ensure_internal_schema_updated()
        with backend.transaction():
            yield backend


def _apply(backend: Any, missing: _Missing, replaced: Sequence[_File]) -> None:
    """Apply the numbered files that are missing, then all the others.

    What changes is dropped before it is made anew, for a view cannot lose a column otherwise; and
    all views go before a numbered file, for a column that a view shows cannot be changed.
    """
    import yoyo

    numbered = [file for file in _numbered_files() if file.name in missing.numbered]
    known = yoyo.read_migrations(str(folder()))
    steps = known.filter(lambda step: step.id in missing.numbered)

    with backend.connection.cursor() as cursor, _dependents_named():
        cursor.execute(f"set local lock_timeout = '{_LOCK_TIMEOUT_S}s'")
        grants: list[str] = []
        if numbered or VIEWS in missing.replaced:
            grants = _drop_views(cursor, replaced)

        backend.apply_migrations(backend.to_apply(steps))

        for file in replaced:
            if file.name == FUNCTIONS and FUNCTIONS in missing.replaced:
                cursor.execute(f"drop function if exists {', '.join(file.made('function'))}")
            cursor.execute(file.text)
        for grant in grants:
            cursor.execute(grant)

        for file in (*numbered, *replaced):
            cursor.execute(_SQL["note"], {"file": file.name, "hash": file.hash})


def _drop_views(cursor: Cursor, replaced: Sequence[_File]) -> list[str]:
    """Drop our views; returns, as statements, what their owner granted on them."""
    (views,) = (file.made("view") for file in replaced if file.name == VIEWS)
    names = [view.removeprefix("visitord.") for view in views]
    grants = statements.fetch_column(cursor, _SQL["grants"], {"views": names})
    cursor.execute(f"drop view if exists {', '.join(views)}")
    return grants


@contextlib.contextmanager
def _dependents_named() -> Iterator[None]:
    """Raises DatabaseError naming what somebody made of our views, where it is in the way."""
    try:
        yield
    except errors.DependentObjectsStillExist as error:
        detail = (error.diag.message_detail or str(error)).strip().rstrip(".")
        raise DatabaseError(
            f"The schema cannot be changed, for {', '.join(detail.splitlines())}: "
            "drop it, run visitord migrate, and create it again."
        ) from None
