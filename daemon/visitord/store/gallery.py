"""Reads and extends who is known, and notices when somebody else changed it."""

from datetime import datetime
from uuid import UUID

import numpy as np

from visitord.identity.decide import template_id
from visitord.records import Status, Template
from visitord.store.database import SQL, Cursor, value


def version(cursor: Cursor) -> tuple[int, int]:
    """A number that grows with every person enrolled, learnt, merged or renamed; and how many migrations there are."""
    cursor.execute("select version, (select count(*) from _yoyo_migration) from gallery_version")
    return cursor.fetchone() or (0, 0)


def changed(cursor: Cursor) -> int:
    """Tell everyone who holds a gallery to load it again; returns the new version."""
    return int(value(cursor, "update gallery_version set version = version + 1 returning version"))


def templates(cursor: Cursor, pack: str) -> list[Template]:
    """Every template made by this recogniser."""
    cursor.execute(
        "select t.template_id, t.identity_id, i.root_id, t.embedding, t.quality from template t "
        "join identity i on i.identity_id = t.identity_id where t.pack = %s order by t.created_at, t.template_id",
        (pack,),
    )
    rows = cursor.fetchall()
    return [Template(i, owner, root, np.asarray(e, np.float32), quality) for i, owner, root, e, quality in rows]


def enrol(cursor: Cursor, identity_id: UUID, created_at: datetime) -> None:
    """Insert a provisional identity, unless it is there; a number is only taken for a new one."""
    cursor.execute(
        "insert into identity (identity_id, status, root_id, created_at) select %(id)s, %(status)s, %(id)s, %(at)s "
        "where not exists (select 1 from identity where identity_id = %(id)s) "
        "on conflict (identity_id) do nothing",  # a transaction of ours may still commit whose end we did not hear
        {"id": identity_id, "status": Status.PROVISIONAL.value, "at": created_at},
    )


def learn(cursor: Cursor, identity_id: UUID, sighting_id: UUID) -> None:
    """Let the identity be matched against what this sighting looks like, which is written already."""
    values = {"own": template_id(sighting_id), "identity": identity_id, "sighting": sighting_id}
    cursor.execute(SQL["learn"], values)
