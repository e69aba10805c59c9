"""visitorctl review: the page to name faces."""

import click

from visitord.cli.configuration import installed
from visitord.cli.connection import connect
from visitord.core import values
from visitord.core.clock import Clock


def _address(_: click.Context, __: click.Parameter, given: str | None) -> tuple[str, int] | None:
    try:
        return values.address(given) if given else None
    except ValueError as error:
        raise click.BadParameter(f'"{given}" {error}.') from None


@click.command()
@click.option(
    "--listen",
    metavar="HOST:PORT",
    callback=_address,
    help="Instead of review.listen or 127.0.0.1:8642.",
)
@click.option("--link", is_flag=True, help="Only print a link, for the page that the daemon shows.")
@click.option(
    "--sign-out-all", is_flag=True, help="Only sign every browser out, and void unused links."
)
def review(listen: tuple[str, int] | None, link: bool, sign_out_all: bool) -> None:
    """Name faces in a browser, and say who is who.

    Prints a link to open, and serves the page until stopped.  The link is the key to all faces: it
    works once, within 15 minutes, and signs that browser in.
    """
    from visitord.web import server
    from visitord.web.sessions import Sessions

    settings = installed()
    sessions = Sessions(settings.state, Clock(), settings.review.session)
    if sign_out_all:
        return click.echo(f"Signed out: {sessions.end_all()} browser(s); no link is valid.")

    listen = listen or settings.review.listen or server.DEFAULT
    if link:
        address = server.address(listen, settings.review.hosts)
        if not server.answers(listen):
            click.echo(
                f"Nobody serves the page at {address} now: visitorctl review does until you stop "
                "it, and visitord run does where review.listen is set.",
                err=True,
            )
        return click.echo(server.link(address, sessions.new_link()))
    page = server.Review(settings, connect(wait=True), listen, Clock())
    click.echo(f"The review page is open; Ctrl-C closes it:\n{page.new_link()}")
    return page.run()
