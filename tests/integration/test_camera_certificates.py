"""Cameras over TLS: the password is for the camera that is meant, not for one that poses as it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import trustme

from fixtures import footage
from fixtures.certificates import DAY, Chain, issued, self_signed
from fixtures.installation import Box
from fixtures.peers import HOST, Front
from fixtures.rtsp import Server
from fixtures.running import Watched, running, with_cameras
from fixtures.waiting import wait
from visitord.capture.health import State
from visitord.core.trust import Trust, fingerprint

SECRET = "hidden-word"  # noqa: S105
SCHEMES = ("rtsps", "https")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def vouching(authority: trustme.CA, tmp_path: Path) -> Path:
    """The authority's own certificate, as `tls_ca` names it."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """Of a camera for each scheme that asks for the password; without TLS, which fronts add."""
    folder = tmp_path_factory.mktemp("clips")
    footage.encode(folder / "clip.mp4", footage.room(120, 320, 180))
    pictures = tmp_path_factory.mktemp("pictures")
    footage.jpegs(pictures / "clip.mp4", footage.room(40, 320, 180))
    with (
        Server(folder, auth="digest", password=SECRET) as rtsp,
        Server(pictures, kind="mjpeg", auth="basic", password=SECRET) as web,
    ):
        yield {"rtsps": rtsp.port, "https": web.port}


def url(scheme: str, front: Front) -> str:
    return f"{scheme}://user:{SECRET}@{HOST}:{front.port}/clip.mp4"


# Who is refused


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("kind", ["self-signed", "foreign", "expired", "other host"])
def test_a_camera_with_a_certificate_that_is_not_trusted_hears_nothing_at_all(
    ports: dict[str, int],
    authority: trustme.CA,
    vouching: Path,
    tmp_path: Path,
    scheme: str,
    kind: str,
) -> None:
    chain, trust, said = {
        "self-signed": (self_signed(tmp_path), Trust(), "self-signed"),
        "foreign": (issued(tmp_path, trustme.CA()), Trust(vouching), f"authority in {vouching}"),
        "expired": (issued(tmp_path, authority, until=-DAY), Trust(vouching), "has expired"),
        "other host": (
            issued(tmp_path, authority, "cam.example"),
            Trust(vouching),
            f"is that of cam.example, not of {HOST}",
        ),
    }[kind]
    with Front(ports[scheme], chain.file) as front:
        with Watched(url(scheme, front), trust=trust) as door:
            door.wait_for(State.REFUSED, said)
            reason = door.camera.health().reason
        assert front.heard == b""
    if kind != "expired":
        assert f"the fingerprint {chain.fingerprint}, set tls_fingerprint to it" in reason


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_camera_of_no_authority_that_the_system_knows_hears_nothing_at_all(
    ports: dict[str, int], authority: trustme.CA, tmp_path: Path, scheme: str
) -> None:
    with Front(ports[scheme], issued(tmp_path, authority).file) as front:
        with Watched(url(scheme, front)) as door:
            door.wait_for(State.REFUSED, "is not from an authority that this box knows")
        assert front.heard == b""


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_certificate_with_another_fingerprint_is_refused_and_told_with_its_own(
    ports: dict[str, int], tmp_path: Path, scheme: str
) -> None:
    mine, other = self_signed(tmp_path), self_signed(tmp_path)
    trust = Trust(fingerprint=fingerprint(mine.fingerprint))
    with Front(ports[scheme], other.file) as front:
        with Watched(url(scheme, front), trust=trust) as door:
            door.wait_for(State.REFUSED, f"has the fingerprint {other.fingerprint}, not the one")
        assert front.heard == b""


@pytest.mark.parametrize(
    ("name", "until", "said"),
    [("camera", -DAY, "only"), ("", DAY, "name"), ("192.0.2.7", DAY, "name")],
)
def test_what_ffmpeg_will_not_take_is_said_before_it_is_asked(
    ports: dict[str, int], tmp_path: Path, name: str, until: timedelta, said: str
) -> None:
    chain = self_signed(tmp_path, name, until)
    trust = Trust(fingerprint=fingerprint(chain.fingerprint))
    with Front(ports["rtsps"], chain.file) as front:
        with Watched(url("rtsps", front), trust=trust) as door:
            door.wait_for(State.REFUSED, said)
        assert SECRET.encode() not in front.heard
        assert b"Authorization" not in front.heard


