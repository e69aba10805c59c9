"""Free text in which people are mentioned by their names: why somebody was merged, split or not."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from visitord.store import statements
from visitord.store.database import Cursor

NEUTRAL = "(erased)"
_SQL = statements.load("mentions")
_CLEAN = {
    "merge": _SQL["clean_merge"],
    "undo": _SQL["clean_undo"],
    "split": _SQL["clean_split"],
    "rejection": _SQL["clean_rejection"],
}
"""The kinds of text that can be replaced, and how."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A text that mentions somebody.  kind, id: where it is kept.  why: the text itself."""

    kind: str
    id: str
    text: str

    @property
    def replaceable(self) -> bool:
        """Whether `clean` replaces it; the name of somebody else is for a person to change."""
        return self.kind in _CLEAN

    def __str__(self) -> str:
        return f"{self.kind} {self.id[:8]}: {self.text}"


def of(cursor: Cursor, names: Iterable[str]) -> list[Mention]:
    """The texts in which one of these names or labels stands as words of its own."""
    wanted = [" ".join(name.split()) for name in names]
    if not wanted:
        return []

    words = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in wanted)
    pattern = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
    texts = statements.fetch_all(cursor, Mention, _SQL["texts"])
    return [mention for mention in texts if pattern.search(mention.text)]


def clean(cursor: Cursor, found: Sequence[Mention]) -> int:
    """Replace these texts by a neutral one; returns how many were."""
    count = 0
    for kind, statement in _CLEAN.items():
        ids = [mention.id for mention in found if mention.kind == kind]
        cursor.execute(statement, {"ids": ids, "text": NEUTRAL})
        count += cursor.rowcount
    return count
