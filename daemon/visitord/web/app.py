"""The web application: its pages and actions put together, and every error as one sentence on a
page.
"""

import logging
from collections.abc import Set as AbstractSet
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask, Response, render_template, request, session
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as Answer

from visitord.core.config import Config
from visitord.core.errors import DatabaseError, NotFoundError, VisitordError
from visitord.store.crops import Crops
from visitord.store.database import Database
from visitord.web import security
from visitord.web.actions import actions, failed
from visitord.web.desk import Desk
from visitord.web.pages import pages

log = logging.getLogger(__name__)
_SENTENCES = {
    400: "The browser sent something that cannot be understood.",
    401: "This page opens only with the link that visitorctl review prints; visitorctl review --link prints it again.",
    404: "There is no such page.",
    405: "Nothing is shown at this address; go on from the faces.",
    413: "That is too much at once.",
}


def site(config: Config, database: Database, token: str, hosts: AbstractSet[str]) -> Flask:
    """A WSGI application; `hosts`: the names it is reached under."""
    app = Flask(__name__)
    app.extensions["desk"] = Desk(config, database, Crops(config.crops_dir))
    app.jinja_options = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    zone = ZoneInfo(config.site.timezone)
    app.context_processor(lambda: {"csrf": session.get("csrf"), "today": datetime.now(zone).date()})
    app.jinja_env.globals["site"] = config.site.name
    security.protect(app, token, hosts)
    app.register_blueprint(pages)
    app.register_blueprint(actions)
    app.register_error_handler(Exception, _sorry)
    return app


def _sorry(error: Exception) -> Answer:
    """One sentence, where a form came from if it can be; while the database is away the page tries
    again by itself.
    """
    status, sentence = _told(error)
    if isinstance(error, VisitordError) and (back := failed(sentence)):
        return back
    again = {"Refresh": "5"} if status == 503 and request.method == "GET" else {}  # in seconds
    return Response(render_template("error.html", sentence=sentence, again=again), status, again)


def _told(error: Exception) -> tuple[int, str]:
    if isinstance(error, VisitordError):
        status = (
            503
            if isinstance(error, DatabaseError)
            else 404
            if isinstance(error, NotFoundError)
            else 409
        )
        return status, error.fact
    if isinstance(error, HTTPException):
        return error.code or 500, _SENTENCES.get(
            error.code or 500
        ) or error.description or error.name
    log.error("The review page failed at %s %s.", request.method, request.path, exc_info=error)
    return 500, "Something went wrong in visitord; its log says what."
