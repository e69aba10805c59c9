"""config.example.toml: every key there is, with its default, and nothing else."""

import re
import tomllib

from fixtures.paths import ROOT
from visitord.core.config import CameraConfig, Config

TEXT = (ROOT / "config.example.toml").read_text()
NO_DEFAULT = {
    "state_dir",
    "password_file",
    "reader_url",
    "match",
    "live",
    "name",
    "source",
    "size",
    "pixel_aspect",
    "format",
    "tls_ca",
    "tls_fingerprint",
    "ignore",
    "only",
}


def test_the_file_as_it_stands_is_the_default_configuration() -> None:
    assert Config(**tomllib.loads(TEXT)) == Config()


def test_every_key_is_explained() -> None:
    keys = set(re.findall(r"^(?:# )*(\w+) = ", TEXT, re.MULTILINE))
    sections = {
        name: field.default
        for name, field in Config.model_fields.items()
        if name not in {"path", "camera"}
    }
    known = set(CameraConfig.model_fields) | {k for k in sections if k in {"state_dir", "box"}}
    for section in sections.values():
        known |= set(getattr(type(section), "model_fields", ()))
    assert keys == known


def test_the_camera_section_is_valid_and_shows_the_defaults() -> None:
    section = TEXT[TEXT.index("# [[camera]]") :]
    lines = [line.removeprefix("# ") for line in section.splitlines()]
    others = ("format", "tls_")  # keys of USB cameras, and of https:// and rtsps:// ones
    of_rtsp = [line for line in lines if not line.startswith(others)]
    (camera,) = Config(**tomllib.loads("\n".join(of_rtsp))).camera
    for key, field in CameraConfig.model_fields.items():
        if key not in NO_DEFAULT:
            assert getattr(camera, key) == field.get_default(), key
