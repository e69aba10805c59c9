"""One table of all that was measured, as Markdown and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

HEAD = ("measure", "measured", "goal", "reached", "ours", "beside")


@dataclass(frozen=True, slots=True)
class Goal:
    """What a number is to be: at least or at most so much."""

    bound: float
    at_least: bool = False

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"

    def reached_by(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound


@dataclass(frozen=True, slots=True)
class Line:
    """One number.

    Attributes
    ----------
    measure
        What is measured.
    value
        The number, None where it could not be measured.
    unit
        Of the number and of its goal: `×` for a ratio.
    goal
        What it is to be, None where it is only told.
    ours
        What visitord did, in words with units.
    beside
        Its counterpart in the same run, or why there is none.
    """

    measure: str
    value: float | None
    unit: str
    goal: Goal | None
    ours: str
    beside: str

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached, None where that is not known."""
        if self.value is None or self.goal is None:
            return None
        return self.goal.reached_by(self.value)


def markdown(lines: Sequence[Line]) -> str:
    """The table in Markdown."""
    rows = [HEAD, ("---",) * len(HEAD), *(_cells(line) for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cells(line: Line) -> tuple[str, ...]:
    said = {True: "yes", False: "**no**", None: ""}
    measured = "not measured"
    if line.value is not None:
        measured = f"{number(line.value)} {line.unit}"
    goal = f"{line.goal} {line.unit}" if line.goal else ""
    return line.measure, measured, goal, said[line.reached], line.ours, line.beside


def as_json(lines: Sequence[Line], machine: dict[str, object]) -> str:
    """The table in JSON, with what is to be known of the machine."""
    rows = [asdict(line) | {"reached": line.reached} for line in lines]
    return json.dumps({"machine": machine, "lines": rows}, indent=1, ensure_ascii=False) + "\n"


def number(value: float) -> str:
    """A number with three digits, or all of those before the point."""
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:.{digits}f}"
