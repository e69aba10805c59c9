"""What the values in the configuration file may be, and what is said of those they may not."""

import re
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import Field
from pydantic.functional_validators import AfterValidator, BeforeValidator

from visitord.core import cron, paths
from visitord.core.durations import duration
from visitord.core.secrets import holds_variables
from visitord.core.sources import check_address
from visitord.core.text import composed

NAME_MAX = 64
_NAME = re.compile(rf"(?!\s)[^/\x00-\x1f\ud800-\udfff]{{1,{NAME_MAX}}}")
_SIZE = re.compile(r"([1-9]\d{2,4})x([1-9]\d{2,4})")
_RATIO = re.compile(r"([1-9]\d{0,3}):([1-9]\d{0,3})")
ASPECT_MAX = 4  # and a quarter at least; the widest that recorders send is 32:11
_ADDRESS = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([^\s:/\[\]]+)):(\d{1,5})")
_PROCESSOR = re.compile(r"auto|cpu|(cuda|tensorrt)(:\d{1,2})?|openvino|coreml")


def must(be: str, holds: Callable[[Any], object]) -> AfterValidator:
    """For values of which something holds; `be` says in words what."""

    def check(value: Any) -> Any:
        if not holds(value):
            raise ValueError(f"must {be}")
        return value

    return AfterValidator(check)


def complete(check: Callable[[str], object]) -> AfterValidator:
    """For text that `check` must accept: at once, or when it is used if it holds variables."""

    def validate(text: str) -> str:
        if not holds_variables(text):
            check(text)
        return text

    return AfterValidator(validate)


def valid_name(text: str) -> bool:
    """Whether a site or a camera may be called so."""
    return _NAME.fullmatch(text) is not None


def size(value: object) -> tuple[int, int]:
    """Width and height in pixels of "1280x720"; raises ValueError."""
    match = _SIZE.fullmatch(str(value))
    if match is None:
        raise ValueError('must be width and height in pixels such as "1280x720", each at least 100')
    return int(match[1]), int(match[2])


def pixel_aspect(value: object) -> Fraction:
    """Width by height of "2:1"; raises ValueError."""
    match = _RATIO.fullmatch(str(value))
    ratio = Fraction(int(match[1]), int(match[2])) if match else Fraction(0)
    if not 1 / ASPECT_MAX <= ratio <= ASPECT_MAX:
        raise ValueError(
            'must be the width and the height of a pixel such as "2:1", '
            f"one at most {ASPECT_MAX} times the other"
        )
    return ratio


def address(text: object) -> tuple[str, int]:
    """Host and port of "127.0.0.1:8642" or "[::1]:8642"; raises ValueError."""
    match = _ADDRESS.fullmatch(str(text))
    if match is None or int(match[3]) > 65535:
        raise ValueError('must be an address and a port such as "127.0.0.1:8642"')
    return match[1] or match[2], int(match[3])


def source_text(value: object) -> str:
    """A camera's source as text, also where the file has the bare index; raises ValueError."""
    is_index = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if not is_index and not isinstance(value, str):
        raise ValueError("must be an address or path in quotes, or a USB camera's index such as 0")
    return str(value)


def check_database(url: str) -> None:
    """Raises ValueError for what is no database's URL."""
    if url == "embedded":
        return
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError('must be "embedded" or start with postgresql://')
    check_address(url)


def check_own_database(url: str) -> None:
    """Raises ValueError for what is no address of a server of one's own."""
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("must start with postgresql://")
    check_address(url)


def _pack_name(name: str) -> str:
    paths.expanded(name)  # it may be a folder's
    return name


def _is_zone(name: str) -> bool:
    return name in available_timezones() and name != "localtime"  # which PostgreSQL does not know


def _is_ip(text: str) -> bool:
    try:
        return str(ip_address(text)) == text  # as the server spells those that connect
    except ValueError:
        return False


def _cron(text: str) -> str:
    try:
        cron.check(text)
    except ValueError as error:
        raise ValueError(f'must be five cron fields such as "30 3 * * *": {error}') from None
    return text


Duration = Annotated[
    timedelta,
    BeforeValidator(duration),
    must("be longer than zero", lambda length: length > timedelta()),
]
FilePath = Annotated[
    Path,
    AfterValidator(paths.expanded),
]
PackName = Annotated[
    str,
    Field(min_length=1),
    AfterValidator(_pack_name),
]
Name = Annotated[
    str,
    AfterValidator(composed),
    must(
        f"be 1 to {NAME_MAX} characters without a slash or control character, "
        "not starting with a space",
        valid_name,
    ),
]
Zone = Annotated[
    str,
    must('be the name of a time zone such as "Europe/Berlin"', _is_zone),
]
Cron = Annotated[
    str,
    AfterValidator(_cron),
]
Size = Annotated[
    tuple[int, int] | None,
    BeforeValidator(size),
]
PixelAspect = Annotated[
    Fraction | None,
    BeforeValidator(pixel_aspect),
]
Address = Annotated[
    tuple[str, int] | None,
    BeforeValidator(address),
]
IpAddress = Annotated[
    str,
    must('be an IP address such as "127.0.0.1"', _is_ip),
]
Format = Annotated[
    str,
    must('be four capital letters or digits such as "MJPG"', re.compile("[A-Z0-9 ]{4}").fullmatch),
]
Decoder = Annotated[
    str,
    must('be a decoder in small letters such as "vaapi"', re.compile("[a-z0-9]+").fullmatch),
]
Processor = Annotated[
    str,
    must('be "auto", "cpu" or an accelerator such as "cuda:0"', _PROCESSOR.fullmatch),
]
Share = Annotated[
    float,
    Field(ge=0, le=1),
]
Polygon = Annotated[
    tuple[tuple[Share, Share], ...],
    must("have at least three corners", lambda corners: len(corners) >= 3),
]
