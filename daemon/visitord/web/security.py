"""Who may see the page, and from where.

The token, the Host header, forged forms, and what browsers may do with the page.  Faces are shown
only to whoever has the token.  It is made once, lies in the state folder for the owner of the box,
and is exchanged for a signed cookie, so that no address that is kept or passed on holds it.
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
SIGNED_IN_S = 30 * 86400
_POLICY = (
    "default-src 'none'",
    "img-src 'self' blob:",
    "style-src 'self'",
    "script-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
_HEADERS = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def token(state: Path) -> str:
    """The secret in the state folder, made at the first call.

    Raises VisitordError when it is spoilt or not secret.
    """
    path = state / FILE
    try:
        state.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            create_file(path, secrets.token_urlsafe(LENGTH_MIN).encode())
        text = path.read_text("utf-8", "replace").strip()
        mode = path.stat().st_mode
    except OSError as error:
        raise VisitordError(
            f"The review page needs {path}, which cannot be used: {error.strerror}."
        ) from None

    problem = ""
    if mode & 0o077:
        problem = "can be read by other accounts"
    elif len(text) < LENGTH_MIN:
        problem = "holds no token"
    if problem:
        raise VisitordError(f"{path} {problem}; delete it, and a new one is made.")
    return text


def protect(app: Flask, secret: str, hosts: AbstractSet[str]) -> None:
    """Let in only who has shown the token, under a name of ours, and with forms of ours.

    Parameters
    ----------
    app : Flask
        Each of its requests is checked, each of its answers hardened.
    secret : str
        The token.
    hosts : set of str
        The names that the page is reached under.
    """
    app.secret_key = hmac.digest(secret.encode(), b"session", hashlib.sha256)
    own = hmac.digest(secret.encode(), b"cookie", hashlib.sha256).hex()[:8]
    app.config |= {
        "SESSION_COOKIE_NAME": f"visitord_review_{own}",  # browsers do not tell ports apart
        "SESSION_COOKIE_SAMESITE": "Strict",
        "PERMANENT_SESSION_LIFETIME": SIGNED_IN_S,
        "MAX_CONTENT_LENGTH": BODY_MAX_BYTES,
    }
    names = {host.lower() for host in hosts}

    @app.before_request
    def check() -> Response | None:
        _require_host(names)
        if request.endpoint == "static":
            return None

        shown = request.args.get("token")
        if shown is not None:
            return _signed_in(secret, shown)
        if "csrf" not in session:
            abort(401)

        _require_own_form()
        if any("\0" in value for value in request.values.values()):
            abort(400)
        return None

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response


def _require_host(names: AbstractSet[str]) -> None:
    """Refuse other names for this machine.

    Under another site's name that leads here, its scripts could read the page (DNS rebinding).
    """
    asked = re.sub(r":\d+$", "", request.host).strip("[]").lower()
    if asked not in names:
        advice = "put it into hosts in the [review] section of the configuration"
        abort(403, f"This page has no such name: {advice}.")


def _signed_in(secret: str, shown: str) -> Response:
    """A page that goes on by itself.

    A cookie for this site alone is not sent along a redirect from another one.
    """
    if not hmac.compare_digest(shown.encode(), secret.encode()):
        abort(401)
    session.permanent = True
    session["csrf"] = secrets.token_urlsafe(LENGTH_MIN)
    return Response(render_template("welcome.html"))


def _require_own_form() -> None:
    """Refuse what changes something and is not a form of ours, sent from one of our pages."""
    if request.method in ("GET", "HEAD"):
        return
    # Our Referrer-Policy makes browsers hide the origin.
    ours = {"null", f"http://{request.host}", f"https://{request.host}"}
    is_near = request.headers.get("Origin", "null") in ours
    is_near &= request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"

    given = request.form.get("csrf", "")
    if not (is_near and hmac.compare_digest(given.encode(), session["csrf"].encode())):
        advice = "go back, reload the page and repeat"
        abort(403, f"This form is not from this page, or was open too long: {advice}.")
