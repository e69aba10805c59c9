"""Enrols somebody from photographs, in one transaction, unless the system knows them already.

What is learnt from a photograph is a template without a sighting: nobody came.  Its picture is kept
with the template itself, so that it can be looked at, embedded anew by other models, and erased;
its id is made of the photograph's content, so that the same photograph is enrolled once.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4, uuid5

import numpy as np

from visitord.admin import photographs
from visitord.admin.photographs import Look
from visitord.core.errors import VisitordError
from visitord.core.records import Status, Template, Thresholds
from visitord.identity.decision import TEMPLATES_MAX
from visitord.identity.gallery import Gallery
from visitord.models.pack import Pack
from visitord.store import corrections, gallery_changes, identities, people, templates, visitors
from visitord.store.crops import Crops
from visitord.store.database import Cursor, Database
from visitord.store.embedded import account_name
from visitord.store.people import Person

_NAMESPACE = UUID("5e1c5c35-55b4-5d4c-9a9f-0e2a56b0a3f1")


@dataclass(frozen=True, slots=True)
class Answers:
    """What may be done without asking.  yes: what would be asked is so; new: they are nobody known,
    whoever is alike.

    ask: puts a question to a person at a terminal.
    """

    yes: bool
    new: bool
    ask: Callable[[str], bool]

    def to(self, question: str, otherwise: str) -> bool:
        """The answer; raises VisitordError where nobody can be asked."""
        if self.yes:
            return True
        if not sys.stdin.isatty():
            raise VisitordError(
                f"{question} Repeat with {otherwise}; there is no terminal to ask at."
            )
        return self.ask(question)


@dataclass(frozen=True, slots=True)
class Desk:
    """What enrolling needs."""

    database: Database
    pack: Pack
    limits: Thresholds
    crops: Crops

    def known(self) -> Gallery:
        """Everyone there is now."""
        with self.database.transaction() as cursor:
            return Gallery(self.pack.dim, templates.templates(cursor, self.pack.fingerprint))


@dataclass(frozen=True, slots=True)
class _Plan:
    """Whom the photographs are for (None: a new person), the name to give, and who is somebody else
    for certain.
    """

    target: UUID | None
    name: str | None
    apart: tuple[UUID, ...] = ()


def enroll(desk: Desk, name: str, looks: Sequence[Look], answers: Answers) -> list[str]:
    """Let a person of this name be recognised by the photographs; returns what there is to tell.

    Raises VisitordError, and then nothing was changed.
    """
    name = people.proper(name)
    odd = photographs.strangers(looks, desk.limits.new)
    told = [
        f"{one.name} is left out: it looks like nobody in the other photographs." for one in odd
    ]
    usable = {_template_id(desk, one): one for one in looks if one not in odd}
    if odd and not usable:
        files = ", ".join(one.name for one in odd)
        raise VisitordError(
            f"The photographs of {name} look like different people ({files}): nobody was enrolled."
        )
    if not usable:
        raise VisitordError(f"No photograph of {name} can be used: nobody was enrolled.")
    known = desk.known()
    with desk.database.transaction() as cursor:
        target = _called(cursor, name)
        chosen = _choose(cursor, desk, name, target, usable, known)
    if not chosen:
        return [
            *told,
            f"{name} is known from these photographs, or ones as good, already; nothing changed.",
        ]
    plan = _whom(desk, name, target, chosen, known, answers)
    if plan is None:
        return [*told, f"Nothing was added to {name}."]
    person, count = _write(desk, name, target, plan, chosen), _count(chosen)
    if target:
        return [*told, f"{person.name} ({person.label}) was there already: {count} added."]
    if plan.target:
        return [*told, f"{person.label} is now called {person.name}: {count} added."]
    return [*told, f"{person.name} ({person.label}) is enrolled with {count}."]


def _choose(
    cursor: Cursor,
    desk: Desk,
    name: str,
    target: Person | None,
    looks: dict[UUID, Look],
    known: Gallery,
) -> list[Look]:
    """What is to be learnt, by template ids; raises VisitordError for a photograph that is somebody
    else's.
    """
    owners = templates.owners(cursor, list(looks))
    target_id = target.visitor_id if target else None
    for owner in {*owners.values()} - {target_id}:
        theirs = people.find(cursor, str(owner)).name
        raise VisitordError(
            f"One of the photographs of {name} is {theirs}'s already: nobody was enrolled."
        )
    learnt = templates.photographs(cursor, target_id, desk.pack.fingerprint)
    fresh = [one for template_id, one in looks.items() if template_id not in owners]
    return photographs.choose(fresh, TEMPLATES_MAX - learnt, known.held(target_id))


def _count(chosen: Sequence[Look]) -> str:
    return "1 photograph" if len(chosen) == 1 else f"{len(chosen)} photographs"


def _template_id(desk: Desk, one: Look) -> UUID:
    return uuid5(_NAMESPACE, f"{desk.pack.fingerprint} {one.digest}")


def _called(cursor: Cursor, name: str) -> Person | None:
    found = people.called(cursor, name)
    if len(found) > 1:
        listed = ", ".join(p.label for p in found)
        raise VisitordError(
            f"{name} may be any of {listed}.",
            advice="give them different names first: visitorctl rename.",
        )
    return found[0] if found else None


def _whom(
    desk: Desk,
    name: str,
    target: Person | None,
    chosen: Sequence[Look],
    known: Gallery,
    answers: Answers,
) -> _Plan | None:
    """For whom, after asking; None for nobody."""
    best: dict[UUID, float] = {}
    for one in chosen:
        for identity_id, score in known.rank(one.embedding):
            best[identity_id] = max(score, best.get(identity_id, -1.0))
    if target:
        own = best.get(target.visitor_id)
        if own is None or own >= desk.limits.new:
            return _Plan(target.visitor_id, None)
        question = f"The photographs look unlike {target.name} as known so far ({own:.2f}). Add them all the same?"
        return _Plan(target.visitor_id, None) if answers.to(question, "--yes to add them") else None
    alike = sorted(
        (i for i, score in best.items() if score >= desk.limits.match), key=lambda i: -best[i]
    )
    if not alike or answers.new:
        return _Plan(None, name, tuple(alike))
    with desk.database.transaction() as cursor:
        about = visitors.detail(cursor, alike[0])
    like = f"The photographs of {name} look like {about.name} ({best[alike[0]]:.2f})"
    if about.name != about.label:
        raise VisitordError(
            f"{like}: enroll them under that name, or with --new if they are two people."
        )
    seen = (
        "who is ignored"
        if about.status == Status.IGNORED
        else f"seen in {about.sightings} sighting(s)"
    )
    question = f"{like}, {seen}. Give that one the name, instead of enrolling a second person?"
    if answers.to(question, "--yes to name that one, or with --new if they are two people"):
        return _Plan(alike[0], name)
    return _Plan(None, name, tuple(alike))


def _write(
    desk: Desk, name: str, target: Person | None, plan: _Plan, chosen: Sequence[Look]
) -> Person:
    """All or nothing."""
    crops = [desk.crops.keep(one.portrait()) for one in chosen]
    now, by = datetime.now(UTC), account_name()
    with desk.database.transaction() as cursor:
        identities.freeze(cursor)
        if _called(cursor, name) != target:
            raise VisitordError(
                f"Somebody else changed who is called {name} just now; look again and repeat."
            )
        identity_id = plan.target or uuid4()
        if plan.target is None:
            identities.enrol(cursor, identity_id, now)
        identities.hold(cursor, [identity_id])
        person = people.find(cursor, str(identity_id))
        if plan.name:
            people.rename(cursor, person, plan.name)
        for one, crop in zip(chosen, crops, strict=True):
            if crop is None:
                raise VisitordError(
                    "The face pictures cannot be kept: look at the disk, for nobody was enrolled."
                )
            embedding = np.asarray(one.embedding, np.float32)
            template = Template(
                _template_id(desk, one), identity_id, identity_id, embedding, one.quality
            )
            templates.learn_photograph(cursor, template, desk.pack.fingerprint, crop, now)
        for other in plan.apart:
            why = f"enrolled as somebody else than {name}"
            corrections.reject(cursor, person, people.find(cursor, str(other)), by, why, now)
        gallery_changes.announce(cursor, [person.visitor_id])
        return people.find(cursor, str(identity_id))
