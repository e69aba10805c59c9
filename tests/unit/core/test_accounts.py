"""Accounts by their names, and those that have none."""

import os
from pathlib import Path

import pytest

from visitord.core.accounts import Account, account_name, anothers

UNKNOWN = 2**31 - 7


def test_an_account_is_found_by_its_name() -> None:
    root = Account.named("root")
    assert root == Account("root", 0, 0)
    assert Account.named("nobody-has-this-name") is None


def test_an_account_without_a_name_is_told_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    assert account_name(0) == "root"
    assert account_name(UNKNOWN) == str(UNKNOWN)
    monkeypatch.setattr(os, "geteuid", lambda: UNKNOWN)
    assert account_name() == str(UNKNOWN)
    assert Account.current() is None


def test_who_is_to_run_it_is_told_as_sudo_takes_it() -> None:
    assert anothers(Path("/x"), 0).endswith(
        "the account root; run this as that account: sudo -u root …"
    )
    assert anothers(Path("/x"), UNKNOWN).endswith(f"sudo -u '#{UNKNOWN}' …")
