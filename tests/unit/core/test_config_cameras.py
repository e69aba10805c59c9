"""The keys of a [[camera]] that say what is asked of it and where its picture counts."""

import json
from fractions import Fraction
from pathlib import Path

import pytest
import trustme

from fixtures.configs import CAMERA, loaded, problem
from visitord.core.config import CameraConfig
from visitord.core.trust import Trust

USB = '[[camera]]\nname = "door"\nsource = "/dev/video0"\n'
HTTP = '[[camera]]\nname = "door"\nsource = "http://192.0.2.10/video"\n'
FILE = '[[camera]]\nname = "door"\nsource = "door.mp4"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def camera(folder: Path, text: str) -> CameraConfig:
    (made,) = loaded(folder, text).camera
    return made


def test_a_camera_needs_a_name_and_a_source_only(folder: Path) -> None:
    made = camera(folder, CAMERA)
    assert (made.enabled, made.size, made.format, made.decoder, made.ignore, made.only) == (
        *(True, None, None, "cpu", (), ()),
    )


def test_every_key_of_a_camera_is_read(folder: Path) -> None:
    made = camera(
        folder,
        USB
        + """
        enabled = false
        size = "1280x720"
        format = "MJPG"
        decoder = "vaapi"
        ignore = [[[0, 0], [0.5, 0], [0.5, 1.0]], [[0.9, 0.9], [1, 0.9], [1, 1], [0.9, 1]]]
        only = [[[0.25, 0.25], [0.75, 0.25], [0.5, 0.75]]]
        """,
    )
    assert (made.enabled, made.size, made.format, made.decoder) == (
        False,
        (1280, 720),
        "MJPG",
        "vaapi",
    )
    assert made.ignore == (((0, 0), (0.5, 0), (0.5, 1)), ((0.9, 0.9), (1, 0.9), (1, 1), (0.9, 1)))
    assert made.only == (((0.25, 0.25), (0.75, 0.25), (0.5, 0.75)),)


@pytest.mark.parametrize("text", ["MJPG", "YUYV", "H264", "Y16 "])
@pytest.mark.parametrize("source", ["0", "/dev/video0", "/dev/v4l/by-id/usb-cam"])
def test_a_usb_camera_may_be_asked_for_a_format(folder: Path, source: str, text: str) -> None:
    made = camera(folder, USB.replace("/dev/video0", source) + f'format = "{text}"\n')
    assert made.format == text


@pytest.mark.parametrize(
    "source", ["rtsp://192.0.2.10/a", "rtsps://192.0.2.10/a", "RTSP://192.0.2.10/a"]
)
def test_an_rtsp_camera_may_be_asked_to_send_by_udp(folder: Path, source: str) -> None:
    assert (
        camera(
            folder, f'[[camera]]\nname = "a"\nsource = "{source}"\ntransport = "udp"\n'
        ).transport
        == "udp"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            CAMERA + 'size = "big"\n',
            'camera[1].size must be width and height in pixels such as "1280x720"',
        ),
        (
            CAMERA + 'size = "1280"\n',
            'camera[1].size must be width and height in pixels such as "1280x720"',
        ),
        (
            CAMERA + 'size = "0x720"\n',
            'camera[1].size must be width and height in pixels such as "1280x720"',
        ),
        (
            CAMERA + "size = [1280, 720]\n",
            'camera[1].size must be width and height in pixels such as "1280x720"',
        ),
        *(
            (
                CAMERA + f"pixel_aspect = {value}\n",
                "camera[1].pixel_aspect must be the width and the height of a pixel such as "
                '"2:1", one at most 4 times the other',
            )
            for value in ("2", '"2"', '"0:1"', '"9:2"', '"2:9"', '"16:9 "', '"-2:1"')
        ),
        (CAMERA + 'enabled = "perhaps"\n', "camera[1].enabled must be"),
        (CAMERA + "enabled = 3\n", "camera[1].enabled must be"),
        (CAMERA + "decoder = 3\n", "camera[1].decoder must be"),
        (USB + "format = 3\n", "camera[1].format must be"),
        (
            CAMERA + "ignore = [[[0, 0], [1, 0], [1.2, 1]]]\n",
            "camera[1].ignore[1][3][1] must be less than or equal to 1",
        ),
        (
            CAMERA + "only = [[[0, 0], [-0.1, 0], [1, 1]]]\n",
            "camera[1].only[1][2][1] must be greater than or equal to 0",
        ),
        (CAMERA + "only = [[[0, 0], [1, nan], [1, 1]]]\n", "camera[1].only[1][2][2] must be"),
        (CAMERA + "ignore = [[[0, 0], [1]]]\n", "camera[1].ignore[1][2][2] is missing"),
        (CAMERA + "ignor = []\n", "unknown key camera[1].ignor; did you mean ignore"),
        (CAMERA + 'formt = "MJPG"\n', "unknown key camera[1].formt; did you mean format"),
    ],
)
def test_a_wrong_value_is_told_with_its_key(folder: Path, text: str, said: str) -> None:
    assert problem(folder, text).startswith(said)


