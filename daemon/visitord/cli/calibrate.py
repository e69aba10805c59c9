"""visitorctl calibrate: how well people are told apart here, and what follows."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from visitord.admin import calibration
from visitord.admin.calibration import SiteCalibration
from visitord.cli.configuration import config
from visitord.cli.connection import connect
from visitord.cli.files import save
from visitord.cli.listing import show
from visitord.cli.paths import PATH
from visitord.cli.working import working
from visitord.core.clock import Clock
from visitord.core.config import Config
from visitord.identity.calibration import Outcome, Promise, Rate, spread
from visitord.models.opening import open_pack


@click.command()
@click.option(
    "--rate",
    type=click.FloatRange(1e-9, 0.5),
    default=0.001,
    show_default=True,
    help="The share of pairs of people at whose similarity theirs are measured.",
)
@click.option("--picture", type=PATH, metavar="FILE.png", help="Also draw the scores.")
@click.option("--apply", "take", is_flag=True, help="Let what was measured hold at this site.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", help="How to print."
)
def calibrate(rate: float, picture: Path | None, take: bool, form: str) -> None:
    """How well this site's own sightings tell people apart, and which thresholds follow.

    Two faces in one picture are two people; the two halves of one sighting are one person.
    Measured is how alike two people are at most, but for --rate of the pairs, with 95 % confidence:
    from that follows the `match` that keeps the promise of models.strangers however many people are
    known.
    """
    settings = config()
    database = connect()
    pack = open_pack(settings)
    with working("Reading scores"):
        measured = calibration.measure(database, settings, pack, rate)

    if picture:
        _draw(picture, measured, rate)
    if form == "json":
        _print_json(settings, measured, rate)
    else:
        _print_tables(measured, rate, form)

    if take:
        proposed = measured.result.proposed
        applied = calibration.apply(database, settings, pack, proposed, Clock())
        sentence = f"Applied at {settings.site.name}: running daemons take it at their next start."
        if applied.overruled:
            sentence += f" But models.match in {settings.path} goes before it."
        click.echo(sentence, err=form == "json")


def _outcomes(measured: SiteCalibration, rate: float) -> dict[str, Outcome]:
    """What the rule in force brings, and the one proposed, if there is."""
    outcomes = {"in force": measured.result.current}
    if measured.result.proposed:
        outcomes[f"proposed for {rate:g}"] = measured.result.proposed
    return outcomes


def _draw(path: Path, measured: SiteCalibration, rate: float) -> None:
    from visitord.cli import score_plot  # a vision library, for a picture alone

    outcomes = _outcomes(measured, rate)
    matches = {f"match {name}": outcome.match for name, outcome in outcomes.items()}
    save(path, score_plot.draw(measured.sample, matches))


def _print_json(settings: Config, measured: SiteCalibration, rate: float) -> None:
    sample = measured.sample
    about = {
        "site": settings.site.name,
        "couples": sample.couples,
        "identities": sample.identities,
        "wanted": rate,
        "different": spread(sample.different),
        "same": spread(sample.same),
    }
    click.echo(json.dumps(about | asdict(measured.result), indent=2))


def _print_tables(measured: SiteCalibration, rate: float, form: str) -> None:
    sample = measured.sample
    different = {"people": "different", **spread(sample.different)}
    same = {"people": "same", **spread(sample.same)}
    show([different, same], form, "", tuple(same))
    click.echo(
        f"\nThe different ones are {sample.couples} pairs of people: "
        "few people say little of others.\n"
    )

    outcomes = _outcomes(measured, rate)
    rows = [row(name, outcome, sample.identities) for name, outcome in outcomes.items()]
    show(rows, form, "", tuple(rows[0]))
    click.echo(_why_none(measured, rate))

    promises = [promise_row(promise) for promise in measured.result.promises]
    show(promises, form, "", tuple(promises[0]))


def promise_row(promise: Promise) -> dict[str, str]:
    """What becomes of the promise as the gallery grows, as a row of a table."""
    proposed = ""
    if promise.proposed is not None:
        proposed = f"{promise.proposed:.2f}"
    return {
        "people known": str(promise.people),
        "match": f"{promise.match:.2f}",
        "of 1,000 strangers taken for somebody": f"{promise.strangers:.2g}",
        "match proposed": proposed,
    }


def row(name: str, outcome: Outcome, known: int) -> dict[str, str]:
    """What a rule brings, with `known` people known, as a row of a table."""
    return {
        "taken (95 %)": name,
        "match": f"{outcome.match:.2f}",
        "dims": f"{outcome.dims:.1f}",
        "two people for one": in_words(outcome.false_match),
        f"visitor for any of {known}": in_words(outcome.per_visit),
        "one person for two": in_words(outcome.false_non_match),
    }


def in_words(rate: Rate) -> str:
    """A rate with its interval; nothing without a trial."""
    if rate.rate is None:
        return ""
    return f"{rate.rate:.2g} ({rate.low:.2g} to {rate.high:.2g})"


def _why_none(measured: SiteCalibration, rate: float) -> str:
    """Why nothing is proposed; an empty line where something is."""
    if measured.result.proposed:
        return ""
    if not measured.result.missing:
        why = "people seen together look the same; is there a mirror or a screen in view?"
        return f"\nNo proposal: {why}.\n"

    pairs = len(measured.sample.different)
    proven = min(1, 3.7 / max(1, pairs))
    return (
        f"\nNo proposal: {pairs} pairs prove no rate below {proven:.2g}; "
        f"{rate:g} needs {measured.result.missing} more.\n"
    )
