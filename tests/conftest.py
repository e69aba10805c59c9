"""What the tests run on: a real PostgreSQL of their own, the real default models, the installed
commands.  The fixtures are in `fixtures`, by what they are about.
"""

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