@pytest.mark.parametrize("text", [CAMERA, HTTP, FILE])
def test_a_format_is_refused_for_what_is_no_usb_camera(folder: Path, text: str) -> None:
    said = problem(folder, text + 'format = "MJPG"\n')
    assert said == "camera[1] format is for USB cameras only; this one sends what it is set to"


@pytest.mark.parametrize("text", [USB, HTTP, FILE])
def test_udp_is_refused_for_what_is_no_rtsp_camera(folder: Path, text: str) -> None:
    assert (
        problem(folder, text + 'transport = "udp"\n')
        == 'camera[1] transport = "udp" is for rtsp:// cameras only'
    )


def test_a_camera_that_is_off_needs_no_secret(folder: Path) -> None:
    text = (
        '[[camera]]\nname = "a"\n'
        'source = "rtsp://u:${NOT_SET_ANYWHERE}@192.0.2.10/"\npassword_file = "absent"\n'
    )
    loaded(folder, text + "enabled = false\n").require_secrets()
    assert "NOT_SET_ANYWHERE" in problem(folder, text + "enabled = true\n")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (USB + 'format = "mjpg"\n', "format"),
        (USB + 'format = "MJPEG"\n', "format"),
        (USB + 'format = ""\n', "format"),
        (CAMERA + 'decoder = "CUDA"\n', "decoder"),
        (CAMERA + 'decoder = "nv dec"\n', "decoder"),
    ],
)
def test_a_wrong_format_or_decoder_is_not_called_a_wrong_name(
    folder: Path, text: str, key: str
) -> None:
    said = problem(folder, text)
    assert said.startswith(f"camera[1].{key} must be ")
    assert "64" not in said
    assert "slash" not in said


@pytest.mark.parametrize(
    "value",
    [
        "left",
        [[[0, 0], [1, 1]]],  # two corners
        [[0, 0], [1, 0], [1, 1]],  # a polygon that is not in a list of polygons
        [[[0, 0], [1, 0], [1, 1, 1]]],
        [[[0, 0], [1, 0], [1.2, 1]]],
    ],
    ids=json.dumps,
)
def test_a_wrong_polygon_is_told_in_words_of_the_file(folder: Path, value: object) -> None:
    said = problem(folder, f"{CAMERA}ignore = {json.dumps(value)}\n")
    assert said.startswith("camera[1].ignore")
    assert "[[camera]]" not in said
    assert "tuple" not in said
    assert "validation" not in said


def test_a_wrong_coordinate_is_not_called_a_missing_corner_as_well(folder: Path) -> None:
    said = problem(folder, CAMERA + "ignore = [[[0, 0], [1, 0], [1.2, 1]]]\n")
    assert said == "camera[1].ignore[1][3][1] must be less than or equal to 1"


@pytest.mark.parametrize(
    ("source", "key"),
    [("/dev/video0", 'format = "MJPG"'), ("rtsp://192.0.2.10/a", 'transport = "udp"')],
)
def test_a_source_from_the_environment_may_have_these_keys_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch, source: str, key: str
) -> None:
    """What it is cannot be known before it is used."""
    monkeypatch.setenv("DOOR_SOURCE", source)
    made = loaded(folder, f'[[camera]]\nname = "door"\nsource = "${{DOOR_SOURCE}}"\n{key}\n')
    assert made.source_of(made.camera[0]).target == source


