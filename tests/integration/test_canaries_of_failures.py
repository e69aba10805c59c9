"""Whatever fails, no secret comes out: passwords stay in the configuration, and what people are
called and look like in the database and the box's own files.

Searched are the files of the box and the logs of its server, every table, all that programs print
and log, and the command lines of every process.
"""

import contextlib
import logging
import os
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import httpx
import numpy as np
import psycopg2
import pytest
from psycopg2 import errors

from fixtures import footage
from fixtures.canaries import Canary, files_with, tables_with
from fixtures.certificates import self_signed
from fixtures.databases import administer, ask
from fixtures.films import Walk, film
from fixtures.installation import Box
from fixtures.peers import HOST, Front, Scripted
from fixtures.proxy import Proxy
from fixtures.reviewing import serving, sign_in
from fixtures.rtsp import Server
from fixtures.running import Running, running, with_cameras
from fixtures.visit_log import SITE, prepared
from fixtures.waiting import wait
from visitord.core.clock import Clock
from visitord.core.errors import DatabaseError
from visitord.store import people
from visitord.store.crops import Crops
from visitord.store.database import Database
from visitord.store.gallery_cache import GalleryFile
from visitord.store.site import declare_site
from visitord.store.spool import Spool

WORD = "canary-in-an-address"
IN_A_FILE = "canary-in-a-file"
IN_A_QUERY = "canary-in-a-query"
OF_THE_DATABASE = "canary-of-the-database"
OTHER = "another"  # which is not what the box has
PASSWORDS = {word: word.encode() for word in (WORD, IN_A_FILE, IN_A_QUERY, OF_THE_DATABASE)}
CONFIGURATION = ("config.toml", "camera.secret", "database.secret")
COMMANDS = (
    ("visitord", "check-config"),
    ("visitorctl", "doctor"),
    ("visitorctl", "status"),
    ("visitorctl", "list"),
    ("visitorctl", "snapshot", "door"),
    ("visitorctl", "sql", "select * from visitord.camera_health"),
)
BROKEN = """\
import importlib.abc, sys
class Hook(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {trigger!r}:
            sys.meta_path.remove(self)
            from {module} import {owner}
            def broken(*_): raise RuntimeError('broken at {source}')
            {owner}.{method} = broken
sys.meta_path.insert(0, Hook())
"""


def passwords_in(text: str) -> list[str]:
    return [word for word in PASSWORDS if word in text]


def passwords_of_processes() -> list[str]:
    """Which command lines of this machine have a password."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended
            line = path.read_bytes().decode("utf-8", "replace")
            found += [f"{word} in {line}" for word in passwords_in(line)]
    return found


def server_logs(url: str) -> Path:
    """The folder with the logs of a server."""
    ((data,),) = administer(url, "show data_directory")
    return Path(str(data), "logs")


@dataclass
class Account:
    """One of the server's, which a password lets in."""

    url: str
    name: str = field(default_factory=lambda: f"test_{uuid4().hex}")

    def make(self) -> None:
        rule = f"local all {self.name} scram-sha-256"
        into = "cat - pg_hba.conf > pg_hba.new && mv pg_hba.new pg_hba.conf"
        administer(
            self.url,
            f"create role {self.name} login in role visitord_daemon password '{OF_THE_DATABASE}'",
            f"copy (select '{rule}') to program '{into}'",
            "select pg_reload_conf()",
        )

    def change(self, password: str) -> None:
        administer(self.url, f"alter role {self.name} password '{password}'")


@dataclass
class Site:
    """A box whose database is a network away and wants a password."""

    box: Box
    network: Proxy
    account: Account
    owner: Database

    def outputs(self) -> str:
        """What every command says now."""
        said = [self.box.run(*command) for command in COMMANDS]
        return "".join(done.out + done.err for done in said)

    def require_clean(self, *texts: str) -> None:
        planted = " ".join(files_with(self.box.folder, PASSWORDS))
        assert "database.secret" in planted, "what is planted can be found"
        assert passwords_in("".join(texts)) == []
        assert files_with(self.box.folder, PASSWORDS, CONFIGURATION) == []
        assert tables_with(self.owner, PASSWORDS) == []
        assert files_with(server_logs(self.owner.url), PASSWORDS) == []


