"""Accounts by their names, and those that have none."""

import os

import pytest

from visitord.core.accounts import Account, account_name

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
