"""visitorctl calibrate: how well people are told apart at this site, and which thresholds follow."""

import json
import math
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
import numpy as np

from visitord.admin.calibration import read_sample
from visitord.cli.console import PATH, config, database, save, show
from visitord.cli.working import working
from visitord.core.errors import VisitordError
from visitord.identity import calibration
from visitord.models.opening import open_pack
from visitord.service import wiring
from visitord.store import calibration as stored
from visitord.store.embedded import account_name

_COLOURS = (
    (30, 130, 240),
    (190, 110, 30),
    (30, 30, 30),
    (60, 140, 0),
)  # orange, blue, black, green


@click.command()
@click.option(
    "--rate",
    type=click.FloatRange(1e-9, 0.5),
    default=0.001,
    show_default=True,
    help="False matches wanted.",
)
@click.option("--picture", type=PATH, metavar="FILE.png", help="Also draw the scores.")
@click.option(
    "--apply", "take", is_flag=True, help="Let the proposed thresholds hold at this site."
)
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", help="How to print."
)
def calibrate(rate: float, picture: Path | None, take: bool, form: str) -> None:
    """How well this site's own sightings tell people apart, and which thresholds follow.

    Two faces in one picture are two people; the two halves of one sighting are one person.
    Proposed is the smallest `match` at which two people pass for one, with 95 % confidence, at most
    at --rate.
    """
    settings, opened = config(), database()
    pack, site = open_pack(settings), settings.site.name
    with working("Reading scores"), opened.transaction() as cursor:
        sample = read_sample(cursor, site, pack.fingerprint)
    result = calibration.calibrate(
        sample, wiring.thresholds(settings, pack, opened), pack.thresholds, rate
    )
    new, n = result.proposed, len(sample.different)
    outcomes = {"in force": result.current} | ({f"proposed for {rate:g}": new} if new else {})
    if picture:
        save(
            picture,
            _draw(sample, {f"match {name}": outcome.match for name, outcome in outcomes.items()}),
        )
    spread = {
        "different": calibration.spread(sample.different),
        "same": calibration.spread(sample.same),
    }
    if form == "json":
        about = {
            "site": site,
            "couples": sample.couples,
            "identities": sample.identities,
            "wanted": rate,
        }
        click.echo(json.dumps(about | spread | asdict(result), indent=2))
    else:
        show(
            [{"people": kind, **values} for kind, values in spread.items()],
            form,
            "",
            ("people", *spread["same"]),
        )
        click.echo(
            f"\nThe different ones are {sample.couples} pairs of people: few people say little of others.\n"
        )
        show(
            rows := [_row(*named, sample.identities) for named in outcomes.items()],
            form,
            "",
            tuple(rows[0]),
        )
        proven = f"{n} pairs prove no rate below {min(1, 3.7 / max(1, n)):.2g}; {rate:g} needs {result.missing} more"
        why = (
            proven
            if result.missing
            else "people seen together look the same; is there a mirror or a screen in view?"
        )
        click.echo("" if new else f"\nNo proposal: {why}.")
    if not take:
        return
    if new is None:
        raise VisitordError(
            "There is no proposal to apply: wait until more people are seen together or raise --rate."
        )
    by, given = account_name(), (settings.models.match, settings.models.new) != (None, None)
    with opened.transaction() as cursor:
        chosen = stored.AppliedThresholds(new.match, new.new)
        stored.apply(cursor, site, pack.fingerprint, chosen, by, datetime.now(UTC))
    but = f" But models.match and models.new in {settings.path} go before it." if given else ""
    click.echo(
        f"Applied at {site}: running daemons take it at their next start.{but}", err=form == "json"
    )


def _row(name: str, outcome: calibration.Outcome, known: int) -> dict[str, str]:
    rates = (outcome.false_match, outcome.per_visit, outcome.false_non_match)
    shown = ("" if r.rate is None else f"{r.rate:.2g} ({r.low:.2g} to {r.high:.2g})" for r in rates)
    names = (
        "taken (95 %)",
        "match",
        "new",
        "two people for one",
        f"visitor for any of {known}",
        "one person for two",
    )
    return dict(
        zip(names, (name, f"{outcome.match:.3f}", f"{outcome.new:.3f}", *shown), strict=True)
    )


def _draw(sample: calibration.Sample, lines: dict[str, float]) -> bytes:
    """A PNG of 900×500 pixels: a histogram of each kind of scores, and thresholds as lines."""
    import cv2

    kinds = {"different people": sample.different, "same person": sample.same}
    lowest = math.floor(min(0.0, *sample.different, *sample.same, *lines.values()) * 10) / 10
    edges = np.arange(lowest, 1.03, 0.02)
    shares = [np.histogram(scores, edges)[0] / max(1, len(scores)) for scores in kinds.values()]
    highest = math.ceil(max(0.1, *np.concatenate(shares)) * 10) / 10

    def at(score: float, share: float = 0.0) -> tuple[int, int]:
        return round(70 + 810 * (score - lowest) / (edges[-1] - lowest)), round(
            430 - 335 * share / highest
        )

    picture = np.full((500, 900, 3), 255, np.uint8)
    for colour, heights in zip(_COLOURS, shares, strict=False):
        steps = zip(np.repeat(edges, 2), (0, *np.repeat(heights, 2), 0), strict=True)
        bars = cv2.fillPoly(picture.copy(), [np.array([at(*step) for step in steps])], colour)
        picture = np.asarray(cv2.addWeighted(bars, 0.6, picture, 0.4, 0), np.uint8)
    legend = [
        *(f"{k}: {len(s)} scores" for k, s in kinds.items()),
        *(f"{k}: {t:.3f}" for k, t in lines.items()),
    ]
    texts = [
        (text, (70 + 400 * (i // 2), 40 + 28 * (i % 2)), _COLOURS[i])
        for i, text in enumerate(legend)
    ]
    texts += [
        (f"{t / 10:.1f}", (at(t / 10)[0] - 12, 452), _COLOURS[2])
        for t in range(round(lowest * 10), 11)
    ]
    texts += [
        (f"{share:.0%}", (22, at(0, share)[1] + 5), _COLOURS[2])
        for share in np.linspace(0, highest, 6)
    ]
    texts += [
        ("cosine similarity; height: share of the scores of that kind", (70, 480), _COLOURS[2])
    ]
    for threshold, colour in zip(lines.values(), _COLOURS[2:], strict=False):
        cv2.line(picture, at(threshold), at(threshold, highest), colour, 2)
    for text, place, colour in texts:
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
    return cv2.imencode(".png", picture)[1].tobytes()
