"""Addresses as they may be shown: without passwords, tokens, or what may be one."""

import re

SECRET = "***"  # noqa: S105 - what is shown in place of one

_ADDRESS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<rest>\S*[^\s.,;:)\]'\"])", re.IGNORECASE
)
_PAIR = re.compile(
    r"(?P<key>\b\w*(?:password|passwd|pass|pas|pwd|token|secret)\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s&]+)",
    re.IGNORECASE,
)

# What an address of PostgreSQL says in its query, password apart, is no secret, and helps to see
# which server is meant.
_DATABASE_KEYS = frozenset(
    {"host", "hostaddr", "port", "dbname", "user", "sslmode", "application_name", "schema"}
)
# How cameras are asked for one of their streams; no model takes a secret by these names.
_CAMERA_KEYS = frozenset(
    {
        *("channel", "subtype", "stream", "streamtype", "profile", "resolution", "fps", "codec"),
        *("videocodec", "camera", "unicast", "proto", "transportmode", "action"),
    }
)


def redact(text: str) -> str:
    """`text` with what may be secret replaced by ***.

    That is of each address the user information and every value of its query, whatever its key; and
    what stands as password=… and the like.  Of a database's address the account stays.
    """
    return _PAIR.sub(rf"\g<key>{SECRET}", _ADDRESS.sub(_redacted, text))


def holds_secret(address: str) -> bool:
    """Whether an address as it is written, ${…} apart, may hold a password or a token itself."""
    match = _ADDRESS.search(address)
    if match is None:
        return False

    user, rest = _parted(match["rest"])
    _, _, query = rest.partition("?")
    password = user.partition(":")[2]
    if password and not _is_variable(password):
        return True

    is_secret = _names_password if _is_database(match) else _may_be_secret
    return any(is_secret(part) for part in re.split("[&;]", query))


def _redacted(match: re.Match[str]) -> str:
    """An address without its secrets."""
    of_database = _is_database(match)
    user, rest = _parted(match["rest"])
    place, mark, query = rest.partition("?")

    if user and of_database:
        name, colon, _ = user.partition(":")
        user = f"{name}:{SECRET}" if colon else name
    elif user:
        user = SECRET
    shown_keys = _DATABASE_KEYS if of_database else frozenset()
    values = re.sub(r"[^&;]+", lambda part: _redacted_value(part[0], shown_keys), query)
    return f"{match['scheme']}://{user}{'@' if user else ''}{place}{mark}{values}"


def _is_database(match: re.Match[str]) -> bool:
    """Whether an address is one of PostgreSQL."""
    return match["scheme"].lower().startswith("postgres")


def _parted(rest: str) -> tuple[str, str]:
    """User information, and what follows it, of an address behind its scheme.

    Everything up to the last @ may be part of a password with characters it should not have.
    """
    before, at, after = rest.rpartition("@")
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    if at and (":" in before or "@" in authority):
        return before, after
    return "", rest


def _redacted_value(part: str, shown_keys: frozenset[str]) -> str:
    """One key=value of a query; without a key, the whole may be a secret."""
    key, equals, _ = part.partition("=")
    if not equals:
        return SECRET
    return part if key.lower() in shown_keys else f"{key}={SECRET}"


def _names_password(part: str) -> bool:
    """Whether one key=value of a database's query is a password."""
    value = part.partition("=")[2]
    return _PAIR.match(part) is not None and not _is_variable(value)


def _may_be_secret(part: str) -> bool:
    """Whether one key=value of a camera's query may be a secret; a small number is none."""
    key, equals, value = part.partition("=")
    text = value if equals else key
    known = equals and key.lower() in _CAMERA_KEYS
    return not (known or _is_variable(text) or re.fullmatch(r"\d{0,4}", text))


def _is_variable(text: str) -> bool:
    """Whether a text stands in the environment as a whole."""
    return re.fullmatch(r"\$\{[^}]*\}", text) is not None
