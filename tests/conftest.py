"""What the tests run on: a real PostgreSQL of their own, the real default models, the installed
commands.  The fixtures are in `fixtures`, by what they are about.
"""

import os
import signal
from collections.abc import Iterator

import pytest

# Before any of them is imported: a failed assertion in a helper shows its values, too.
pytest.register_assert_rewrite("fixtures")

pytest_plugins = (
    "fixtures.databases",
    "fixtures.installation",
    "fixtures.packs",
    "fixtures.visit_log",
)


@pytest.fixture(autouse=True)
def _no_foreign_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISITORD_CONFIG", raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


@pytest.fixture(autouse=True)
def _same_umask() -> Iterator[None]:
    """The programs set one for themselves, and some tests run them in this process."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """A shell without job control makes what it starts with & deaf to Ctrl-C, and with it every
    program that a test starts; those must hear it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
