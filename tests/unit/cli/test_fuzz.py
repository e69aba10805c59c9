"""What is made up at random is refused in one sentence, never with a traceback.

`make fuzz` tries many more.
"""

from pathlib import Path

import pytest

from fixtures.fuzzing import commands, programs, try_command_line, try_configuration

CONFIGURATIONS = 300
COMMAND_LINES = 150


def test_a_configuration_is_good_or_refused_in_one_sentence(tmp_path: Path) -> None:
    for number in range(CONFIGURATIONS):
        try:
            try_configuration(number, tmp_path)
        except Exception as error:
            pytest.fail(f"configuration({number}): {error!r}")


def test_a_command_line_ends_without_a_traceback(tmp_path: Path) -> None:
    for number in range(COMMAND_LINES):
        try:
            try_command_line(number, tmp_path)
        except Exception as error:
            pytest.fail(f"command_line({number}): {error!r}")


def test_every_command_is_among_those_that_are_tried() -> None:
    words = {" ".join(words) for group in programs().values() for words, _ in commands(group)}
    assert {"run", "models install", "list", "forget", "review"} <= words
