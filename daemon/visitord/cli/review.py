"""visitorctl review: the page to name faces."""

import click

from visitord.cli.configuration import installed
from visitord.cli.connection import connect
from visitord.core.values import address


def _address(_: click.Context, __: click.Parameter, given: str | None) -> tuple[str, int] | None:
    try:
        return address(given) if given else None
    except ValueError as error:
        raise click.BadParameter(f'"{given}" {error}.') from None


@click.command()
@click.option(
    "--listen",
    metavar="HOST:PORT",
    callback=_address,
    help="Instead of review.listen or 127.0.0.1:8642.",
)
@click.option(
    "--link", is_flag=True, help="Only print the link, for the page that the daemon shows."
)
def review(listen: tuple[str, int] | None, link: bool) -> None:
    """Name faces in a browser, and say who is who.

    Prints a link to open, and serves the page until stopped.  Its token is the key to all faces:
    keep it to yourself.
    """
    from visitord.web import security, server

    settings = installed()
    listen = listen or settings.review.listen or server.DEFAULT
    if link:
        return click.echo(
            server.link(listen, security.token(settings.state), settings.review.hosts)
        )
    page = server.Review(settings, connect(wait=True), listen)
    click.echo(f"The review page is open; Ctrl-C closes it:\n{page.link}")
    return page.run()
