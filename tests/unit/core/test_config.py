"""The configuration file: what it means, and what is said when it is wrong."""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from unicodedata import normalize

import pytest

from fixtures.configs import CAMERA, loaded, problem, written
from visitord.core import config
from visitord.core.config import find, load
from visitord.core.errors import ConfigError
from visitord.core.reading import TEXT_MAX_BYTES
from visitord.core.sources import Kind, Source

# Where a path may stand, and its key as it is told.
PATH_KEYS = (
    ('state_dir = "{path}"\n', "state_dir"),
    ('[database]\npassword_file = "{path}"\n', "database.password_file"),
    ('[models]\npack = "{path}"\n', "models.pack"),
    ('[models]\nliveness = "{path}"\n', "models.liveness"),
    ('[[camera]]\nname = "a"\nsource = "{path}"\n', "camera[1].source"),
    ('[[camera]]\nname = "a"\nsource = "0"\npassword_file = "{path}"\n', "camera[1].password_file"),
)
NO_PATHS = (
    ("~nosuchaccount/x", '"~nosuchaccount/x" begins with the home folder of an account that'),
    ("a\\u0000b", "must not contain a NUL character"),
    (f"/{'n' * 256}", f'"/{"n" * 39}…" is too long'),
    ("d/" * 2049, f'"{"d/" * 20}…" is too long'),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


# What is right


def test_no_file_at_all_means_defaults() -> None:
    made = load(None)
    assert (made.database.url, made.models.pack, made.site.name) == (
        "embedded",
        "opencv-zoo",
        "main",
    )
    assert (made.visit.gap, made.merge.every, made.camera) == (
        timedelta(minutes=5),
        timedelta(hours=1),
        (),
    )
    assert made.state == Path.cwd() / "state"


def test_every_key_is_read(folder: Path) -> None:
    made = loaded(
        folder,
        """
        state_dir = "/srv/state"
        [database]
        url = "postgresql://box@db/visits"
        [models]
        pack = "buffalo_l"
        match = 0.5
        strangers = 50
        threads = 2
        detect_px = 960
        device = "cuda:1"
        liveness = "/srv/liveness"
        live = 0.3
        mxnet_python = "mxnet/bin/python"
        [site]
        name = "shop"
        timezone = "Europe/Berlin"
        [visit]
        gap = "90s"
        [review]
        listen = "[::1]:8642"
        hosts = ["faces.example.net"]
        proxy = "::1"
        session = "12h"
        [merge]
        every = "30m"
        [[camera]]
        name = "entrance"
        source = "rtsp://192.0.2.10/a"
        transport = "udp"
        fps = 2.5
        liveness = "flag"
        stale_after = "4s"
        [[camera]]
        name = "back door"
        source = 0
        """,
    )
    assert (made.state, made.database_url()) == (Path("/srv/state"), "postgresql://box@db/visits")
    given = {
        "pack": "buffalo_l",
        "match": 0.5,
        "strangers": 50,
        "threads": 2,
        "detect_px": 960,
        "device": "cuda:1",
    }
    paths = {"liveness": Path("/srv/liveness"), "mxnet_python": Path("mxnet/bin/python")}
    assert made.models.model_dump() == {**given, **paths, "live": 0.3}
    assert made.mxnet_python == folder / "mxnet/bin/python"
    assert (made.site.name, made.site.timezone) == ("shop", "Europe/Berlin")
    assert (made.visit.gap, made.merge.every) == (timedelta(seconds=90), timedelta(minutes=30))
    assert (made.review.listen, made.review.hosts) == (("::1", 8642), ("faces.example.net",))
    assert (made.review.proxy, made.review.session) == ("::1", timedelta(hours=12))
    first, second = made.camera
    assert (first.liveness, second.liveness) == ("flag", "off")
    assert (first.name, first.transport, first.fps, first.stale_after) == (
        "entrance",
        "udp",
        2.5,
        timedelta(seconds=4),
    )
    assert (second.name, second.transport, second.fps, second.stale_after) == (
        "back door",
        "tcp",
        8,
        timedelta(seconds=10),
    )


@pytest.mark.parametrize(
    ("value", "kind", "target"),
    [
        ("0", Kind.USB, "0"),
        ('"2"', Kind.USB, "2"),
        ('"/dev/v4l/by-id/usb-cam"', Kind.USB, "/dev/v4l/by-id/usb-cam"),
        ('"rtsp://192.0.2.10/a"', Kind.STREAM, "rtsp://192.0.2.10/a"),
    ],
)
def test_a_source_is_an_index_a_device_or_an_address(
    folder: Path, value: str, kind: Kind, target: str
) -> None:
    made = loaded(folder, f'[[camera]]\nname = "door"\nsource = {value}\n')
    assert made.source_of(made.camera[0]) == Source(kind, target)


def test_a_relative_file_lies_beside_the_configuration(folder: Path) -> None:
    made = loaded(folder, '[[camera]]\nname = "door"\nsource = "clips/door.mp4"\n')
    assert made.source_of(made.camera[0]) == Source(Kind.FILE, str(folder / "clips/door.mp4"))


def test_a_configuration_cannot_be_changed(folder: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        loaded(folder, "").site.name = "other"


# What is wrong: file, key and remedy in one sentence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[visit]\ngapp = "5m"\n', "unknown key visit.gapp; did you mean gap"),
        ('[visits]\ngap = "5m"\n', "unknown key visits; did you mean visit"),
        ('[visit]\nxyz = "5m"\n', "unknown key visit.xyz; known here: gap"),
        (CAMERA + 'transprot = "udp"\n', "unknown key camera[1].transprot; did you mean transport"),
        (
            'path = "x"\n',
            "unknown key path; known here: state_dir, box, database, models, site, visit, "
            "footfall, merge, spool, crops, events, review, camera",
        ),
        (CAMERA + 'path = "x"\n', "unknown key camera[1].path; known here: name, source, "),
    ],
)
def test_an_unknown_key_is_answered_with_the_near_or_the_known_ones(
    folder: Path, text: str, said: str
) -> None:
    assert problem(folder, text).startswith(said)


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ('[models]\nthreads = "two"\n', "models.threads", "must be a valid integer"),
        ("[models]\ndetect_px = 650\n", "models.detect_px", "must be a multiple of 32"),
        (
            '[models]\ndevice = "gpu"\n',
            "models.device",
            'must be "auto", "cpu" or an accelerator such as "cuda:0"',
        ),
        ("[models]\nthreads = -1\n", "models.threads", "must be greater than or equal to 0"),
        ("[models]\nmatch = 2\n", "models.match", "must be less than or equal to 1"),
        ("[models]\nmatch = nan\n", "models.match", "must be"),
        ("[site]\nname = 3\n", "site.name", "must be a valid string"),
        ("[site]\nname = 'a/b'\n", "site.name", "without a slash"),
        ("[site]\nname = ''\n", "site.name", "must be 1 to 64 characters"),
        ("[site]\nname = ' a'\n", "site.name", "not starting with a space"),
        ("camera = 3\n", "camera", "must be a list of [[camera]] sections"),
        ("[camera]\nname = 'a'\n", "camera", "must be a list of [[camera]] sections"),
        ("[[camera]]\nname = 'door'\n", "camera[1].source", "is missing"),
        (CAMERA + "[[camera]]\nsource = 1\n", "camera[2].name", "is missing"),
        (CAMERA + "fps = 0\n", "camera[1].fps", "must be greater than or equal to 2"),
        (CAMERA + "fps = 61\n", "camera[1].fps", "must be less than or equal to 60"),
        (CAMERA + "transport = 'sctp'\n", "camera[1].transport", "must be 'tcp' or 'udp'"),
        (
            CAMERA + "stale_after = 10\n",
            "camera[1].stale_after",
            'must be a duration in quotes such as "30s"',
        ),
        (
            "[[camera]]\nname = 'door'\nsource = true\n",
            "camera[1].source",
            "must be an address or path in quotes",
        ),
        (
            "[[camera]]\nname = 'door'\nsource = -1\n",
            "camera[1].source",
            "USB camera's index such as 0",
        ),
        (
            "[[camera]]\nname = 'door'\nsource = 1.5\n",
            "camera[1].source",
            "must be an address or path in quotes",
        ),
        (
            "[[camera]]\nname = 'door'\nsource = ''\n",
            "camera[1].source",
            "is empty; give an rtsp://",
        ),
        (
            "[[camera]]\nname = 'door'\nsource = 'ftp://h/a'\n",
            "camera[1].source",
            "unknown scheme ftp://; use rtsp://",
        ),
        ("[[camera]]\nname = 'door'\nsource = 'rtsp:///a'\n", "camera[1].source", "names no host"),
        (
            "[database]\nurl = 'mysql://db/visits'\n",
            "database.url",
            'must be "embedded" or start with postgresql://',
        ),
        (
            "[site]\ntimezone = 'Europe/Berlim'\n",
            "site.timezone",
            'a time zone such as "Europe/Berlin"',
        ),
        ("[site]\ntimezone = ''\n", "site.timezone", 'a time zone such as "Europe/Berlin"'),
        (
            "[site]\ntimezone = '../etc/passwd'\n",
            "site.timezone",
            'a time zone such as "Europe/Berlin"',
        ),
        ("[visit]\ngap = '5x'\n", "visit.gap", 'must be a duration in quotes such as "30s"'),
        ("[visit]\ngap = 5\n", "visit.gap", 'must be a duration in quotes such as "30s"'),
        ("[visit]\ngap = '0s'\n", "visit.gap", "must be longer than zero"),
        ("[merge]\nevery = '-1h'\n", "merge.every", "must be a duration"),
    ],
)
def test_a_wrong_value_is_answered_with_its_key_and_what_is_right(
    folder: Path, text: str, key: str, remedy: str
) -> None:
    said = problem(folder, text)
    assert said.startswith(f"{key} ")
    assert remedy in said


