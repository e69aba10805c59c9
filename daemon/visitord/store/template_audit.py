"""Which templates are looked through, set aside from matching, and matched against again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from visitord.core.errors import NotFoundError, VisitordError
from visitord.core.records import Embedding
from visitord.identity.audit import AuditedTemplate
from visitord.store import gallery_changes, statements
from visitord.store.database import Cursor
from visitord.store.ids import ID_MIN
from visitord.store.vectors import vector

LOOKS_MAX = 50  # sightings of an identity that have a say
_SQL = statements.load("template_audit")


@dataclass(frozen=True, slots=True, eq=False)
class MarkedTemplate:
    """A template that was set aside, or restored: then set_aside_at and reason are None."""

    template_id: UUID
    root_id: UUID
    embedding: Embedding
    set_aside_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class TemplateSource:
    """What a template was made from, and what its owner is called.

    created_at: when the sighting began, or the photograph was enrolled.  camera: "photograph" for
    one; None where the sighting was dropped for its age.
    """

    template_id: UUID
    person: str
    created_at: datetime
    camera: str | None


@dataclass(frozen=True, slots=True)
class _Named:
    template_id: UUID
    identity_id: UUID
    set_aside: bool


def audited(cursor: Cursor, pack: str, job: str) -> list[AuditedTemplate]:
    """All templates of a pack that are matched against.

    Parameters
    ----------
    cursor : of an open transaction
    pack : the recogniser's fingerprint
    job : who merges without a person having said so
    """
    return statements.fetch_all(
        cursor, AuditedTemplate, _SQL["audited"], {"pack": pack, "job": job}
    )


def looks(cursor: Cursor, pack: str, roots: Sequence[UUID]) -> dict[UUID, NDArray[np.float32]]:
    """What people looked like lately, apart from their templates.

    Parameters
    ----------
    cursor : of an open transaction
    pack : the recogniser's fingerprint
    roots : identities that stand for themselves

    Returns
    -------
    Unit embeddings (n, d) by identity; only of those that have any.
    """
    found: dict[UUID, list[Embedding]] = {}
    values = {"pack": pack, "roots": list(roots), "most": LOOKS_MAX}
    cursor.execute(_SQL["looks"], values)
    for root_id, embedding in cursor:
        found.setdefault(root_id, []).append(vector(embedding))
    return {root: np.array(own) for root, own in found.items()}


def set_aside(cursor: Cursor, reasons: Mapping[UUID, str], now: datetime) -> list[UUID]:
    """Match nobody against some templates any more; the caller announces it.

    Parameters
    ----------
    cursor : of an open transaction
    reasons : why, by template
    now : since when

    Returns
    -------
    Whose templates these are.
    """
    values = {"ids": list(reasons), "reasons": list(reasons.values()), "now": now}
    return statements.fetch_column(cursor, _SQL["set_aside"], values)


def restore(cursor: Cursor, template: str, now: datetime) -> UUID:
    """Match against a template again that was set aside; no job sets it aside any more.

    Parameters
    ----------
    cursor : of an open transaction
    template : its id, or the first 8 characters of it
    now : when a person said so

    Raises
    ------
    NotFoundError
        for no template, or more than one
    VisitordError
        for one that is matched against already
    """
    wanted = {"id": template, "least": ID_MIN}
    found = statements.fetch_all(cursor, _Named, _SQL["find"], wanted)
    if len(found) != 1:
        raise NotFoundError(
            f'No template has the id "{template}".',
            advice="visitorctl audit lists those that were set aside.",
        )
    (named,) = found
    if not named.set_aside:
        raise VisitordError("This template was not set aside; nothing to do.")

    cursor.execute(_SQL["restore"], {"id": named.template_id, "now": now})
    gallery_changes.announce(cursor, [named.identity_id])
    return named.template_id


def revive(cursor: Cursor, roots: Sequence[UUID]) -> None:
    """Match against everything of people of whom all was set aside: they are others than then."""
    cursor.execute(_SQL["revive"], {"roots": list(roots)})


def marked(cursor: Cursor, pack: str) -> list[MarkedTemplate]:
    """The templates of a pack that were set aside, or restored, the latest first."""
    cursor.execute(_SQL["marked"], {"pack": pack})
    return [
        MarkedTemplate(own_id, root, vector(embedding), set_aside_at, reason)
        for own_id, root, embedding, set_aside_at, reason in cursor
    ]


def sources(cursor: Cursor, template_ids: Sequence[UUID]) -> dict[UUID, TemplateSource]:
    """What templates were made from, by their ids."""
    values = {"ids": list(template_ids)}
    found = statements.fetch_all(cursor, TemplateSource, _SQL["sources"], values)
    return {source.template_id: source for source in found}
