"""The configuration file: found, read, validated, and never half accepted."""

import difflib
import os
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from visitord.errors import ConfigError
from visitord.sources import Source, check_address, parse, with_password

SYSTEM_CONFIG = Path("/etc/visitord/config.toml")
_UNITS = {"ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION_MAX_D = 3660
NAME_MAX = 64
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


def duration(value: object) -> timedelta:
    """A duration such as "250ms", "30s", "10m", "1h" or "30d"; raises ValueError."""
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)", value) if isinstance(value, str) else None
    if not match:
        raise ValueError('must be a duration in quotes such as "30s", "10m", "1h" or "30d"')
    seconds = float(match[1]) * _UNITS[match[2]]
    if seconds > DURATION_MAX_D * 86400:
        raise ValueError(f"must be at most {DURATION_MAX_D} days")
    return timedelta(seconds=seconds)


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta():
        raise ValueError("must be longer than zero")
    return value


Duration = Annotated[timedelta, BeforeValidator(lambda v: _positive(duration(v)))]


def _path_text(value: object) -> object:
    if not isinstance(value, str):
        return value
    if "\0" in value:
        raise ValueError("must not contain a NUL character")
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise ValueError("begins with the home folder of an account that does not exist") from None


FilePath = Annotated[Path, BeforeValidator(_path_text)]
_NAME = r"^[^\s/\x00-\x1f][^/\x00-\x1f]*$"
Name = Annotated[str, Field(pattern=_NAME, max_length=NAME_MAX)]


def valid_name(text: str) -> bool:
    """Whether a site or a camera may be called so."""
    return len(text) <= NAME_MAX and re.fullmatch(_NAME, text) is not None and _encodes(text)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _source_text(value: object) -> str:
    if isinstance(value, bool) or not (isinstance(value, str) or (isinstance(value, int) and value >= 0)):
        raise ValueError("must be an address or path in quotes, or a USB camera's index such as 0")
    return str(value)


def _source_kind(text: str) -> str:
    if "${" not in text:
        parse(text, Path())
    return text


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _check_database(url: str) -> None:
    if url != "embedded" and not url.startswith(("postgresql://", "postgres://")):
        raise ValueError('must be "embedded" or start with postgresql://')
    check_address(url)


class DatabaseConfig(_Section):
    url: str = "embedded"
    password_file: FilePath | None = None

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: str) -> str:
        if "${" not in url:
            _check_database(url)
        return url


class ModelsConfig(_Section):
    pack: str = Field("opencv-zoo", min_length=1)
    match: float | None = Field(None, ge=-1, le=1)
    new: float | None = Field(None, ge=-1, le=1)
    threads: int = Field(0, ge=0, le=64)


class SiteConfig(_Section):
    name: Name = "main"
    timezone: str = "UTC"

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in available_timezones() or zone == "localtime":  # which PostgreSQL does not know
            raise ValueError('must be the name of a time zone such as "Europe/Berlin"')
        return zone


class VisitConfig(_Section):
    gap: Duration = timedelta(minutes=5)


class MergeConfig(_Section):
    every: Duration = timedelta(hours=1)


def _size(value: object) -> object:
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", value) if isinstance(value, str) else None
    if not match or not min(int(match[1]), int(match[2])):
        raise ValueError('must be width and height in pixels such as "1280x720"')
    return int(match[1]), int(match[2])


Share = Annotated[float, Field(ge=0, le=1)]
Polygons = tuple[Annotated[tuple[tuple[Share, Share], ...], Field(min_length=3)], ...]


