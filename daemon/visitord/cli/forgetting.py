"""visitorctl forget: people who are gone."""

import click

from visitord.admin import describing, forgetting
from visitord.cli.arguments import WHO
from visitord.cli.configuration import config
from visitord.cli.connection import connect
from visitord.cli.options import confirm, yes_option
from visitord.cli.saying import say


@click.command()
@click.argument("who", type=WHO)
@yes_option
def forget(who: str, yes: bool) -> None:
    """Erase a person: everything seen, learnt and kept of them, on every box.

    It cannot be undone.  Backups made before still hold them.  Whoever comes again is a new
    visitor.
    """
    database = connect()
    about = describing.find(database, who)
    named = about.label if about.name == about.label else f"{about.name} ({about.label})"
    counts = f"{about.visits} visits, {about.sightings} sightings, {about.templates} template(s)"
    confirm(f"Erase {named} for good, with {counts} and all pictures of them?", yes)

    gone = forgetting.forget(database, about, config())
    sentence = (
        f"{named} is forgotten: {gone.sightings} sightings and {gone.pictures} pictures are gone."
    )
    say(f"{sentence} {gone.remark}".rstrip())
