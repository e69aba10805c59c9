"""Made-up faces, spread as those of real people are to the default pack.

What a spread is fitted to, all of it cosines without what all faces have in common:

    of                          measured                          made up
    --------------------------  --------------------------------  --------------------------------
    two people                  sd 0.094, 99 % 0.25, 99.9 % 0.34  sd 0.095, 99 % 0.25, 99.9 % 0.34
    two visits of one person    median 0.66, 5 % 0.43 to 0.46,    median 0.66, 5 % 0.45,
                                1 in 250 0.33, 95 % 0.81          1 in 250 0.30, 95 % 0.84
    two samples of one track    median 0.97, 5 % 0.89, 1 % 0.83   median 0.97, 5 % 0.92, 1 % 0.88

Measured: two people on 4,830 pairs of photos of 21 people; visits on 216 pairs of walkers' tracks
of 4 days, eight people with four photographs each, no two of the same photograph; samples on those
68 tracks.  `python bench/faces.py` prints what is made up.

People come in kinds, for the most alike of real people are more alike than chance alone has it.  A
visit is a person's own face and something of that day.  How much is their own differs from person
to person and, with a long tail, from visit to visit, but for one thing: what a real face has of a
day it may have on another (glasses, a beard), and a made-up one never has.
"""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visitord.models import sface

DIM = sface.DIM
KINDS = 24
OF_KIND = 0.26  # share of a person's face that is of their kind

LIKENESS = 0.81  # cosine of a visit to its person, on average
LIKENESS_OF_PERSON_SD = 0.045
LIKENESS_OF_VISIT_SD = 0.075
TAIL = 2.0  # shape of the gamma distribution of what a visit lacks
LEAST = 0.45  # below every one measured (0.63, of 68)
MOST = 0.97

SAMPLE_LACKS = 0.018  # what the cosine of a sample to its track lacks of 1, on average
SAMPLE_LEAST = 0.6

Vectors = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Made-up people.

    own: the direction of each one's face without what all faces have in common (n, d).  likeness:
    the cosine of a visit of theirs to it, on average (n,).
    """

    own: Vectors
    likeness: Vectors

    @classmethod
    def made(cls, people: int, rng: np.random.Generator) -> "People":
        """So many strangers to each other."""
        own = np.sqrt(1 - OF_KIND) * rng.normal(size=(people, DIM))
        own += np.sqrt(OF_KIND) * _kinds()[rng.integers(KINDS, size=people)]
        likeness = LIKENESS + LIKENESS_OF_PERSON_SD * rng.normal(size=people)
        return cls(unit(own), likeness)

    def visits(
        self, who: NDArray[np.intp], rng: np.random.Generator, worse: float = 0.0
    ) -> Vectors:
        """What these people (n,) look like on a visit each: directions (n, d) as `own` has them.

        worse: how much less like themselves than usual.
        """
        lacks = rng.gamma(TAIL, size=len(who)) - TAIL
        likeness = self.likeness[who] - LIKENESS_OF_VISIT_SD * lacks / np.sqrt(TAIL) - worse
        return towards(self.own[who], np.clip(likeness, LEAST, MOST), rng)


def samples(track: Vectors, count: int, rng: np.random.Generator) -> Vectors:
    """So many samples (count, d) of a track (d,), as directions."""
    lacks = rng.exponential(SAMPLE_LACKS, size=count)
    cosines = np.clip(1 - lacks, SAMPLE_LEAST, 1)
    return towards(np.repeat(track[None], count, axis=0), cosines, rng)


def towards(directions: Vectors, cosines: Vectors | float, rng: np.random.Generator) -> Vectors:
    """A direction (n, d) at this cosine to each of these, any such as likely as another."""
    aside = rng.normal(size=directions.shape)
    aside -= (aside * directions).sum(axis=-1, keepdims=True) * directions
    share = np.broadcast_to(cosines, len(directions))[:, None]
    turned: Vectors = share * directions + np.sqrt(1 - share**2) * unit(aside)
    return turned


def embeddings(directions: Vectors) -> NDArray[np.float32]:
    """The unit embeddings (n, d) that point there (n, d) once the pack's centre is subtracted."""
    centre = sface.CENTRE.astype(np.float64)
    along = directions @ centre
    reach = np.sqrt(along**2 + 1 - centre @ centre) - along
    return np.asarray(centre + reach[..., None] * directions, np.float32)


def unit(vectors: Vectors) -> Vectors:
    lengths: Vectors = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / lengths


@functools.cache
def _kinds() -> Vectors:
    """What the people of each kind have in common (KINDS, d), the same in every run."""
    return np.random.default_rng(24).normal(size=(KINDS, DIM))


def main() -> None:
    """Print how alike they are."""
    rng = np.random.default_rng(1)
    people = People.made(3000, rng)
    everyone = np.arange(3000)
    one = people.visits(everyone, rng)
    other = people.visits(everyone, rng)
    tracks = np.concatenate([samples(track, 2, rng) for track in one])

    scores = {
        "two people": (one @ one.T)[np.triu_indices(len(one), 1)],
        "two visits of one person": (one * other).sum(axis=1),
        "two samples of one track": (tracks[::2] * tracks[1::2]).sum(axis=1),
    }
    for name, cosines in scores.items():
        shares = (0.4, 1, 5, 50, 95, 99, 99.9)
        percentiles = np.percentile(cosines, shares).round(2)
        said = ", ".join(f"{s:g} % {p:.2f}" for s, p in zip(shares, percentiles, strict=True))
        print(f"{name}: sd {cosines.std():.3f}; {said}")


if __name__ == "__main__":
    main()
