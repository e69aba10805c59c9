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


# Ends with an error as soon as anything is connected to, and says what could have sent.
OPENS_A_PACK = """
import sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        sys.exit(f"{event} {arguments}")
sys.addaudithook(refuse)
from pathlib import Path
import numpy as np
from visitord.models.opencv_zoo import ZooPack
pack = ZooPack(Path(sys.argv[1]), threads=1)
pack.embed([np.zeros((112, 112, 3), np.uint8)])
assert "OpenVINO" in pack.runs_on, pack.runs_on
print([name for name, module in sys.modules.items() if "telemetry" in name and module])
"""


def test_openvino_connects_to_nothing_and_asks_for_no_consent(
    tmp_path: Path, models_dir: Path
) -> None:
    """Left alone, it reports that it was imported, and keeps an id below the home folder."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")}
    done = subprocess.run(
        [sys.executable, "-c", OPENS_A_PACK, models_dir / "opencv-zoo"],
        env=environment | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
    assert list(tmp_path.rglob("*")) == []
