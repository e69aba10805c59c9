"""Paths as people write them."""

import os
from pathlib import Path

import pytest

from visitord.core.paths import expanded


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/box")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("~/x", "/home/box/x"),
        ("~", "/home/box"),
        ("~root/x", str(Path("~root/x").expanduser())),
        ("a~b/c", "a~b/c"),
        ("", "."),
        (f"/srv/{'n' * 255}", f"/srv/{'n' * 255}"),
        (os.fsdecode(b"/srv/\xff"), os.fsdecode(b"/srv/\xff")),
    ],
)
def test_a_home_folder_is_put_in_and_all_else_stays(text: str, path: str) -> None:
    assert expanded(text) == expanded(Path(text)) == Path(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("~nosuchaccount/x", '"~nosuchaccount/x" begins with the home folder of an account'),
        ("~nosuch\x1b[2Jaccount", r"~nosuch\x1b"),
        ("a\0b", "NUL"),
        ("~a\0b", "NUL"),
        ("/" + "é" * 128, "is too long"),
        ("/a" * 2048, "is too long"),
        ("/\ud800", "is not text"),
    ],
)
def test_what_no_machine_can_open_is_refused_with_the_path(text: str, said: str) -> None:
    with pytest.raises(ValueError) as refused:
        expanded(text)
    assert said in str(refused.value)
    assert str(refused.value).isprintable()


def test_an_account_without_a_home_folder_has_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
    with pytest.raises(ValueError, match="begins with the home folder"):
        expanded("~/x")
