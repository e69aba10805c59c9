"""The configuration file: found, read, validated, and never half accepted."""

import os
import platform
import shlex
import ssl
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, ValidationError, ValidationInfo
from pydantic.functional_validators import BeforeValidator, field_validator, model_validator

from visitord.core.errors import ConfigError, SecretUnseenError
from visitord.core.paths import expanded
from visitord.core.problems import sentence
from visitord.core.reading import TEXT_MAX_BYTES, read
from visitord.core.redaction import holds_secret
from visitord.core.secrets import (
    UnseenError,
    expand,
    holds_variables,
    read_secret,
    readers,
    secret_file,
)
from visitord.core.sources import Source, parse, with_password
from visitord.core.text import visible
from visitord.core.trust import Trust, check_encrypted, fingerprint
from visitord.core.values import (
    NAME_MAX,
    Address,
    Cron,
    Decoder,
    Duration,
    FilePath,
    Format,
    IpAddress,
    Name,
    PackName,
    PixelAspect,
    Polygon,
    Processor,
    Size,
    Zone,
    check_database,
    check_own_database,
    complete,
    source_text,
)

SYSTEM_CONFIG = Path("/etc/visitord/config.toml")
_SECRET_KEYS = {
    "source",
    "url",
    "reader_url",
}  # may hold passwords: completed only when they are used


class _Section(BaseModel, extra="forbid", frozen=True, hide_input_in_errors=True):
    """What the keys of each section mean is said in config.example.toml, key by key."""

    @field_validator("*", mode="before")
    @classmethod
    def _with_variables(cls, value: object, info: ValidationInfo) -> object:
        """Replaces ${NAME} in every text but secret ones; inner sections do it themselves."""
        if isinstance(value, str) and info.field_name not in _SECRET_KEYS:
            return expand(value)
        return value


class DatabaseConfig(_Section):
    url: Annotated[str, complete(check_database)] = "embedded"
    password_file: FilePath | None = None
    reader_url: Annotated[str, complete(check_own_database)] | None = None
    vector: bool = False


class ModelsConfig(_Section):
    pack: PackName = "opencv-zoo"
    strangers: float = Field(5, ge=1, le=500)  # of a thousand, taken for somebody
    match: float | None = Field(None, ge=-1, le=1)
    threads: int = Field(0, ge=0, le=64)
    detect_px: int = Field(640, ge=160, le=1920, multiple_of=32)
    device: Processor = "auto"
    liveness: FilePath | None = None
    live: float | None = Field(None, ge=0, le=1)
    mxnet_python: FilePath | None = None


class SiteConfig(_Section):
    name: Name = "main"
    timezone: Zone = "UTC"


class VisitConfig(_Section):
    gap: Duration = timedelta(minutes=5)
    settle_within: Duration = timedelta(days=30)


class FootfallConfig(_Section):
    exclude_groups: tuple[Name, ...] = ()


class MergeConfig(_Section):
    every: Duration = timedelta(hours=1)
    cron: Cron | None = None


class SpoolConfig(_Section):
    max_mb: int = Field(500, ge=1)
    keep: Duration = timedelta(days=90)


class CropsConfig(_Section):
    keep: Duration = timedelta(days=90)
    max_mb: int = Field(2000, ge=0)


class EventsConfig(_Section):
    keep: Duration = timedelta(days=30)


class ReviewConfig(_Section):
    listen: Address = None
    hosts: tuple[str, ...] = ()
    proxy: IpAddress | None = None
    session: Duration = timedelta(days=7)


