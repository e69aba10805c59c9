"""Where text for people is printed, as wide as it may be."""

import sys

from rich.console import Console

UNLIMITED = 10_000  # columns: a table in a file or a pipe must not be squeezed into 80

out = Console(highlight=False, width=None if sys.stdout.isatty() else UNLIMITED)
