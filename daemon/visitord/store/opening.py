"""The database of a configuration, opened in the state this version needs, and its site."""

from visitord.core.config import Config
from visitord.store import migrate
from visitord.store.database import Database
from visitord.store.site import Site


def open_database(config: Config, *, wait: bool = False) -> Database:
    """The configured database; the embedded one is started and kept up to date by itself.

    wait: one of your own is not tried yet.  Raises DatabaseError when it cannot be reached, or has
    not the schema of this version.
    """
    url = config.database_url()
    database = Database.at(url, config.state)
    database.timezone = config.site.timezone
    if url == "embedded":
        if not migrate.is_current(database, config.database.vector):
            migrate.migrate(database, config.database.vector)
    elif not wait:
        migrate.require_current(database, config.database.vector)
    return database


def box_of(config: Config) -> str | None:
    """The name of this box among those on its server; None where the server is its own."""
    return None if config.database_url() == "embedded" else config.box


def site_of(config: Config) -> Site:
    """The site this box logs visits for."""
    return Site(
        config.site.name,
        config.site.timezone,
        config.visit.gap,
        config.box,
        config.footfall.exclude_groups,
    )