class CameraConfig(_Section):
    name: Name
    source: Annotated[str, BeforeValidator(_source_text), AfterValidator(_source_kind)]
    enabled: bool = True
    password_file: FilePath | None = None
    transport: Literal["tcp", "udp"] = "tcp"
    fps: float = Field(8, ge=2, le=60)  # below 2 a walker is seen too seldom to be followed
    size: Annotated[tuple[int, int] | None, BeforeValidator(_size)] = None
    format: str | None = Field(None, pattern="^[A-Z0-9 ]{4}$")
    decoder: str = Field("cpu", pattern="^[a-z0-9]+$")
    stale_after: Duration = timedelta(seconds=10)
    ignore: Polygons = ()
    only: Polygons = ()

    @model_validator(mode="after")
    def _fits_its_source(self) -> Self:
        usb = self.source.isdecimal() or self.source.startswith("/dev/")
        if self.format and not usb:
            raise ValueError("format is for USB cameras only; this one sends what it is set to")
        if self.transport == "udp" and not self.source.lower().startswith("rtsp"):
            raise ValueError('transport = "udp" is for rtsp:// cameras only')
        return self


class Config(_Section):
    """The whole configuration; `path` is the file it came from, None for the built-in defaults."""

    state_dir: FilePath | None = None
    database: DatabaseConfig = DatabaseConfig()
    models: ModelsConfig = ModelsConfig()
    site: SiteConfig = SiteConfig()
    visit: VisitConfig = VisitConfig()
    merge: MergeConfig = MergeConfig()
    camera: tuple[CameraConfig, ...] = ()
    path: Annotated[Path | None, Field(exclude=True)] = None

    @model_validator(mode="after")
    def _distinct_cameras(self) -> Self:
        names = [c.name for c in self.camera]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'two cameras are called "{name}"; give each a name of its own')
        return self

    @property
    def folder(self) -> Path:
        """What relative paths in the file are relative to."""
        return self.path.parent if self.path else Path.cwd()

    @property
    def state(self) -> Path:
        """The folder for everything the box writes; /var/lib/visitord for the system-wide file."""
        if self.state_dir is not None:
            return self.folder / self.state_dir
        if self.path == SYSTEM_CONFIG:
            return Path("/var/lib/visitord")
        return self.folder / "state"

    @property
    def models_dir(self) -> Path:
        return self.state / "models"

    def source_of(self, camera: CameraConfig) -> Source:
        """The camera's source with its variables and password in place; raises ConfigError.

        Only here, so that commands that read no camera need none of their secrets.
        """
        key = f"camera.{camera.name}.source"
        try:
            source = parse(_expand(camera.source, key), self.folder)
            if camera.password_file is None:
                return source
            return Source(source.kind, with_password(source.target, self._secret(camera.password_file)))
        except ValueError as error:
            raise ConfigError(f"{self._where()}: {_about(key, error)}.") from None

    def database_url(self) -> str:
        """The database's URL with its variables and password in place; raises ConfigError."""
        try:
            url = str(_expand(self.database.url, "database.url"))
            _check_database(url)
            if self.database.password_file is None:
                return url
            return with_password(url, self._secret(self.database.password_file))
        except ValueError as error:
            raise ConfigError(f"{self._where()}: {_about('database.url', error)}.") from None

    def require_secrets(self) -> None:
        """Raises ConfigError unless every variable, password file and address can be used."""
        for camera in self.camera:
            if camera.enabled:
                self.source_of(camera)
        self.database_url()

    def _secret(self, file: Path) -> str:
        """The content of a secret file; a bare name is looked up among systemd's credentials first."""
        credentials = os.environ.get("CREDENTIALS_DIRECTORY")
        candidates = [Path(credentials) / file] if credentials and not file.is_absolute() else []
        candidates.append(self.folder / file)
        for path in candidates:
            try:
                return path.read_text().rstrip("\r\n")
            except FileNotFoundError:
                continue
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
                raise ConfigError(f"{self._where()}: password_file {path} cannot be read: {reason}.") from None
        raise ConfigError(f"{self._where()}: password_file {candidates[-1]} does not exist.")

    def _where(self) -> str:
        return str(self.path) if self.path else "the built-in configuration"


