"""The web application: pages and actions put together, and every error as one sentence."""

import logging
from collections.abc import Set as AbstractSet
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask, Response, render_template, request, session
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException, TooManyRequests
from werkzeug.wrappers import Response as Answer

from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.core.errors import DatabaseError, NotFoundError, VisitordError
from visitord.store.crops import Crops
from visitord.store.database import Database
from visitord.web import security
from visitord.web.actions import actions, failed
from visitord.web.entrance import entrance
from visitord.web.pages import pages
from visitord.web.refusals import Refusals
from visitord.web.resources import Resources, share
from visitord.web.sessions import Sessions
from visitord.web.unidentified import unidentified
from visitord.web.wall import page_address

log = logging.getLogger(__name__)

AGAIN_S = 5  # while the database is away
_SENTENCES = {
    400: "The browser sent something that cannot be understood.",
    401: "This page opens with a link that works once: "
    "visitorctl review --link, typed on the box, prints one.",
    404: "There is no such page.",
    405: "Nothing is shown at this address; go on from the faces.",
    413: "That is too much at once.",
}


def site(
    config: Config,
    database: Database,
    sessions: Sessions,
    hosts: AbstractSet[str],
    clock: Clock,
) -> Flask:
    """A WSGI application.

    Parameters
    ----------
    config : Config
        Of the box.
    database : Database
        Each request opens a connection as this one.
    sessions : Sessions
        Who is signed in.
    hosts : set of str
        The names it is reached under.
    clock : Clock
        Says how long somebody who was refused has to wait.

    Raises
    ------
    VisitordError
        The key that cookies are signed with cannot be used.
    """
    app = Flask(__name__)
    crops = Crops(config.crops_dir)
    share(app.extensions, Resources(config, database, crops, sessions, Refusals(clock)))

    app.jinja_options = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    zone = ZoneInfo(config.site.timezone)
    app.context_processor(lambda: {"csrf": session.get("csrf"), "today": datetime.now(zone).date()})
    app.jinja_env.globals["site"] = config.site.name
    app.jinja_env.globals["page_address"] = page_address

    security.protect(app, sessions.key(), config.review.session, hosts)
    app.register_blueprint(entrance)
    app.register_blueprint(pages)
    app.register_blueprint(unidentified)
    app.register_blueprint(actions)
    app.register_error_handler(Exception, _sorry)
    return app


def _sorry(error: Exception) -> Answer:
    """One sentence, where a form came from if it can be.

    While the database is away the page tries again by itself.
    """
    status, sentence = worded(error)
    if isinstance(error, VisitordError):
        back = failed(sentence)
        if back:
            return back

    tries_again = status == 503 and request.method == "GET"
    headers = {"Refresh": str(AGAIN_S)} if tries_again else {}
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(error.retry_after)
    page = render_template("error.html", sentence=sentence, again=tries_again)
    return Response(page, status, headers)


def worded(error: Exception) -> tuple[int, str]:
    """The HTTP status of an error, and what the page says of it."""
    if isinstance(error, VisitordError):
        return _status(error), error.fact
    if isinstance(error, HTTPException):
        code = error.code or 500
        return code, _SENTENCES.get(code) or error.description or error.name
    log.error("The review page failed at %s %s.", request.method, request.path, exc_info=error)
    return 500, "Something went wrong in visitord; its log says what."


def _status(error: VisitordError) -> int:
    if isinstance(error, DatabaseError):
        return 503
    if isinstance(error, NotFoundError):
        return 404
    return 409
