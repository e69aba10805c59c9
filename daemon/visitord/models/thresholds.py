"""How well each pack tells people apart, in one table, and what justifies the numbers.

The thresholds follow from this and from how many people are known: `identity/thresholds.py`.
"""

from dataclasses import replace

from visitord.core.records import Separation

MARGIN = 0.13  # a match this far above the threshold is beyond doubt

ZOO = Separation(
    dims=81,
    least=0.38,
    margin=MARGIN,
    source=(
        "4,830 pairs of single photos of 21 people, without what all faces have in common: "
        "different people have sd 0.09, 99th percentile 0.25, 99.9th 0.33 to 0.35; pooled tracks "
        "of walkers on three days of synthetic footage: different people at most 0.36, same "
        "person's 5th percentile 0.46"
    ),
)
RESNET = Separation(
    dims=124,
    least=0.41,
    margin=MARGIN,
    source=(
        "buffalo_l: different people reach cosine 0.41 once in a million pairs (its "
        "authors' figure), and never less is a match"
    ),
)
UNMEASURED = replace(
    RESNET,
    source=(
        "no published figure: as buffalo_l, until visitorctl calibrate has measured it at your site"
    ),
)
BY_PACK = {
    "opencv-zoo": ZOO,
    "buffalo_l": RESNET,
    "buffalo_m": RESNET,  # which has the same recogniser
}


def of(pack: str) -> Separation:
    """The separation of a pack by its name."""
    return BY_PACK.get(pack, UNMEASURED)
