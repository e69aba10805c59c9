"""Pictures of what was erased that boxes have not deleted yet."""

from collections.abc import Collection
from dataclasses import dataclass

from visitord.store import statements
from visitord.store.database import Cursor

_SQL = statements.load("remaining")


@dataclass(frozen=True, slots=True)
class Remaining:
    """How many such pictures lie on a box; box: empty where none was noted."""

    box: str
    pictures: int

    def __str__(self) -> str:
        where = f"box {self.box}" if self.box else "another box"
        if self.pictures == 1:
            return f"1 picture still lies on {where} and goes when it next runs."
        return f"{self.pictures} pictures still lie on {where} and go when it next runs."


def remaining(cursor: Cursor, crops: Collection[str] | None = None) -> list[Remaining]:
    """How many pictures of what was erased still lie on which box.

    crops: only these; None: all that are not confirmed.
    """
    values = {"crops": None if crops is None else list(crops)}
    return statements.fetch_all(cursor, Remaining, _SQL["remaining"], values)