class CameraConfig(_Section):
    name: Name
    source: Annotated[str, BeforeValidator(source_text), complete(parse)]
    enabled: bool = True
    password_file: FilePath | None = None
    tls: Literal["verified", "unverified"] = "verified"
    tls_ca: FilePath | None = None
    tls_fingerprint: Annotated[str, BeforeValidator(fingerprint)] | None = None
    transport: Literal["tcp", "udp"] = "tcp"
    fps: float = Field(8, ge=2, le=60)  # below 2 a walker is seen too seldom to be followed
    size: Size = None
    pixel_aspect: PixelAspect = None
    format: Format | None = None
    decoder: Decoder = "cpu"
    liveness: Literal["off", "flag", "block"] = "off"
    stale_after: Annotated[Duration, Field(ge=timedelta(seconds=1))] = timedelta(seconds=10)
    ignore: tuple[Polygon, ...] = ()
    only: tuple[Polygon, ...] = ()

    @property
    def tls_keys(self) -> list[str]:
        """What is said of the camera's certificate, as the file spells it."""
        said = {
            'tls = "unverified"': self.tls == "unverified",
            "tls_ca": self.tls_ca is not None,
            "tls_fingerprint": self.tls_fingerprint is not None,
        }
        return [key for key, is_said in said.items() if is_said]

    @model_validator(mode="after")
    def _says_one_thing_of_its_certificate(self) -> Self:
        if len(self.tls_keys) > 1:
            raise ValueError(f"has {' and '.join(self.tls_keys)}; keep one of them")
        return self

    @model_validator(mode="after")
    def _fits_its_source(self) -> Self:
        if self.source.startswith("${"):
            return self

        usb = self.source.isdecimal() or self.source.startswith("/dev/")
        if self.format and not usb:
            raise ValueError("format is for USB cameras only; this one sends what it is set to")
        check_encrypted(self.source, self.tls_keys)
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
    footfall: FootfallConfig = FootfallConfig()
    merge: MergeConfig = MergeConfig()
    spool: SpoolConfig = SpoolConfig()
    crops: CropsConfig = CropsConfig()
    events: EventsConfig = EventsConfig()
    review: ReviewConfig = ReviewConfig()
    camera: tuple[CameraConfig, ...] = ()
    _path: Path | None = None

    @model_validator(mode="after")
    def _distinct_cameras(self) -> Self:
        names = [camera.name for camera in self.camera]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'two cameras are called "{name}"; give each a name of its own')
        return self

    @model_validator(mode="after")
    def _liveness_has_networks(self) -> Self:
        for camera in self.camera:
            if camera.liveness != "off" and not self.models.liveness:
                raise ValueError(
                    f"camera {camera.name} has liveness on, "
                    "but models.liveness names no folder with the networks"
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
    def compiled_dir(self) -> Path:
        """What networks were compiled into for this machine."""
        return self.state / "compiled"

    @property
    def packs_file(self) -> Path:
        """What the files of each installed model pack should be."""
        return self.state / "packs.json"

    @property
    def mxnet_python(self) -> Path:
        """The interpreter that has MXNet."""
        return self.folder / (self.models.mxnet_python or self.state / "mxnet/bin/python")

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
        text = self._completed(key, camera.source, camera.password_file, parse)
        source = parse(text, self.folder)
        written = camera.source if holds_variables(camera.source) else ""
        return replace(source, written=written, trust=self._trust_of(camera, source.target))

    def _trust_of(self, camera: CameraConfig, target: str) -> Trust:
        """By what the certificate of the camera at `target` is judged; raises ConfigError."""
        try:
            check_encrypted(target, camera.tls_keys)
        except ValueError as error:
            raise self._wrong(f"camera.{camera.name} {error}") from None

        ca = None
        if camera.tls_ca is not None:
            ca = self.folder / camera.tls_ca
            self._require_certificates(f"camera.{camera.name}.tls_ca", ca)
        return Trust(ca, camera.tls_fingerprint or "", camera.tls == "verified")

    def _require_certificates(self, key: str, path: Path) -> None:
        """Raises ConfigError for a file without certificates."""
        try:
            ssl.create_default_context(cafile=path)
        except ssl.SSLError:
            raise self._wrong(f"{key} {path} holds no certificate in PEM form") from None
        except OSError as error:
            raise self._wrong(f"{key} {path} cannot be read: {error.strerror}") from None

    def database_url(self) -> str:
        """The database's URL with its variables and password in place; raises ConfigError."""
        database = self.database
        return self._completed("database.url", database.url, database.password_file, check_database)

    def reader_url(self) -> str | None:
        """Where questions in SQL are asked, if not at `database_url`; raises ConfigError."""
        url = self.database.reader_url
        if url is None:
            return None
        return self._completed("database.reader_url", url, None, check_own_database)

    def require_secrets(self) -> None:
        """Raises ConfigError unless every variable, password file and address can be used."""
        for problem in self.secret_problems():
            raise problem

    def secret_problems(self) -> Iterator[ConfigError]:
        """What is wrong with each address that cannot be used, for want of a secret or else."""
        cameras = [camera for camera in self.camera if camera.enabled]
        complete: list[Callable[[], object]] = [partial(self.source_of, one) for one in cameras]
        for each in [*complete, self.database_url, self.reader_url]:
            try:
                each()
            except ConfigError as problem:
                yield problem

    def exposed_secrets(self) -> Iterator[str]:
        """What other accounts of this machine can read and should not, a sentence for each file."""
        files = []
        addresses = (self.database.url, self.database.reader_url or "")
        if any(map(holds_secret, (*addresses, *(camera.source for camera in self.camera)))):
            files.append((self.path, "holds a password or what may be one"))
        password_files = [self.database.password_file, *(c.password_file for c in self.camera)]
        for name in dict.fromkeys(filter(None, password_files)):
            files.append((secret_file(name, self.folder), "holds a password"))

        for path, holds in files:
            mode = readers(path) if path else None
            if mode is not None:
                command = f"chmod 600 {shlex.quote(str(path))}"
                yield (
                    f"{path} {holds}, and other accounts can read it (mode {mode:03o}): let the "
                    f"account that runs visitord own it, and run: {command}"
                )

    def _completed(
        self, key: str, text: str, password_file: Path | None, check: Callable[[str], object]
    ) -> str:
        """An address that `check` accepts, with all it needs; raises ConfigError naming `key`."""
        try:
            text = expand(text)
            check(text)
            if password_file is None:
                return text
            return with_password(text, self._secret(password_file))
        except UnseenError as error:
            raise self._unseen(f"{key} {error}", error) from None
        except ValueError as error:
            raise self._wrong(f"{key} {error}") from None

    def _secret(self, name: Path) -> str:
        """The content of a secret file; raises ConfigError."""
        path = secret_file(name, self.folder)
        try:
            return read_secret(path)
        except UnseenError as error:
            raise self._unseen(f"password_file {path} {error}", error) from None
        except ValueError as error:
            raise self._wrong(f"password_file {path} {error}") from None

    def _unseen(self, what: str, error: UnseenError) -> SecretUnseenError:
        return SecretUnseenError(self._located(what), refused=error.refused)

    def _wrong(self, what: str) -> ConfigError:
        return ConfigError(self._located(what))

    def _located(self, what: str) -> str:
        return f"{self.path or 'the built-in configuration'}: {what}."


def find(given: Path | None = None) -> Path | None:
    """The configuration file in force, None where there is none.

    That of --config (`given`), $VISITORD_CONFIG, ./config.toml, or /etc/visitord/config.toml.
    """
    for key, named in (
        ("--config", given),
        ("$VISITORD_CONFIG", os.environ.get("VISITORD_CONFIG")),
    ):
        if named:
            return _expanded(key, named)
    usual = (Path("config.toml"), SYSTEM_CONFIG)
    return next((path for path in usual if path.is_file()), None)


def load(path: Path | None) -> Config:
    """Read and validate a file (None: all defaults); raises ConfigError naming key and remedy."""
    if path is None:
        return Config()

    path = _expanded("the configuration", path).absolute()
    values = _parsed(path)
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{path}: {sentence(error, Config)}.") from None

    config._path = path
    return config


def _expanded(key: str, path: Path | str) -> Path:
    """The path to a configuration that `key` gives; raises ConfigError."""
    try:
        return expanded(path)
    except ValueError as error:
        raise ConfigError(f"{key} {error}.") from None


def _parsed(path: Path) -> dict[str, object]:
    """What a file of TOML holds; raises ConfigError."""
    try:
        return tomllib.loads(read(path, TEXT_MAX_BYTES).decode("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the configuration: {error.strerror}.") from None
    except ValueError as error:
        raise ConfigError(f"{path}: not valid TOML: {visible(str(error))}.") from None
    except RecursionError:
        raise ConfigError(f"{path}: not valid TOML: its brackets are nested too deeply.") from None
