"""What a person says on the review page, as visitorctl's commands would.  Each is a form that works
without scripts.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from visitord.cli.leaving import clear_up
from visitord.core.errors import VisitordError
from visitord.store import corrections, erasure, merges, people, suggestions
from visitord.store.database import Cursor
from visitord.store.embedded import account_name
from visitord.store.people import Person
from visitord.web.desk import desk

actions = Blueprint("actions", __name__)
WHY = "said on the review page"
_OURS = re.compile(r"/(?![/\\])[!-~]*")  # an address without a host
Offer = tuple[str, str]  # what a button says, and where its form goes
Done = tuple[
    str, Person | None, Offer | None
]  # what was done, to whose page to go on, what may be done next


def action(path: str) -> Callable[[Callable[..., Done]], Callable[..., Done]]:
    """A form's address: what it asks for is one transaction, told on the page it wants to go back
    to.
    """

    def register(function: Callable[..., Done]) -> Callable[..., Done]:
        def answer(**values: Any) -> Response:
            with desk().transaction() as cursor:
                sentence, person, offer = function(cursor, **values)
            page = (
                url_for("pages.person", who=person.visitor_id)
                if person
                else url_for("pages.suggestions")
            )
            return _told(sentence, request.form.get("back") or page, offer)

        actions.add_url_rule(path, function.__name__, answer, methods=["POST"])
        return function

    return register


@action("/person/<uuid:who>/rename")
def rename(cursor: Cursor, who: UUID) -> Done:
    """Several may have one name; whether they are one person is asked."""
    person = people.find(cursor, str(who))
    kept = people.rename(cursor, person, request.form.get("name", ""))
    same = [p for p in people.called(cursor, kept) if p.visitor_id != person.visitor_id]
    if not same:
        return f"{person.name} is now called {kept}.", person, None
    offer = (
        "They are the same person",
        url_for("actions.judge", who=who, verdict="merge", other=same[0].visitor_id),
    )
    return f"{person.name} is now called {kept}, as {same[0].label} is.", person, offer


@action("/person/<uuid:who>/<any(merge, reject):verdict>")
def judge(cursor: Cursor, who: UUID, verdict: str) -> Done:
    """This person becomes part of the other one, or is none of them."""
    other = people.find(cursor, request.values.get("other", ""))
    return _judged(cursor, verdict, other, people.find(cursor, str(who)))


@action("/suggestions/<int:number>/<any(merge, reject):verdict>")
def suggestion(cursor: Cursor, number: int, verdict: str) -> Done:
    """The same of two people whom the merge job put side by side."""
    pair = suggestions.pair(cursor, number)
    sentence, _, offer = _judged(cursor, verdict, pair.kept, pair.merged)
    return sentence, None, offer


@action("/merges/<uuid:merge_id>/undo")
def undo(cursor: Cursor, merge_id: UUID) -> Done:
    """Two people stand apart again."""
    undone = corrections.undo(cursor, str(merge_id), account_name(), WHY, datetime.now(UTC))
    kept = people.find(cursor, str(undone.kept_id))
    merged = people.find(cursor, str(undone.merged_id))
    return f"{merged.name} stands apart from {kept.name} again.", merged, None


@action("/person/<uuid:who>/split")
def split(cursor: Cursor, who: UUID) -> Done:
    """The ticked sightings become a person of their own."""
    person, ticked = people.find(cursor, str(who)), request.form.getlist("sighting")
    if not ticked:
        raise VisitordError("Tick the sightings that are somebody else first.")
    new = people.find(
        cursor,
        str(corrections.split(cursor, person, ticked, account_name(), WHY, datetime.now(UTC))),
    )
    return f"What was ticked of {person.name} is now {new.name}.", new, None


@action("/person/<uuid:who>/<any(ignore, unignore):what>")
def ignore(cursor: Cursor, who: UUID, what: str) -> Done:
    """A person is left out of reports, or no longer."""
    person = people.find(cursor, str(who))
    if what == "unignore":
        people.unignore(cursor, person)
        return f"{person.name} is no longer ignored.", person, None
    people.ignore(cursor, person)
    return (
        f"{person.name} is ignored from now on.",
        person,
        ("Undo", url_for(".ignore", who=who, what="unignore")),
    )


@actions.post("/person/<uuid:who>/forget")
def forget(who: UUID) -> Response:
    """Erases a person; the pictures on this box go once that is certain."""
    if "certain" not in request.form:
        raise VisitordError("Nothing was erased: tick the box if you are certain.")
    with desk().transaction() as cursor:
        person = people.find(cursor, str(who))
        erased = erasure.forget(cursor, person)
    sentence = f"{person.name} is forgotten." + clear_up(desk().config, erased)
    return _told(sentence, url_for("pages.wall"), None)


def _judged(cursor: Cursor, verdict: str, kept: Person, merged: Person) -> Done:
    note = (account_name(), WHY, datetime.now(UTC))
    if verdict == "reject":
        corrections.reject(cursor, kept, merged, *note)
        again = url_for(
            "actions.judge", who=merged.visitor_id, verdict="merge", other=kept.visitor_id
        )
        return (
            f"{merged.name} and {kept.name} stay two people.",
            merged,
            ("One person after all", again),
        )
    merge_id = merges.merge(cursor, kept.visitor_id, merged.visitor_id, *note)
    offer = ("Undo", url_for("actions.undo", merge_id=merge_id))
    return f"{merged.name} is now part of {kept.name}.", kept, offer


def failed(sentence: str) -> Response | None:
    """Back to where a person's form came from, which says why nothing was done; None where this was
    no such form.
    """
    who = (request.view_args or {}).get("who")
    if request.method != "POST" or who is None:
        return None
    return _told(
        sentence, request.form.get("back") or url_for("pages.person", who=who), None, "alert"
    )


def _told(sentence: str, page: str, offer: Offer | None, role: str = "status") -> Response:
    """To a page of ours, which says what was done and offers what may be done next."""
    flash({"sentence": sentence, "offer": offer, "role": role})  # type: ignore[arg-type]
    return redirect(page if _OURS.fullmatch(page) else "/", 303)