def test_several_wrong_values_are_told_together(folder: Path) -> None:
    said = problem(folder, "[visit]\ngap = 5\n[site]\ntimezone = 'x'\n")
    assert sorted(part.split(" must ")[0] for part in said.split("; ")) == [
        "site.timezone",
        "visit.gap",
    ]


def test_names_are_in_one_unicode_form_however_they_were_typed(folder: Path) -> None:
    typed = normalize("NFD", "Café")
    sections = f'box = "{typed}"\n[site]\nname = "{typed}"\n[[camera]]\nname = "{typed}"\n'
    read = loaded(folder, f"{sections}source = 0\n")
    assert {read.box, read.site.name, read.camera[0].name} == {"Café"}


def test_two_cameras_whose_names_look_the_same_are_refused(folder: Path) -> None:
    both = [normalize(form, "Café") for form in ("NFC", "NFD")]
    sections = "".join(f'[[camera]]\nname = "{name}"\nsource = 0\n' for name in both)
    assert problem(folder, sections).startswith('two cameras are called "Café"')


def test_two_cameras_of_one_name_are_refused(folder: Path) -> None:
    said = problem(folder, CAMERA + "[[camera]]\nname = 'hall'\nsource = 1\n" + CAMERA)
    assert said == 'two cameras are called "door"; give each a name of its own'


