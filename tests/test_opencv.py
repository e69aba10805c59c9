"""Exactly one OpenCV that works, also on a server without a desktop's libraries.

A library path with broken files in front stands for a machine that lacks them.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = Path(__file__).resolve().parents[1] / "daemon" / "visitord" / "opencv.py"


class Environment:
    """A virtual environment of its own, with numpy and no OpenCV."""

    def __init__(self, folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        self.python = str(folder / "bin" / "python")
        self.pip("install", "numpy")
        self.broken = folder / "broken"
        self.broken.mkdir()
        for library in ("libGL.so.1", "libX11.so.6", "libxcb.so.1"):
            (self.broken / library).write_bytes(b"")

    def pip(self, *arguments: str) -> None:
        subprocess.run([self.python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=True)

    def run(self, *arguments: str, desktop: bool = True, **extra: str) -> subprocess.CompletedProcess[str]:
        library_path = {} if desktop else {"LD_LIBRARY_PATH": str(self.broken)}
        return subprocess.run(
            [self.python, *arguments],
            env={**os.environ, **library_path, **extra},
            capture_output=True,
            text=True,
            check=False,
        )

    def installed(self) -> list[str]:
        listed = self.run("-m", "pip", "--disable-pip-version-check", "freeze").stdout
        return sorted(line.split("==")[0] for line in listed.splitlines() if line.startswith("opencv"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("bare") / "venv")


def test_on_a_server_the_desktop_build_is_replaced_and_works(environment: Environment) -> None:
    environment.pip("install", "--no-deps", "opencv-python>=5.0,<6")
    assert environment.run("-c", "import cv2", desktop=False).returncode != 0
    offline = environment.run(str(MODULE), desktop=False, PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    assert offline.returncode == 1
    assert "could not be installed" in offline.stderr
    assert environment.installed() == ["opencv-python"]

    done = environment.run(str(MODULE), desktop=False)
    assert done.returncode == 0, done.stderr
    assert "apt-get install libgl1" in done.stdout
    assert environment.installed() == ["opencv-python-headless"]
    assert environment.run("-c", "import cv2; cv2.FaceDetectorYN", desktop=False).returncode == 0


def test_two_builds_over_each_other_become_one(environment: Environment) -> None:
    environment.pip("install", "--no-deps", "opencv-python>=5.0,<6", "opencv-python-headless>=5.0,<6")
    assert environment.run(str(MODULE)).returncode == 0
    assert environment.installed() == ["opencv-python-headless"]
    assert environment.run("-c", "import cv2; cv2.FaceDetectorYN").returncode == 0


def test_one_that_works_is_left_alone(environment: Environment) -> None:
    before = environment.installed()
    done = environment.run(str(MODULE))
    assert (done.returncode, done.stdout) == (0, "")
    assert environment.installed() == before
