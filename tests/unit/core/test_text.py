"""Text from elsewhere: what cannot be seen of it is spelt out."""

import os

import pytest

from visitord.core.text import as_text, composed, is_invisible, is_text, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Sam", "Sam"),
        ("Zoë Łucja 王 😀", "Zoë Łucja 王 😀"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\nb\tc", r"a\nb\tc"),
        ("a\u200bb", r"a\u200bb"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u3164", r"\u3164"),
        ("a\ufe0f", r"a\ufe0f"),
        ("\U000e0041", r"\U000e0041"),
        ("a\u200cb", r"a\u200cb"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("علی\u200c", "علی\\u200c"),
        ("क\u094d\u200dष", "क\u094d\u200dष"),
    ],
)
def test_what_cannot_be_seen_is_spelt_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_space_can_be_seen() -> None:
    assert not is_invisible(" ")


@pytest.mark.parametrize(
    ("name", "text"),
    [(b"caf\xe9", r"caf\xe9"), ("Zoë".encode(), "Zoë"), (b"\xff\xfe.mp4", r"\xff\xfe.mp4")],
)
def test_the_bytes_of_a_files_name_are_kept_as_text(name: bytes, text: str) -> None:
    assert as_text(os.fsdecode(name)) == text
    assert is_text(text)


def test_bytes_that_are_not_utf_8_are_no_text() -> None:
    assert not is_text(os.fsdecode(b"caf\xe9"))


@pytest.mark.parametrize("typed", ["Zoe\u0308", "Zo\u00eb"])
def test_what_looks_the_same_is_composed_to_the_same(typed: str) -> None:
    assert composed(typed) == "Zo\u00eb"
