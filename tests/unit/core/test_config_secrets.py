"""Secrets in the configuration: from the environment and from files, and never shown."""

import os
from pathlib import Path

import pytest

from fixtures.configs import CAMERA, loaded, problem
from visitord.core import config, secrets
from visitord.core.sources import Kind, Source

LEAK = "hunter2"  # stands where a password would, and must never be shown


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOOR_PASSWORD", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


# ${ENV}


def test_a_variable_is_replaced_from_the_environment_everywhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOOR_PASSWORD", "s3cret")
    monkeypatch.setenv("HOST_", "192.0.2.9")
    made = loaded(
        folder,
        "[site]\nname = 'x${HOST_}x'\n[[camera]]\nname = 'door'\nsource = 'rtsp://user:${DOOR_PASSWORD}@${HOST_}/a'\n",
    )
    assert made.site.name == "x192.0.2.9x"
    assert made.source_of(made.camera[0]).target == "rtsp://user:s3cret@192.0.2.9/a"


def test_a_missing_variable_is_told_with_key_and_name(folder: Path) -> None:
    text = (
        CAMERA + "[[camera]]\nname = 'hall'\nsource = 'rtsp://user:${DOOR_PASSWORD}@192.0.2.10/a'\n"
    )
    expected = (
        "camera.hall.source uses ${DOOR_PASSWORD}, but the environment has no variable of that name"
    )
    assert problem(folder, text) == expected


def test_a_variable_that_is_not_text_is_told_with_key_and_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLACE", os.fsdecode(b"/dev/caf\xe9"))
    expected = "site.name uses ${PLACE}, which the environment has not as UTF-8 text"
    assert problem(folder, "[site]\nname = '${PLACE}'\n") == expected


def test_an_empty_variable_is_not_a_missing_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOOR_PASSWORD", "")
    assert loaded(folder, "[site]\nname = 'a${DOOR_PASSWORD}b'\n").site.name == "ab"


def test_a_misspelt_key_is_told_before_a_variable_missing_in_it(folder: Path) -> None:
    text = CAMERA + 'sorce = "rtsp://user:${DOOR_PASSWORD}@192.0.2.10/a"\n'
    assert problem(folder, text) == "unknown key camera[1].sorce; did you mean source"


# password_file and systemd credentials


def test_a_password_file_is_put_into_the_address_percent_encoded(folder: Path) -> None:
    (folder / "door.secret").write_text("p@ss/w:rd\n")
    made = loaded(folder, CAMERA + "password_file = 'door.secret'\n")
    assert made.source_of(made.camera[0]) == Source(
        Kind.STREAM, "rtsp://user:p%40ss%2Fw%3Ard@192.0.2.10/a"
    )


def test_only_the_line_end_is_cut_from_a_password_file(folder: Path) -> None:
    (folder / "db.secret").write_text(" pass word \r\n")
    made = loaded(
        folder, "[database]\nurl = 'postgresql://box@db/visits'\npassword_file = 'db.secret'\n"
    )
    assert made.database_url() == "postgresql://box:%20pass%20word%20@db/visits"


def test_a_missing_password_file_is_told_with_its_place(folder: Path) -> None:
    said = problem(folder, CAMERA + "password_file = 'absent'\n")
    assert said == f"password_file {folder / 'absent'} cannot be read: No such file or directory"


