"""The sites and cameras there are, and whether one that a person types is among them."""

from collections.abc import Iterable, Sequence

from visitord.core.errors import NotFoundError
from visitord.core.near_names import did_you_mean
from visitord.store import statements
from visitord.store.database import Cursor
from visitord.store.window import Window

LATEST = 10_000  # visits among which cameras are looked for that no daemon reports, as of a replay
_SQL = statements.load("places")


def sites(cursor: Cursor) -> list[str]:
    """The names of all sites of the database."""
    return statements.fetch_column(cursor, _SQL["sites"])


def cameras(cursor: Cursor, site: str | None = None) -> list[str]:
    """The cameras of a site, or of all: those reported, and those of the latest visits."""
    return statements.fetch_column(cursor, _SQL["cameras"], {"site": site, "latest": LATEST})


def require_known(cursor: Cursor, window: Window, configured: Sequence[str]) -> None:
    """Hold a listing to places there are, so that no typing error reads as an empty log.

    Parameters
    ----------
    cursor : of an open transaction
    window : whose site and camera are asked about; one without is about any
    configured : cameras that count as known before they have seen anybody

    Raises
    ------
    NotFoundError
        for a site or a camera that is not known, listing the near ones
    """
    if window.site is not None:
        known_sites = sites(cursor)
        if known_sites and window.site not in known_sites:
            raise _unknown("site", window.site, known_sites)

    if window.camera is None:
        return
    known_cameras = {*configured, *cameras(cursor, window.site)}
    if window.camera in known_cameras:
        return
    if not statements.fetch_value(
        cursor, _SQL["seen"], {"camera": window.camera, "site": window.site}
    ):
        raise _unknown("camera", window.camera, known_cameras)


def _unknown(kind: str, name: str, known: Iterable[str]) -> NotFoundError:
    names = sorted(known)
    meant = did_you_mean(name, names)
    if meant:
        return NotFoundError(f'There is no {kind} "{name}"; {meant}?')
    if not names:
        return NotFoundError(f'There is no {kind} "{name}"; none is known yet.')
    return NotFoundError(f'There is no {kind} "{name}"; known are: {", ".join(names)}.')
