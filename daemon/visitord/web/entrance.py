"""Signing in with a link that works once, and signing out.

The link's page asks for a press of its button, which scripts press by themselves: programs that
look at the addresses in a mail or a chat fetch the page, and do not use the link up.
"""

import secrets

from flask import Blueprint, abort, redirect, render_template, request, session
from werkzeug.wrappers import Response

from visitord.web.refusals import Wrong
from visitord.web.resources import resources
from visitord.web.security import require_patience, require_sent_from_here, signed_in, wrong
from visitord.web.sessions import SECRET_BYTES

entrance = Blueprint("entrance", __name__)


@entrance.get("/sign-in")
def ask() -> str:
    """Whatever the link is, so that looking at it tells nothing and costs nothing."""
    return render_template("sign_in.html", link=request.args.get("link", ""))


@entrance.post("/sign-in")
def sign_in() -> Response:
    """A new session for a good link; whoever is signed in already needs none."""
    require_sent_from_here()
    require_patience(Wrong.LINK)

    sessions = resources().sessions
    begun = sessions.begin(request.form.get("link", ""))
    if begun is None and not signed_in():
        wrong(Wrong.LINK)
        abort(
            403, "This link was used before or is too old: visitorctl review --link prints another."
        )

    if begun is not None:
        sessions.end(session.get("id", ""))
        session.clear()
        session.permanent = True
        session["id"] = begun
        session["csrf"] = secrets.token_urlsafe(SECRET_BYTES)
    return redirect("/", 303)


@entrance.post("/sign-out")
def sign_out() -> str:
    """The session ends here, wherever else its cookie may be."""
    resources().sessions.end(session["id"])
    session.clear()
    return render_template("signed_out.html")
