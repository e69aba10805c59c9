"""Who may see the page, and from where: the token, the Host header, forged forms, and what browsers
may do with it.

Faces are shown to nobody without the token.  It is made once, lies in the state folder for the
owner of the box, and is exchanged for a signed cookie, so that no address that is kept or passed on
holds it.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Set as AbstractSet
from pathlib import Path

from flask import Flask, Response, abort, render_template, request, session

from visitord.core.errors import VisitordError
from visitord.core.files import create_file

FILE = "review.token"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
LENGTH_MIN = 32
BODY_MAX_BYTES = 64 * 1024
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self' blob:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def token(state: Path) -> str:
    """The secret in the state folder, made at the first call; raises VisitordError when it is
    spoilt or not secret.
    """
    path = state / FILE
    try:
        state.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            create_file(path, secrets.token_urlsafe(LENGTH_MIN).encode())
        text, mode = path.read_text("utf-8", "replace").strip(), path.stat().st_mode
    except OSError as error:
        raise VisitordError(
            f"The review page needs {path}, which cannot be used: {error.strerror}."
        ) from None
    if len(text) < LENGTH_MIN or mode & 0o077:
        problem = "can be read by other accounts" if mode & 0o077 else "holds no token"
        raise VisitordError(f"{path} {problem}; delete it, and a new one is made.")
    return text


def protect(app: Flask, secret: str, hosts: AbstractSet[str]) -> None:
    """Let nobody through who has not shown the token, under no other host name, and no forged form."""
    app.secret_key = hmac.digest(secret.encode(), b"session", hashlib.sha256)
    own = hmac.digest(secret.encode(), b"cookie", hashlib.sha256).hex()[
        :8
    ]  # browsers do not tell ports apart
    app.config |= {
        "SESSION_COOKIE_NAME": f"visitord_review_{own}",
        "SESSION_COOKIE_SAMESITE": "Strict",
        "PERMANENT_SESSION_LIFETIME": 30 * 86400,  # seconds
        "MAX_CONTENT_LENGTH": BODY_MAX_BYTES,
    }
    names = {host.lower() for host in hosts}

    @app.before_request
    def check() -> Response | None:
        # Under another site's name that leads to this machine, its scripts could read the page (DNS
        # rebinding).
        if re.sub(r":\d+$", "", request.host).strip("[]").lower() not in names:
            abort(
                403,
                "This page has no such name: put it into hosts in the [review] section of the configuration.",
            )
        if request.endpoint == "static":
            return None
        if (shown := request.args.get("token")) is not None:
            return _signed_in(secret, shown)
        if "csrf" not in session:
            abort(401)
        if request.method not in ("GET", "HEAD") and not _own_form():
            abort(
                403,
                "This form is not from this page, or was open too long: go back, reload the page and repeat.",
            )
        return abort(400) if any("\0" in value for value in request.values.values()) else None

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response


def _signed_in(secret: str, shown: str) -> Response:
    """A page that goes on by itself: a cookie for this site alone is not sent along a redirect from
    another one.
    """
    if not hmac.compare_digest(shown.encode(), secret.encode()):
        abort(401)
    session.permanent = True
    session["csrf"] = secrets.token_urlsafe(LENGTH_MIN)
    return Response(render_template("welcome.html"))


def _own_form() -> bool:
    """Whether a form is one of ours, sent from one of our pages; our Referrer-Policy makes browsers
    hide its origin.
    """
    ours = {"null", f"http://{request.host}", f"https://{request.host}"}
    near = request.headers.get("Origin", "null") in ours
    near &= request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    return near and hmac.compare_digest(
        request.form.get("csrf", "").encode(), session["csrf"].encode()
    )
