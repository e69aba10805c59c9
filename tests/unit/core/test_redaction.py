"""Addresses as they may be shown, and which of them hold a secret."""

import pytest

from visitord.core.redaction import holds_secret, redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://user:hunter2@cam/a", "rtsp://***@cam/a"),
        ("rtsp://user:hun:ter2@cam/a", "rtsp://***@cam/a"),
        ("rtsp://user:hun/ter2@cam/a", "rtsp://***@cam/a"),
        ("rtsp://user:hun#te?r2@cam/a", "rtsp://***@cam/a"),
        ("rtsp://user:12/ter2@cam/a", "rtsp://***@cam/a"),
        ("rtsp://:hunter2@cam/a", "rtsp://***@cam/a"),
        ("RTSP://USER:hunter2@cam/a", "RTSP://***@cam/a"),
        ("https://hunter2@cam/a", "https://***@cam/a"),
        ("http://cam/a?x=hunter2&channel=1", "http://cam/a?x=***&channel=***"),
        ("http://cam/a?hunter2", "http://cam/a?***"),
        ("http://cam/a?x=hunt=er2;y=hunter2", "http://cam/a?x=***;y=***"),
        ("(http://cam/a?x=hunter2): no answer.", "(http://cam/a?x=***): no answer."),
        ("rtsp://u:${PASS}@${HOST}/a?t=${TOKEN}", "rtsp://***@${HOST}/a?t=***"),
        ("${ADDRESS}", "${ADDRESS}"),
        (
            "cannot open rtsp://u:hunter2@a/x or http://v:hunter3@b/y",
            "cannot open rtsp://***@a/x or http://***@b/y",
        ),
        ("postgresql+x://box:hunter2@db/visits", "postgresql+x://box:***@db/visits"),
        ("postgresql://box:hunter2@db/visits", "postgresql://box:***@db/visits"),
        (
            "postgresql://box:@/visits?host=/run&user=a&sslpassword=hunter2",
            "postgresql://box:***@/visits?host=/run&user=a&sslpassword=***",
        ),
        ("host=db password=hunter2 user=box", "host=db password=*** user=box"),
        ("host=db password='hunter 2' user=box", "host=db password=*** user=box"),
        ("host=db PASSWORD=hunter2", "host=db PASSWORD=***"),
        ("postgresql://box@db/visits?password=hunter2", "postgresql://box@db/visits?password=***"),
    ],
)
def test_no_password_is_shown(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://192.0.2.10:554/stream1",
        "rtsp://cam/a@b",
        "postgresql://box@db/visits?host=/run",
        "/dev/video0",
        "no answer at 12:30, ask me@example.org",
        "",
    ],
)
def test_what_holds_no_password_is_shown_as_it_is(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://u:p@hidden@h/x",
        "password = hidden",
        "host=h password='it\\'s hidden' user=u",
        "http://h/snap?user=a&pwd=hidden&x=1",
    ],
)
def test_no_spelling_of_a_password_is_shown(text: str) -> None:
    shown = redact(text)
    assert "hidden" not in shown
    assert "***" in shown


@pytest.mark.parametrize(
    ("address", "holds"),
    [
        ("rtsp://user:hunter2@cam/a", True),
        ("http://cam/a?x=hunter2", True),
        ("http://cam/a?hunter2", True),
        ("http://cam/a?x=12345", True),
        ("postgresql://box:hunter2@db/visits", True),
        ("rtsp://user:${PASS}@cam/a?t=${TOKEN}", False),
        ("rtsp://user@cam/a", False),
        ("rtsp://cam/a?channel=1&subtype=0&profile=Profile_1&x=12", False),
        ("postgresql://box@db/visits?host=/run&connect_timeout=10&options=-c", False),
        ("postgresql://box@db/visits?sslpassword=hunter2", True),
        ("postgresql://box@db/visits?password=${PASS}", False),
        ("${ADDRESS}", False),
        ("embedded", False),
        ("/dev/video0", False),
        ("", False),
    ],
)
def test_an_address_holds_a_secret_or_names_it(address: str, holds: bool) -> None:
    assert holds_secret(address) is holds
