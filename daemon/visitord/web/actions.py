"""What a person says on the review page: the use cases that visitorctl's commands are too.

Each is a form that works without scripts.
"""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from visitord.admin import describing, forgetting, grouping, ignoring, merging, naming
from visitord.admin.author import Author
from visitord.admin.merging import ContradictedError, KeptApart, Merged
from visitord.core.clock import Clock
from visitord.core.errors import VisitordError
from visitord.store.database import Database
from visitord.web.resources import resources

actions = Blueprint("actions", __name__)
WHY = "said on the review page"
_OURS = re.compile(r"/(?![/\\])[!-~]*")  # an address without a host


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be done next: what a button says, and where its form goes."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, the page to go on at unless the form wants another, and what may be next."""

    sentence: str
    page: str
    offer: Offer | None = None


def action(path: str) -> Callable[[Callable[..., Done]], Callable[..., Done]]:
    """A form's address; what it asked for is told on the page it wants to go back to."""

    def register(function: Callable[..., Done]) -> Callable[..., Done]:
        def answer(**values: Any) -> Response:
            with resources().connection() as database:
                done = function(database, **values)
            return told(done.sentence, request.form.get("back") or done.page, done.offer)

        actions.add_url_rule(path, function.__name__, answer, methods=["POST"])
        return function

    return register


@action("/person/<uuid:who>/rename")
def rename(database: Database, who: UUID) -> Done:
    """Several may have one name; whether they are one person is asked."""
    renamed = naming.rename(database, str(who), request.form.get("name", ""))
    sentence = f"{renamed.person.name} is now called {renamed.name}"
    page = page_of(renamed.person.visitor_id)
    if not renamed.namesakes:
        return Done(f"{sentence}.", page)

    same = renamed.namesakes[0]
    merge = url_for("actions.judge", who=who, verdict="merge", other=same.visitor_id)
    offer = Offer("They are the same person", merge)
    return Done(f"{sentence}, as {same.label} is.", page, offer)


@action("/person/<uuid:who>/group/add")
def join_group(database: Database, who: UUID) -> Done:
    """A person is in a group, which is made if there is none."""
    name = request.form.get("group", "")
    done = grouping.add(database, name, [str(who)], Author.here(WHY), Clock())
    (person,) = done.added or done.already
    sentence = f"{person.name} is {'now ' if done.added else ''}in {done.group}"
    page = page_of(person.visitor_id)
    return Done(f"{sentence}{'' if done.added else ' already'}.", page)


@action("/person/<uuid:who>/group/remove")
def leave_group(database: Database, who: UUID) -> Done:
    """A person is in a group no more."""
    name = request.form.get("group", "")
    done = grouping.remove(database, name, [str(who)], Author.here(WHY), Clock())
    (person,) = done.people
    return Done(f"{person.name} is no more in {done.group}.", page_of(person.visitor_id))


@action("/person/<uuid:who>/<any(merge, reject):verdict>")
def judge(database: Database, who: UUID, verdict: str) -> Done:
    """This person becomes part of the other one, or is none of them."""
    other = request.values.get("other", "")
    author = Author.here(WHY)
    if verdict == "merge":
        return _merge(database, other, who, author)
    apart = merging.reject(database, other, str(who), author, Clock())
    return _apart(apart, page_of(apart.other.visitor_id))


def _merge(database: Database, other: str, who: UUID, author: Author) -> Done:
    """Where something says that they are two, the person is asked whether they are certain."""
    certain = "certain" in request.values
    try:
        merged = merging.merge(database, other, str(who), author, Clock(), certain=certain)
    except ContradictedError as error:
        address = url_for("actions.judge", who=who, verdict="merge", other=other, certain=1)
        return Done(error.fact, page_of(who), Offer("One person all the same", address))
    return _merged(merged, page_of(merged.kept.visitor_id))


