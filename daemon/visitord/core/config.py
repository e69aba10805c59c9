"""The configuration file: found, read, validated, and never half accepted."""

import difflib
import os
import platform
import re
import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import BaseModel, Field, ValidationError, ValidationInfo
from pydantic.functional_validators import (
    AfterValidator,
    BeforeValidator,
    field_validator,
    model_validator,
)

from visitord.core.errors import ConfigError
from visitord.core.sources import Source, check_address, parse, with_password

SYSTEM_CONFIG = Path("/etc/visitord/config.toml")
_UNITS = {"ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION_MAX_D = 3660
NAME_MAX = 64
_NAME = rf"(?!\s)[^/\x00-\x1f\ud800-\udfff]{{1,{NAME_MAX}}}"
_SECRET_KEYS = {"source", "url"}  # may hold passwords: completed only when they are used


def duration(value: object) -> timedelta:
    """A duration such as "250ms", "30s", "10m", "1h" or "30d"; raises ValueError."""
    if isinstance(value, timedelta):
        return value
    match = (
        re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)", value) if isinstance(value, str) else None
    )
    if not match:
        raise ValueError('must be a duration in quotes such as "30s", "10m", "1h" or "30d"')
    seconds = float(match[1]) * _UNITS[match[2]]
    if seconds > DURATION_MAX_D * 86400:
        raise ValueError(f"must be at most {DURATION_MAX_D} days")
    return timedelta(seconds=seconds)


def valid_name(text: str) -> bool:
    """Whether a site or a camera may be called so."""
    return re.fullmatch(_NAME, text) is not None


def _must(be: str, holds: Callable[[Any], object]) -> AfterValidator:
    """For values of which something holds; `be` says in words what."""

    def check(value: Any) -> Any:
        if not holds(value):
            raise ValueError(f"must {be}")
        return value

    return AfterValidator(check)


def _complete(check: Callable[[str], object]) -> AfterValidator:
    """For text that `check` must accept, now if it holds no variables, otherwise when it is used."""

    def validate(text: str) -> str:
        if "${" not in text:
            check(text)
        return text

    return AfterValidator(validate)


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError("begins with the home folder of an account that does not exist") from None


def _is_zone(name: str) -> bool:
    return name in available_timezones() and name != "localtime"  # which PostgreSQL does not know


def _cron(text: str) -> str:
    from apscheduler.triggers.cron import CronTrigger

    try:
        CronTrigger.from_crontab(text)
    except ValueError as error:
        raise ValueError(f'must be five cron fields such as "30 3 * * *": {error}') from None
    return text


def _size(value: object) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9]\d{2,4})x([1-9]\d{2,4})", str(value))
    if not match:
        raise ValueError('must be width and height in pixels such as "1280x720", each at least 100')
    return int(match[1]), int(match[2])


def address(text: object) -> tuple[str, int]:
    """Host and port of "127.0.0.1:8642" or "[::1]:8642"; raises ValueError."""
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^\s:/\[\]]+)):(\d{1,5})", str(text))
    if not match or int(match[3]) > 65535:
        raise ValueError('must be an address and a port such as "127.0.0.1:8642"')
    return match[1] or match[2], int(match[3])


def _source_text(value: object) -> str:
    if isinstance(value, bool) or not (
        isinstance(value, str) or (isinstance(value, int) and value >= 0)
    ):
        raise ValueError("must be an address or path in quotes, or a USB camera's index such as 0")
    return str(value)


def _check_database(url: str) -> None:
    if url != "embedded" and not url.startswith(("postgresql://", "postgres://")):
        raise ValueError('must be "embedded" or start with postgresql://')
    check_address(url)


Duration = Annotated[
    timedelta, BeforeValidator(duration), _must("be longer than zero", timedelta().__lt__)
]
FilePath = Annotated[
    Path,
    _must("not contain a NUL character", lambda path: "\0" not in str(path)),
    AfterValidator(_expanded),
]
_NAME_MEANING = (
    f"be 1 to {NAME_MAX} characters without a slash or control character, not starting with a space"
)
Name = Annotated[str, _must(_NAME_MEANING, valid_name)]
Zone = Annotated[str, _must('be the name of a time zone such as "Europe/Berlin"', _is_zone)]
Format = Annotated[
    str,
    _must('be four capital letters or digits such as "MJPG"', re.compile("[A-Z0-9 ]{4}").fullmatch),
]
Decoder = Annotated[
    str, _must('be a decoder in small letters such as "vaapi"', re.compile("[a-z0-9]+").fullmatch)
]
_DEVICES = re.compile(r"auto|cpu|(cuda|tensorrt)(:\d{1,2})?|openvino|coreml")
Processor = Annotated[
    str, _must('be "auto", "cpu" or an accelerator such as "cuda:0"', _DEVICES.fullmatch)
]
Share = Annotated[float, Field(ge=0, le=1)]
Polygon = Annotated[
    tuple[tuple[Share, Share], ...],
    _must("have at least three corners", lambda corners: corners[2:]),
]