@pytest.mark.parametrize(
    "text", ["[site\n", "a = \n", '[site]\nname = "x\n', "[a]\nb = 1\n[a]\n", "a = 1\na = 2\n"]
)
def test_what_is_not_toml_is_told_with_its_line(folder: Path, text: str) -> None:
    assert re.match(r"not valid TOML: .+ \(at line \d, column \d+\)$", problem(folder, text))


def test_what_is_not_text_is_told(folder: Path) -> None:
    assert problem(folder, b"\xff\xfe\x00").startswith("not valid TOML: ")


def test_a_missing_file_is_told(folder: Path) -> None:
    path = folder / "absent.toml"
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value) == f"{path}: cannot read the configuration: No such file or directory."


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (os.mkfifo, "it is a pipe, not a file"),
        (lambda path: path.symlink_to("/dev/zero"), "it is a device, not a file"),
        (Path.mkdir, "Is a directory"),
        (
            lambda path: path.write_bytes(bytes(1 << 21)),
            "it has more than the 1 MB such a file may have",
        ),
    ],
)
def test_what_is_no_file_or_has_no_end_is_told(
    folder: Path, make: Callable[[Path], None], words: str
) -> None:
    path = folder / "config.toml"
    make(path)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value) == f"{path}: cannot read the configuration: {words}."


