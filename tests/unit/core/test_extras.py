"""A part whose libraries are absent says what installs them."""

import re
import subprocess
import sys
import tomllib
from importlib import metadata

import pytest

from fixtures.paths import ROOT
from visitord.core import extras
from visitord.core.errors import VisitordError


def test_an_extra_whose_libraries_are_there_passes() -> None:
    for extra in extras.LIBRARIES:
        extras.require(extra, "Never said.")


@pytest.mark.parametrize("absent", extras.LIBRARIES["onvif"])
def test_one_library_less_is_an_error_with_the_install_line(
    absent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(
        VisitordError, match=r"^It needs more: run pip install 'visitord\[onvif\]'\.$"
    ):
        extras.require("onvif", "It needs more: run {}.")


def test_looking_whether_libraries_are_there_imports_none_of_them() -> None:
    script = (
        "import sys; from visitord.core import extras\n"
        "for extra in extras.LIBRARIES: extras.require(extra, '')\n"
        "sys.exit(' '.join(set(sys.modules) & set(sum(extras.LIBRARIES.values(), ()))) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("extra", extras.LIBRARIES)
def test_the_extra_of_pyproject_brings_the_libraries(extra: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    brought = {
        re.split(r"[\[=<>~ ]", line)[0].lower() for line in project["optional-dependencies"][extra]
    }
    origins = metadata.packages_distributions()
    for library in extras.LIBRARIES[extra]:
        assert brought & {name.lower() for name in origins[library]}, library
