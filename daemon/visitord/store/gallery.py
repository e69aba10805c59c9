"""Reads who is known, and notices when somebody else changed it."""

from uuid import UUID

import numpy as np

from visitord.records import Template
from visitord.store.database import Cursor


def version(cursor: Cursor) -> int:
    """Grows whenever somebody is enrolled, learnt, merged or renamed, by whichever process."""
    cursor.execute("select version from gallery_version")
    return int((cursor.fetchone() or (0,))[0])


def changed(cursor: Cursor) -> int:
    """Tell everyone who holds a gallery to load it again; returns the new version."""
    cursor.execute("update gallery_version set version = version + 1 returning version")
    return int((cursor.fetchone() or (0,))[0])


def templates(cursor: Cursor, pack: str) -> list[Template]:
    """Every template made by this recogniser, under the identity that stands for its owner."""
    cursor.execute(
        "select t.template_id, i.root_id, t.embedding, t.quality from template t "
        "join identity i on i.identity_id = t.identity_id where t.pack = %s order by t.created_at, t.template_id",
        (pack,),
    )
    return [_template(*row) for row in cursor.fetchall()]


def _template(template_id: UUID, identity_id: UUID, embedding: list[float], quality: float) -> Template:
    return Template(template_id, identity_id, np.asarray(embedding, np.float32), quality)
