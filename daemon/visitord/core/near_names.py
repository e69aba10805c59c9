"""What was probably meant by a name that is not known."""

import difflib
from collections.abc import Iterable

OFFERED_MAX = 3
SIMILARITY_MIN = 0.5  # a typing error or two in a short name, half of a longer one


def did_you_mean(typed: str, known: Iterable[str], offered_max: int = OFFERED_MAX) -> str | None:
    """The known names most like a typed one, as `did you mean a, b or c`; None where none is.

    Parameters
    ----------
    typed : str
        As a person wrote it; upper and lower case count alike.
    known : iterable of str
        What they could have meant.
    offered_max : int
        How many are offered at most.
    """
    spellings = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(
        typed.casefold(), spellings, n=offered_max, cutoff=SIMILARITY_MIN
    )
    if not near:
        return None

    *others, last = [spellings[name] for name in near]
    listed = f"{', '.join(others)} or {last}" if others else last
    return f"did you mean {listed}"
