"""The accounts of this machine, by their names."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Account:
    """An account that has a name, and the group it is in first."""

    name: str
    uid: int
    gid: int

    @classmethod
    def named(cls, name: str) -> Self | None:
        """The account of that name, None where there is none."""
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            return None
        return cls(found.pw_name, found.pw_uid, found.pw_gid)

    @classmethod
    def current(cls) -> Self | None:
        """The account this runs as, None where that has a number only."""
        try:
            found = pwd.getpwuid(os.geteuid())
        except KeyError:
            return None
        return cls(found.pw_name, os.geteuid(), os.getegid())


def account_name(uid: int | None = None) -> str:
    """The name of an account, or of the one this runs as; its number where it has none."""
    uid = os.geteuid() if uid is None else uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def anothers(path: Path, owner: int) -> str:
    """What to say of a file that belongs to another account than the one this runs as."""
    name = account_name(owner)
    user = f"'#{name}'" if name.isdecimal() else name
    return f"{path} belongs to the account {name}; run this as that account: sudo -u {user} …"
