"""The database, for a command that talks to people."""

from visitord.cli.configuration import config, installed
from visitord.cli.logs import log_to_stderr
from visitord.store import places
from visitord.store.database import Database
from visitord.store.opening import open_database
from visitord.store.window import Window


def connect(*, wait: bool = False) -> Database:
    """The database of the configuration the command line asks for; wait: it is not tried yet."""
    log_to_stderr()
    return open_database(installed(), wait=wait)


def connect_for(window: Window) -> Database:
    """The same, for a listing; raises NotFoundError for a site or a camera that is not known."""
    database = connect()
    with database.transaction() as cursor:
        places.require_known(cursor, window, [camera.name for camera in config().camera])
    return database
