"""What the demo says can be typed in another terminal as it stands."""

import sys
from pathlib import Path

import pytest

from visitord.cli.demo import _say_what_to_try
from visitord.core.config import Config


@pytest.mark.parametrize(
    ("environment", "typed"),
    [(".venv", ".venv/bin/visitorctl"), ("../an env", "'{}/an env/bin/visitorctl'")],
)
def test_the_programs_are_named_by_where_they_are_in_a_virtual_environment(
    environment: str,
    typed: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "prefix", str((folder / environment).resolve()))
    _say_what_to_try(Config())

    first, *commands, _, _ = capsys.readouterr().out.splitlines()
    assert first.endswith(f"Ask in another terminal, in {folder}:")
    assert [line.split("visitorctl")[0] for line in commands] == [
        "  " + typed.format(tmp_path).split("visitorctl")[0]
    ] * 4
    assert "review" in commands[-1]


def test_they_are_named_alone_where_the_system_has_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    _say_what_to_try(Config())
    assert "\n  visitorctl visits --since 10m\n" in capsys.readouterr().out