@action("/suggestions/<int:number>/<any(merge, reject):verdict>")
def suggestion(database: Database, number: int, verdict: str) -> Done:
    """The same of two people whom the merge job put side by side."""
    page = url_for("pages.suggestions")
    author = Author.here(WHY)
    if verdict == "merge":
        return _merged(merging.accept_suggestion(database, number, author, Clock()), page)
    return _apart(merging.reject_suggestion(database, number, author, Clock()), page)


@action("/merges/<uuid:merge_id>/undo")
def undo(database: Database, merge_id: UUID) -> Done:
    """Two people stand apart again."""
    done = merging.undo(database, str(merge_id), Author.here(WHY), Clock())
    sentence = f"{done.merged.name} stands apart from {done.kept.name} again."
    return Done(sentence, page_of(done.merged.visitor_id))


@action("/person/<uuid:who>/split")
def split(database: Database, who: UUID) -> Done:
    """The ticked sightings become a person of their own."""
    describing.find(database, str(who))  # of one who is gone there is nothing to tick
    ticked = request.form.getlist("sighting")
    if not ticked:
        raise VisitordError("Tick the sightings that are somebody else first.")
    done = merging.split(database, str(who), ticked, Author.here(WHY), Clock())
    sentence = f"What was ticked of {done.person.name} is now {done.new.name}."
    return Done(sentence, page_of(done.new.visitor_id))


@action("/person/<uuid:who>/ignore")
def ignore(database: Database, who: UUID) -> Done:
    """A person is left out of reports."""
    person = ignoring.ignore(database, str(who))
    offer = Offer("Undo", url_for("actions.unignore", who=who))
    return Done(f"{person.name} is ignored from now on.", page_of(person.visitor_id), offer)


@action("/person/<uuid:who>/unignore")
def unignore(database: Database, who: UUID) -> Done:
    """A person counts again."""
    person = ignoring.unignore(database, str(who))
    return Done(f"{person.name} is no longer ignored.", page_of(person.visitor_id))


@actions.post("/person/<uuid:who>/forget")
def forget(who: UUID) -> Response:
    """Erases a person; there is no page of theirs to go back to."""
    if "certain" not in request.form:
        raise VisitordError("Nothing was erased: tick the box if you are certain.")
    with resources().connection() as database:
        about = describing.find(database, str(who))
        gone = forgetting.forget(database, about, resources().config)

    sentence = f"{about.name} is forgotten. {gone.remark}".rstrip()
    return told(sentence, url_for("pages.faces"))


def _merged(done: Merged, page: str) -> Done:
    sentence = f"{done.merged.name} is now part of {done.kept.name}."
    return Done(sentence, page, Offer("Undo", url_for("actions.undo", merge_id=done.merge_id)))


def _apart(done: KeptApart, page: str) -> Done:
    kept = done.one
    merged = done.other
    after_all = url_for(
        "actions.judge", who=merged.visitor_id, verdict="merge", other=kept.visitor_id, certain=1
    )
    sentence = f"{merged.name} and {kept.name} stay two people."
    return Done(sentence, page, Offer("One person after all", after_all))


def page_of(visitor_id: UUID) -> str:
    """The address of a person's page."""
    return url_for("pages.person", who=visitor_id)


def failed(sentence: str) -> Response | None:
    """Back to where a person's form came from, which says why nothing was done.

    None where this was no such form.
    """
    if request.method != "POST":
        return None
    who = (request.view_args or {}).get("who")
    if who is not None:
        return told(sentence, request.form.get("back") or page_of(who), role="alert")
    if request.path.startswith("/unidentified/"):
        return told(sentence, url_for("unidentified.waiting"), role="alert")
    return None


def told(sentence: str, page: str, offer: Offer | None = None, role: str = "status") -> Response:
    """To a page of ours, which says what was done and offers what may be done next."""
    next_step = asdict(offer) if offer else None
    said = {"sentence": sentence, "offer": next_step, "role": role}
    flash(said)  # type: ignore[arg-type]
    return redirect(page if _OURS.fullmatch(page) else "/", 303)
