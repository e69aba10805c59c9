"""At which similarities each pack decides, in one table, and what justifies the numbers."""

from dataclasses import replace

from visitord.core.records import Thresholds

ZOO = Thresholds(
    match=0.42,
    new=0.32,
    merge=0.42,
    certain=0.55,
    source=(
        "1,080 labelled pairs of single photos from two public sets: different people at "
        "most 0.36 (mean 0.04 to 0.14, sd 0.09), same person mean 0.58 to 0.77; pooled "
        "tracks of walkers on three days of synthetic footage: different people at most "
        "0.31"
    ),
)
RESNET = Thresholds(
    match=0.45,
    new=0.32,
    merge=0.45,
    certain=0.58,
    source=(
        "buffalo_l: different people reach cosine 0.41 once in a million pairs (its "
        "authors' figure), and a visitor is compared with everyone known, so a little "
        "above it"
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


def of(pack: str) -> Thresholds:
    """The thresholds of a pack by its name."""
    return BY_PACK.get(pack, UNMEASURED)
