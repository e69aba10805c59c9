"""How a camera's source is spelt, and how it is shown."""

import re
from pathlib import Path

import pytest

from visitord.core.sources import (
    Kind,
    Source,
    as_account,
    check_address,
    parse,
    with_password,
)

FOLDER = Path("/etc/box")


@pytest.mark.parametrize(
    ("text", "kind", "target"),
    [
        ("0", Kind.USB, "0"),
        ("12", Kind.USB, "12"),
        (" 1 ", Kind.USB, "1"),
        ("/dev/video0", Kind.USB, "/dev/video0"),
        ("/dev/v4l/by-id/usb-cam-index0", Kind.USB, "/dev/v4l/by-id/usb-cam-index0"),
        ("/dev/v4l/by-path/pci-0000:00:14.0", Kind.USB, "/dev/v4l/by-path/pci-0000:00:14.0"),
        ("clips/door.mp4", Kind.FILE, "/etc/box/clips/door.mp4"),
        ("/srv/door.mp4", Kind.FILE, "/srv/door.mp4"),
        ("0.mp4", Kind.FILE, "/etc/box/0.mp4"),
        ("rtsp://192.0.2.10/stream1", Kind.STREAM, "rtsp://192.0.2.10/stream1"),
        ("rtsps://u:p@cam.example:322/a", Kind.STREAM, "rtsps://u:p@cam.example:322/a"),
        ("http://192.0.2.10:8080/video", Kind.STREAM, "http://192.0.2.10:8080/video"),
        ("HTTPS://192.0.2.10/video", Kind.STREAM, "https://192.0.2.10/video"),
        ("rtsp://[2001:db8::1]:554/a", Kind.STREAM, "rtsp://[2001:db8::1]:554/a"),
    ],
)
def test_every_spelling_of_a_source_is_understood(text: str, kind: Kind, target: str) -> None:
    assert parse(text, FOLDER) == Source(kind, target)


@pytest.mark.parametrize(
    "text",
    [
        "rtsp:/user:hidden@192.0.2.10/a",
        "user:hidden@192.0.2.10/a",
        "rtsp:user:hidden@cam/a",
        "RTSP:/u:hidden@h",
        "rtsp//user:hidden@192.0.2.10/a",
        "rtsp;//user:hidden@192.0.2.10/a",
        "//user:hidden@192.0.2.10/a",
    ],
)
def test_a_mistyped_address_is_not_taken_for_a_file_whose_name_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="neither an address nor a file") as told:
        parse(text, FOLDER)
    assert "hidden" not in str(told.value)


def test_a_file_in_the_home_folder_is_found_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/box")
    assert parse("~/door.mp4", FOLDER) == Source(Kind.FILE, "/home/box/door.mp4")


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "is empty; give an rtsp://"),
        ("   ", "is empty; give an rtsp://"),
        ("ftp://192.0.2.10/a", "has the unknown scheme ftp://; use rtsp://"),
        ("RTMP://192.0.2.10/a", "has the unknown scheme rtmp://; use rtsp://"),
        ("rtsp:///stream1", "names no host; expected rtsp://HOST/PATH"),
        (
            "rtsp://user:p#ss@192.0.2.10/a",
            "percent-encode special characters in the user name and password",
        ),
        ("rtsp://192.0.2.10:port/a", "is not a valid address"),
        ("rtsp://192.0.2.10:99999/a", "is not a valid address"),
        ("rtsp://[2001:db8::1/a", "is not a valid address"),
    ],
)
def test_a_source_that_cannot_be_is_refused_with_advice(text: str, advice: str) -> None:
    with pytest.raises(ValueError, match=re.escape(advice)):
        parse(text, FOLDER)


# Passwords


@pytest.mark.parametrize(
    ("url", "password", "result"),
    [
        ("rtsp://user@192.0.2.10/a", "secret", "rtsp://user:secret@192.0.2.10/a"),
        ("rtsp://user:old@192.0.2.10/a", "new", "rtsp://user:new@192.0.2.10/a"),
        (
            "rtsp://user@cam/a",
            "p@ss/wo:rd#?% ü",
            "rtsp://user:p%40ss%2Fwo%3Ard%23%3F%25%20%C3%BC@cam/a",
        ),
        ("rtsp://user@cam:554", "x", "rtsp://user:x@cam:554"),
        ("rtsp://user@cam/a@b", "x", "rtsp://user:x@cam/a@b"),
        ("postgresql://box@/visits?host=/run", "x", "postgresql://box:x@/visits?host=/run"),
    ],
)
def test_a_password_is_put_into_an_address_percent_encoded(
    url: str, password: str, result: str
) -> None:
    assert with_password(url, password) == result


@pytest.mark.parametrize(
    "url", ["rtsp://192.0.2.10/a", "rtsp://cam/a@b", "/dev/video0", "embedded"]
)
def test_a_password_needs_a_user_name(url: str) -> None:
    with pytest.raises(
        ValueError, match="has no user name for the password to belong to; write USER@HOST"
    ):
        with_password(url, "secret")


@pytest.mark.parametrize(
    ("url", "moved"),
    [
        ("postgresql://owner:secret@db/visits", "postgresql://reader@db/visits"),
        (
            "postgresql://db:5433/visits?sslmode=require",
            "postgresql://reader@db:5433/visits?sslmode=require",
        ),
        ("postgresql://o@one:1,two:2/visits", "postgresql://reader@one:1,two:2/visits"),
        ("postgresql://owner:@/visits?host=/run/x", "postgresql://reader@/visits?host=/run/x"),
        ("postgresql:///visits?host=/x&user=o&password=s", "postgresql://reader@/visits?host=/x"),
    ],
)
def test_another_account_of_a_server_has_no_password_of_the_first(url: str, moved: str) -> None:
    assert as_account(url, "reader") == moved


def test_a_source_is_written_without_its_password() -> None:
    assert f"{parse('rtsp://user:hunter2@cam/a', FOLDER)}" == "rtsp://***@cam/a"


def test_an_address_with_text_before_its_scheme_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="not a valid address") as caught:
        parse("u:hidden@ftp://h/x", Path())
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["rtsp://u:a b@h/", "rtsp://u:a@b@h/", "rtsp://u:100%@h/", "rtsp://u@h:x/", "rtsp://[::1/"],
)
def test_an_address_whose_parts_cannot_be_told_apart_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="percent-encode"):
        check_address(url)
