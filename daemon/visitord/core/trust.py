"""By what the certificate of a camera is judged, before it is told the password."""

import re
from dataclasses import dataclass
from pathlib import Path

ENCRYPTED = ("https://", "rtsps://")


@dataclass(frozen=True, slots=True)
class Trust:
    """Which certificate an https:// or rtsps:// camera may show; by default one of the system's.

    Attributes
    ----------
    ca : Path or None
        A file with the certificates of the authorities that may have signed it, or with itself.
    fingerprint : str
        The SHA-256 of the only one there may be, in 64 small hexadecimal digits; empty for none.
    verified : bool
        Whether it is looked at at all.
    """

    ca: Path | None = None
    fingerprint: str = ""
    verified: bool = True


SYSTEM_TRUST = Trust()


def fingerprint(text: object) -> str:
    """A SHA-256 as it is compared, of the usual ways to write one; raises ValueError."""
    digits = re.sub(r"^sha-?256(?: fingerprint)?[ :=]*|[: ]", "", str(text).strip().lower())
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise ValueError(
            "must be the SHA-256 of a certificate, 64 hexadecimal digits with or without colons"
        )
    return digits


def check_encrypted(source: str, keys: list[str]) -> None:
    """Raises ValueError where keys that speak of a certificate are set for what has none."""
    if keys and not source.lower().startswith(ENCRYPTED):
        raise ValueError(f"{keys[0]} is for https:// and rtsps:// cameras only")
