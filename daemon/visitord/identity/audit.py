"""Which templates are not of the person they are filed under.

A template may be filed wrongly: two tracks were one, a job or a threshold of an earlier day joined
two people.  It then goes on drawing others to the wrong person.  Two rules find it; both leave what
they cannot tell to a person:

- Templates of one identity that do not hang together at `AGREE` are two faces.  The face that most
  templates and sightings of the identity agree with is the identity's; the others disagree with it.
- A template is nearer to another identity when it reaches `merge` with it and most templates there
  agree, when it is by `NEARER` more alike than to its own, and when the two identities are not
  alike without it: those that are may be one person, which the merge job asks about.

No template is judged alone, and one always stays.  Pure: it says what it found, not what to do.

What it finds is in docs/accuracy.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from visitord.core.records import Embedding, Thresholds
from visitord.identity.neighbours import Neighbours

# Measured with the default pack, centred, on 99 tracks of 8 people (40 photographs): any two tracks
# of one person reach 0.29; of different people one pair in a hundred reaches 0.26, one pair 0.36.
# Of 600 wrong templates and 13,600 right ones in made-up galleries, 0.28 sets aside 590 and none,
# 0.24 568 and none, 0.32 600 and 4.
AGREE = 0.28  # templates of one person are linked by such similarities
# Of templates that are 7 parts somebody else, 3 parts the person, 79 in 100 are nearer by that.
NEARER = 0.1  # of similarity, by which a template is nearer to another than to its own

_UNLIKE = -2.0  # below every cosine


class Why(StrEnum):
    """What is wrong with a template."""

    DISAGREES = "disagrees with the others of its identity"
    NEARER = "is nearer to another"


@dataclass(frozen=True, slots=True)
class AuditedTemplate:
    """A template that is matched against, and what protects it.

    kept: a person said whose it is: it is a photograph, of somebody named, ignored or put together
    by a person, or was restored.
    """

    template_id: UUID
    root_id: UUID
    kept: bool = False
    photograph: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A template that is not like its identity.

    own: its similarity to the others of its identity.  other_id, other: whom else it is most like,
    None where there is none, and how much.  clear: whether most of what is known of the identity is
    against it.  kept: as above.
    """

    template_id: UUID
    identity_id: UUID
    why: Why
    own: float
    other_id: UUID | None
    other: float | None
    clear: bool
    kept: bool

    @property
    def sets_aside(self) -> bool:
        """Whether a job may set the template aside by itself."""
        return self.clear and not self.kept


@dataclass(frozen=True, slots=True)
class Compared:
    """How alike a template is to the others of its identity, and to whom else it is most like.

    None where there are no others, and where nobody else is known.
    """

    own: float | None
    other_id: UUID | None
    other: float | None


