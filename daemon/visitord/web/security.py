"""Who may see the page, and from where.

Sessions, the Host header, forged forms, and what browsers may do with the page.  Faces are shown
only to whoever signed in with a link (`web/entrance.py`), by a signed cookie that names a session.
"""

import hashlib
import hmac
import math
import re
from collections.abc import Set as AbstractSet
from datetime import timedelta

from flask import Flask, Response, abort, request, session
from flask.sessions import SecureCookieSessionInterface
from werkzeug.exceptions import TooManyRequests

from visitord.web.connections import IN_ENVIRON
from visitord.web.refusals import Wrong
from visitord.web.resources import resources

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
BODY_MAX_BYTES = 64 * 1024
_OPEN = frozenset({"entrance.ask", "entrance.sign_in"})  # to whoever is not signed in yet
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


class _Cookies(SecureCookieSessionInterface):
    """A cookie that was given by TLS is sent by TLS alone."""

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 - Flask's interface
        return request.is_secure


def protect(app: Flask, key: bytes, life: timedelta, hosts: AbstractSet[str]) -> None:
    """Let in only sessions, under a name of ours, and with forms of ours.

    Parameters
    ----------
    app : Flask
        Each of its requests is checked, each of its answers hardened.
    key : bytes
        Signs the cookies.
    life : timedelta
        How long browsers keep them.
    hosts : set of str
        The names that the page is reached under.
    """
    app.session_interface = _Cookies()
    app.secret_key = hmac.digest(key, b"session", hashlib.sha256)
    own = hmac.digest(key, b"cookie", hashlib.sha256).hex()[:8]
    app.config |= {
        "SESSION_COOKIE_NAME": f"visitord_review_{own}",  # browsers do not tell ports apart
        "SESSION_COOKIE_SAMESITE": "Strict",
        "PERMANENT_SESSION_LIFETIME": life,
        "MAX_CONTENT_LENGTH": BODY_MAX_BYTES,
    }
    names = {host.lower() for host in hosts}

    @app.before_request
    def check() -> None:
        _require_host(names)
        if request.endpoint == "static":
            return

        is_signed_in = signed_in()
        if request.endpoint not in _OPEN:
            if not is_signed_in:
                abort(401)
            _require_own_form()
        if any("\0" in value for value in request.values.values()):
            abort(400)

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response


def signed_in() -> bool:
    """Whether the request is of a session that goes on; its connection is told."""
    found = "csrf" in session and resources().sessions.holds(session.get("id", ""))
    if session and not found:  # without one there may be a cookie that was not sent from afar
        session.clear()
    connection = request.environ.get(IN_ENVIRON)
    if connection is not None:
        connection.signed_in = found
    return found


def wrong(what: Wrong) -> None:
    """Count and log a request that is refused, unless its address brings too many."""
    require_patience(what)
    resources().refusals.add(request.remote_addr or "", what)


def require_patience(what: Wrong) -> None:
    """Refuse an address that was refused too often just now."""
    wait_s = math.ceil(resources().refusals.wait_s(request.remote_addr or "", what))
    if wait_s:
        sentence = f"That was wrong too often: wait {wait_s} s, and try again."
        raise TooManyRequests(sentence, retry_after=wait_s)


def _require_host(names: AbstractSet[str]) -> None:
    """Refuse other names for this machine.

    Under another site's name that leads here, its scripts could read the page (DNS rebinding).
    """
    asked = re.sub(r":\d+$", "", request.host).strip("[]").lower()
    if asked not in names:
        wrong(Wrong.HOST)
        advice = "put it into hosts in the [review] section of the configuration"
        abort(403, f"This page has no such name: {advice}.")


def require_sent_from_here() -> None:
    """Refuse a form that another site's page sent."""
    # Our Referrer-Policy makes browsers hide the origin.
    ours = {"null", f"http://{request.host}", f"https://{request.host}"}
    is_near = request.headers.get("Origin", "null") in ours
    is_near &= request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    if not is_near:
        _refuse_form()


def _require_own_form() -> None:
    """Refuse what changes something and is not a form of ours, sent from one of our pages."""
    if request.method in ("GET", "HEAD"):
        return
    require_sent_from_here()
    given = request.form.get("csrf", "")
    if not hmac.compare_digest(given.encode(), session["csrf"].encode()):
        _refuse_form()


def _refuse_form() -> None:
    wrong(Wrong.FORM)
    advice = "go back, reload the page and repeat"
    abort(403, f"This form is not from this page, or was open too long: {advice}.")
