"""What a tracked face looks like, over all it has shown."""

import numpy as np

from visitord.core.records import Embedding, FaceSample


class Appearance:
    """The embeddings of a track, added up.  Owned by its track."""

    def __init__(self, sample: FaceSample) -> None:
        self._last: Embedding = sample.embedding
        self._good_sum: Embedding = np.zeros_like(sample.embedding)
        self.add(sample)

    def add(self, sample: FaceSample) -> None:
        """Take a further sample of the face; flawless ones count by their quality."""
        self._last = sample.embedding
        if sample.quality.is_good:
            self._good_sum = self._good_sum + sample.embedding * sample.quality.score

    def similarity(self, sample: FaceSample) -> float:
        """Cosine of a sample to the mean of the flawless ones, -1..1.

        For a flawed sample, or where all were, to the last one if that is more alike.  A flawless
        sample must resemble the flawless ones: through a chain of poor ones, such as half faces at
        the picture's edge, one person would turn into the next.
        """
        to_last = float(self._last @ sample.embedding)
        length = float(np.linalg.norm(self._good_sum))
        if length == 0.0:
            return to_last

        to_mean = float(self._good_sum @ sample.embedding) / length
        return to_mean if sample.quality.is_good else max(to_mean, to_last)