@pytest.fixture
def site(tmp_path: Path, models_dir: Path, database: Database) -> Iterator[Site]:
    account = Account(database.url)
    account.make()
    with Proxy(database.url) as network:
        url = network.url().replace("postgres:@", f"{account.name}@")
        box = Box.at(tmp_path / "box", models_dir, url)
        text = (box.folder / "config.toml").read_text()
        box.configure(text.replace("[visit]", 'password_file = "database.secret"\n[visit]'))
        (box.folder / "database.secret").write_text(f"{OF_THE_DATABASE}\n")
        (box.folder / "camera.secret").write_text(f"{IN_A_FILE}\n")
        for name in CONFIGURATION:
            (box.folder / name).chmod(0o600)
        yield Site(box, network, account, database)


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One person walking by, 8 s."""
    return film(tmp_path_factory.mktemp("footage") / "walk.mp4", [Walk("astronaut", 1, 5)], 8)


def until_failed(daemon: Running, *cameras: str) -> None:
    """Wait until each camera was said to have failed."""

    def have() -> bool:
        failed = re.findall(r"Camera (\w+) is (?:refused|gone|stale)", daemon.log)
        return set(cameras) <= set(failed)

    wait(have, lambda: daemon.log)


# Cameras, and the box itself


def test_no_password_comes_out_of_cameras_that_fail_or_a_box_that_is_killed(
    site: Site, tape: Path, tmp_path: Path
) -> None:
    clips, pictures = tmp_path / "clips", tmp_path / "pictures"
    clips.mkdir()
    pictures.mkdir()
    footage.encode(clips / "clip.mp4", footage.room(24, 320, 180))
    footage.jpegs(pictures / "clip.mp4", footage.room(4, 320, 180))
    elsewhere = f"http://user:{WORD}@192.0.2.9/clip?ticket={IN_A_QUERY}"
    redirect = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\n\r\n".encode()

    with (
        Server(clips, auth="digest", password=OTHER) as rtsp,
        Server(pictures, kind="mjpeg", auth="basic", password=OTHER) as web,
        Server(kind="garbage") as garbage,
        Scripted(lambda _: redirect) as redirecting,
        Front(web.port, self_signed(tmp_path).file) as posing,
    ):
        user = f"user:{WORD}@{HOST}"
        cameras = {
            "door": rtsp.url("clip.mp4", WORD),
            "yard": {
                "source": f"http://user@{HOST}:{web.port}/clip.mp4?ticket={IN_A_QUERY}",
                "password_file": "camera.secret",
            },
            "attic": f"rtsp://user:{WORD}@no-such-host.invalid/1?ticket={IN_A_QUERY}",
            "cellar": garbage.url(f"clip.mp4?ticket={IN_A_QUERY}", WORD),
            "hall": f"http://{user}:{redirecting.port}/clip.mp4",
            "roof": f"https://{user}:{posing.port}/clip.mp4",
            "shed": f"rtsps://{user}:{garbage.port}/clip.mp4",
            "gate": f"rtsp://{user}:9/clip.mp4",
        }
        with_cameras(site.box, **cameras, tape=str(tape))
        with running(site.box) as daemon:
            until_failed(daemon, *cameras)
            daemon.wait_for("visitor 1 arrived at tape")
            assert passwords_of_processes() == []
            site.require_clean(site.outputs())
            daemon.end(signal.SIGKILL)
            site.require_clean(daemon.log, daemon.printed, site.outputs())

        with running(site.box) as again:
            until_failed(again, "door", "yard")
            assert again.end() == 0
        site.require_clean(again.log, again.printed, site.outputs())


def test_no_password_comes_out_of_a_box_without_its_models(site: Site, models_dir: Path) -> None:
    with_cameras(site.box, door=f"rtsp://user:{WORD}@{HOST}:9/1?ticket={IN_A_QUERY}")
    models = site.box.folder / "state" / "models"
    models.unlink()
    missing = site.box.run("visitord", "run")
    assert missing.code == 1
    site.require_clean(missing.out, missing.err, site.outputs())

    for path in models_dir.rglob("*"):
        copy = models / path.relative_to(models_dir)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            copy.write_bytes(path.read_bytes()[:1000])
    damaged = site.box.run("visitord", "run")
    assert damaged.code == 1
    site.require_clean(damaged.out, damaged.err, site.outputs())


def test_no_password_comes_out_of_a_thread_that_dies(
    site: Site, tape: Path, tmp_path: Path
) -> None:
    """Nobody knows what a fault quotes."""
    source = f"rtsp://user:{WORD}@192.0.2.10/1?ticket={IN_A_QUERY}"
    broken = BROKEN.format(
        trigger="visitord.service.daemon",
        module="visitord.vision.pipeline",
        owner="Pipeline",
        method="process",
        source=source,
    )
    (tmp_path / "sitecustomize.py").write_text(broken)
    with_cameras(site.box, door=f"rtsp://user:{WORD}@{HOST}:9/1", tape=str(tape))
    with running(site.box, PYTHONPATH=path_with(tmp_path)) as daemon:
        assert daemon.ended() == 1
    assert "Traceback" in daemon.log
    assert "broken at rtsp://***@192.0.2.10/1?ticket=***" in daemon.log
    site.require_clean(daemon.log, daemon.printed)


@pytest.mark.parametrize("command", [("visitord", "check-config"), ("visitorctl", "status")])
def test_no_password_comes_out_of_a_fault_in_a_command(
    site: Site, tmp_path: Path, command: tuple[str, str]
) -> None:
    broken = BROKEN.format(
        trigger="visitord.core.precautions" if command[0] == "visitord" else "visitord.cli.status",
        module="visitord.core.config",
        owner="Config",
        method="database_url",
        source=f"postgresql://user:{OF_THE_DATABASE}@192.0.2.10/visitord",
    )
    (tmp_path / "sitecustomize.py").write_text(broken)
    started = site.box.start(*command, PYTHONPATH=path_with(tmp_path))
    out, err = started.communicate(timeout=100)
    assert started.returncode == 1
    assert "broken at postgresql://user:***@192.0.2.10/visitord" in err
    site.require_clean(out, err)


def path_with(folder: Path) -> str:
    """The folders that Python looks into, this one first."""
    return os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))


# The database


def test_no_secret_comes_out_of_a_database_that_goes_away_and_refuses_the_password(
    site: Site, tape: Path
) -> None:
    with_cameras(site.box, door=f"rtsp://user:{WORD}@{HOST}:9/1", tape=str(tape))
    with running(site.box) as daemon:
        daemon.wait_for("visitor 1 arrived at tape")
        daemon.wait_for("Camera tape is ended")
        with site.owner.transaction() as cursor:
            people.rename(cursor, people.find(cursor, "1"), "Canary of the tape")
        ((faces,),) = ask(site.owner, "select embedding from template limit 1")

        site.network.away()
        daemon.wait_for("cannot be used")
        said = site.outputs()
        site.network.back()
        daemon.wait_for("The database is there again")

        site.account.change(OTHER)
        site.network.away()
        site.network.back()
        daemon.wait_for("password authentication failed")
        said += site.outputs()
        assert passwords_of_processes() == []
        assert daemon.end() == 0

    site.require_clean(said, daemon.log, daemon.printed)
    face = Canary("Canary of the tape", np.asarray(faces, np.float32), 0).look
    shown = [line for line in daemon.log.splitlines() if " left main after " not in line]
    assert "Canary of the tape" not in "\n".join(shown)
    for text in (said, daemon.log, daemon.printed):
        assert [what for what, needle in face.items() if needle in text.encode()] == []
    assert files_with(server_logs(site.owner.url), {"name": b"Canary of the tape", **face}) == []


@dataclass
class Recording:
    """A recorder in this process, with all that it keeps on disk."""

    folder: Path
    network: Proxy
    owner: Database

    def __post_init__(self) -> None:
        declare_site(self.owner, SITE)
        gallery_file = GalleryFile(self.folder / "gallery.json", "pack-1", Clock())
        self.spool = Spool(self.folder / "spool.db", 100_000_000, "pack-1")
        self.recorder = prepared(
            Database(self.network.url(OF_THE_DATABASE)),
            crops=Crops(self.folder / "crops"),
            spool=self.spool,
            gallery_file=gallery_file,
        )


def full_disk(_: int) -> None:
    raise OSError(28, os.strerror(28))


def test_nobodys_name_or_face_comes_out_of_what_a_recorder_cannot_write(
    database: Database,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    vector = np.random.default_rng(7).normal(size=128)
    face = np.asarray(vector / np.linalg.norm(vector), np.float32)
    guest = Canary("Canary of the recorder", face, 0.0)
    with Proxy(database.url) as network:
        made = Recording(tmp_path, network, database)
        recorder = made.recorder
        recorder.handle(guest.track(0))
        with database.transaction() as cursor:
            people.rename(cursor, people.find(cursor, "1"), guest.name)
        recorder._follow()

        # A row that the database never takes.
        recorder.submit(replace(guest.track(1), camera="x" * 100))
        recorder._write_spooled()
        reasons = made.spool._file.execute("select refused from waiting").fetchall()
        assert "sighting_camera_check" in str(reasons)

        # A full disk.
        with monkeypatch.context() as patched:
            patched.setattr("visitord.core.files.os.fsync", full_disk)
            recorder.handle(guest.track(2))
            with database.transaction() as cursor:
                people.rename(cursor, people.find(cursor, "1"), f"{guest.name} again")
            recorder._follow()
        pages = made.spool._file.execute("pragma page_count").fetchone()[0]
        made.spool._file.execute(f"pragma max_page_count = {pages}")
        for n in range(3, 40):
            recorder.submit(guest.track(n))
        assert "A sighting waits in memory only" in caplog.text
        assert "Face pictures cannot be kept" in caplog.text

        # The database goes away.
        network.away()
        with pytest.raises(DatabaseError) as away:
            recorder.handle(guest.track(50))
        recorder._warn(away.value)

    needles = {**guest.everything, **PASSWORDS}
    for text in (caplog.text, str(reasons), str(away.value)):
        assert [what for what, needle in needles.items() if needle in text.encode()] == []
    kept = ("spool.db", "spool.db-wal", "crops", "gallery.json")
    planted = " ".join(files_with(tmp_path, needles))
    for what in ("picture in spool.db", "embedding in JSON in spool.db", "picture in crops"):
        assert what in planted, planted
    assert files_with(tmp_path, needles, kept) == []
    assert files_with(server_logs(database.url), needles) == []


FAILING = {
    "create temporary table t (name text unique); "
    "insert into t values ('{name} {face}'), ('{name} {face}')": errors.UniqueViolation,
    "insert into visitord.sighting (camera) values ('{name} {face}')": errors.NotNullViolation,
    "select '{name}', '{{{face}}}'::integer[]": errors.InvalidTextRepresentation,
    "selekt '{name}', '{{{face}}}'": errors.SyntaxError,
    "do $$ begin raise exception '{name} {face}'; end $$": errors.RaiseException,
    "select pg_sleep(30), '{name}', '{{{face}}}'": errors.QueryCanceled,
}


@pytest.mark.parametrize(("statement", "kind"), FAILING.items())
def test_the_embedded_servers_log_has_nothing_of_a_statement_that_fails(
    database: Database, statement: str, kind: type[psycopg2.Error]
) -> None:
    vector = np.random.default_rng(8).normal(size=128)
    face = np.asarray(vector / np.linalg.norm(vector), np.float32)
    guest = Canary("Canary of the server", face, 0.0)
    text = ",".join(map(str, face))
    with prepared_with(database, guest).transaction() as cursor:
        cursor.execute("set local statement_timeout = '500ms'")
        with pytest.raises(kind):
            cursor.execute(statement.format(name=guest.name, face=text))
    assert tables_with(database, guest.everything) != []
    assert files_with(server_logs(database.url), guest.everything) == []


def prepared_with(database: Database, guest: Canary) -> Database:
    """The database, in which somebody is known by name."""
    declare_site(database, SITE)
    prepared(database).handle(guest.track(0))
    with database.transaction() as cursor:
        people.rename(cursor, people.find(cursor, "1"), guest.name)
    return database


# The configuration

AWAY = f"postgresql://user@{HOST}:9/d"
WRONG_SOURCES = (
    f"rtsp://user:p#{WORD}@192.0.2.10/1",
    f"rtsp://user:{WORD}@192.0.2.10:port/1",
    f"rtsp:/user:{WORD}@192.0.2.10/1",
    f"rtsp//user:{WORD}@192.0.2.10/1",
    f"rtsp;//user:{WORD}@192.0.2.10/1",
    f"//user:{WORD}@192.0.2.10/1",
    f"user:{WORD}@192.0.2.10/1",
    f"rtmp://user:{WORD}@192.0.2.10/1",
    f"rtsp://user:{WORD}@/1?ticket={IN_A_QUERY}",
    f"rtsp://user:{WORD}@192.0.2.10/1?ticket={IN_A_QUERY}\\u0000",
)
WRONG_DATABASES = (
    f"postgresql://user:{OF_THE_DATABASE}%00@{HOST}:9/visitord",
    f"postgresql://user@{HOST}:9/visitord?{OF_THE_DATABASE}",
    f"postgresql://us?er:{OF_THE_DATABASE}@{HOST}:9/visitord",
    f"postgresql://user@{HOST}:9/visitord?pass={OF_THE_DATABASE}",
    f"postgresql://user:{OF_THE_DATABASE}@{HOST}:99999/visitord",
    f"postgresql://user:p/{OF_THE_DATABASE}@{HOST}:9/visitord",
    f"postgresql:/user:{OF_THE_DATABASE}@{HOST}:9/visitord",
    f"mysql://user:{OF_THE_DATABASE}@{HOST}:9/visitord",
    f"user:{OF_THE_DATABASE}@{HOST}:9/visitord",
)
WRONG = (
    *(f'[[camera]]\nname = "door"\nsource = "{source}"\n' for source in WRONG_SOURCES),
    *(f'[database]\nurl = "{url}"\n' for url in WRONG_DATABASES),
    *(f'[database]\nurl = "{AWAY}"\nreader_url = "{url}"\n' for url in WRONG_DATABASES),
    f'[[camera]]\nname = "door"\nsource = "rtsp://user:{WORD}@192.0.2.10/1\n',
    f'[[camera]]\nname = "door"\nsource = "rtsp://user:\\{WORD}@192.0.2.10/1"\n',
    f'[[camera]]\nname = "door"\nsource = ["rtsp://user:{WORD}@192.0.2.10/1"]\n',
    f'[[camera]]\nname = "door"\nsource = "0"\npasword = "{WORD}"\n',
    f'[[camera]]\nname = "door"\nsource = "0"\nfps = "{WORD}"\n',
    f'[database]\nurl = "postgresql://u:{OF_THE_DATABASE}@h/d"\nurl = "embedded"\n',
    f'[database]\nurl = "embedded"\npassword = "{OF_THE_DATABASE}"\n',
    '[[camera]]\nname = "door"\nsource = "rtsp://192.0.2.10/1"\npassword_file = "camera.secret"\n',
    '[[camera]]\nname = "door"\nsource = "rtsp://u:${DOOR}@192.0.2.10/1"\n',
    '[database]\nurl = "${DOOR}"\n',
)


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_configuration_is_told_without_its_secrets(tmp_path: Path, text: str) -> None:
    box = Box.at(tmp_path / "box", None, "embedded")
    has_camera = "[[camera]]" in text
    camera = "" if has_camera else '[[camera]]\nname = "tape"\nsource = "tape.mp4"\n'
    database = f'[database]\nurl = "{AWAY}"\n' if "[database]" not in text else ""
    box.configure(database + text + camera)
    (box.folder / "camera.secret").write_text(IN_A_FILE)
    for command in (*COMMANDS[:3], ("visitord", "run")):
        done = box.run(*command, DOOR=f"p#{WORD} @")
        assert "Traceback" not in done.err
        assert passwords_in(done.out + done.err) == [], command
    assert files_with(box.folder, PASSWORDS, CONFIGURATION) == []


@pytest.mark.parametrize("content", [f"{IN_A_FILE}\0", f"\n{IN_A_FILE}\n\x1b[2J", "\udcff"])
def test_a_wrong_password_file_is_told_without_its_content(tmp_path: Path, content: str) -> None:
    box = Box.at(tmp_path / "box", None, AWAY)
    text = (box.folder / "config.toml").read_text()
    box.configure(text.replace("[visit]", 'password_file = "database.secret"\n[visit]'))
    written = (IN_A_FILE + content).encode("utf-8", "surrogateescape")
    (box.folder / "database.secret").write_bytes(written)
    for command in COMMANDS[:3]:
        done = box.run(*command)
        assert "Traceback" not in done.err
        assert passwords_in(done.out + done.err) == [], command


# The page


def test_links_that_the_page_refuses_are_not_logged(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(box, Clock()) as page:
        link = page.new_link()
        answers = []
        for used in (link, link, f"{link}x"):
            with httpx.Client(follow_redirects=True) as browser:
                answers.append(sign_in(browser, used).status_code)
        assert answers == [200, 403, 403]

    # The browser of this test has a log of its own.
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("visitord")]
    assert any("The review page refused" in said for said in ours)
    assert link.split("link=")[1] not in "\n".join(ours)
