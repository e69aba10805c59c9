"""visitorctl completion: what makes a shell complete commands, options, people and cameras."""

from pathlib import Path

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what makes SHELL complete commands, options, people and cameras.

    Put the line for your shell where it reads its settings: ~/.bashrc, ~/.zshrc (after compinit),
    or ~/.config/fish/config.fish.
    """
    root = ctx.find_root()
    name = Path(root.info_name or "visitorctl").name
    variable = f"_{name}_COMPLETE".replace("-", "_").upper()

    made = get_completion_class(shell)
    assert made  # noqa: S101 - one of the three that click knows
    source = made(root.command, {}, name, variable).source()

    # In bash, read would eat backslashes.
    click.echo(source.replace("read type value", "read -r type value"))
