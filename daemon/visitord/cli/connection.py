"""The database, for a command that talks to people."""

from visitord.cli.configuration import installed
from visitord.cli.logs import log_to_stderr
from visitord.store.database import Database
from visitord.store.opening import open_database


def connect(*, wait: bool = False) -> Database:
    """The database of the configuration the command line asks for; wait: it is not tried yet."""
    log_to_stderr()
    return open_database(installed(), wait=wait)
