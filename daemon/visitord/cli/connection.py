"""The database, for a command that talks to people."""

from dataclasses import replace

from visitord.cli.configuration import config, installed
from visitord.cli.logs import log_to_stderr
from visitord.store import group_names, places
from visitord.store.database import Database
from visitord.store.opening import open_database
from visitord.store.window import Window


def connect(*, wait: bool = False) -> Database:
    """The database of the configuration the command line asks for; wait: it is not tried yet."""
    log_to_stderr()
    return open_database(installed(), wait=wait)


def connect_for(window: Window) -> tuple[Database, Window]:
    """The same, for a listing, and what that is about; raises NotFoundError for unknown places.

    So it does for unknown groups; those there are get their names as they are kept.  Where the
    configured site has no log, as beside the demo, it is about every site.
    """
    settings = config()
    database = connect()
    with database.transaction() as cursor:
        if window.site == settings.site.name and window.site not in places.sites(cursor):
            window = replace(window, site=None)
        places.require_known(cursor, window, [camera.name for camera in settings.camera])
        configured = settings.footfall.exclude_groups
        window = replace(
            window,
            groups=group_names.spelt(cursor, window.groups, configured),
            not_groups=group_names.spelt(cursor, window.not_groups, configured),
        )
    return database, window