class _Section(BaseModel, extra="forbid", frozen=True, hide_input_in_errors=True):
    @field_validator("*", mode="before")
    @classmethod
    def _with_variables(cls, value: object, info: ValidationInfo) -> object:
        """Replaces ${NAME} in every text but those of _SECRET_KEYS; sections inside this one do it
        themselves.
        """
        return (
            _expand(value)
            if isinstance(value, str) and info.field_name not in _SECRET_KEYS
            else value
        )


class DatabaseConfig(_Section):
    url: Annotated[str, _complete(_check_database)] = "embedded"
    password_file: FilePath | None = None
    vector: bool = False


class ModelsConfig(_Section):
    pack: str = Field("opencv-zoo", min_length=1)
    match: float | None = Field(None, ge=-1, le=1)
    new: float | None = Field(None, ge=-1, le=1)
    threads: int = Field(0, ge=0, le=64)
    detect_px: int = Field(640, ge=160, le=1920, multiple_of=32)
    device: Processor = "auto"
    liveness: FilePath | None = None
    live: float | None = Field(None, ge=0, le=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.match is not None and self.new is not None and self.new > self.match:
            raise ValueError(f"new must not be above match, {self.match:g}")
        return self


class SiteConfig(_Section):
    name: Name = "main"
    timezone: Zone = "UTC"


class VisitConfig(_Section):
    gap: Duration = timedelta(minutes=5)


class MergeConfig(_Section):
    every: Duration = timedelta(hours=1)
    cron: Annotated[str, AfterValidator(_cron)] | None = None


class SpoolConfig(_Section):
    max_mb: int = Field(500, ge=1)
    keep: Duration = timedelta(days=90)


class CropsConfig(_Section):
    keep: Duration = timedelta(days=90)
    max_mb: int = Field(2000, ge=0)


class ReviewConfig(_Section):
    listen: Annotated[tuple[str, int] | None, BeforeValidator(address)] = None
    hosts: tuple[str, ...] = ()


class CameraConfig(_Section):
    name: Name
    source: Annotated[str, BeforeValidator(_source_text), _complete(parse)]
    enabled: bool = True
    password_file: FilePath | None = None
    transport: Literal["tcp", "udp"] = "tcp"
    fps: float = Field(8, ge=2, le=60)  # below 2 a walker is seen too seldom to be followed
    size: Annotated[tuple[int, int] | None, BeforeValidator(_size)] = None
    format: Format | None = None
    decoder: Decoder = "cpu"
    liveness: Literal["off", "flag", "block"] = "off"
    stale_after: Annotated[Duration, Field(ge=timedelta(seconds=1))] = timedelta(seconds=10)
    ignore: tuple[Polygon, ...] = ()
    only: tuple[Polygon, ...] = ()

    @model_validator(mode="after")
    def _fits_its_source(self) -> Self:
        if self.source.startswith("${"):
            return self
        usb = self.source.isdecimal() or self.source.startswith("/dev/")
        if self.format and not usb:
            raise ValueError("format is for USB cameras only; this one sends what it is set to")
        if self.transport == "udp" and not self.source.lower().startswith("rtsp"):
            raise ValueError('transport = "udp" is for rtsp:// cameras only')
        return self


class Config(_Section):
    """The whole configuration."""

    state_dir: FilePath | None = None
    box: Name = Field(default_factory=lambda: platform.node()[:NAME_MAX] or "box")
    database: DatabaseConfig = DatabaseConfig()
    models: ModelsConfig = ModelsConfig()
    site: SiteConfig = SiteConfig()
    visit: VisitConfig = VisitConfig()
    merge: MergeConfig = MergeConfig()
    spool: SpoolConfig = SpoolConfig()
    crops: CropsConfig = CropsConfig()
    review: ReviewConfig = ReviewConfig()
    camera: tuple[CameraConfig, ...] = ()
    _path: Path | None = None

    @model_validator(mode="after")
    def _distinct_cameras(self) -> Self:
        names = [c.name for c in self.camera]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'two cameras are called "{name}"; give each a name of its own')
        if on := [c.name for c in self.camera if c.liveness != "off" and not self.models.liveness]:
            raise ValueError(
                f"camera {on[0]} has liveness on, but models.liveness names no folder with the networks"
            )
        return self

    @property
    def path(self) -> Path | None:
        """The file it came from, None for the built-in defaults."""
        return self._path

    @property
    def folder(self) -> Path:
        """What relative paths in the file are relative to."""
        return self.path.parent if self.path else Path.cwd()

    @property
    def state(self) -> Path:
        """The folder for everything the box writes; /var/lib/visitord for the system-wide file."""
        default = "/var/lib/visitord" if self.path == SYSTEM_CONFIG else "state"
        return self.folder / (self.state_dir or default)

    @property
    def models_dir(self) -> Path:
        return self.state / "models"

    @property
    def spool_file(self) -> Path:
        return self.state / "spool.db"

    @property
    def crops_dir(self) -> Path:
        return self.state / "crops"

    @property
    def gallery_file(self) -> Path:
        return self.state / "gallery.json"

    def source_of(self, camera: CameraConfig) -> Source:
        """The camera's source with its variables and password in place; raises ConfigError.

        Only here, so that commands that read no camera need none of their secrets.
        """
        key = f"camera.{camera.name}.source"
        return parse(self._completed(key, camera.source, camera.password_file, parse), self.folder)

    def database_url(self) -> str:
        """The database's URL with its variables and password in place; raises ConfigError."""
        return self._completed(
            "database.url", self.database.url, self.database.password_file, _check_database
        )

    def require_secrets(self) -> None:
        """Raises ConfigError unless every variable, password file and address can be used."""
        for camera in self.camera:
            if camera.enabled:
                self.source_of(camera)
        self.database_url()

    def _completed(
        self, key: str, text: str, password_file: Path | None, check: Callable[[str], object]
    ) -> str:
        try:
            text = _expand(text)
            check(text)
            return with_password(text, self._secret(password_file)) if password_file else text
        except ValueError as error:
            raise ConfigError(
                f"{self.path or 'the built-in configuration'}: {key} {error}."
            ) from None

    def _secret(self, file: Path) -> str:
        """The content of a secret file; a bare name is looked up among systemd's credentials first."""
        path = self.folder / file
        if (credentials := os.environ.get("CREDENTIALS_DIRECTORY")) and Path(
            credentials, file
        ).exists():
            path = Path(credentials, file)
        try:
            return path.read_text().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            problem = getattr(error, "strerror", "it is not UTF-8 text")
        raise ConfigError(
            f"{self.path or 'the built-in configuration'}: password_file {path} cannot be read: {problem}."
        )


