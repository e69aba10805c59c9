"""What all requests share: configuration, database, pictures of faces, and who is signed in."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from flask import current_app

from visitord.core.config import Config
from visitord.store import migrate
from visitord.store.crops import Crops
from visitord.store.database import Cursor, Database
from visitord.web.refusals import Refusals
from visitord.web.sessions import Sessions

_KEY = "visitord"  # among the application's extensions


@dataclass(frozen=True, slots=True)
class Resources:
    """Requests run in threads: each has a connection of its own, in the site's time zone."""

    config: Config
    database: Database
    crops: Crops
    sessions: Sessions
    refusals: Refusals

    @contextlib.contextmanager
    def connection(self) -> Iterator[Database]:
        """The database for one request; raises DatabaseError for the schema of another version."""
        with contextlib.closing(self.database.another()) as database:
            database.timezone = self.config.site.timezone
            migrate.require_current(database)
            yield database

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """A transaction of a connection of its own."""
        with self.connection() as database, database.transaction() as cursor:
            yield cursor


def share(extensions: dict[str, object], resources: Resources) -> None:
    """Let the requests of the application with these extensions have the resources."""
    extensions[_KEY] = resources


def resources() -> Resources:
    """Those of the running application."""
    found = current_app.extensions[_KEY]
    assert isinstance(found, Resources)  # noqa: S101 - what `share` put there
    return found