def test_a_password_file_that_cannot_be_read_is_told(folder: Path) -> None:
    (folder / "binary").write_bytes(b"\xff")
    assert problem(folder, CAMERA + "password_file = 'binary'\n").endswith(
        "cannot be read: it is not UTF-8 text"
    )
    assert problem(folder, CAMERA + "password_file = '.'\n").endswith(
        "cannot be read: Is a directory"
    )
    assert problem(folder, CAMERA + "password_file = '/dev/zero'\n").endswith(
        "cannot be read: it is a device, not a file"
    )
    os.mkfifo(folder / "pipe")
    assert problem(folder, CAMERA + "password_file = 'pipe'\n").endswith(
        "cannot be read: it is a pipe, not a file"
    )


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (
            "[[camera]]\nname = 'door'\nsource = 'rtsp://192.0.2.10/a'\npassword_file = 's'\n",
            "camera.door.source",
        ),
        ("[[camera]]\nname = 'door'\nsource = 0\npassword_file = 's'\n", "camera.door.source"),
        ("[database]\npassword_file = 's'\n", "database.url"),
    ],
)
def test_a_password_without_a_user_name_is_told(folder: Path, text: str, key: str) -> None:
    (folder / "s").write_text(LEAK)
    said = problem(folder, text)
    assert (
        said
        == f"{key} has no user name for the password to belong to; write USER@HOST in the address"
    )


def test_a_systemd_credential_comes_before_a_file_beside_the_configuration(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = folder / "credentials"
    credentials.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    (folder / "door.secret").write_text("beside")
    made = loaded(folder, CAMERA + "password_file = 'door.secret'\n")
    assert made.source_of(made.camera[0]).target == "rtsp://user:beside@192.0.2.10/a"
    (credentials / "door.secret").write_text("credential")
    assert made.source_of(made.camera[0]).target == "rtsp://user:credential@192.0.2.10/a"


def test_an_absolute_password_file_is_not_looked_for_among_the_credentials(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder / "credentials"))
    (folder / "abs.secret").write_text("absolute")
    made = loaded(folder, CAMERA + f"password_file = '{folder / 'abs.secret'}'\n")
    assert made.source_of(made.camera[0]).target == "rtsp://user:absolute@192.0.2.10/a"


# No password in any error