@pytest.mark.parametrize(
    ("said", "ratio"),
    [("2:1", Fraction(2)), ("16:11", Fraction(16, 11)), ("1:1", Fraction(1)), ("6:12", 0.5)],
)
def test_a_pixels_shape_is_its_width_by_its_height(
    folder: Path, said: str, ratio: Fraction
) -> None:
    assert camera(folder, CAMERA).pixel_aspect is None
    assert camera(folder, f'{CAMERA}pixel_aspect = "{said}"\n').pixel_aspect == ratio


def test_a_size_in_which_nobody_can_be_seen_is_refused(folder: Path) -> None:
    """The pictures of a camera that streams would be shrunk to it."""
    assert problem(folder, f'{CAMERA}size = "1x1"\n').startswith("camera[1].size must be")


# Certificates

DIGITS = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
TLS = '[[camera]]\nname = "door"\nsource = "rtsps://user@192.0.2.10/a"\n'
COLONS = ":".join(DIGITS[i : i + 2] for i in range(0, 64, 2)).upper()


@pytest.mark.parametrize(
    "text", [DIGITS, COLONS, DIGITS.upper(), f"sha256 Fingerprint={COLONS}", f"SHA256:{DIGITS}"]
)
def test_a_fingerprint_may_be_written_in_every_usual_way(folder: Path, text: str) -> None:
    config = loaded(folder, TLS + f'tls_fingerprint = "{text}"\n')
    assert config.source_of(config.camera[0]).trust == Trust(fingerprint=DIGITS)


@pytest.mark.parametrize("text", ["", "9F:86", DIGITS[:-1], DIGITS[:-1] + "g", DIGITS + "00"])
def test_what_is_no_fingerprint_is_refused(folder: Path, text: str) -> None:
    said = problem(folder, TLS + f'tls_fingerprint = "{text}"\n')
    assert said.startswith("camera[1].tls_fingerprint must be the SHA-256 of a certificate")


def test_a_certificate_is_verified_unless_the_file_says_otherwise(folder: Path) -> None:
    config = loaded(folder, TLS)
    assert config.source_of(config.camera[0]).trust == Trust()
    config = loaded(folder, TLS + 'tls = "unverified"\n')
    assert config.source_of(config.camera[0]).trust == Trust(verified=False)


def test_what_contradicts_itself_about_a_certificate_is_refused(folder: Path) -> None:
    said = problem(folder, TLS + f'tls_ca = "ca.pem"\ntls_fingerprint = "{DIGITS}"\n')
    assert said == "camera[1] has tls_ca and tls_fingerprint; keep one of them"
    said = problem(folder, TLS + 'tls = "unverified"\ntls_ca = "ca.pem"\n')
    assert said == 'camera[1] has tls = "unverified" and tls_ca; keep one of them'


@pytest.mark.parametrize("text", [CAMERA, HTTP, FILE, USB])
@pytest.mark.parametrize(
    "key", ['tls = "unverified"', 'tls_ca = "ca.pem"', f'tls_fingerprint = "{DIGITS}"']
)
def test_keys_about_a_certificate_are_refused_where_there_is_none(
    folder: Path, text: str, key: str
) -> None:
    said = problem(folder, f"{text}{key}\n")
    assert said.startswith("camera[1] tls")
    assert said.endswith(" is for https:// and rtsps:// cameras only")


def test_a_source_that_is_a_variable_must_be_encrypted_too_for_its_certificate_to_be_spoken_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOOR", "rtsp://192.0.2.10/a")
    text = f'[[camera]]\nname = "door"\nsource = "${{DOOR}}"\ntls_fingerprint = "{DIGITS}"\n'
    said = problem(folder, text)
    assert said == "camera.door tls_fingerprint is for https:// and rtsps:// cameras only"

    monkeypatch.setenv("DOOR", "rtsps://192.0.2.10/a")
    loaded(folder, text).require_secrets()


def test_a_file_of_authorities_must_be_there_and_hold_some(folder: Path) -> None:
    text = TLS + 'tls_ca = "ca.pem"\n'
    path = folder / "ca.pem"
    assert problem(folder, text) == (
        f"camera.door.tls_ca {path} cannot be read: No such file or directory"
    )
    path.write_text("no certificate")
    assert problem(folder, text) == f"camera.door.tls_ca {path} holds no certificate in PEM form"
    trustme.CA().cert_pem.write_to_path(path)
    config = loaded(folder, text)
    assert config.source_of(config.camera[0]).trust == Trust(path)
