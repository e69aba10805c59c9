"""visitorctl ignore and unignore: people who do not count."""

import click

from visitord.admin import ignoring
from visitord.cli.arguments import WHO
from visitord.cli.connection import connect
from visitord.cli.saying import say


@click.command()
@click.argument("who", type=WHO)
def ignore(who: str) -> None:
    """Leave a person out of reports and arrivals from now on.

    They stay recognised, also after a restart, a merge, and with a new look that the merge job
    finds to be theirs.
    """
    person = ignoring.ignore(connect(), who)
    say(f"{person.name} is ignored from now on; visitorctl unignore takes it back.")


@click.command()
@click.argument("who", type=WHO)
def unignore(who: str) -> None:
    """Let an ignored person count again."""
    person = ignoring.unignore(connect(), who)
    say(f"{person.name} counts again.")
