"""What the tests run on: a real PostgreSQL of their own, the real default models, the installed
commands.
"""

import atexit
import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from fixtures.paths import ROOT
from fixtures.support import START, Box, copied
from visitord.models import catalog
from visitord.models.install import install
from visitord.models.opencv_zoo import ZooPack
from visitord.store import migrate
from visitord.store.database import Database

if TYPE_CHECKING:
    from fixtures.recording import Desk


@pytest.fixture(autouse=True)
def _no_foreign_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISITORD_CONFIG", raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The default pack, installed once per checkout the way users install it."""
    folder = ROOT / ".cache" / "models"
    install(catalog.DEFAULT, folder, ROOT)
    return folder


@pytest.fixture(scope="session")
def pack(models_dir: Path) -> ZooPack:
    return ZooPack(models_dir / catalog.DEFAULT, threads=1)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostgreSQL server for this run, with a migrated database to copy from."""
    with _open_folder() as folder:
        database = Database.at("embedded", folder)
        migrate.migrate(database)
        database.close()
        yield database.url


@pytest.fixture
def open_path() -> Iterator[Path]:
    """Like tmp_path, but a place where a server of another account stays allowed: pytest closes its
    own again and again.
    """
    with _open_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """The same for all tests of a module."""
    with _open_folder() as folder:
        yield folder


@contextlib.contextmanager
def _open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="visitord-"))
    yield folder
    # The server inside stops when this process ends; only then can its files go.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


@pytest.fixture
def empty_url(server_url: str) -> Iterator[str]:
    """A database without tables."""
    with copied(server_url, "template1") as url:
        yield url


@pytest.fixture
def database_url(server_url: str) -> Iterator[str]:
    """A database with the current schema and no rows."""
    with copied(server_url) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def box(tmp_path: Path, models_dir: Path, database_url: str) -> Box:
    """An installation in a folder of its own, on the test server, without cameras."""
    return Box.at(tmp_path / "box", models_dir, database_url)


@pytest.fixture
def question(desk: "Desk") -> int:
    """The number of a suggestion that visitor 1 and visitor 3 of a module's desk are one."""
    ids = sorted(
        UUID(str(row[0]))
        for row in desk.rows("select identity_id from identity where number in (1, 3)")
    )
    with desk.database.transaction() as cursor:
        cursor.execute(
            "insert into suggestion (one_id, other_id, agreement, reason, made_at) values (%s, %s, 0.5, 'why', %s) "
            "returning number",
            (*ids, START),
        )
        ((number,),) = cursor.fetchall()
    return int(number)
