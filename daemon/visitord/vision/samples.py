"""The face samples of one track: those described, and candidates that may be worth it later.

Describing a face is the dearest step there is, and a track is decided by its best few samples.  So
the best pictures of a face are kept as candidates, and described when the track is next reported:
by then most of them were outdone by better ones.
"""

from visitord.core.records import Candidate, FaceSample, Quality

SAMPLES_KEPT = 8
BEST = 5  # a decision rests on no more
# So many good ones, and whoever it is can be enrolled.
GOOD = 3
CANDIDATES_KEPT = 3
# So many good ones do before the last report.
GOOD_EARLY = 2
# How many times as good as what it takes the place of must be a candidate, and where there are good
# samples enough one that is described; before the track's end, when better ones may still come.
BETTER = 1.05
MUCH_BETTER = 1.15
# Samples of less than this share of what the size and the score of a detection promise are poor:
# half hidden faces reach 0.6 of it, others seen as well 0.9.
POOR = 0.75

Rank = tuple[bool, float]
"""Clear ones are above all others, then the quality decides.

Those of a covered face stand beside the flawless ones, so that a cover that is missed now and then
is still told by most of them.
"""


class Samples:
    """Owned by its track."""

    def __init__(self, sample: FaceSample) -> None:
        self._described: list[FaceSample] = [sample]
        self._candidates: list[Candidate] = []
        # What share of the quality that its detection allows the last candidate had.
        self._clarity = 1.0

    @property
    def described(self) -> tuple[FaceSample, ...]:
        """The best few, best first."""
        return tuple(self._described)

    @property
    def good(self) -> int:
        """How many of those described are good."""
        return sum(one.quality.is_good for one in self._described)

    def add(self, sample: FaceSample) -> None:
        """Keep a further sample if it is among the best."""
        self._described = sorted([*self._described, sample], key=_rank, reverse=True)[:SAMPLES_KEPT]

    def may_use(self, at_best: Quality) -> bool:
        """Whether a picture that is so good at best may become a candidate."""
        if not at_best.is_clear and (
            self.good or any(one.quality.is_good for one in self._candidates)
        ):
            return False

        expected = (at_best.is_clear, at_best.score * self._clarity)
        return all(expected > _times(bar, BETTER) for bar in self._bars())

    def lack_good(self, at_best: Quality) -> bool:
        """Whether there are too few good ones, with a picture at hand that is so good at best.

        Three are enough; but of poor ones, as of somebody half hidden, only many together tell who
        that is: each is 0.3 to 0.4 like the person, eight of them 0.5.
        """
        if self.good < GOOD:
            return True
        needed = self._described[GOOD - 1]
        return self.good < SAMPLES_KEPT and needed.quality.score < POOR * at_best.score

    def offer(self, candidate: Candidate, at_best: Quality) -> None:
        """Take a candidate if it is of use; at_best: how good it could have been."""
        self._clarity = min(1.0, candidate.quality.score / max(at_best.score, 1e-6))
        if not candidate.quality.is_clear and self.good:
            return
        kept = sorted([*self._candidates, candidate], key=_rank, reverse=True)
        self._candidates = kept[:CANDIDATES_KEPT]

    def take_due(self, *, final: bool) -> list[Candidate]:
        """Take out the candidates to be described for a report, best first.

        final: it is the track's last report.
        """
        if self.good < GOOD:
            count = len(self._candidates) if final else max(1, GOOD_EARLY - self.good)
            taken = self._candidates[:count]
        else:
            better = BETTER if final else MUCH_BETTER
            weakest = _rank(self._described[:BEST][-1])
            useful = [one for one in self._candidates if _rank(one) > _times(weakest, better)]
            taken = useful if final else useful[:1]

        self._candidates = [one for one in self._candidates if one not in taken]
        return taken

    def take_best(self) -> list[Candidate]:
        """Take out the best candidate if there is one and no good sample, to compare with."""
        if self.good or not self._candidates:
            return []
        best, *self._candidates = self._candidates
        return [best]

    def _bars(self) -> list[Rank]:
        """What a further candidate has to be better than."""
        bars: list[Rank] = []
        if len(self._described) >= BEST:
            bars.append(_rank(self._described[BEST - 1]))
        if len(self._candidates) == CANDIDATES_KEPT:
            bars.append(_rank(self._candidates[-1]))
        return bars


def _rank(one: FaceSample | Candidate) -> Rank:
    return one.quality.is_clear, one.quality.score


def _times(rank: Rank, factor: float) -> Rank:
    """So many times the quality."""
    good, score = rank
    return good, score * factor
