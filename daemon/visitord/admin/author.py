"""Who says something about people, and why."""

from dataclasses import dataclass

from visitord.core.accounts import account_name


@dataclass(frozen=True, slots=True)
class Author:
    """Kept with what was said: the account that says it, and its reason."""

    by: str
    why: str

    @classmethod
    def here(cls, why: str) -> "Author":
        """The account that this process runs as."""
        return cls(account_name(), why)
