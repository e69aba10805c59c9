"""The place this box logs visits for, and what the views must know of it."""

from dataclasses import dataclass
from datetime import timedelta

from visitord.store import statements
from visitord.store.database import Database, unhurried

_SQL = statements.load("site")


@dataclass(frozen=True, slots=True)
class Site:
    """The place this box logs visits for.

    gap: the absence after which a visit is over.  box: which of several boxes this is.
    exclude_groups: groups whose members its footfall leaves out.
    """

    name: str
    timezone: str
    gap: timedelta
    box: str | None = None
    exclude_groups: tuple[str, ...] = ()


def declare_site(database: Database, site: Site, *, rebuild: bool = False) -> int | None:
    """Record the site, which the views use; a new gap or time zone builds its visits anew.

    Parameters
    ----------
    database : opened in a transaction of its own
    site : as configured
    rebuild : build the visits anew even where nothing about the site is new

    Returns
    -------
    How many visits there are then, None where they stay as they are.
    """
    about = {"site": site.name, "timezone": site.timezone, "visit_gap": site.gap}
    with database.transaction() as cursor:
        is_new = statements.fetch_value(cursor, _SQL["declare"], about)
        left_out = {"site": site.name, "groups": list(site.exclude_groups)}
        cursor.execute(_SQL["declare_footfall"], left_out)
        if not (is_new or rebuild):
            return None

        unhurried(cursor)
        return int(statements.fetch_value(cursor, _SQL["rebuild_visits"], {"site": site.name}))
