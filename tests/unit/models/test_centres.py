"""What all faces have in common to a recogniser, by its fingerprint."""

from visitord.models import centres, sface


def test_the_centre_of_a_recogniser_is_known_without_loading_it() -> None:
    assert centres.of("sface-0123456789ab") is sface.CENTRE
    assert centres.of("arcface-0123456789ab") is None
    assert centres.of("pack-1") is None
