"""Finds templates that are not of the person they are filed under, and takes that back.

The merge job does the same before it compares people; here it can be looked at first.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.identity.audit import Audit, Compared, Finding
from visitord.identity.centring import centred
from visitord.identity.neighbours import Neighbours
from visitord.identity.thresholds import MatchRule
from visitord.service import template_job
from visitord.service.thresholds import rule_in_force
from visitord.store import gallery_changes, identities, template_audit, templates, visitors
from visitord.store.database import Cursor, Database

if TYPE_CHECKING:  # its libraries take seconds to import
    from visitord.models.pack import Pack


RIGHT = "a person said that it is right"


class State(StrEnum):
    """What becomes of a template that is not like the person it is filed under."""

    DUE = "due"  # the next merge job sets it aside
    SET_ASIDE = "set aside"
    REPORTED = "reported"  # a person said whose it is, or which is wrong cannot be told
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class DoubtfulTemplate:
    """A template that is, or was, held not to be of the person it is filed under.

    person: whose it is.  taken_at, camera: of the sighting it was learnt from, or the photograph.
    own: its similarity to the other templates of the person, None where there are none.  other:
    whom else it is most like, and how much; None where nobody else is known.
    """

    template_id: UUID
    person: str
    taken_at: datetime
    camera: str | None
    own: float | None
    other: str | None
    other_similarity: float | None
    state: State
    why: str
    set_aside_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Doubtful:
    """A template by its id, before it is looked up what those it is about are called."""

    template_id: UUID
    compared: Compared
    state: State
    why: str
    set_aside_at: datetime | None = None


def audit(
    database: Database, config: Config, pack: "Pack", clock: Clock, *, apply: bool = False
) -> list[DoubtfulTemplate]:
    """Every template that is not like the person it is filed under, and what becomes of it.

    Parameters
    ----------
    database : Database
        Changed in one transaction, if at all.
    config : Config
        Of the box, with what it promises.
    pack : Pack
        Whose templates are looked through.
    clock : Clock
        Its time is kept with what is set aside.
    apply : bool
        Set aside now what the next merge job would.
    """
    rule = rule_in_force(config, pack, database)
    with database.transaction() as cursor:
        if apply:
            identities.freeze(cursor)
        known = _load(cursor, pack, rule)
        findings = template_job.find(cursor, pack.fingerprint, known, pack.centre)

        if apply:
            changed = template_job.set_aside(cursor, findings, clock.now())
            if changed:
                gallery_changes.announce(cursor, changed)
        marked = list(_marked(cursor, pack, known))
        done = {doubtful.template_id for doubtful in marked}
        found = [_found(finding) for finding in findings if finding.template_id not in done]
        return _described(cursor, [*found, *marked])


def restore(database: Database, template: str, clock: Clock) -> DoubtfulTemplate:
    """A template is right: it is matched against again, and no job sets it aside any more.

    Parameters
    ----------
    database : Database
        Changed in one transaction.
    template : str
        Its id, or the first 8 characters of it.
    clock : Clock
        Its time is kept with that.

    Raises
    ------
    NotFoundError
        For no template, or more than one.
    VisitordError
        For one that was not set aside.
    """
    with database.transaction() as cursor:
        template_id = template_audit.restore(cursor, template, clock.now())
        nothing = Compared(None, None, None)
        restored = _Doubtful(template_id, nothing, State.RESTORED, RIGHT)
        return _described(cursor, [restored])[0]


def _load(cursor: Cursor, pack: "Pack", rule: MatchRule) -> Audit:
    """All templates of a pack that are matched against."""
    held = templates.templates(cursor, pack.fingerprint)
    thresholds = rule.at(len({template.root_id for template in held}))
    near = Neighbours(thresholds.merge, pack.centre)
    near.update([t.template_id for t in held], {t.template_id: t.embedding for t in held})
    return template_job.load(cursor, pack.fingerprint, near, thresholds)


def _found(finding: Finding) -> _Doubtful:
    """A template that the rule found, which is matched against as yet."""
    compared = Compared(finding.own, finding.other_id, finding.other)
    if finding.sets_aside:
        return _Doubtful(finding.template_id, compared, State.DUE, finding.why)

    because = "a person said whose it is" if finding.kept else "which one is wrong cannot be told"
    why = f"{finding.why}; {because}"
    return _Doubtful(finding.template_id, compared, State.REPORTED, why)


def _marked(cursor: Cursor, pack: "Pack", known: Audit) -> Iterator[_Doubtful]:
    """The templates that were set aside, or restored."""
    for marked in template_audit.marked(cursor, pack.fingerprint):
        embedding = centred(marked.embedding, pack.centre)
        yield _Doubtful(
            template_id=marked.template_id,
            compared=known.compare(marked.template_id, marked.root_id, embedding),
            state=State.SET_ASIDE if marked.reason else State.RESTORED,
            why=marked.reason or RIGHT,
            set_aside_at=marked.set_aside_at,
        )


def _described(cursor: Cursor, found: Iterable[_Doubtful]) -> list[DoubtfulTemplate]:
    """The same with what people are called, and what the templates were made from."""
    found = list(found)
    sources = template_audit.sources(cursor, [one.template_id for one in found])
    others = [one.compared.other_id for one in found if one.compared.other_id]
    names = visitors.faces(cursor, others)

    described = []
    for one in found:
        source = sources[one.template_id]
        other_id = one.compared.other_id
        described.append(
            DoubtfulTemplate(
                template_id=one.template_id,
                person=source.person,
                taken_at=source.created_at,
                camera=source.camera,
                own=one.compared.own,
                other=names[other_id].name if other_id else None,
                other_similarity=one.compared.other,
                state=one.state,
                why=one.why,
                set_aside_at=one.set_aside_at,
            )
        )
    return described
