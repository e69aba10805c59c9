"""Sites and cameras that are asked for by name."""

from unicodedata import normalize

import click
import pytest

from visitord.cli.arguments import CAMERA, SITE, Place
from visitord.cli.deferred import DeferredCommand
from visitord.cli.visitorctl import main as visitorctl
from visitord.cli.visitord import main as visitord

SOURCES = {"enroll"}  # whose camera may be an address too, of which no letter may be changed


@pytest.mark.parametrize("place", [CAMERA, SITE])
def test_a_place_is_sought_in_the_form_in_which_it_is_kept(place: Place) -> None:
    assert place.convert(normalize("NFD", "Café"), None, None) == "Café"


def test_every_command_seeks_places_in_that_form() -> None:
    asked = {
        command.name: parameter.type
        for group in (visitorctl, visitord)
        for command in loaded(group)
        for parameter in command.params
        if parameter.name in ("camera", "site") and command.name not in SOURCES
    }
    assert {"visits", "stats", "export", "snapshot", "forget", "replay"} <= set(asked)
    assert [name for name, kind in asked.items() if not isinstance(kind, Place)] == []


def loaded(group: click.Command) -> list[click.Command]:
    """A program's commands and theirs."""
    if isinstance(group, DeferredCommand):
        return loaded(group.loaded)
    if isinstance(group, click.Group):
        return [one for command in group.commands.values() for one in loaded(command)]
    return [group]
