"""Who a track is, by a gallery: the verdict, and what is learnt from it.  No I/O."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from uuid import UUID

from visitord.core.records import DecidedSighting, Decision, PooledSamples, TrackReport
from visitord.identity import decision
from visitord.identity.gallery import Gallery
from visitord.identity.reflections import Companion, reflection
from visitord.identity.thresholds import MatchRule

RANKED = 2  # people that a decision is between


@dataclass(frozen=True, slots=True, eq=False)
class DecidedTrack:
    """A decision on a track.

    sighting: ready to be written.  person: the identity it is filed under, the one that stands for
    all those merged into it; None while the track is nobody's.
    """

    sighting: DecidedSighting
    person: UUID | None


def decide_track(
    report: TrackReport,
    pooled: PooledSamples | None,
    companions: AbstractSet[UUID],
    gallery: Gallery,
    rule: MatchRule,
    pack: str,
    recent: AbstractSet[UUID] = frozenset(),
    beside: Sequence[Companion] = (),
) -> DecidedTrack | None:
    """Decide a track, or return None while waiting may give a better sample.

    Parameters
    ----------
    report
        The track.
    pooled
        Its best samples as one, None where none can be used.
    companions
        Who was seen in the same pictures, and therefore is somebody else.
    gallery
        Everyone it may be.
    rule
        How similar is similar enough at the site.
    pack
        Fingerprint of the recogniser that made the samples.
    recent
        Who was seen lately.
    beside
        What the companions looked like meanwhile.
    """
    of_recent = gallery.count_of(recent)
    thresholds = rule.at(gallery.people, len(recent), gallery.count, of_recent)
    ranking = []
    if pooled:
        ranking = gallery.rank(pooled.embedding, RANKED + len(companions), recent)
    weak = {i for i, _ in ranking if gallery.weak(i, decision.WEAK_QUALITY)}
    mirrored = None
    if pooled:
        mirrored = reflection(pooled.embedding, beside, gallery.centre, thresholds.match)
    verdict = decision.decide(
        report, pooled, ranking, companions, thresholds, weak, recent, mirrored
    )
    if not verdict.certain and not decision.is_ripe(report):
        return None

    person = verdict.identity_id
    template = None
    replaced = None
    if person and pooled:
        held = gallery.count_of([person])
        match = decision.match_threshold(thresholds, person in recent)
        alike = gallery.resembles_first(person, pooled.embedding, match)
        poor = gallery.poor_only(person, decision.WEAK_QUALITY)
        template = decision.template_update(report, verdict, pooled, held, alike, poor is not None)
        if template and verdict.certain and decision.good_look(report, pooled):
            replaced = poor

        # Of those merged into one, the one this looks most like: they take it along if
        # the merge is undone.
        part = gallery.part(person, pooled.embedding)
        verdict = replace(verdict, identity_id=part)
        if template:
            template = replace(template, identity_id=part)

    sighting = DecidedSighting(report, verdict, pooled, pack, template, replaced=replaced)
    return DecidedTrack(sighting, person)


def unless_known(decided: DecidedTrack) -> DecidedTrack:
    """The same of a track that may be of somebody who was forgotten since: nobody new comes of it.

    Whoever is known is matched as ever.  Of everyone else it stays that somebody was there, and
    nothing by which they could be recognised.
    """
    verdict = decided.sighting.verdict
    if verdict.decision is Decision.MATCHED:
        return decided

    reason = f"seen before people were forgotten, written after that; {verdict.reason}"
    nobody = replace(
        verdict,
        decision=Decision.PENDING,
        identity_id=None,
        reason=reason,
        certain=False,
        learn=False,
        doubt=False,
    )
    sighting = replace(
        decided.sighting, verdict=nobody, template=None, replaced=None, anonymous=True
    )
    return DecidedTrack(sighting, None)
