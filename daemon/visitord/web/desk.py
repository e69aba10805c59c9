"""What all requests share: the configuration, the database and the pictures of faces."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from flask import current_app

from visitord.core.config import Config
from visitord.store import migrate
from visitord.store.crops import Crops
from visitord.store.database import Cursor, Database


@dataclass(frozen=True, slots=True)
class Desk:
    """Requests run in threads: each transaction has a connection of its own."""

    config: Config
    database: Database
    crops: Crops

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """As the database's own, in the site's time zone; raises DatabaseError for the schema of
        another version.
        """
        with contextlib.closing(self.database.another()) as database:
            database.timezone = self.config.site.timezone
            migrate.require_current(database)
            with database.transaction() as cursor:
                yield cursor


def desk() -> Desk:
    """That of the running application."""
    return current_app.extensions["desk"]  # type: ignore[no-any-return]