@pytest.mark.parametrize(("scheme", "questions"), [("rtsps", 2), ("https", 1)])
def test_whoever_answers_in_place_of_the_camera_once_it_was_verified_gets_no_password(
    ports: dict[str, int],
    authority: trustme.CA,
    vouching: Path,
    tmp_path: Path,
    scheme: str,
    questions: int,
) -> None:
    """FFmpeg's connection is another one than those in which the certificate was verified."""
    right, other = issued(tmp_path, authority), issued(tmp_path, trustme.CA())
    with Front(ports[scheme], *[right.file] * questions, other.file) as front:
        with Watched(url(scheme, front), trust=Trust(vouching)) as door:
            door.wait_for(State.REFUSED, "authority")
            assert door.camera.health().reconnects >= 1
        assert front.heard.count(b"clip.mp4") == questions
        assert b"uthorization" not in front.heard


def test_what_speaks_no_tls_is_gone_and_hears_no_password(ports: dict[str, int]) -> None:
    with Front(ports["rtsps"]) as front:
        with Watched(url("rtsps", front)) as door:
            door.wait_for(State.GONE, "no encrypted connection comes about")
        assert SECRET.encode() not in front.heard


# Who is let in


def trusts(chain: Chain, authority: Path) -> list[Trust]:
    return [
        Trust(authority),
        Trust(chain.alone),
        Trust(fingerprint=fingerprint(chain.fingerprint)),
        Trust(verified=False),
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_certificate_is_trusted_by_its_authority_by_itself_by_its_fingerprint_or_unseen(
    ports: dict[str, int], authority: trustme.CA, vouching: Path, tmp_path: Path, scheme: str
) -> None:
    chain = issued(tmp_path, authority)
    for trust in trusts(chain, vouching):
        with (
            Front(ports[scheme], chain.file) as front,
            Watched(url(scheme, front), trust=trust) as door,
        ):
            assert door.frame().image.shape == (180, 320, 3), trust


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_authority_of_the_systems_is_trusted_without_any_key(
    ports: dict[str, int],
    authority: trustme.CA,
    vouching: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(vouching))
    with (
        Front(ports[scheme], issued(tmp_path, authority).file) as front,
        Watched(url(scheme, front)) as door,
    ):
        assert door.frame()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", ["camera", "*.example.com", "IP Camera 4711"])
def test_a_fingerprint_vouches_for_a_certificate_whatever_the_name_in_it(
    ports: dict[str, int], tmp_path: Path, scheme: str, name: str
) -> None:
    chain = self_signed(tmp_path, name)
    trust = Trust(fingerprint=fingerprint(chain.fingerprint))
    with (
        Front(ports[scheme], chain.file) as front,
        Watched(url(scheme, front), trust=trust) as door,
    ):
        assert door.frame()


# The whole program


def test_the_box_says_which_fingerprint_to_compare_and_takes_it(
    box: Box, ports: dict[str, int], tmp_path: Path
) -> None:
    chain = self_signed(tmp_path)
    before = (box.folder / "config.toml").read_text()
    with Front(ports["https"], chain.file) as front:
        with_cameras(box, door=url("https", front))
        done = box.run("visitorctl", "snapshot", "door")
        done.fails_with("its certificate is self-signed", chain.fingerprint, "tls_fingerprint")
        assert front.heard == b""

        box.configure(before)
        keys = {"source": url("https", front), "tls_fingerprint": chain.fingerprint}
        with_cameras(box, door=keys)
        box.ok("visitorctl", "snapshot", "door")
    assert (box.folder / "door.jpg").stat().st_size > 0


def test_tls_ca_is_found_beside_the_configuration(
    box: Box, ports: dict[str, int], authority: trustme.CA, vouching: Path, tmp_path: Path
) -> None:
    (box.folder / "camera.pem").write_bytes(vouching.read_bytes())
    with Front(ports["rtsps"], issued(tmp_path, authority).file) as front:
        with_cameras(box, door={"source": url("rtsps", front), "tls_ca": "camera.pem"})
        box.ok("visitorctl", "snapshot", "door")


def test_a_camera_that_is_not_verified_is_said_at_every_start_and_by_every_check(
    box: Box,
) -> None:
    said = 'Camera door has tls = "unverified": whoever poses as it'
    with_cameras(
        box,
        door={"source": f"https://user:{SECRET}@{HOST}:9/clip", "tls": "unverified"},
        off={"source": f"https://{HOST}:9/clip", "tls": "unverified", "enabled": False},
    )
    assert said in box.run("visitord", "check-config").err
    assert said in box.run("visitorctl", "doctor", "--format", "json").out.replace('\\"', '"')
    for _ in range(2):
        with running(box) as daemon:
            wait(lambda log=daemon: said in log.log, lambda log=daemon: log.log)
            daemon.wait_for("Camera door is gone")
            assert daemon.end() == 0
            assert "Camera off has" not in daemon.log
