"""Every number has a source."""

from visitord.models import thresholds
from visitord.models.opencv_zoo import ZooPack


def test_thresholds_of_a_pack_have_a_source() -> None:
    assert thresholds.of("opencv-zoo") is ZooPack.thresholds
    assert "0.41 once in a million" in thresholds.of("buffalo_l").source
    assert "visitorctl calibrate" in thresholds.of("own").source
