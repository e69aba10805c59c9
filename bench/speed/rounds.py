"""CPU time of alternating runs, and what may be compared of it.

Other programs on the machine make everything slower, caches and clocks included; what runs in turn
within one process suffers alike, so ratios taken within a round are worth more than times.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

Work = Callable[[], object]
Times = dict[str, list[float]]


def cpu_s(work: Mapping[str, Work], rounds: int, *, warm: bool = True) -> Times:
    """The CPU seconds of this process that each took, in rounds of all in turn.

    Parameters
    ----------
    work
        What is to be run, by name.
    rounds
        How many.
    warm
        Whether each is run once before, uncounted.
    """
    if warm:
        for run in work.values():
            run()

    took: Times = {name: [] for name in work}
    for _ in range(rounds):
        for name, run in work.items():
            began_s = time.process_time()
            run()
            took[name].append(time.process_time() - began_s)
    return took


def ratio(these: Sequence[float], those: Sequence[float]) -> float:
    """How many times as long these took as those, by the median of the rounds."""
    return statistics.median(one / other for one, other in zip(these, those, strict=True))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share (0..1] of all does not exceed."""
    ordered = sorted(values)
    rank = -(-len(ordered) * share // 1)
    return ordered[max(0, int(rank) - 1)]
