"""Who a track is: pure rules over its best samples and the gallery's scores.

A track's best samples are pooled into one embedding, which is compared with everyone known but
those seen in the same frames.  The first line that holds decides:

    the track                       the best identity           decision
    ------------------------------  --------------------------  -----------------------------
    has no usable sample            any                         pending
    looks like a picture of a face  any                         pending
    any                             reaches `match`             matched
    looks like somebody beside it   does not, or there is none  pending: a reflection
    is of a covered face            does not, or there is none  pending: covered
    is seen well                    does not, or there is none  enrolled: a new identity
    has too few good samples        does not, or there is none  pending: not seen well enough

`match` grows with the number of people known (`identity/thresholds.py`).  It is lower for somebody
seen lately, of whom there are few, a little higher for somebody known from a single poor template,
and well higher for a face whose eyes or mouth are covered, for such faces are alike; the best
identity is the one that is furthest above its own.  A match that is clear is certain, so it need
not wait for the end of the track.  One that is seen well and whom nobody else is nearly as like
teaches a further template.  Whoever is seen well is never pending: one enrolled just below `match`
is a doubt, which is kept as a question about the two.  What is pending has no identity; the merge
job may settle it later, but for a covered face.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeGuard
from uuid import UUID, uuid5

import numpy as np

from visitord.core.records import (
    Decision,
    Embedding,
    FaceSample,
    Liveness,
    PooledSamples,
    Template,
    Thresholds,
    TrackReport,
    Verdict,
)
from visitord.identity.centring import centred
from visitord.identity.reflections import Reflection

POOLED = 5  # samples, at most
AGREEMENT_SAMPLES = 4  # it takes to say how well a track agrees with itself
WEAK_QUALITY = 0.4  # of an identity's only template, below which it is weak
WEAK_EXTRA = 0.05  # more similarity it takes to be matched with such an identity
# More similarity it takes to match a covered face with anybody.  Of 255 drawn covers 2 in 100 reach
# somebody else's bare face at 0.38, none at 0.45.  Of pairs of strangers who are both covered, 3, 1
# and 0.4 in 100 reach 0.38, 0.45 and 0.5: a template may be of somebody whose cover was missed.
# Their own bare faces are reached by 52, 32 and 20 in 100.
COVERED_EXTRA = 0.1
DOUBT = 0.05  # of similarity below a match, within which whoever is enrolled may be known after all
TEMPLATES_MAX = 8  # of an identity
ADDS_NOTHING_NEW = 0.8  # a template this close to the ones there already teaches nothing
RIPE_S = 15.0  # a track this old is decided even if waiting might give a better sample
# What a match takes to teach a template: similarity above its threshold, and above anybody else's,
# so that whoever is between two people teaches neither what the other looks like.  Where only
# matches well above the threshold taught (by 0.13), regulars kept a first look that they seldom
# reached: after a made-up month (`bench/month.py`, before means are merged) 102 people of 3,300 had
# two identities, and 45 with this margin.
TEACHES_MARGIN = 0.03
TEACHES_LEAD = 0.1
RECENT = timedelta(days=1)  # whoever was seen within it was seen lately
ENROLLING_SAMPLES = 3  # good ones of a moving face, before it becomes an identity

WHY_COVERED = "the eyes or the mouth seem to be covered: such a face enrols nobody"

_LEAST_WEIGHT = 0.01  # of a sample, so that those of no quality still have a direction
_NAMESPACE = UUID("0b7c2d1e-57a5-5e0c-8a44-2f1f0f6f7c2a")


# From samples to one embedding


def pool(samples: Sequence[FaceSample], centre: Embedding | None = None) -> PooledSamples | None:
    """Join the best few samples; None where there are none, or they cancel each other.

    Flawed ones count only where there are no others; of a covered face none is good.  centre: of
    the pack, if it has one; halves are compared without it.
    """
    hidden = _of_a_cover(samples)
    good = [] if hidden else [s for s in samples if s.quality.is_good]
    chosen = (hidden or good or list(samples))[:POOLED]
    embedding = _weighted_mean(chosen)
    if embedding is None:
        return None

    return PooledSamples(
        embedding=embedding,
        quality=float(np.mean([s.quality.score for s in chosen])),
        good_samples=len(good),
        face_px=max(s.face_px for s in chosen),
        agreement=_agreement_of_halves(good, centre),
        covered=bool(hidden),
    )


def _of_a_cover(samples: Sequence[FaceSample]) -> list[FaceSample]:
    """Those of a covered face, if a track's clear samples are of one in half of them or more.

    A cover is not noticed in every picture, and seldom seen where there is none.
    """
    clear = [s for s in samples if s.quality.is_clear]
    hidden = [s for s in clear if not s.quality.is_good]
    return hidden if 2 * len(hidden) >= len(clear) else []


def _weighted_mean(samples: Sequence[FaceSample]) -> Embedding | None:
    """The mean (d,) of their embeddings weighted by quality, of unit length, if it has one."""
    if not samples:
        return None

    weights = np.array([max(s.quality.score, _LEAST_WEIGHT) for s in samples], np.float32)
    mean = (np.stack([s.embedding for s in samples]) * weights[:, None]).sum(axis=0)
    length = float(np.linalg.norm(mean))
    if length < 1e-6:
        return None

    return np.asarray(mean / length, np.float32)


def _agreement_of_halves(good: Sequence[FaceSample], centre: Embedding | None) -> float | None:
    """The cosine between every other sample and the rest: low where two people are in one track."""
    if len(good) < AGREEMENT_SAMPLES:
        return None

    sums = np.stack([np.sum([s.embedding for s in good[i::2]], axis=0) for i in (0, 1)])
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    one, other = centred(np.asarray(sums / lengths, np.float32), centre)
    return float(one @ other)


# From an embedding's scores to a verdict


@dataclass(frozen=True, slots=True)
class _Nearest:
    """The two identities that a track is most likely of.

    Scores are the cosine similarity to the best template of each; all are None where there are so
    few identities.
    """

    best_id: UUID | None
    score: float | None
    second_id: UUID | None
    second_score: float | None

    @classmethod
    def of(
        cls,
        ranking: Sequence[tuple[UUID, float]],
        excluded: AbstractSet[UUID],
        match_of: Callable[[UUID], float],
    ) -> "_Nearest":
        """The two furthest above what is a match for each, of a ranking less those excluded."""
        left = [entry for entry in ranking if entry[0] not in excluded]
        left.sort(key=lambda entry: match_of(entry[0]) - entry[1])  # stable: else the more alike
        missing = (None, None)
        first, second, *_ = [*left, missing, missing]
        return cls(*first, *second)


def decide(
    report: TrackReport,
    pooled: PooledSamples | None,
    ranking: Sequence[tuple[UUID, float]],
    excluded: AbstractSet[UUID],
    thresholds: Thresholds,
    weak: AbstractSet[UUID] = frozenset(),
    recent: AbstractSet[UUID] = frozenset(),
    reflection: Reflection | None = None,
) -> Verdict:
    """The verdict on one track, by the table above.

    Parameters
    ----------
    report
        The track so far.
    pooled
        Its samples joined by `pool`.
    ranking
        Identities with their best cosine similarity, best first.
    excluded
        Identities seen in the same frames, who therefore are other people.
    thresholds
        What holds for the pack at this site, while so many are known.
    weak
        Identities known from one poor template, which strangers resemble more easily.
    recent
        Identities seen lately, as many as the thresholds are for.
    reflection
        Whose reflection it seems to be, of those seen in the same frames.

    Returns
    -------
    verdict
        One that is not `certain` should be taken only once the track has ended or is ripe: until
        then a better sample may come.
    """
    if pooled is None:
        return Verdict(Decision.PENDING, None, None, None, "no usable sample")

    def match_of(identity_id: UUID | None) -> float:
        """The similarity from which it is a match."""
        match = match_threshold(thresholds, identity_id in recent)
        if pooled.covered:
            match = thresholds.match + COVERED_EXTRA
        return match + WEAK_EXTRA if identity_id in weak else match

    nearest = _Nearest.of(ranking, excluded, match_of)
    is_weak = nearest.best_id in weak
    match = match_of(nearest.best_id)

    if report.liveness and report.liveness.blocked:
        return _verdict(nearest, Decision.PENDING, _why_blocked(report.liveness))

    if _reaches(nearest.score, match):
        among = f"{thresholds.people} known"
        if thresholds.recent is not None and nearest.best_id in recent:
            among = f"{len(recent)} seen lately, of {among}"
        why = _why_matched(nearest.score, match, among)
        ambiguous = _reaches(nearest.second_score, match_of(nearest.second_id))
        certain = not ambiguous and _is_clear(nearest, pooled, thresholds)
        strong = _reaches(nearest.score, match + TEACHES_MARGIN) and _leads(nearest)
        teaches = strong and not ambiguous and _is_seen_well(pooled, report)
        matched = _verdict(nearest, Decision.MATCHED, why, nearest.best_id)
        return replace(matched, certain=certain, learn=teaches)

    if reflection:
        why = _why_reflection(reflection)
        return _reflected(nearest, reflection, why)

    why = _why_new(nearest.score, match, is_weak)
    if pooled.covered:
        return _verdict(nearest, Decision.PENDING, f"{why}, but {WHY_COVERED}")
    if not _is_seen_well(pooled, report):
        why = f"{why}, but {_why_not_seen_well(pooled, report)}"
        return _verdict(nearest, Decision.PENDING, why)

    enrolled = _verdict(nearest, Decision.ENROLLED, why, new_identity_id(report.sighting_id))
    return replace(enrolled, doubt=_reaches(nearest.score, match - DOUBT))


def _verdict(
    nearest: _Nearest,
    decision: Decision,
    reason: str,
    identity_id: UUID | None = None,
) -> Verdict:
    """A decision with what it rests on."""
    return Verdict(
        decision=decision,
        identity_id=identity_id,
        score=nearest.score,
        second_score=nearest.second_score,
        reason=reason,
        candidate_id=nearest.best_id,
        second_id=nearest.second_id,
    )


def _reflected(nearest: _Nearest, reflection: Reflection, reason: str) -> Verdict:
    """Nobody: the reflection of somebody who is there."""
    return Verdict(
        decision=Decision.PENDING,
        identity_id=None,
        score=reflection.similarity,
        second_score=nearest.score,
        reason=reason,
        candidate_id=reflection.identity_id,
        second_id=nearest.best_id,
        reflection=True,
    )


# What a decision asks


def match_threshold(thresholds: Thresholds, is_recent: bool) -> float:
    """The similarity from which a track is an identity, seen lately or not, that is not weak."""
    if is_recent and thresholds.recent is not None:
        return thresholds.recent
    return thresholds.match


def _reaches(score: float | None, threshold: float) -> TypeGuard[float]:
    """Whether there is an identity that is as similar as that."""
    return score is not None and score >= threshold


def _is_clear(nearest: _Nearest, pooled: PooledSamples, thresholds: Thresholds) -> bool:
    """Whether a match is strong and well seen: waiting would change nothing."""
    return _reaches(nearest.score, thresholds.certain) and pooled.good_samples > 0


def _leads(nearest: _Nearest) -> bool:
    """Whether no other identity is nearly as similar as the best."""
    assert nearest.score is not None  # noqa: S101 - it is asked of matches
    return nearest.second_score is None or nearest.score - nearest.second_score >= TEACHES_LEAD


def _is_seen_well(pooled: PooledSamples, report: TrackReport) -> bool:
    """Whether a track would be recognised again by what was seen of it."""
    return pooled.good_samples >= samples_needed(report)


def samples_needed(report: TrackReport) -> int:
    """How many flawless samples enrol; a photograph has only one to give."""
    return 1 if report.still else ENROLLING_SAMPLES


def is_ripe(report: TrackReport) -> bool:
    """Whether the track must be decided now."""
    return report.final or (report.ended_at - report.started_at).total_seconds() >= RIPE_S


# What a decision says


def _why_blocked(liveness: Liveness) -> str:
    below = f"liveness {liveness.score:.2f} is below {liveness.threshold:.2f}"
    return f"{below}: a picture of a face, it seems"


def _why_matched(score: float, match: float, among: str) -> str:
    return f"similarity {score:.2f} reaches match {match:.2f} (among {among})"


def _why_new(score: float | None, match: float, is_weak: bool) -> str:
    if score is None:
        return "nobody known"
    poor = " for someone known from one poor picture" if is_weak else ""
    return f"best similarity {score:.2f} is below match {match:.2f}{poor}"


def _why_reflection(reflection: Reflection) -> str:
    alike = f"similarity {reflection.similarity:.2f} to somebody in the same picture"
    return f"{alike}: their reflection, it seems"


def _why_not_seen_well(pooled: PooledSamples, report: TrackReport) -> str:
    needed = samples_needed(report)
    return f"only {pooled.good_samples} good samples of {needed} needed to enrol"


# What follows from a decision


def template_update(
    report: TrackReport,
    verdict: Verdict,
    pooled: PooledSamples | None,
    held: int,
    alike: bool = True,
    poor: bool = False,
) -> Template | None:
    """The template to keep from this sighting, if any.

    Whoever is enrolled needs a first one; later ones are learnt only from unambiguous matches that
    are seen well, while there is room, and where they add something, or take the place of a poor
    one.

    Parameters
    ----------
    report
        The track.
    verdict
        What was decided about it.
    pooled
        Its samples joined by `pool`.
    held
        How many templates the identity has.
    alike
        Whether this looks like the first of them too, without which the identity would drift from
        face to face.
    poor
        Whether the only one it has is poor; a certain match that is a `good_look` takes its place.
    """
    if pooled is None or verdict.identity_id is None:
        return None

    first = verdict.decision is Decision.ENROLLED
    better = poor and verdict.certain and good_look(report, pooled)
    teaches = better or _adds_something(verdict, held)
    if not first and not (verdict.learn and alike and teaches):
        return None

    return Template(
        template_id=template_id(report.sighting_id),
        identity_id=verdict.identity_id,
        root_id=verdict.identity_id,
        embedding=pooled.embedding,
        quality=pooled.quality,
    )


def good_look(report: TrackReport, pooled: PooledSamples) -> bool:
    """Whether a track shows a face well enough to take the place of a poor template."""
    return _is_seen_well(pooled, report) and pooled.quality >= WEAK_QUALITY


def _adds_something(verdict: Verdict, held: int) -> bool:
    """Whether there is room for a further template, and it differs from those there."""
    similarity = verdict.score or 0.0
    return held < TEMPLATES_MAX and similarity < ADDS_NOTHING_NEW


def new_identity_id(sighting_id: UUID) -> UUID:
    """The id of the person enrolled from this sighting: it never makes two people."""
    return uuid5(_NAMESPACE, f"identity {sighting_id}")


def template_id(sighting_id: UUID, pack: str = "") -> UUID:
    """The id of the template learnt from this sighting.

    pack: the one it was described with, unless that is the one that decided the sighting.
    """
    return uuid5(_NAMESPACE, f"template {sighting_id} {pack}".rstrip())