@pytest.mark.parametrize(
    "text",
    [
        f"[[camera]]\nname = 'door'\nsource = 'ftp://user:{LEAK}@h/a'\n",
        f"[[camera]]\nname = 'door'\nsource = 'rtsp://user:{LEAK}#x@h/a'\n",
        f"[[camera]]\nname = 'door'\nsource = 'rtsp://user:{LEAK}]@h/a'\n",
        f"[[camera]]\nname = 'door'\nsource = 'rtsp://user:{LEAK}@/a'\n",
        f"[[camera]]\nname = 'door'\nsource = ['rtsp://user:{LEAK}@h/a']\n",
        f"[[camera]]\nname = 'door'\nsource = 'rtsp://user:{LEAK}@h/a\n",
        f"[[camera]]\nname = 'door'\nsource = rtsp://user:{LEAK}@h/a\n",
        f"[[camera]]\nname = 'door'\nsource = 'rtsp://user:{LEAK}@h/a'\nfps = '{LEAK}'\n",
        f"[[camera]]\nname = 'a/{LEAK}'\nsource = 0\n",
        f"camera = '{LEAK}'\n",
        f"[database]\nurl = 'mysql://user:{LEAK}@h/a'\n",
        f"[database]\nurl = 'user:{LEAK}@h/a'\n",
        f"[database]\nurl = {{ password = '{LEAK}' }}\n",
        f"[site]\ntimezone = '{LEAK}'\n",
        f"[visit]\ngap = '{LEAK}'\n",
        "[[camera]]\nname = 'door'\nsource = 'ftp://user:${DOOR_PASSWORD}@h/a'\n",
        "[[camera]]\nname = 'door'\nsource = 'rtsp://user:${DOOR_PASSWORD}@h:x/a'\n",
        (
            "[[camera]]\nname = 'door'\nsource = 'rtsp://user:${DOOR_PASSWORD}@h/a'\n"
            "fps = '${DOOR_PASSWORD}'\n"
        ),
        (
            "[[camera]]\nname = 'door'\nsource = 'rtsp://user:${DOOR_PASSWORD}@h/a'\n"
            "password_file = 'absent'\n"
        ),
        "[[camera]]\nname = 'door'\nsource = 'rtsp://user:${DOOR_PASSWORD}@${ABSENT}/a'\n",
        "[[camera]]\nname = 'door'\nsource = 'rtsp://192.0.2.10/a'\npassword_file = 'secret'\n",
    ],
)
def test_no_error_shows_a_password(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("DOOR_PASSWORD", LEAK)
    (folder / "secret").write_text(LEAK)
    assert LEAK not in problem(folder, text)


def test_no_section_made_by_hand_shows_a_password_either() -> None:
    with pytest.raises(ValueError, match='must be "embedded"') as caught:
        config.DatabaseConfig(url=f"mysql://user:{LEAK}@h/a")
    assert LEAK not in str(caught.value)


# Who else can read them


def exposed(folder: Path, text: str) -> list[str]:
    """The files that are told of for this configuration, itself readable by all."""
    made = loaded(folder, text)
    (folder / "config.toml").chmod(0o644)
    return [said.split(" holds ")[0] for said in made.exposed_secrets()]


@pytest.fixture
def open_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """A folder that others can enter: pytest's own are closed."""
    monkeypatch.setattr(secrets, "_lets_through", lambda path: 0o044)
    return folder


def test_a_configuration_that_others_can_read_is_told_only_where_it_holds_a_secret(
    open_folder: Path,
) -> None:
    file = str(open_folder / "config.toml")
    assert exposed(open_folder, CAMERA) == []
    assert exposed(open_folder, CAMERA.replace("user@", "user:${DOOR_PASSWORD}@")) == []
    assert exposed(open_folder, CAMERA.replace("user@", f"user:{LEAK}@")) == [file]
    assert exposed(open_folder, CAMERA.replace("/a", f"/a?x={LEAK}")) == [file]
    assert exposed(open_folder, f"[database]\nurl = 'postgresql://u:{LEAK}@h/v'\n") == [file]
    assert exposed(open_folder, f"[database]\nreader_url = 'postgres://u:{LEAK}@h/v'\n") == [file]


@pytest.mark.parametrize(
    ("mode", "is_told"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)]
)
def test_a_password_file_is_told_once_where_others_can_read_it(
    open_folder: Path, mode: int, is_told: bool
) -> None:
    secret = open_folder / "door.secret"
    secret.write_text(LEAK)
    secret.chmod(mode)
    text = CAMERA + "password_file = 'door.secret'\n"
    both = text + text.replace('"door"', '"hall"')
    assert exposed(open_folder, both) == ([str(secret)] if is_told else [])


def test_a_folder_that_lets_nobody_in_keeps_what_lies_in_it(open_path: Path) -> None:
    secret = open_path / "door.secret"
    secret.write_text(LEAK)
    secret.chmod(0o644)
    text = CAMERA + f"password_file = '{secret}'\n"
    open_path.chmod(0o755)
    assert exposed(open_path, text) == [str(secret)]
    open_path.chmod(0o700)
    assert exposed(open_path, text) == []


def test_a_credential_that_systemd_opens_to_its_service_is_no_leak(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = open_folder / "credentials"
    credentials.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    secret = credentials / "door.secret"
    secret.write_text(LEAK)
    for mode, told in ((0o440, []), (0o444, [str(secret)])):
        secret.chmod(mode)
        assert exposed(open_folder, CAMERA + "password_file = 'door.secret'\n") == told


def test_a_source_is_shown_as_it_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOOR_PASSWORD", LEAK)
    monkeypatch.setenv("HOST_", "192.0.2.9")
    source = "rtsp://user:${DOOR_PASSWORD}@${HOST_}/a?x=${DOOR_PASSWORD}"
    made = loaded(folder, f"[[camera]]\nname = 'door'\nsource = '{source}'\n")
    assert str(made.source_of(made.camera[0])) == "rtsp://***@${HOST_}/a?x=***"
