"""Pictures as they are kept and sent."""

from pathlib import Path

import numpy as np
import pytest

from fixtures.imports import loaded_by
from visitord.capture import photographs
from visitord.capture.encoding import jpeg


def test_a_picture_becomes_the_content_of_a_jpeg_file(tmp_path: Path) -> None:
    content = jpeg(np.full((8, 8, 3), 100, np.uint8))
    assert content[:2] == b"\xff\xd8"
    (tmp_path / "a").write_bytes(content)
    assert photographs.read(tmp_path / "a").mean() == pytest.approx(100, abs=2)


def test_the_service_loads_no_decoders_of_photographs() -> None:
    assert loaded_by("visitord.service.daemon", {"PIL", "pillow_heif"}) == set()
