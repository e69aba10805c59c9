"""Forgets people: in the database at once, then the files of this box."""

from dataclasses import dataclass

from visitord.core.config import Config
from visitord.core.errors import SpoolError
from visitord.store import erasure
from visitord.store.crops import Crops
from visitord.store.database import Database
from visitord.store.erasure import Erased
from visitord.store.people import Person
from visitord.store.visitors import PersonDetail


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many sightings and pictures of a person are gone.

    remark: what else there is to say of the files of this box; mostly empty.
    """

    sightings: int
    pictures: int
    remark: str


def forget(database: Database, about: PersonDetail, config: Config) -> Forgotten:
    """Erase everything seen, learnt and kept of a person, on every box; it cannot be undone.

    Parameters
    ----------
    database : Database
        Of all boxes.
    about : PersonDetail
        As they were shown to whoever is certain: if they were merged meanwhile, nothing is erased.
    config : Config
        Where the files of this box are.

    Raises
    ------
    NotFoundError
        They were merged or forgotten meanwhile.
    """
    person = Person(about.visitor_id, about.name, about.label)
    with database.transaction() as cursor:
        erased = erasure.forget(cursor, person)
    remark = _delete_files(erased, config)
    return Forgotten(erased.sightings, len(erased.crops), remark)


def _delete_files(erased: Erased, config: Config) -> str:
    """Delete what this box keeps of a person just erased; returns a remark if that has to wait."""
    crops = Crops(config.crops_dir)
    try:
        erasure.finish(erased, crops, config.spool_file, config.gallery_file)
    except (OSError, SpoolError) as error:
        return f"Files on this box cannot be deleted yet, its daemon tries again: {error}"
    return ""
