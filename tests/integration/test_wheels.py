"""Exactly one OpenCV and one ONNX Runtime that work, also without a desktop's libraries.

A library path with broken files in front stands for a machine that lacks them, and small wheels of
the same names for the ONNX Runtimes, which are hundreds of megabytes.
"""

import importlib.metadata
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy
import pytest

from fixtures.package_index import source_distribution
from fixtures.paths import ROOT

HERE = Path(numpy.__file__).parents[1]  # numpy and pip come from the tests' own environment
MODULE = ROOT / "daemon" / "visitord" / "models" / "wheels.py"


def wheel(folder: Path, name: str, version: str, content: str) -> None:
    """A wheel that installs the module onnxruntime with this content."""
    file = f"{name.replace('-', '_')}-{version}"
    with zipfile.ZipFile(folder / f"{file}-py3-none-any.whl", "w") as archive:
        archive.writestr("onnxruntime/__init__.py", content)
        archive.writestr(
            f"{file}.dist-info/METADATA",
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        )
        tags = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{file}.dist-info/WHEEL", tags)
        archive.writestr(
            f"{file}.dist-info/RECORD", f"onnxruntime/__init__.py,,\n{file}.dist-info/RECORD,,\n"
        )


class Environment:
    """A virtual environment with numpy, no OpenCV, and a stand-in of the plain ONNX Runtime."""

    def __init__(self, folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        self.python = str(folder / "bin" / "python")
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        self.packages = folder / "lib" / version / "site-packages"
        for name in ("pip", "numpy", "numpy.libs"):
            if (HERE / name).exists():
                (self.packages / name).symlink_to(HERE / name)

        self.broken = folder / "broken"
        self.broken.mkdir()
        for library in ("libGL.so.1", "libX11.so.6", "libxcb.so.1"):
            (self.broken / library).write_bytes(b"")

        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        for name, release in (("onnxruntime", "1.2"), ("onnxruntime-gpu", "1.3")):
            wheel(self.wheels, name, release, f"__version__ = {name!r}")
        self.pip("install", *self.here, "onnxruntime")

    @property
    def here(self) -> tuple[str, ...]:
        """Options of pip: only the stand-ins."""
        return ("--no-index", "--find-links", str(self.wheels))

    def pip(self, *arguments: str) -> None:
        subprocess.run(
            [self.python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
            check=True,
        )

    def run(
        self, *arguments: str, desktop: bool = True, **extra: str
    ) -> subprocess.CompletedProcess[str]:
        library_path = {} if desktop else {"LD_LIBRARY_PATH": str(self.broken)}
        return subprocess.run(
            [self.python, *arguments],
            env={**os.environ, **library_path, **extra},
            capture_output=True,
            text=True,
            check=False,
        )

    def installed(self, module: str = "opencv") -> list[str]:
        found = importlib.metadata.distributions(path=[str(self.packages)])
        return sorted(one.name for one in found if one.name.startswith(module))


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
    assert environment.installed() == ["opencv-python-headless"]
    environment.pip("install", "--no-deps", "opencv-python>=5.0,<6")
    assert environment.run(str(MODULE)).returncode == 0
    assert environment.installed() == ["opencv-python-headless"]
    assert environment.run("-c", "import cv2; cv2.FaceDetectorYN").returncode == 0


def test_one_that_works_is_left_alone(environment: Environment) -> None:
    before = environment.installed()
    done = environment.run(str(MODULE))
    assert (done.returncode, done.stdout) == (0, "")
    assert environment.installed() == before


def test_the_gpu_s_onnxruntime_replaces_the_plain_one(environment: Environment) -> None:
    """As after `pip install 'visitord[gpu]'`, where insightface asked for the plain one too."""
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(environment.wheels)}
    assert environment.run(str(MODULE), **offline).stdout == "", "a plain one alone may stay"
    environment.pip("install", *environment.here, "onnxruntime-gpu")
    environment.pip("install", "--force-reinstall", *environment.here, "onnxruntime")
    done = environment.run(str(MODULE), **offline)
    assert done.returncode == 0, done.stderr
    assert "Installing onnxruntime-gpu==1.3: " in done.stdout
    assert environment.installed("onnxruntime") == ["onnxruntime-gpu"]
    named = environment.run("-c", "import onnxruntime; print(onnxruntime.__version__)")
    assert named.stdout == "onnxruntime-gpu\n", "its files are there, not those of the other one"
    assert environment.run(str(MODULE), **offline).stdout == ""


def test_an_onnxruntime_that_does_not_load_gives_way_to_the_plain_one(
    environment: Environment,
) -> None:
    wheel(environment.wheels, "onnxruntime-gpu", "1.2", "raise ImportError('libcudart.so.12')")
    environment.pip("install", *environment.here, "onnxruntime", "onnxruntime-gpu==1.2")
    done = environment.run(str(MODULE), PIP_NO_INDEX="1", PIP_FIND_LINKS=str(environment.wheels))
    assert environment.installed("onnxruntime") == ["onnxruntime"], done.stderr


def test_a_source_distribution_is_not_built(environment: Environment, tmp_path: Path) -> None:
    wheel(environment.wheels, "onnxruntime-gpu", "1.2", "raise ImportError('libcudart.so.12')")
    environment.pip("install", "--force-reinstall", *environment.here, "onnxruntime-gpu==1.2")
    environment.pip("uninstall", "--yes", "onnxruntime")
    mark = tmp_path / "built"
    source_distribution(tmp_path, "onnxruntime", "1.2", mark)
    done = environment.run(str(MODULE), PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path))
    assert "onnxruntime==1.2 could not be installed" in done.stderr
    assert environment.installed("onnxruntime") == ["onnxruntime-gpu"]
    assert not mark.exists()
