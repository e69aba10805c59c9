"""What can be a name, and how it is kept."""

import pytest

from visitord.core.errors import VisitordError
from visitord.store.people import NAME_MAX, proper

COMBINING_DIAERESIS = "\u0308"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Sam", "Sam"),
        ("  Anna \u00a0 Lee\n", "Anna Lee"),
        (f"Zoe{COMBINING_DIAERESIS}", "Zo\u00eb"),
        ("王小明", "王小明"),
        ("=Sam", "=Sam"),
        ("علی\u200cرضا", "علی\u200cرضا"),
    ],
)
def test_a_name_is_kept_in_one_spelling(given: str, kept: str) -> None:
    assert proper(given) == kept


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "at least one visible character"),
        (" \u3000\u2028", "at least one visible character"),
        ("\u200b", r"\u200b is not one"),
        ("\u3164", r"\u3164 is not one"),
        ("\u2800", r"\u2800 is not one"),
        ("a\u200cb", r"\u200c is not one"),
        ("Sam\u200b", r"\u200b is not one"),
        ("Sam\u200d\ufeff", r"\u200d, \ufeff is not one"),
        ("Sam\u00ad", r"\xad is not one"),
        ("\u202eSam", r"\u202e is not one"),
        ("Sam\x1b[2J", r"\x1b is not one"),
        ("Sam\ud800", r"\ud800 is not one"),
        ("n" * (NAME_MAX + 1), "at most 200 characters"),
        ("visitor 7", "looks like a label"),
    ],
)
def test_what_people_could_not_tell_apart_is_no_name(name: str, said: str) -> None:
    with pytest.raises(VisitordError) as refused:
        proper(name)
    assert said in str(refused.value)
    assert str(refused.value).isprintable()
