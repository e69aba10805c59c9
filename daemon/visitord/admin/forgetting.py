"""Forgets people and sightings: in the database at once, then the files, then what is left of them.

What an erasure would take is found by doing it and taking it back, so that what a person is asked
is what then happens.
"""

import contextlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.core.errors import SpoolError
from visitord.store import erasure, mentions, people, scrubbing, spool, visitors
from visitord.store.crops import Crops
from visitord.store.database import Cursor, Database, server_time
from visitord.store.erasure import Erased, Part
from visitord.store.mentions import Mention
from visitord.store.opening import box_of
from visitord.store.people import Person
from visitord.store.remaining import Remaining, remaining
from visitord.store.visitors import PersonDetail

PAGE_WITHIN_S = 20.0  # whoever waits for a page does not wait longer


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a person asked to forget.

    about: who stands for them.  parts: everyone who is one with that one, who goes too.  itself:
    whether they asked for that one, and not for somebody merged into them.
    """

    about: PersonDetail
    parts: tuple[Part, ...]
    itself: bool

    @property
    def merged(self) -> list[str]:
        """What those are called who were merged into them."""
        return [part.called for part in self.parts if part.identity_id != self.about.visitor_id]


@dataclass(frozen=True, slots=True)
class Loss:
    """What an erasure takes.

    sightings, pictures: how many.  gone: who goes with them.  mentions: texts that name those who
    go, and stay.
    """

    sightings: int
    pictures: int
    gone: tuple[Person, ...]
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What is gone: how many sightings and pictures.

    remaining: pictures that still lie on other boxes.  mentions: texts that name them, and were
    left.  remarks: what else could not be done, a sentence each; mostly none.
    """

    sightings: int
    pictures: int
    remaining: tuple[Remaining, ...]
    mentions: tuple[Mention, ...]
    remarks: tuple[str, ...]

    @property
    def remark(self) -> str:
        """What is not yet gone, in one text; mostly empty."""
        texts = [f"This text still names them ({mention})." for mention in self.mentions]
        return " ".join([*map(str, self.remaining), *texts, *self.remarks])


@dataclass(frozen=True, slots=True)
class _Done:
    """An erasure in an open transaction.  names: of those who went."""

    erased: Erased
    gone: tuple[Person, ...]
    names: tuple[str, ...]


class _NotYetError(Exception):
    """Takes back what was only tried."""


_Erasing = Callable[[Cursor], _Done]


# People


def find(database: Database, who: str) -> Asked:
    """Whom a text names, with everyone who is one with them; raises NotFoundError."""
    with database.transaction() as cursor:
        person = people.find(cursor, who)
        return Asked(
            visitors.detail(cursor, person.visitor_id),
            tuple(erasure.whole(cursor, person)),
            erasure.means_itself(cursor, who, person),
        )


def loss_of(database: Database, about: PersonDetail) -> Loss:
    """What `forget` would erase; raises NotFoundError where they were merged or forgotten."""
    return _tried(database, _forgetting(about))


def forget(
    database: Database,
    about: PersonDetail,
    config: Config,
    clock: Clock | None = None,
    *,
    clean: bool = False,
    within_s: float = PAGE_WITHIN_S,
) -> Forgotten:
    """Erase everything seen, learnt and kept of a person, on every box; it cannot be undone.

    Parameters
    ----------
    database : Database
        Of all boxes.
    about : PersonDetail
        As they were shown to whoever is certain: if they were merged meanwhile, nothing is erased.
    config : Config
        Where the files of this box are.
    clock : Clock
        Measures how long is spent on the remains.
    clean : bool
        Replace the texts that name them, too.
    within_s : float
        How long the server may take to drop its remains.

    Raises
    ------
    NotFoundError
        They were merged or forgotten meanwhile.
    """
    return _done(database, _forgetting(about), config, clock or Clock(), clean, within_s)


def _forgetting(about: PersonDetail) -> _Erasing:
    person = Person(about.visitor_id, about.name, about.label)

    def erase(cursor: Cursor) -> _Done:
        parts = erasure.whole(cursor, person)
        erased = erasure.forget(cursor, person)
        names = [name for part in parts for name in (part.name, part.label) if name]
        return _Done(erased, (person,), tuple(names))

    return erase


# Sightings