class Audit:
    """The templates of one pack, ready to be looked through.

    Parameters
    ----------
    templates
        Those that are matched against.
    neighbours
        Holds the embeddings of them all.
    thresholds
        In force while so many people are known.
    """

    def __init__(
        self,
        templates: Sequence[AuditedTemplate],
        neighbours: Neighbours,
        thresholds: Thresholds,
    ) -> None:
        self._merge = thresholds.merge

        # By place in this order, in which those of an identity follow one another.
        self._templates = sorted(templates, key=lambda t: (t.root_id, t.template_id))
        rows = neighbours.rows(t.template_id for t in self._templates)
        self._matrix = neighbours.matrix[rows]
        self._places: dict[UUID, list[int]] = {}
        for place, template in enumerate(self._templates):
            self._places.setdefault(template.root_id, []).append(place)
        self._owner = np.repeat(
            np.arange(len(self._places)), [len(own) for own in self._places.values()]
        )

        place_of_row = np.full(len(neighbours.matrix), -1)
        place_of_row[rows] = np.arange(len(rows))
        near = place_of_row[neighbours.pairs]
        self._near = near[:, (near >= 0).all(axis=0)]

    def suspects(self) -> list[UUID]:
        """Identities with a template that may be wrong: only of these more need be known."""
        best = np.full(len(self._templates), _UNLIKE, np.float32)
        suspect = np.zeros(len(self._places), np.bool_)
        for one, other, cosines in self._own_pairs():
            np.maximum.at(best, one, cosines)
            np.maximum.at(best, other, cosines)
            suspect[self._owner[one[cosines < AGREE]]] = True

        several = best > _UNLIKE
        nearer = several & (self._best_elsewhere() >= best + NEARER)
        suspect[self._owner[nearer]] = True
        return [root for root, is_one in zip(self._places, suspect, strict=True) if is_one]

    def findings(
        self, suspects: Iterable[UUID], sightings: Mapping[UUID, NDArray[np.float32]]
    ) -> list[Finding]:
        """What is wrong with the templates of some identities, the least like their own first.

        Parameters
        ----------
        suspects
            The identities.
        sightings
            By identity, what faces looked like that were filed under it, apart from those that
            templates were made from: centred unit embeddings (n, d).  None of some is no harm.
        """
        nothing = self._matrix[:0]
        found: list[Finding] = []
        for root_id in suspects:
            found += self._of_identity(root_id, sightings.get(root_id, nothing))
        return sorted(found, key=lambda finding: (finding.own, finding.template_id))

    def compare(self, template_id: UUID, root_id: UUID, embedding: Embedding) -> Compared:
        """How alike a template is to its identity without it, and to others.

        Parameters
        ----------
        template_id
            One of these, or one that is matched against no more.
        root_id
            Its identity.
        embedding
            The template's (d,), centred.
        """
        rest = [p for p in self._own(root_id) if self._templates[p].template_id != template_id]
        other_id, other = self._elsewhere(embedding, root_id)
        return Compared(
            own=likeness(embedding, self._matrix[rest]) if rest else None,
            other_id=other_id,
            other=other if other_id else None,
        )

    # One identity

    def _own(self, root_id: UUID) -> list[int]:
        """The places of an identity's templates."""
        return self._places.get(root_id, [])

    def _of_identity(self, root_id: UUID, looks: NDArray[np.float32]) -> list[Finding]:
        places = self._own(root_id)
        if len(places) < 2:
            return []

        faces = _linked(self._matrix[places], AGREE)
        votes = self._votes(places, faces, looks)
        own_face = self._own_face(places, faces, votes)
        own = [p for p, face in zip(places, faces, strict=True) if face == own_face]

        disagree = []
        for place, face in zip(places, faces, strict=True):
            if face != own_face:
                clear = votes[face] < votes[own_face]
                disagree.append(self._finding(place, Why.DISAGREES, own, clear=clear))
        return disagree + self._all_nearer(own, looks)

    def _own_face(
        self, places: Sequence[int], faces: Sequence[int], votes: Mapping[int, int]
    ) -> int:
        """Which of its faces is the identity's: one that a person gave, then that of most votes."""
        photographed = {
            face
            for place, face in zip(places, faces, strict=True)
            if self._templates[place].photograph
        }
        return max(votes, key=lambda face: (face in photographed, votes[face], -face))

    def _votes(
        self, places: Sequence[int], faces: Sequence[int], looks: NDArray[np.float32]
    ) -> dict[int, int]:
        """How many templates and sightings speak for each face: a sighting for the nearest one."""
        votes = dict.fromkeys(faces, 0)
        for face in faces:
            votes[face] += 1
        if not len(looks):
            return votes

        cosines = looks @ self._matrix[places].T
        nearest = cosines.argmax(axis=1)
        for n in nearest[cosines.max(axis=1) >= AGREE]:
            votes[faces[n]] += 1
        return votes

    def _all_nearer(self, own: list[int], looks: NDArray[np.float32]) -> list[Finding]:
        """The findings of templates of one face that are nearer to other identities.

        One after the other: what is set aside speaks for the others no more, and so one is left.
        """
        left = {self._templates[place].template_id: place for place in own}
        aside: list[Finding] = []
        while True:
            nearer = [
                finding
                for place in left.values()
                if (finding := self._nearer(place, [p for p in left.values() if p != place], looks))
            ]
            wrong = min(
                (finding for finding in nearer if finding.sets_aside),
                key=lambda finding: (finding.own, finding.template_id),
                default=None,
            )
            if wrong is None:
                return aside + nearer
            aside.append(wrong)
            del left[wrong.template_id]

    def _nearer(
        self, place: int, rest: Sequence[int], looks: NDArray[np.float32]
    ) -> Finding | None:
        """The finding that a template is nearer to another identity than to the rest of its own."""
        other_id, other = self._elsewhere(self._matrix[place], self._templates[place].root_id)
        if not rest or other_id is None or other < self._merge:
            return None
        if other < likeness(self._matrix[place], self._matrix[rest]) + NEARER:
            return None

        theirs = self._matrix[self._places[other_id]]
        agree = (theirs @ self._matrix[place] >= AGREE).mean() > 0.5
        alike = (self._matrix[rest] @ theirs.T).max() >= AGREE
        if alike or not agree:
            return None

        votes = self._votes([place, *rest], [0] + [1] * len(rest), looks)
        return self._finding(place, Why.NEARER, rest, clear=votes[0] < votes[1])

    def _finding(self, place: int, why: Why, own: Sequence[int], *, clear: bool) -> Finding:
        template = self._templates[place]
        other_id, other = self._elsewhere(self._matrix[place], template.root_id)
        return Finding(
            template_id=template.template_id,
            identity_id=template.root_id,
            why=why,
            own=likeness(self._matrix[place], self._matrix[own]),
            other_id=other_id,
            other=other if other_id else None,
            clear=clear,
            kept=template.kept,
        )

    # All identities at once

    def _elsewhere(self, embedding: Embedding, root_id: UUID) -> tuple[UUID | None, float]:
        """Who but this identity a face is most like, and how much, if anyone else is known."""
        own = self._own(root_id)
        if len(own) == len(self._templates):
            return None, _UNLIKE

        cosines = self._matrix @ embedding
        cosines[own] = _UNLIKE
        best = int(cosines.argmax())
        return self._templates[best].root_id, float(cosines[best])

    def _own_pairs(
        self,
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]]:
        """Pairs of templates of one identity with their cosines, a step apart, two apart, ..."""
        size = len(self._templates)
        for step in range(1, size):
            one = np.flatnonzero(self._owner[:-step] == self._owner[step:])
            if not len(one):
                return
            other = one + step
            yield one, other, np.einsum("nd,nd->n", self._matrix[one], self._matrix[other])

    def _best_elsewhere(self) -> NDArray[np.float32]:
        """How near each template (n,) is to the nearest of another identity, if it is near any."""
        best = np.full(len(self._templates), _UNLIKE, np.float32)
        one, other = self._near[:, self._owner[self._near[0]] != self._owner[self._near[1]]]
        cosines = np.einsum("nd,nd->n", self._matrix[one], self._matrix[other])
        np.maximum.at(best, one, cosines)
        np.maximum.at(best, other, cosines)
        return best


def likeness(embedding: Embedding, others: NDArray[np.float32]) -> float:
    """How alike an embedding (d,) is to those of a person (n, d): to the best, or their mean.

    As the gallery compares (`identity/gallery.py`).
    """
    mean = others.sum(axis=0)
    length = max(float(np.linalg.norm(mean)), 1e-6)
    return max(float((others @ embedding).max()), float(mean @ embedding) / length)


def _linked(embeddings: NDArray[np.float32], least: float) -> list[int]:
    """Which face each of a few embeddings (n, d) is: those linked by cosines that reach least.

    A face is named by the place of its first embedding.
    """
    linked = embeddings @ embeddings.T >= least
    faces = list(range(len(embeddings)))
    for n in range(len(faces)):
        for earlier in np.flatnonzero(linked[n, :n]):
            one, other = sorted((faces[n], faces[earlier]))
            faces = [one if face == other else face for face in faces]
    return faces