# Where the file and the state are


def test_the_file_is_looked_for_in_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = folder / "system.toml"
    monkeypatch.setattr(config, "SYSTEM_CONFIG", system)
    monkeypatch.chdir(folder)
    assert find() is None
    system.touch()
    assert find() == system
    written(folder, "")
    assert find() == Path("config.toml")
    monkeypatch.setenv("VISITORD_CONFIG", "/named/config.toml")
    assert find() == Path("/named/config.toml")
    assert find(Path("/given/config.toml")) == Path("/given/config.toml")


def test_a_folder_called_config_is_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "SYSTEM_CONFIG", folder / "absent.toml")
    monkeypatch.chdir(folder)
    (folder / "config.toml").mkdir()
    assert find() is None


def test_the_state_lies_beside_the_configuration(folder: Path) -> None:
    made = loaded(folder, "")
    assert (made.state, made.models_dir) == (folder / "state", folder / "state/models")


def test_the_system_wide_file_keeps_its_state_where_the_system_does(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "SYSTEM_CONFIG", written(folder, ""))
    assert load(folder / "config.toml").state == Path("/var/lib/visitord")


@pytest.mark.parametrize(
    ("given", "expected"), [("data", "{folder}/data"), ("/srv/x", "/srv/x"), ("~/x", "/home/box/x")]
)
def test_a_state_folder_may_be_relative_absolute_or_at_home(
    folder: Path, monkeypatch: pytest.MonkeyPatch, given: str, expected: str
) -> None:
    monkeypatch.setenv("HOME", "/home/box")
    monkeypatch.setattr(config, "SYSTEM_CONFIG", written(folder, ""))
    assert loaded(folder, f"state_dir = '{given}'\n").state == Path(expected.format(folder=folder))


def test_a_relative_path_to_the_file_is_made_absolute(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(folder, "")
    monkeypatch.chdir(folder)
    made = load(Path("config.toml"))
    assert (made.path, made.folder) == (folder / "config.toml", folder)


def test_a_path_of_a_configuration_that_cannot_be_is_told_with_where_it_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ConfigError, match=r'--config "~nosuchaccount/x" begins with'):
        find(Path("~nosuchaccount/x"))
    monkeypatch.setenv("VISITORD_CONFIG", "~nosuchaccount/x")
    with pytest.raises(ConfigError, match=r'\$VISITORD_CONFIG "~nosuchaccount/x" begins with'):
        find()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = " + "[" * 100_000, "its brackets are nested too deeply"),
        ("x = " + "{a=" * 100_000, "its brackets are nested too deeply"),
        ("x = " + "9" * 5000, "not valid TOML"),
        ("[" + ".".join("a" * 10_000) + "]\n", "unknown key a"),
        ("#" * (TEXT_MAX_BYTES + 1), "it has more than the 1 MB such a file may have"),
        ('"a\\nb\\u202e" = 1\n', r"unknown key a\nb\u202e"),
        ("x = 2026-99-99\n", "not valid TOML"),
    ],
)
def test_a_file_made_to_break_its_reader_is_one_sentence(
    folder: Path, text: str, said: str
) -> None:
    assert said in problem(folder, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[visit]\ngap = "99999999999999d"\n', "visit.gap must be at most 3660 days"),
        ("visit = 3\n", "visit must be a [visit] section"),
        (f'[site]\nname = "{"n" * 65}"\n', "site.name must be 1 to 64 characters"),
        *(
            (text.format(path=path), f"{key} {said}")
            for text, key in PATH_KEYS
            for path, said in NO_PATHS
        ),
    ],
)
def test_values_no_machine_can_use_are_told_too(folder: Path, text: str, said: str) -> None:
    assert said in problem(folder, text)
