"""As which cameras files are replayed."""

from pathlib import Path
from unicodedata import normalize

from fixtures.build import NOON
from fixtures.footage import encode, room
from visitord.service.replay import plan


def test_a_file_counts_as_the_camera_of_its_name_in_the_form_in_which_names_are_kept(
    tmp_path: Path,
) -> None:
    """Some systems write the names of files in the other form."""
    path = encode(tmp_path / f"{normalize('NFD', 'Entrée')}.mp4", room(2, 160, 90))
    (clip,) = plan([path], None, NOON)
    assert clip.camera == "Entrée"
