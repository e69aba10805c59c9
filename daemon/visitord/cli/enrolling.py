"""Enrols people from files, asks where something is in doubt, and says what became of it."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track

from visitord.admin import enrolment
from visitord.admin.enrolment import Ask, Enroller, Enrolment, Kind, LooksUnlike, Question
from visitord.admin.photographs import FacePhotograph, Unusable, read
from visitord.cli.configuration import config
from visitord.cli.connection import connect
from visitord.cli.saying import say, shown
from visitord.core.clock import Clock
from visitord.core.errors import VisitordError
from visitord.models.opening import open_pack
from visitord.service.thresholds import rule_in_force
from visitord.store import people
from visitord.store.crops import Crops


def open_enroller() -> Enroller:
    """What enrolling needs, of the configuration the command line asks for."""
    database = connect()
    settings = config()
    pack = open_pack(settings)
    rule = rule_in_force(settings, pack, database)
    return Enroller(database, pack, rule, Crops(settings.crops_dir), Clock(), settings.box)


def enroll_all(enroller: Enroller, wanted: dict[str, list[Path]], ask: Ask, new: bool) -> None:
    """Enrol each person of a folder; one who cannot be does not keep the others waiting."""
    failed = []
    for name, files in wanted.items():
        try:
            if not files:
                raise VisitordError("its folder holds no photographs; nobody was enrolled.")
            proper = people.proper(name)
            settle(enroller, proper, faces(enroller, name, files), ask, new)
        except VisitordError as error:
            say(f"{name}: {error}", err=True)
            failed.append(name)

    if failed:
        raise VisitordError(
            f"{len(failed)} of {len(wanted)} people could not be enrolled: {', '.join(failed)}."
        )


def settle(
    enroller: Enroller, name: str, photographs: Sequence[FacePhotograph], ask: Ask, new: bool
) -> None:
    """Enrol one person and say what became of the photographs; raises VisitordError."""
    for line in in_words(enrolment.enroll(enroller, name, photographs, ask, is_new=new)):
        say(line)


def in_words(enrolment: Enrolment) -> Iterator[str]:
    """What became of photographs, a sentence for each line."""
    for photograph in enrolment.left_out:
        yield f"{photograph} is left out: it looks like nobody in the other photographs."

    count = "1 photograph"
    if enrolment.photographs != 1:
        count = f"{enrolment.photographs} photographs"
    name = enrolment.name
    person = enrolment.person
    if enrolment.kind is Kind.KNOWN_ALREADY:
        yield f"{name} is known from these photographs, or ones as good, already; nothing changed."
    elif person is None:
        yield f"Nothing was added to {name}."
    elif enrolment.kind is Kind.ADDED:
        yield f"{person.name} ({person.label}) was there already: {count} added."
    elif enrolment.kind is Kind.NAMED:
        yield f"{person.label} is now called {person.name}: {count} added."
    else:
        yield f"{person.name} ({person.label}) is enrolled with {count}."


def asking(yes: bool) -> Ask:
    """What puts questions to the person at the terminal; yes: what would be asked is so."""

    def ask(question: Question) -> bool:
        if yes:
            return True
        if not sys.stdin.isatty():
            raise VisitordError(
                f"{asked(question)} Repeat with {otherwise(question)}; "
                "there is no terminal to ask at."
            )
        return click.confirm(shown(asked(question)), default=True)

    return ask


def asked(question: Question) -> str:
    """A question in words."""
    if isinstance(question, LooksUnlike):
        return (
            f"The photographs look unlike {question.name} as known so far "
            f"({question.similarity:.2f}). Add them all the same?"
        )

    seen = "who is ignored"
    if not question.ignored:
        seen = f"seen in {question.sightings} sighting(s)"
    return (
        f"The photographs of {question.name} look like {question.known_as} "
        f"({question.similarity:.2f}), {seen}. "
        "Give that one the name, instead of enrolling a second person?"
    )


def otherwise(question: Question) -> str:
    """Which options answer a question beforehand."""
    if isinstance(question, LooksUnlike):
        return "--yes to add them"
    return "--yes to name that one, or with --new if they are two people"


def faces(enroller: Enroller, name: str, files: Sequence[Path]) -> list[FacePhotograph]:
    """The photographs that can be used; what is wrong with the others is said."""
    console = Console(stderr=True)
    found = []
    for path in track(
        files,
        f"Looking at {name}",
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ):
        photograph = read(enroller.pack, path)

        if isinstance(photograph, Unusable):
            remark = f"{path}: {photograph.reason}."
            console.print(shown(remark), markup=False, highlight=False, soft_wrap=True)
        else:
            found.append(photograph)
    return found
