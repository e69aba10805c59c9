"""visitorctl audit: templates that are not of the person they are filed under."""

import click

from visitord.admin import template_audit
from visitord.admin.template_audit import DoubtfulTemplate
from visitord.cli.configuration import config
from visitord.cli.connection import connect
from visitord.cli.listing import show
from visitord.cli.options import format_option
from visitord.cli.saying import say
from visitord.cli.working import working
from visitord.core.clock import Clock
from visitord.models.opening import open_pack

COLUMNS = (
    "template_id",
    "person",
    "taken_at",
    "camera",
    "own",
    "other",
    "other_similarity",
    "state",
    "why",
)


@click.command()
@click.option("--apply", is_flag=True, help="Set aside now what is due.")
@click.option("--restore", metavar="TEMPLATE", help="Match against this one again, for good.")
@format_option
def audit(apply: bool, restore: str | None, form: str) -> None:
    """Templates that are not like the person they are filed under, and what becomes of them.

    due: the next merge job sets it aside, or --apply does now.  set aside: nobody is matched
    against it.  reported: it is left to you, for a person said whose it is, or which one is wrong
    cannot be told.  restored: you said that it is right.
    """
    if restore and apply:
        raise click.UsageError("--restore and --apply are two things; say one of them.")

    database = connect()
    if restore:
        done = template_audit.restore(database, restore, Clock())
        return say(f"{done.person} is matched against this template again.")

    settings = config()
    pack = open_pack(settings)
    with working("Comparing templates with each other"):
        found = template_audit.audit(database, settings, pack, Clock(), apply=apply)
    return show(found, form, "Every template is like its person.", COLUMNS, DoubtfulTemplate)
