"""Who a track is: pure rules over its best samples and the gallery's scores."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from uuid import UUID, uuid5

import numpy as np

from visitord.core.records import (
    Decision,
    FaceSample,
    PooledSamples,
    Template,
    Thresholds,
    TrackReport,
    Verdict,
)

POOLED = 5
AGREEMENT_SAMPLES = 4
WEAK_QUALITY = 0.4  # of an identity's only template
WEAK_EXTRA = 0.05  # more similarity it takes to be matched with such an identity
TEMPLATES_MAX = 8
ADDS_NOTHING_NEW = 0.8  # a template this close to the ones there already teaches nothing
RIPE_S = 15.0  # a track this old is decided even if waiting might give a better sample
_NAMESPACE = UUID("0b7c2d1e-57a5-5e0c-8a44-2f1f0f6f7c2a")


def pool(samples: Sequence[FaceSample]) -> PooledSamples | None:
    """Join the best few samples, weighted by quality; flawed ones count only where there are no
    others.
    """
    good = [s for s in samples if not s.quality.flaws]
    chosen = (good or list(samples))[:POOLED]
    if not chosen:
        return None
    agreement = None
    if len(good) >= AGREEMENT_SAMPLES:
        halves = np.stack([np.sum([s.embedding for s in good[i::2]], axis=0) for i in (0, 1)])
        agreement = float(np.prod(halves, axis=0).sum() / np.linalg.norm(halves, axis=1).prod())
    weights = np.array([max(s.quality.score, 0.01) for s in chosen], np.float32)
    mean = (np.stack([s.embedding for s in chosen]) * weights[:, None]).sum(0)
    length = float(np.linalg.norm(mean))
    if length < 1e-6:
        return None
    quality, face_px = (
        float(np.mean([s.quality.score for s in chosen])),
        max(s.face_px for s in chosen),
    )
    return PooledSamples(
        np.asarray(mean / length, np.float32), quality, len(good), face_px, agreement
    )


def decide(
    report: TrackReport,
    pooled: PooledSamples | None,
    ranking: Sequence[tuple[UUID, float]],
    excluded: AbstractSet[UUID],
    thresholds: Thresholds,
    weak: AbstractSet[UUID] = frozenset(),
) -> Verdict:
    """The verdict on one track.

    ranking: identities with their best similarity, best first.  excluded: identities seen in the
    same frames, who therefore are other people.  weak: identities known from one poor template,
    which strangers resemble more easily.  A verdict that is not `certain` should be taken only once
    the track has ended or is ripe: until then a better sample may come.
    """
    candidates = [(i, s) for i, s in ranking if i not in excluded]
    (best_id, score), (second_id, second) = (*candidates[:2], *[(None, None)] * 2)[:2]
    if pooled is None:
        return Verdict(Decision.PENDING, None, None, None, "no usable sample")

    def verdict(
        decision: Decision, identity_id: UUID | None, reason: str, certain: bool = False
    ) -> Verdict:
        rests_on = {"candidate_id": best_id, "second_id": second_id}
        return Verdict(decision, identity_id, score, second, reason, certain, certain, **rests_on)

    if report.liveness and report.liveness.blocked:
        below = f"liveness {report.liveness.score:.2f} is below {report.liveness.threshold:.2f}"
        doubt = f"{below}: a picture of a face, it seems"
        return verdict(Decision.PENDING, None, doubt)
    match = thresholds.match + (WEAK_EXTRA if best_id in weak else 0.0)
    if score is not None and score >= match:
        clear = score >= thresholds.certain and (second is None or second < thresholds.match)
        reason = f"similarity {score:.2f} reaches match {match:.2f}"
        return verdict(Decision.MATCHED, best_id, reason, clear and pooled.good_samples > 0)
    if score is not None and score >= thresholds.new:
        poor = " for someone known from one poor picture" if best_id in weak else ""
        reason = f"similarity {score:.2f} lies between new {thresholds.new:.2f} and match {match:.2f}{poor}"
        return verdict(Decision.PENDING, None, reason)
    known = (
        f"best similarity {score:.2f} is below new {thresholds.new:.2f}"
        if score is not None
        else "nobody known"
    )
    if pooled.good_samples < samples_needed(report):
        reason = f"{known}, but only {pooled.good_samples} good samples of {samples_needed(report)} needed to enrol"
        return verdict(Decision.PENDING, None, reason)
    return verdict(Decision.ENROLLED, new_identity_id(report.sighting_id), known)


def samples_needed(report: TrackReport) -> int:
    """How many flawless samples enrol: a photograph has only one, a moving face must be seen well
    thrice.
    """
    return 1 if report.still else 3


def is_ripe(report: TrackReport) -> bool:
    """Whether the track must be decided now."""
    return report.final or (report.ended_at - report.started_at).total_seconds() >= RIPE_S


def new_identity_id(sighting_id: UUID) -> UUID:
    """The id of the person enrolled from this sighting: the same sighting never makes two people."""
    return uuid5(_NAMESPACE, f"identity {sighting_id}")


def template_id(sighting_id: UUID, pack: str = "") -> UUID:
    """The id of the template learnt from this sighting; `pack`: by another one than that which
    decided it.
    """
    return uuid5(_NAMESPACE, f"template {sighting_id} {pack}".rstrip())


def template_update(
    report: TrackReport,
    verdict: Verdict,
    pooled: PooledSamples | None,
    held: int,
    alike: bool = True,
) -> Template | None:
    """The template to keep from this sighting, if any.

    held: how many the identity has.  alike: whether this looks like the first one too, without
    which the identity would drift from face to face.  Whoever is enrolled needs a first one; later
    ones are learnt only from strong, unambiguous matches, while there is room, and where they add
    something.
    """
    if pooled is None or verdict.identity_id is None:
        return None
    new = (verdict.score or 0.0) < ADDS_NOTHING_NEW
    if verdict.decision is Decision.ENROLLED or (
        verdict.learn and alike and new and held < TEMPLATES_MAX
    ):
        whose = verdict.identity_id
        return Template(
            template_id(report.sighting_id), whose, whose, pooled.embedding, pooled.quality
        )
    return None
