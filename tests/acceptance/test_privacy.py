"""Nothing leaves the box: no library reports to its maker what runs here."""

import os
import subprocess
import sys
from pathlib import Path


def test_the_networks_runtime_keeps_no_record_for_its_maker(
    tmp_path: Path, models_dir: Path
) -> None:
    """onnxruntime writes a device id and events below the home folder and sends them, unless told
    not to at first.
    """
    code = (
        "import sys; from pathlib import Path; from visitord.models.opencv_zoo import ZooPack; "
        "import numpy as np\n"
        "ZooPack(Path(sys.argv[1]), threads=1).embed([np.zeros((112, 112, 3), np.uint8)])"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "ORT_"))} | {
        "HOME": str(tmp_path)
    }
    subprocess.run(
        [sys.executable, "-c", code, models_dir / "opencv-zoo"], env=environment, check=True
    )
    assert [
        p for p in tmp_path.rglob("*") if "microsoft" in str(p).lower() or "onnx" in str(p).lower()
    ] == []
