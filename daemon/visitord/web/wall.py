"""A page of people with their faces: searched, sorted and turned over as the address says."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import request

from visitord.store import visitors
from visitord.store.database import Cursor
from visitord.web.faces import people_with_faces

SHOWN = {"unnamed": ["provisional"], "named": ["named"], "ignored": ["ignored"]}
SHOWN["all"] = [status for shown in SHOWN.values() for status in shown]
ON_A_WALL = 48
PAGES_MAX = 1_000_000


def wall(
    cursor: Cursor,
    show: str,
    other: UUID | None = None,
    alike: Mapping[UUID, float] | None = None,
) -> dict[str, Any]:
    """What the templates need: a page of people, the text that was searched for, and the pager.

    Parameters
    ----------
    cursor : of an open transaction
    show : one of `SHOWN`
    other : of each is shown whether they were said not to be this person, who is left out
    alike : how alike people are to what is compared with them; the most alike come first
    """
    text = " ".join(request.args.get("q", "").split())
    page = min(max(1, request.args.get("page", 1, int)), PAGES_MAX)
    before = (page - 1) * ON_A_WALL
    found = visitors.wall(cursor, SHOWN[show], text, ON_A_WALL, before, other, alike)
    return {
        "people": people_with_faces(cursor, found),
        "text": text,
        "page": page,
        "more": bool(found) and found[0].total > page * ON_A_WALL,
    }


def page_address(page: int) -> str:
    """The address of another page of what is shown."""
    arguments = {**request.args.to_dict(flat=False), "page": [str(page)]}
    return f"?{urlencode(arguments, doseq=True)}"
