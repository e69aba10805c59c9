"""Keeps visits what they are said to be: sightings of one person with no longer gap in between."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from visitord.store import statements
from visitord.store.database import Cursor
from visitord.store.site import Site

_SQL = statements.load("visits")


@dataclass(frozen=True, slots=True)
class BegunVisit:
    """A visit that was not there before, as it stands now; cameras in order of first sighting."""

    visit_id: UUID
    started_at: datetime
    ended_at: datetime
    sightings: int
    cameras: list[str]
    last_camera: str


def refresh(
    cursor: Cursor,
    person: UUID,
    site: Site,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[BegunVisit]:
    """Rebuild the visits of one person at one site; returns those that begin because of it.

    A pause of exactly the site's `gap` does not yet divide two visits.

    Parameters
    ----------
    cursor : of an open transaction
    person : an identity that stands for itself
    site : where
    since, until : the time of the sighting that changed.  Only visits within `gap` of it can be
        affected, so only they and their sightings are read; None: from the first, to the last
    """
    values = {
        "person": person,
        "site": site.name,
        "gap": site.gap,
        "since": since,
        "until": until,
    }
    return statements.fetch_all(cursor, BegunVisit, _SQL["refresh"], values)


def refresh_unidentified(
    cursor: Cursor, site: Site, camera: str, since: datetime, until: datetime
) -> None:
    """Put the visits without an identity at one camera right.

    It must follow `refresh`: what lies beside the track of a person is no visit of its own.  Until
    the transaction ends, others wait to do the same at this camera.

    Parameters
    ----------
    cursor : of an open transaction
    site, camera : where
    since, until : the time of the sighting that changed, whoever's it is
    """
    values = {"site": site.name, "camera": camera, "since": since, "until": until}
    cursor.execute(_SQL["refresh_unidentified"], values)


def rebuild(cursor: Cursor, people: Sequence[UUID], settled: Collection[UUID] = ()) -> None:
    """Rebuild all visits of these people, at every site, and those that follow from them.

    It comes after everything that locks people or sightings.

    Parameters
    ----------
    cursor : of an open transaction
    people : identities that stand for themselves, or did
    settled : sightings that have an identity since, or have none any more
    """
    cursor.execute(_SQL["rebuild"], {"people": list(people), "settled": list(settled)})
