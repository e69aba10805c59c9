"""visitord models import-mxnet: a pack of an old MXNet checkpoint."""

import shutil
from pathlib import Path

import click

from visitord.cli.configuration import config
from visitord.cli.paths import PATH
from visitord.core.config import Config
from visitord.core.errors import ModelError
from visitord.core.values import valid_name
from visitord.models import catalog, installed
from visitord.models.opening import open_pack


@click.command("import-mxnet")
@click.argument("prefix", type=PATH)
@click.option(
    "--epoch", type=click.IntRange(0), required=True, help="Which of the PREFIX-0000.params."
)
@click.option(
    "--name", metavar="PACK", help="[default: PREFIX without folders; for model, its folder's name]"
)
@click.option(
    "--output",
    metavar="NODE",
    help="What gives the embedding [default: fc1, else the network's end].",
)
@click.option(
    "--native",
    is_flag=True,
    help="Have MXNet itself run it, under models.mxnet_python [default: STATE_DIR/mxnet].",
)
def import_mxnet(
    prefix: Path,
    epoch: int,
    name: str | None,
    output: str | None,
    native: bool,
) -> None:
    """Make a pack of an old MXNet checkpoint, PREFIX-symbol.json and PREFIX-0000.params.

    It becomes the recogniser; faces are found by the default pack's detector.
    """
    from visitord.models.mxnet.writing import LICENCE, write_pack

    settings = config()
    prefix = prefix.absolute()
    name = name or _default_name(prefix)
    folder = settings.models_dir / name
    if not _may_be_called(settings, name) or folder.exists():
        raise ModelError(
            f"The pack cannot be called {name}: that is no name, or one in use; "
            "give it another --name."
        )

    # Made aside, so that it has its name only once it was opened.
    aside = settings.models_dir / f".{name}.part"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        write_pack(aside, prefix, epoch, output, native)
        made = open_pack(settings, name, aside)
        aside.rename(folder)
        installed.note(settings, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    click.echo(
        f"{name} is in {folder} ({made.dim} numbers a face; {LICENCE}).  "
        f'To use it: models.pack = "{name}".'
    )


def _default_name(prefix: Path) -> str:
    """What the checkpoint is called, which insightface's folders say in place of the files."""
    if prefix.name == "model":
        return prefix.parent.name
    return prefix.name


def _may_be_called(settings: Config, name: str) -> bool:
    """Whether this name in `models.pack` would mean a pack of its own in the models' folder."""
    if not valid_name(name) or name.startswith(".") or name == catalog.DEFAULT:
        return False
    meant = catalog.folder_of(name, settings.models_dir, settings.folder)
    return meant == settings.models_dir / name
