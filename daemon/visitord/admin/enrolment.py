"""Enrols a person from photographs, in one transaction, unless the system knows them already.

What is learnt from a photograph is a template without a sighting: there was no visit.  Its picture
is kept with the template itself, so that it can be looked at, embedded anew by other models, and
erased; its id is made of the photograph's content, so that the same photograph is enrolled once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID, uuid4, uuid5

import numpy as np

from visitord.admin import photographs as chosen_from
from visitord.admin.photographs import FacePhotograph
from visitord.core.accounts import account_name
from visitord.core.clock import Clock
from visitord.core.errors import VisitordError
from visitord.core.records import Status, Template
from visitord.identity.decision import TEMPLATES_MAX
from visitord.identity.gallery import Gallery
from visitord.identity.thresholds import MatchRule
from visitord.models.pack import Pack
from visitord.store import corrections, gallery_changes, identities, people, templates, visitors
from visitord.store.crops import Crops
from visitord.store.database import Cursor, Database
from visitord.store.people import Person

_NAMESPACE = UUID("5e1c5c35-55b4-5d4c-9a9f-0e2a56b0a3f1")


@dataclass(frozen=True, slots=True)
class Enroller:
    """What enrolling needs: who is known, what recognises them, and where their pictures go.

    box: the one on which that is.
    """

    database: Database
    pack: Pack
    rule: MatchRule
    crops: Crops
    clock: Clock
    box: str | None = None

    def gallery(self) -> Gallery:
        """Everyone there is now."""
        with self.database.transaction() as cursor:
            held = templates.templates(cursor, self.pack.fingerprint)
        return Gallery(self.pack.dim, held, self.pack.centre)

    def match(self, gallery: Gallery) -> float:
        """How alike a face must be to somebody in the gallery to be taken for them."""
        return self.rule.at(gallery.people, templates=gallery.count).match

    def template_id(self, photograph: FacePhotograph) -> UUID:
        """The template that a photograph becomes for this pack."""
        return uuid5(_NAMESPACE, f"{self.pack.fingerprint} {photograph.digest}")


@dataclass(frozen=True, slots=True)
class LooksUnlike:
    """The photographs look unlike the person of that name: are they to be added all the same?"""

    name: str
    similarity: float


@dataclass(frozen=True, slots=True)
class LooksLike:
    """The photographs look like one known without a name: is that one to be given this name?

    known_as: the label.  sightings: how many of that one.
    """

    name: str
    known_as: str
    similarity: float
    ignored: bool
    sightings: int


Question = LooksUnlike | LooksLike
Ask = Callable[[Question], bool]
"""Puts a question to a person; raises VisitordError where that is not possible."""


class Kind(Enum):
    """What became of photographs."""

    ENROLLED = "a new person"
    NAMED = "somebody known without a name has this name now"
    ADDED = "somebody of this name has more"
    KNOWN_ALREADY = "they would teach nothing new"
    DECLINED = "a person said that they are not to be added"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What became of photographs.

    person: whose they are now, if anybody's.  photographs: how many were learnt from.  left_out:
    the names of those that look like none of the others.
    """

    kind: Kind
    name: str
    person: Person | None
    photographs: int
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be written.

    identity_id: None for a new person.  name: to be given, None where they have it.  cannot_link:
    who is somebody else for certain, however alike.
    """

    kind: Kind
    identity_id: UUID | None
    name: str | None
    cannot_link: tuple[UUID, ...] = ()


def enroll(
    enroller: Enroller,
    name: str,
    photographs: Sequence[FacePhotograph],
    ask: Ask,
    *,
    is_new: bool = False,
) -> Enrolment:
    """Let a person be recognised by photographs.

    Parameters
    ----------
    enroller : Enroller
        The database is changed in one transaction.
    name : str
        Whoever has it already gets the photographs added.
    photographs : sequence
        Of that person.
    ask : callable
        Asked where the photographs look like somebody else, or unlike the person of that name.
    is_new : bool
        They are of a person who is not known yet, however alike somebody is.

    Raises
    ------
    VisitordError
        Nothing was changed.
    """
    name = people.proper(name)
    odd = chosen_from.odd_ones_out(photographs, enroller.pack.centre)
    usable = [one for one in photographs if one not in odd]
    _require_usable(name, usable, odd)
    left_out = tuple(one.name for one in odd)

    gallery = enroller.gallery()
    with enroller.database.transaction() as cursor:
        target = _called(cursor, name)
        chosen = _choose(cursor, enroller, name, target, usable, gallery)
    if not chosen:
        return Enrolment(Kind.KNOWN_ALREADY, name, None, 0, left_out)

    similar = _similarities(gallery, chosen)
    if target:
        plan = _plan_for_known(target, similar, ask)
    else:
        match = enroller.match(gallery)
        similar = {i: score for i, score in similar.items() if score >= match}
        plan = _plan_for_unknown(enroller, name, similar, ask, is_new)
    if plan.kind is Kind.DECLINED:
        return Enrolment(Kind.DECLINED, name, None, 0, left_out)

    person = _write(enroller, name, target, plan, chosen)
    return Enrolment(plan.kind, name, person, len(chosen), left_out)


def _require_usable(
    name: str, usable: Sequence[FacePhotograph], odd: Sequence[FacePhotograph]
) -> None:
    """Raises VisitordError where there is nothing to learn from."""
    if usable:
        return
    if odd:
        files = ", ".join(one.name for one in odd)
        raise VisitordError(
            f"The photographs of {name} look like different people ({files}): nobody was enrolled."
        )
    raise VisitordError(f"No photograph of {name} can be used: nobody was enrolled.")


def _called(cursor: Cursor, name: str) -> Person | None:
    """Who has this name; raises VisitordError where that are several."""
    found = people.called(cursor, name)
    if len(found) > 1:
        listed = ", ".join(p.label for p in found)
        raise VisitordError(
            f"{name} may be any of {listed}.",
            advice="give them different names first: visitorctl rename.",
        )
    return found[0] if found else None


def _choose(
    cursor: Cursor,
    enroller: Enroller,
    name: str,
    target: Person | None,
    usable: Sequence[FacePhotograph],
    gallery: Gallery,
) -> list[FacePhotograph]:
    """What is to be learnt; raises VisitordError for a photograph that is somebody else's."""
    by_id = {enroller.template_id(one): one for one in usable}
    owners = templates.owners(cursor, list(by_id))
    target_id = target.visitor_id if target else None
    for owner in {*owners.values()} - {target_id}:
        theirs = people.find(cursor, str(owner)).name
        raise VisitordError(
            f"One of the photographs of {name} is {theirs}'s already: nobody was enrolled."
        )

    fresh = [one for template_id, one in by_id.items() if template_id not in owners]
    learnt = templates.photographs(cursor, target_id, enroller.pack.fingerprint)
    return chosen_from.choose(fresh, TEMPLATES_MAX - learnt, gallery.held(target_id))


