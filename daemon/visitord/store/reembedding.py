"""What another model pack sees in the pictures that were kept, and what it learns from that.

A pack that is switched to looks at every kept picture while the old one goes on serving: what it
sees lies beside the sightings until the old pack's knowledge is dropped.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from visitord.store import statements
from visitord.store.database import Cursor

_SQL = statements.load("reembedding")


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A sighting, or a template made from a photograph, and the name of the crop kept of it."""

    id: UUID
    crop: str


@dataclass(frozen=True, slots=True)
class ReembeddingProgress:
    """How many sightings other packs looked at, and a new one too.

    left: of the others, how many have a picture on some box.
    """

    sightings: int
    reembedded: int
    left: int


@dataclass(frozen=True, slots=True)
class KnownToPack:
    """How many people a pack knows, from how many templates."""

    people: int
    templates: int


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """A person whom only other packs know; kept: whether some box has a picture that could help."""

    name: str
    kept: bool


@dataclass(frozen=True, slots=True)
class PackSwitch:
    """From one pack to another: fingerprints, the names that models.pack has for them; by whom."""

    from_pack: str
    from_name: str
    to_pack: str
    to_name: str
    by: str


def sightings(
    cursor: Cursor, pack: str, after: UUID, *, learnt: bool, limit: int
) -> list[KeptPicture]:
    """The next sightings that a pack has not looked at and whose picture was kept, in order of id.

    Parameters
    ----------
    cursor : of an open transaction
    pack : its fingerprint
    after : the last sighting done with
    learnt : those that a template was made from, or the others
    limit : how many at most
    """
    values = {"pack": pack, "after": after, "learnt": learnt, "limit": limit}
    return statements.fetch_all(cursor, KeptPicture, _SQL["sightings"], values)


def write(
    cursor: Cursor, sighting_id: UUID, pack: str, template_id: UUID, embedding: Sequence[float]
) -> None:
    """Keep what a pack sees in a sighting, unless that was erased meanwhile.

    Parameters
    ----------
    cursor : of an open transaction
    sighting_id : whose picture it looked at
    pack : its fingerprint
    template_id : of a template that may be made from this
    embedding : d numbers, of unit length
    """
    values = {
        "id": sighting_id,
        "pack": pack,
        "template_id": template_id,
        "embedding": list(embedding),
    }
    cursor.execute(_SQL["write"], values)


def progress(cursor: Cursor, pack: str) -> ReembeddingProgress:
    """How far a pack has come with the sightings of others."""
    (found,) = statements.fetch_all(cursor, ReembeddingProgress, _SQL["progress"], {"pack": pack})
    return found


def learn(cursor: Cursor, pack: str) -> list[UUID]:
    """Let a pack learn what others learnt, as far as it looked at it; returns whose templates."""
    return statements.fetch_column(cursor, _SQL["learn"], {"pack": pack})


def photographs(cursor: Cursor, pack: str) -> list[KeptPicture]:
    """Templates of other packs that come from photographs this one has not seen."""
    return statements.fetch_all(cursor, KeptPicture, _SQL["photographs"], {"pack": pack})


def learn_photograph(
    cursor: Cursor, learnt: UUID, pack: str, template_id: UUID, embedding: Sequence[float]
) -> list[UUID]:
    """Let a pack learn what it sees in a photograph, unless that was erased meanwhile.

    Parameters
    ----------
    cursor : of an open transaction
    learnt : the template that another pack made from the photograph
    pack : this one's fingerprint
    template_id : of its own template
    embedding : d numbers, of unit length

    Returns
    -------
    Whose template it is; nothing where there is none.
    """
    values = {
        "id": learnt,
        "pack": pack,
        "template_id": template_id,
        "embedding": list(embedding),
    }
    return statements.fetch_column(cursor, _SQL["learn_photograph"], values)


def known_to(cursor: Cursor, pack: str) -> KnownToPack:
    """How much a pack knows."""
    (found,) = statements.fetch_all(cursor, KnownToPack, _SQL["known_to"], {"pack": pack})
    return found


def left_behind(cursor: Cursor, pack: str) -> list[LeftBehind]:
    """Whom other packs know and this one does not."""
    return statements.fetch_all(cursor, LeftBehind, _SQL["left_behind"], {"pack": pack})


def note_switch(cursor: Cursor, switch: PackSwitch) -> None:
    """Log that people were re-embedded for another pack."""
    cursor.execute(_SQL["note_switch"], asdict(switch))


def switched_from(cursor: Cursor, pack: str) -> str | None:
    """The name of the pack that was left for this one last, if any."""
    name: str | None = statements.fetch_value(cursor, _SQL["last_switch"], {"pack": pack})
    return name


def drop_others(cursor: Cursor, pack: str) -> list[UUID]:
    """Delete what all other packs know; returns the owner of each template that is gone."""
    owners = statements.fetch_column(cursor, _SQL["drop_templates"], {"pack": pack})
    cursor.execute(_SQL["drop_embeddings"], {"pack": pack})
    cursor.execute(_SQL["drop_reembeddings"])
    return owners
