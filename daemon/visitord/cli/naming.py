"""visitorctl rename."""

import click

from visitord.admin import naming
from visitord.cli.arguments import WHO
from visitord.cli.connection import connect
from visitord.cli.saying import say


@click.command()
@click.argument("who", type=WHO)
@click.argument("name")
def rename(who: str, name: str) -> None:
    """Give a person a name; it shows everywhere at once."""
    renamed = naming.rename(connect(), who, name)
    say(f"{renamed.person.name} is now called {renamed.name}.")
    if renamed.namesakes:
        labels = [other.label for other in renamed.namesakes]
        command = f'visitorctl merge "{labels[0]}" "{renamed.person.label}"'
        say(f"So is {', '.join(labels)}; if they are one person: {command}")
