"""visitorctl rename."""

import click

from visitord.admin import naming
from visitord.cli.arguments import WHO
from visitord.cli.connection import connect
from visitord.cli.saying import say


@click.command()
@click.argument("who", type=WHO)
@click.argument("name", required=False)
@click.option("--clear", is_flag=True, help="Take the name away instead.")
def rename(who: str, name: str | None, clear: bool) -> None:
    """Give a person a name; it shows everywhere at once."""
    if clear == (name is not None):
        raise click.UsageError("Say the new name, or --clear to take the name away.")
    if name is None:
        person = naming.clear(connect(), who)
        return say(f"{person.name} is called {person.label} again.")

    renamed = naming.rename(connect(), who, name)
    say(f"{renamed.person.name} is now called {renamed.name}.")
    if renamed.namesakes:
        labels = [other.label for other in renamed.namesakes]
        command = f'visitorctl merge "{labels[0]}" "{renamed.person.label}"'
        say(f"So is {', '.join(labels)}; if they are one person: {command}")
    return None