def _similarities(gallery: Gallery, chosen: Sequence[FacePhotograph]) -> dict[UUID, float]:
    """How alike each known person is to that photograph which is most like them."""
    similar: dict[UUID, float] = {}
    for one in chosen:
        for identity_id, score in gallery.rank(one.embedding):
            similar[identity_id] = max(score, similar.get(identity_id, -1.0))
    return similar


def _plan_for_known(target: Person, similar: dict[UUID, float], ask: Ask) -> _Plan:
    """Photographs of a person who has this name already."""
    own = similar.get(target.visitor_id)
    fits = own is None or own >= chosen_from.UNLIKE
    if fits or ask(LooksUnlike(target.name, own or 0.0)):
        return _Plan(Kind.ADDED, target.visitor_id, None)
    return _Plan(Kind.DECLINED, None, None)


def _plan_for_unknown(
    enroller: Enroller, name: str, similar: dict[UUID, float], ask: Ask, is_new: bool
) -> _Plan:
    """Photographs of a person of a new name, who may have been seen before all the same.

    similar: those known who are so alike that they may be that person.
    """
    alike = sorted(similar, key=lambda i: -similar[i])
    new_person = _Plan(Kind.ENROLLED, None, name, tuple(alike))
    if not alike or is_new:
        return new_person

    nearest = alike[0]
    similarity = similar[nearest]
    with enroller.database.transaction() as cursor:
        about = visitors.detail(cursor, nearest)
    if about.name != about.label:
        raise VisitordError(
            f"The photographs of {name} look like {about.name} ({similarity:.2f}).",
            advice="enroll them under that name, or with --new if they are two people.",
            joint=": ",
        )
    ignored = about.status == Status.IGNORED
    if ask(LooksLike(name, about.label, similarity, ignored, about.sightings)):
        return _Plan(Kind.NAMED, nearest, name)
    return new_person


def _write(
    enroller: Enroller,
    name: str,
    target: Person | None,
    plan: _Plan,
    chosen: Sequence[FacePhotograph],
) -> Person:
    """All or nothing; raises VisitordError where somebody else was faster, or the disk is full."""
    crops = [enroller.crops.keep(one.portrait()) for one in chosen]
    now = enroller.clock.now()
    with enroller.database.transaction() as cursor:
        identities.freeze(cursor)
        if _called(cursor, name) != target:
            raise VisitordError(
                f"Somebody else changed who is called {name} just now; look again and repeat."
            )

        identity_id = plan.identity_id or uuid4()
        if plan.identity_id is None:
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
            _learn(cursor, enroller, identity_id, one, crop, now)

        for other in plan.cannot_link:
            why = f"enrolled as somebody else than {name}"
            theirs = people.find(cursor, str(other))
            corrections.reject(cursor, person, theirs, account_name(), why, now)
        gallery_changes.announce(cursor, [identity_id])
        return people.find(cursor, str(identity_id))


def _learn(
    cursor: Cursor,
    enroller: Enroller,
    identity_id: UUID,
    photograph: FacePhotograph,
    crop: str,
    now: datetime,
) -> None:
    """Make a template of a photograph, whose face is kept as `crop`."""
    template = Template(
        enroller.template_id(photograph),
        identity_id,
        identity_id,
        np.asarray(photograph.embedding, np.float32),
        photograph.quality,
    )
    templates.learn_photograph(cursor, template, enroller.pack.fingerprint, crop, now, enroller.box)