def find(given: Path | None = None) -> Path | None:
    """The configuration file in force: --config, $VISITORD_CONFIG, ./config.toml,
    /etc/visitord/config.toml.
    """
    if named := given or os.environ.get("VISITORD_CONFIG"):
        return Path(named)
    return next((p for p in (Path("config.toml"), SYSTEM_CONFIG) if p.is_file()), None)


def load(path: Path | None) -> Config:
    """Read and validate the file at `path` (None: all defaults); raises ConfigError naming key and
    remedy.
    """
    if path is None:
        return Config()
    path = path.expanduser().absolute()
    try:
        config = Config.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the configuration: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}.") from None
    except ValidationError as error:
        raise ConfigError(f"{path}: {_sentence(error)}.") from None
    config._path = path
    return config


def _expand(text: str) -> str:
    """`text` with every ${NAME} replaced from the environment; raises ValueError."""

    def lookup(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            raise ValueError(
                f"uses ${{{match[1]}}}, but the environment has no variable of that name"
            )
        return os.environ[match[1]]

    return re.sub(r"\$\{([^}]*)\}", lookup, text)


def _sentence(error: ValidationError) -> str:
    """The first three problems pydantic found; keys that do not exist alone, for they cause others
    to be missing.
    """
    problems = error.errors()
    unknown = [p for p in problems if p["type"] == "extra_forbidden"]
    return "; ".join(_problem(p["type"], p["loc"], p["msg"]) for p in (unknown or problems)[:3])


def _problem(kind: str, location: tuple[int | str, ...], message: str) -> str:
    """One problem as: the key as the file spells it (camera[1].fps), what is wrong, what would be
    right.
    """
    key = "".join(
        f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in location
    ).removeprefix(".")
    if kind == "extra_forbidden":
        return f"unknown key {key}; {_advice(str(location[-1]), location[:-1])}"
    if kind == "missing":
        return f"{key} is missing"
    if kind == "model_type":
        return f"{key} must be a [{key}] section"
    message = re.sub("^Value error, |^Input (?=is)| after validation| for <class .*>", "", message)
    message = message.replace(
        "valid tuple", "list of [[camera]] sections" if key == "camera" else "list"
    )
    return f"{key} {re.sub('^(Input|String|Tuple) should ', 'must ', message)}".strip()


def _advice(key: str, section: tuple[int | str, ...]) -> str:
    model: Any = Config
    if section:
        model = (
            CameraConfig
            if section[0] == "camera"
            else Config.model_fields[str(section[0])].annotation
        )
    near = difflib.get_close_matches(key, model.model_fields, n=1)
    return f"did you mean {near[0]}" if near else f"known here: {', '.join(model.model_fields)}"
