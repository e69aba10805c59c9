"""Takes everyone known along to another model pack, while the old one goes on serving."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from visitord.admin import reembedding
from visitord.core.accounts import account_name
from visitord.core.config import Config
from visitord.core.errors import VisitordError
from visitord.models.opening import open_pack
from visitord.models.pack import Pack
from visitord.store import gallery_changes, identities
from visitord.store import reembedding as stored
from visitord.store.crops import Crops
from visitord.store.database import Database, unhurried
from visitord.store.reembedding import KnownToPack, LeftBehind, PackSwitch, ReembeddingProgress


class Progress(Protocol):
    """Shows how far a long work is."""

    def __call__(self, total: int) -> Callable[[int], object]:
        """The work has so many parts; what is returned is told of each that are done."""
        ...


@dataclass(frozen=True, slots=True)
class Switched:
    """What another pack knows now, and what it does not.

    in_use: whether the configuration names it already.
    """

    known: KnownToPack
    sightings: ReembeddingProgress
    left_behind: Sequence[LeftBehind]
    in_use: bool


def pack_before(database: Database, used: Pack) -> str:
    """The name of the pack that was in use before this one; raises VisitordError for none."""
    with database.transaction() as cursor:
        before = stored.switched_from(cursor, used.fingerprint)
    if before is None:
        raise VisitordError(
            f"There is nothing to go back from: nobody switched to {used.name} here."
        )
    return before


def switch(database: Database, config: Config, used: Pack, to: str, progress: Progress) -> Switched:
    """Let another pack look at what was kept, and learn from it what others learnt.

    It may be stopped at any time; repeated, it does what is left.

    Parameters
    ----------
    database : Database
        Changed in many transactions.
    config : Config
        Of the box.
    used : Pack
        The one that `config` names.
    to : str
        The name of the other, or its folder.
    progress : callable
        Told of the sightings that are looked at.

    Raises
    ------
    ModelError
        The other pack is not installed, or damaged.
    """
    pack = open_pack(config, to)
    crops = Crops(config.crops_dir)
    with database.transaction() as cursor:
        unhurried(cursor)
        before = stored.progress(cursor, pack.fingerprint)
    reembedding.reembed_sightings(database, pack, crops, progress(before.left))
    reembedding.learn(database, pack.fingerprint)
    reembedding.reembed_photographs(database, pack, crops)

    with database.transaction() as cursor:
        if pack.fingerprint != used.fingerprint:
            noted = PackSwitch(
                from_pack=used.fingerprint,
                from_name=config.models.pack,
                to_pack=pack.fingerprint,
                to_name=to,
                by=account_name(),
            )
            stored.note_switch(cursor, noted)
        return Switched(
            known=stored.known_to(cursor, pack.fingerprint),
            sightings=stored.progress(cursor, pack.fingerprint),
            left_behind=stored.left_behind(cursor, pack.fingerprint),
            in_use=config.models.pack == to,
        )


def drop_others(database: Database, used: Pack, *, even_if_forgotten: bool = False) -> int:
    """Delete what all packs but one know; returns how many templates are gone.

    Parameters
    ----------
    database : Database
        Changed in one transaction.
    used : Pack
        The one that stays.
    even_if_forgotten : bool
        Also where then no pack knows somebody.

    Raises
    ------
    VisitordError
        Somebody would be known to no pack; nothing was deleted.
    """
    with database.transaction() as cursor:
        unhurried(cursor)
        identities.freeze(cursor)
        behind = stored.left_behind(cursor, used.fingerprint)
        if behind and not even_if_forgotten:
            names = ", ".join(person.name for person in behind)
            raise VisitordError(
                f"{used.name} does not know {names}, who would be known to no pack.",
                advice="carry them over with visitord models switch, or say --yes.",
                joint=": ",
            )

        dropped = stored.drop_others(cursor, used.fingerprint)
        gallery_changes.announce(cursor, dropped)
    return len(dropped)
