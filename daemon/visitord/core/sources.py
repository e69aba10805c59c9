"""How a camera's source is spelt, and how it may be shown without its secrets."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote, urlsplit

from visitord.core.paths import expanded
from visitord.core.redaction import redact
from visitord.core.trust import SYSTEM_TRUST, Trust

# An address without its colon or a slash, whose password no file's name may show.
_MISTYPED = re.compile(r"[a-z]+:/?[^/]|([a-z]*\W?//+)?[^/]*:[^/]*@", re.IGNORECASE)


class Kind(StrEnum):
    """Which library reads it."""

    STREAM = "stream"  # rtsp://, rtsps://, http://, https://
    USB = "usb"  # /dev/video0, /dev/v4l/by-id/…, or an index
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Source:
    """Where pictures come from.

    Attributes
    ----------
    kind : Kind
        Which library reads it.
    target : str
        A URL, a device path, a device index as text, or a file path.  May hold a password.
    trust : Trust
        By what its certificate is judged, where it has one.
    written : str
        As the configuration has it, with ${…} in it; empty where that is the target.
    """

    kind: Kind
    target: str
    trust: Trust = SYSTEM_TRUST
    written: str = field(default="", compare=False)

    def __str__(self) -> str:
        return redact(self.written or self.target)


# An IPv4 address, with a port or a path behind it or not: nobody calls a film like that.
_BARE_HOST = re.compile(r"\d{1,3}(\.\d{1,3}){3}(:\d+)?(/|$)")


def parse(text: str, folder: Path = Path()) -> Source:
    """The source spelt as `text`, paths relative to `folder`; raises ValueError with advice."""
    text = text.strip()
    if not text:
        raise ValueError(
            "is empty; give an rtsp:// or http:// address, a device such as /dev/video0, or a file"
        )

    if "\0" in text:
        raise ValueError("must not contain a NUL character")
    if text.isdecimal() or text.startswith("/dev/"):
        return Source(Kind.USB, text)
    if "://" in text:
        return _stream(text)
    if _MISTYPED.match(text) or _BARE_HOST.match(text):
        raise ValueError("is neither an address nor a file; write rtsp://USER:PASSWORD@HOST/PATH")
    return Source(Kind.FILE, str(folder / expanded(text)))


def _stream(text: str) -> Source:
    """The source at an address, its scheme in small letters; raises ValueError with advice."""
    scheme = text.split("://", 1)[0].lower()
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme):
        raise ValueError("is not a valid address; write rtsp://USER:PASSWORD@HOST/PATH")
    if scheme not in {"rtsp", "rtsps", "http", "https"}:
        raise ValueError(
            f"has the unknown scheme {scheme}://; use rtsp://, rtsps://, http:// or https://"
        )

    check_address(text)
    if not urlsplit(text).hostname:
        raise ValueError(f"names no host; expected {scheme}://HOST/PATH")
    return Source(Kind.STREAM, scheme + text[len(scheme) :])


def check_address(url: str) -> None:
    """Raises ValueError, without repeating it, for an address whose parts cannot be told apart."""
    advice = (
        "is not a valid address; percent-encode special characters in the user name and password"
    )
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError(advice) from None

    if parts.netloc.count("@") > 1 or re.search(r"[\s\x00-\x1f\x7f]|%(?![0-9A-Fa-f]{2})", url):
        raise ValueError(advice)


def with_password(url: str, password: str) -> str:
    """`url` with `password` put (percent-encoded) behind its user name, in place of any it has."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        raise ValueError(
            "has no user name for the password to belong to; write USER@HOST in the address"
        )

    name = user.partition(":")[0]
    return parts._replace(netloc=f"{name}:{quote(password, safe='')}@{host}").geturl()


def as_account(url: str, name: str) -> str:
    """A database's `url` for another account of that server, which has no password here."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    others = [
        pair for pair in parts.query.split("&") if pair.split("=")[0] not in {"user", "password"}
    ]
    moved = parts._replace(netloc=f"{quote(name, safe='')}@{host}", query="&".join(others))
    return moved.geturl()