def chosen(
    database: Database,
    config: Config,
    *,
    ids: Sequence[str] = (),
    camera: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    undecided: bool = False,
) -> list[UUID]:
    """The sightings that a person names; raises NotFoundError for an id of none.

    Parameters
    ----------
    database : Database
        Read in one transaction.
    config : Config
        Says which site is meant.
    ids : sequence of str
        Of sightings, or their beginnings.
    camera, since, until
        What a camera saw within a time.
    undecided : bool
        All that nobody was found for.
    """
    site = config.site.name
    with database.transaction() as cursor:
        found = erasure.named(cursor, ids)
        if camera is not None:
            found += erasure.seen(cursor, site, camera, since, until)
        if undecided:
            found += erasure.undecided(cursor, site)
    return list(dict.fromkeys(found))


def loss_of_sightings(database: Database, sightings: Collection[UUID]) -> Loss:
    """What `forget_sightings` would erase."""
    return _tried(database, _forgetting_sightings(sightings))


def forget_sightings(
    database: Database,
    sightings: Collection[UUID],
    config: Config,
    clock: Clock,
    *,
    clean: bool = False,
    within_s: float = scrubbing.WITHIN_S,
) -> Forgotten:
    """Erase sightings with their faces, and people of whom nothing is left then.

    Parameters
    ----------
    database, config, clock, clean, within_s
        As for `forget`.
    sightings : collection of UUID
        As they were shown to whoever is certain.
    """
    erase = _forgetting_sightings(sightings)
    return _done(database, erase, config, clock, clean, within_s)


def _forgetting_sightings(sightings: Collection[UUID]) -> _Erasing:
    def erase(cursor: Cursor) -> _Done:
        concerned = erasure.people_of(cursor, sightings)
        parts = {one.visitor_id: erasure.whole(cursor, one) for one in concerned}
        erased, gone = erasure.forget_sightings(cursor, sightings)
        names = [
            name
            for person in gone
            for part in parts[person.visitor_id]
            for name in (part.name, part.label)
            if name
        ]
        return _Done(erased, tuple(gone), tuple(names))

    return erase


# What is left


def clean(database: Database, config: Config, clock: Clock) -> Forgotten:
    """Drop what the server and this box still have of anything that was erased before."""
    remarks = _delete_files(database, None, config)
    ours = box_of(config) is None
    remarks += scrubbing.scrub(database, clock, ours=ours)
    with database.transaction() as cursor:
        left = remaining(cursor)
    return Forgotten(0, 0, tuple(left), (), tuple(remarks))


# How each is done


def _tried(database: Database, erase: _Erasing) -> Loss:
    """Erase, see what that took, and take it back."""
    loss: list[Loss] = []
    with contextlib.suppress(_NotYetError), database.transaction() as cursor:
        done = erase(cursor)
        erased = done.erased
        named = mentions.of(cursor, done.names)
        loss.append(Loss(erased.sightings, len(erased.crops), done.gone, tuple(named)))
        raise _NotYetError
    return loss[0]


def _done(
    database: Database,
    erase: _Erasing,
    config: Config,
    clock: Clock,
    clean: bool,
    within_s: float,
) -> Forgotten:
    """Erase rows, then files of this box, then what the server still has of the rows."""
    with database.transaction() as cursor:
        began = server_time(cursor)
        done = erase(cursor)
        named = mentions.of(cursor, done.names)
        if clean:
            mentions.clean(cursor, named)
            named = mentions.of(cursor, done.names)

    remarks = _delete_files(database, began, config)
    ours = box_of(config) is None
    remarks += scrubbing.scrub(database, clock, ours=ours, within_s=within_s)

    # Boxes that run have deleted theirs by now.
    erased = done.erased
    with database.transaction() as cursor:
        left = remaining(cursor, erased.crops)
    pictures = len(erased.crops) - sum(one.pictures for one in left)
    return Forgotten(erased.sightings, pictures, tuple(left), tuple(named), tuple(remarks))


def _delete_files(database: Database, began: datetime | None, config: Config) -> list[str]:
    """Delete what this box keeps of what was erased since; says if that has to wait."""
    box = box_of(config)
    crops = Crops(config.crops_dir)
    remarks = []
    try:
        erasure.finish_here(database, began, box, crops, config.spool_file, config.gallery_file)
    except (OSError, SpoolError) as error:
        remarks.append(f"Files on this box cannot be deleted yet, its daemon tries again: {error}")
    for aside in spool.put_aside(config.spool_file):
        remarks.append(f"{aside} is a spool that could not be read: delete it, it may hold them.")
    return remarks
