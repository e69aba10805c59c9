"""Reads and extends who is known, and notices when somebody else changed it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from visitord.core.records import Embedding, Status, Template
from visitord.identity.decision import TEMPLATES_MAX, template_id
from visitord.store.database import SQL, Cursor, numbers, value

NEAR = 32  # templates whose owners are compared exactly
EFFORT = 800  # templates that the index looks at besides; docs/scaling.md has what this finds


def version(cursor: Cursor) -> tuple[int, int]:
    """A number that grows with every person enrolled, learnt, merged or renamed; and how many
    migrations there are.
    """
    cursor.execute("select version, (select count(*) from _yoyo_migration) from gallery_version")
    return cursor.fetchone() or (0, 0)


def changed(cursor: Cursor, identity_ids: Sequence[UUID]) -> int:
    """Tell everyone who holds a gallery that these people changed, or are no more; returns the new
    version.

    The row that counts versions is locked until the transaction ends, so call this last.
    """
    return int(value(cursor, SQL["gallery_changed"], (list(identity_ids),)))


def changes(cursor: Cursor, since: int) -> set[UUID]:
    """The identities that changed after this version, also those that are no more."""
    cursor.execute("select identity_id from gallery_change where version > %s", (since,))
    return {row[0] for row in cursor}


def templates(cursor: Cursor, pack: str, of: Collection[UUID] | None = None) -> list[Template]:
    """Templates made by this recogniser, of everyone or `of` some identities, the oldest first."""
    with cursor.connection.cursor(
        "templates"
    ) as rows:  # fetched in parts: all of them in text take much memory
        rows.execute(SQL["templates"], {"pack": pack, "of": None if of is None else list(of)})
        return [Template(i, owner, root, numbers(e), *rest) for i, owner, root, e, *rest in rows]


def nearest(cursor: Cursor, pack: str, embedding: Embedding, excluded: int) -> list[Template]:
    """All templates of the people most like this, found by pgvector's index: to be compared
    exactly.

    excluded: how many people may be among them who are somebody else for certain.
    """
    most = NEAR + TEMPLATES_MAX * excluded
    cursor.execute(SQL["nearest"], (pack, embedding.tolist(), most, min(1000, EFFORT + most)))
    return templates(cursor, pack, {row[0] for row in cursor})


def enrol(cursor: Cursor, identity_id: UUID, created_at: datetime) -> None:
    """Insert a provisional identity, unless it is there; a number is only taken for a new one."""
    cursor.execute(
        "insert into identity (identity_id, status, root_id, created_at) select %(id)s, %(status)s, %(id)s, %(at)s "
        "where not exists (select 1 from identity where identity_id = %(id)s) "
        # A transaction of ours may still commit whose end we did not hear
        "on conflict (identity_id) do nothing",
        {"id": identity_id, "status": Status.PROVISIONAL.value, "at": created_at},
    )


def learn(cursor: Cursor, identity_id: UUID, sighting_id: UUID) -> None:
    """Let the identity be matched against what this sighting looks like, which is written already."""
    values = {"own": template_id(sighting_id), "identity": identity_id, "sighting": sighting_id}
    cursor.execute(SQL["learn"], values)


def learn_photograph(
    cursor: Cursor, template: Template, pack: str, crop: str, now: datetime
) -> None:
    """Let an identity be matched against a photograph, whose face is kept as `crop`, unless it is
    already.
    """
    values = (
        template.template_id,
        template.identity_id,
        pack,
        template.embedding.tolist(),
        template.quality,
    )
    cursor.execute(SQL["learn_photograph"], ((*values, crop, now),))
