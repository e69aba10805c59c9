"""What is wrong in a configuration file, in the words of that file."""

import re
from typing import Any

from pydantic import BaseModel, ValidationError

from visitord.core.near_names import did_you_mean
from visitord.core.text import visible

SHOWN_MAX = 3
_NOISE = re.compile("^Value error, |^Input (?=is)| after validation| for <class .*>")
_SHOULD = re.compile("^(Input|String|Tuple) should ")


def sentence(error: ValidationError, model: type[BaseModel]) -> str:
    """The first few problems that pydantic found in a `model`, without a full stop.

    Keys that do not exist are said alone, for they cause others to be missing.
    """
    problems = error.errors()
    unknown = [problem for problem in problems if problem["type"] == "extra_forbidden"]
    shown = (unknown or problems)[:SHOWN_MAX]
    clauses = [_clause(problem["type"], problem["loc"], problem["msg"], model) for problem in shown]
    return visible("; ".join(clauses))


def _clause(
    kind: str, location: tuple[int | str, ...], message: str, model: type[BaseModel]
) -> str:
    """One problem: the key, what is wrong, what would be right."""
    key = _spelt(location)
    if kind == "extra_forbidden":
        return f"unknown key {key}; {_advice(location, model)}"
    if kind == "missing":
        return f"{key} is missing"
    if kind == "model_type":
        return f"{key} must be a [{key}] section"

    wanted = "list of [[camera]] sections" if key == "camera" else "list"
    message = _NOISE.sub("", message).replace("valid tuple", wanted)
    return f"{key} {_SHOULD.sub('must ', message)}".strip()


def _spelt(location: tuple[int | str, ...]) -> str:
    """A key as a person would spell it, counting from one: camera[1].fps."""
    spelt = ""
    for part in location:
        spelt += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return spelt.removeprefix(".")


def _advice(location: tuple[int | str, ...], model: type[BaseModel]) -> str:
    """The key that was probably meant, else those that the section has."""
    section = _section(location[:-1], model)
    meant = did_you_mean(str(location[-1]), section.model_fields, offered_max=1)
    return meant or f"known here: {', '.join(section.model_fields)}"


def _section(location: tuple[int | str, ...], model: type[BaseModel]) -> type[BaseModel]:
    """The section at a place in the file; one of several has its number behind its name."""
    if not location:
        return model
    section: Any = model.model_fields[str(location[0])].annotation
    if len(location) > 1:
        section = section.__args__[0]  # of tuple[CameraConfig, ...]
    return section  # type: ignore[no-any-return]
