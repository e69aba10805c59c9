"""What people are matched against: read, found by its likeness, and learnt."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from visitord.core.records import Embedding, Template
from visitord.identity.decision import TEMPLATES_MAX, template_id
from visitord.store import statements
from visitord.store.database import Cursor
from visitord.store.vectors import vector

NEAR = 32  # templates whose owners are compared exactly
EFFORT = 800  # templates that the index looks at besides; docs/scaling.md has what this finds
REPLACED = "a good look of the same person replaced it"
_EFFORT_MAX = 1000  # what pgvector takes as hnsw.ef_search
_SQL = statements.load("templates")


def templates(cursor: Cursor, pack: str, of: Collection[UUID] | None = None) -> list[Template]:
    """Templates made by one recogniser that are matched against, the oldest first.

    Parameters
    ----------
    cursor : of an open transaction
    pack : the recogniser's fingerprint
    of : of these identities alone; None: of everyone
    """
    values = {"pack": pack, "of": None if of is None else list(of)}
    # A named cursor fetches in parts: all of them in text take much memory.
    with cursor.connection.cursor("templates") as rows:
        rows.execute(_SQL["templates"], values)
        return [
            Template(own_id, owner, root, vector(embedding), quality, name, photograph)
            for own_id, owner, root, embedding, quality, name, photograph in rows
        ]


def nearest(cursor: Cursor, pack: str, embedding: Embedding, excluded: int) -> list[Template]:
    """All templates of the people most like a face, found by pgvector's index.

    Parameters
    ----------
    cursor : of an open transaction
    pack : fingerprint of the recogniser that made the embedding
    embedding : (d,), of unit length
    excluded : how many people may be among them who are somebody else for certain

    Returns
    -------
    What is to be compared exactly.
    """
    most = NEAR + TEMPLATES_MAX * excluded
    values = {
        "pack": pack,
        "embedding": embedding.tolist(),
        "most": most,
        "effort": min(_EFFORT_MAX, EFFORT + most),
    }
    owners = statements.fetch_column(cursor, _SQL["nearest"], values)
    return templates(cursor, pack, set(owners))


def estimated_count(cursor: Cursor) -> int:
    """About how many templates there are: counting a million takes too long for every visitor."""
    return int(statements.fetch_value(cursor, _SQL["estimated_count"]))


def learn(cursor: Cursor, identity_id: UUID, sighting_id: UUID) -> None:
    """Let the identity be matched against what a sighting looks like, which is written already."""
    values = {
        "template_id": template_id(sighting_id),
        "identity": identity_id,
        "sighting": sighting_id,
    }
    cursor.execute(_SQL["learn"], values)


def replace(cursor: Cursor, poor: UUID, now: datetime) -> None:
    """Match nobody against a poor template any more: there is a good look of the same person."""
    cursor.execute(_SQL["replace"], {"id": poor, "reason": REPLACED, "now": now})


def learn_photograph(
    cursor: Cursor,
    template: Template,
    pack: str,
    crop: str,
    now: datetime,
    box: str | None = None,
) -> None:
    """Let an identity be matched against a photograph, unless it is already.

    Parameters
    ----------
    cursor : of an open transaction
    template : what is learnt, and whose it is
    pack : fingerprint of the recogniser that made it
    crop : the name under which the photograph's face is kept
    now : when it is learnt
    box : the one that keeps the face
    """
    values = {
        "template_id": template.template_id,
        "identity": template.identity_id,
        "pack": pack,
        "embedding": template.embedding.tolist(),
        "quality": template.quality,
        "crop": crop,
        "box": box,
        "now": now,
    }
    cursor.execute(_SQL["learn_photograph"], values)


def owners(cursor: Cursor, template_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Who stands for those whose templates these are, as far as there are such templates."""
    cursor.execute(_SQL["owners"], {"ids": list(template_ids)})
    return dict(cursor.fetchall())


def photographs(cursor: Cursor, person: UUID | None, pack: str) -> int:
    """How many templates of a person by this pack come from photographs; 0 for nobody yet."""
    values = {"person": person, "pack": pack}
    return int(statements.fetch_value(cursor, _SQL["photographs"], values))


def crops(cursor: Cursor) -> set[str]:
    """Names of the pictures that templates were made from."""
    return set(statements.fetch_column(cursor, _SQL["crops"]))