def find(given: Path | None = None) -> Path | None:
    """The configuration file in force: --config, $VISITORD_CONFIG, ./config.toml, /etc/visitord/config.toml."""
    if given is not None:
        return given
    if named := os.environ.get("VISITORD_CONFIG"):
        return Path(named)
    return next((p for p in (Path("config.toml"), SYSTEM_CONFIG) if p.is_file()), None)


def load(path: Path | None) -> Config:
    """Read and validate the file at `path` (None: all defaults); raises ConfigError naming key and remedy."""
    if path is None:
        return Config()
    path = path.expanduser().absolute()
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the configuration: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}.") from None
    if "path" in values:
        raise ConfigError(f"{path}: unknown key path; {_advice('path', Config)}.")
    try:
        return Config(**_expand(values, ""), path=path)
    except ValidationError as error:
        raise ConfigError(f"{path}: {'; '.join(_sentence(e) for e in error.errors()[:3])}.") from None
    except ValueError as error:
        raise ConfigError(f"{path}: {'; '.join(_unknown_keys(values)) or error}.") from None


def _unknown_keys(values: dict[str, Any]) -> list[str]:
    """Sentences on keys that do not exist: a misspelt key is the cause, a variable missing inside it is not."""
    try:
        Config(**values)
    except ValidationError as error:
        return [_sentence(e) for e in error.errors() if e["type"] == "extra_forbidden"][:3]
    return []


def _about(key: str, error: ValueError) -> str:
    """What is wrong with a key, which the error may name itself."""
    return str(error) if str(error).startswith(key) else f"{key} {error}"


_SECRET_KEYS = {"source", "url"}  # may hold passwords: replaced only when they are used


def _expand(value: Any, key: str) -> Any:
    """`value` with every ${NAME} in its strings replaced from the environment."""
    if isinstance(value, dict):
        return {k: v if k in _SECRET_KEYS else _expand(v, f"{key}.{k}" if key else k) for k, v in value.items()}
    if isinstance(value, list):
        return [_expand(v, f"{key}[{i + 1}]") for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value

    def lookup(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            raise ValueError(f"{key} uses ${{{match[1]}}}, but the environment has no variable of that name")
        return os.environ[match[1]]

    return _VARIABLE.sub(lookup, value)


def _key(location: tuple[int | str, ...]) -> str:
    """The key as the file spells it: camera[1].fps."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{part}" if text else part
    return text


def _sentence(error: Any) -> str:
    """One problem pydantic found, as: key, what is wrong, what would be right."""
    location: tuple[int | str, ...] = error["loc"]
    if error["type"] == "extra_forbidden":
        return f"unknown key {_key(location)}; {_advice(str(location[-1]), _model_at(location[:-1]))}"
    if error["type"] == "missing":
        return f"{_key(location)} is missing"
    message = error["msg"].removeprefix("Value error, ").rstrip(".")
    message = message[0].lower() + message[1:].replace("a valid tuple", "a list of [[camera]] sections")
    message = (
        message.removeprefix("input should ").replace("be ", "must be ", 1) if message.startswith("input") else message
    )
    if error["type"] == "model_type":
        return f"{_key(location)} must be a [{_key(location)}] section"
    if error["type"] in {"string_pattern_mismatch", "string_too_long"}:
        message = "must be 1 to 64 characters without a slash or control character, not starting with a space"
    return f"{_key(location)} {message}".strip() if location else message


def _model_at(location: tuple[int | str, ...]) -> type[BaseModel]:
    sections: dict[str, type[BaseModel]] = {
        "database": DatabaseConfig,
        "models": ModelsConfig,
        "site": SiteConfig,
        "visit": VisitConfig,
        "merge": MergeConfig,
        "camera": CameraConfig,
    }
    return sections.get(str(location[0]), Config) if location else Config


def _advice(key: str, model: type[BaseModel]) -> str:
    known = [k for k in model.model_fields if k != "path"]
    near = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {near[0]}" if near else f"known here: {', '.join(known)}"
