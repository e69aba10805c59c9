"""visitorctl cameras discover, against a stand-in of an ONVIF camera.

There is no ONVIF device here.  The stand-in is written from the specifications: it answers
WS-Discovery probes on the real multicast group and the SOAP calls the command makes over real HTTP,
and checks WS-UsernameToken digests. It says nothing about the oddities of real cameras, apart from
those that are played here.
"""

import base64
import fcntl
import hashlib
import importlib.util
import json
import os
import pty
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from click.testing import CliRunner

from fixtures.installation import Box, Done
from visitord.capture import onvif
from visitord.cli import visitorctl as admin

GROUP, PORT = "239.255.255.250", 3702
USER, PASSWORD = "admin user", "s3cret&word"
SOAP = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" {}>'
    "<s:Header>{}</s:Header><s:Body>{}</s:Body></s:Envelope>"
)
ONVIF = (
    'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" '
    'xmlns:trt="http://www.onvif.org/ver10/media/wsdl" '
    'xmlns:tt="http://www.onvif.org/ver10/schema" '
    'xmlns:ter="http://www.onvif.org/ver10/error"'
)
DISCOVERY = (
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:dn="http://www.onvif.org/ver10/network/wsdl" '
    'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
)
REFUSED = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code>"
    '<s:Reason><s:Text xml:lang="en">Sender not authorized</s:Text></s:Reason></s:Fault>'
)
PART = b" " * (1 << 16)
OPEN_CALLS = {
    "GetSystemDateAndTime",
    "GetServices",
    "GetCapabilities",
}  # as ONVIF's default access policy has it


@dataclass
class Camera:
    """How the stand-in behaves; `profiles` are name, width, height and stream address."""

    name: str = "Front Door"
    login: bool = False
    profiles: tuple[tuple[str, int, int, str], ...] = (
        ("main", 3840, 2160, "rtsp://127.0.0.1:554/stream1"),
        ("sub", 1280, 720, "rtsp://127.0.0.1:554/stream2?x=1&y=2"),
        ("tiny", 640, 360, "rtsp://127.0.0.1:554/stream3"),
    )
    answers: str | None = None  # this instead of SOAP
    endless: bool = False
    written_bytes: int = 0
    silent_s: float = 0
    clock_s: float = 0  # how far its clock is ahead
    calls: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def reply(self, request: str) -> tuple[int, str]:
        time.sleep(self.silent_s)
        if self.answers is not None:
            return 200, self.answers
        call = re.findall(r"<(?:[\w-]+:)?Body[^>]*>\s*<(?:[\w-]+:)?(\w+)", request)[0]
        self.calls.append(call)
        if self.login and call not in OPEN_CALLS and not self._signed(request):
            return 400, SOAP.format(ONVIF, "", REFUSED)
        return 200, SOAP.format(ONVIF, "", getattr(self, f"_{call}")(request))

    def _signed(self, request: str) -> bool:
        """WS-UsernameToken, created within 5 s of this camera's clock.

        The digest is Base64(SHA-1(nonce + created + password)).
        """
        said = dict(
            re.findall(r"<(?:[\w-]+:)?(Username|Password|Nonce|Created)\b[^>]*>([^<]*)<", request)
        )
        if said.get("Username") != USER:
            return False
        created = time.strptime(said["Created"][:19], "%Y-%m-%dT%H:%M:%S")
        age_s = time.mktime(created) - time.mktime(time.gmtime(time.time() + self.clock_s))
        secret = base64.b64decode(said["Nonce"]) + f"{said['Created']}{PASSWORD}".encode()
        digest = hashlib.sha1(secret).digest()  # noqa: S324 - as ONVIF has it
        return abs(age_s) < 5 and base64.b64encode(digest).decode() == said["Password"]

    def _GetSystemDateAndTime(self, _: str) -> str:  # noqa: N802
        now = time.strftime(
            "<tt:Time><tt:Hour>%H</tt:Hour><tt:Minute>%M</tt:Minute><tt:Second>%S</tt:Second></tt:Time>"
            "<tt:Date><tt:Year>%Y</tt:Year><tt:Month>%m</tt:Month><tt:Day>%d</tt:Day></tt:Date>",
            time.gmtime(time.time() + self.clock_s),
        )
        clock = f"<tt:DateTimeType>Manual</tt:DateTimeType><tt:UTCDateTime>{now}</tt:UTCDateTime>"
        body = f"<tds:SystemDateAndTime>{clock}</tds:SystemDateAndTime>"
        return f"<tds:GetSystemDateAndTimeResponse>{body}</tds:GetSystemDateAndTimeResponse>"

    def _GetServices(self, _: str) -> str:  # noqa: N802
        services = "".join(
            f"<tds:Service><tds:Namespace>http://www.onvif.org/ver10/{name}/wsdl</tds:Namespace>"
            f"<tds:XAddr>http://{self.host}/onvif/{name}</tds:XAddr>"
            "<tds:Version><tt:Major>2</tt:Major><tt:Minor>0</tt:Minor></tds:Version></tds:Service>"
            for name in ("device", "media")
        )
        return f"<tds:GetServicesResponse>{services}</tds:GetServicesResponse>"

    def _GetDeviceInformation(self, _: str) -> str:  # noqa: N802
        return (
            "<tds:GetDeviceInformationResponse><tds:Manufacturer>ACME\x9b</tds:Manufacturer><tds:Model>IPC-1</tds:Model>"
            "<tds:FirmwareVersion>1</tds:FirmwareVersion><tds:SerialNumber>2</tds:SerialNumber>"
            "<tds:HardwareId>3</tds:HardwareId></tds:GetDeviceInformationResponse>"
        )

    def _GetProfiles(self, _: str) -> str:  # noqa: N802
        profiles = "".join(
            f'<trt:Profiles token="t{i}" fixed="true"><tt:Name>{name}</tt:Name>'
            f'<tt:VideoEncoderConfiguration token="v"><tt:Name>v</tt:Name>'
            f"<tt:UseCount>1</tt:UseCount>"
            f"<tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>{width}</tt:Width>"
            f"<tt:Height>{height}</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration></trt:Profiles>"
            for i, (name, width, height, _) in enumerate(self.profiles)
        )
        audio = '<trt:Profiles token="audio" fixed="true"><tt:Name>audio</tt:Name></trt:Profiles>'
        return f"<trt:GetProfilesResponse>{audio}{profiles}</trt:GetProfilesResponse>"

    def _GetStreamUri(self, request: str) -> str:  # noqa: N802
        token = re.findall(r"ProfileToken>([^<]*)<", request)[0]
        uri = next((p[3] for i, p in enumerate(self.profiles) if f"t{i}" == token), None)
        if uri is None:
            return REFUSED.replace("NotAuthorized", "InvalidArgVal").replace(
                "authorized", "streaming"
            )
        return (
            f"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{uri.replace('&', '&amp;')}"
            "</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false"
            "</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>"
        )


@pytest.fixture
def plug_in() -> Iterator[Any]:
    """Starts a stand-in's HTTP server; returns the camera."""
    with ExitStack() as servers:

        def start(camera: Camera) -> Camera:
            class Handler(BaseHTTPRequestHandler):
                def do_POST(self) -> None:
                    status, text = camera.reply(
                        self.rfile.read(int(self.headers["Content-Length"])).decode()
                    )
                    self.send_response(status)
                    self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
                    self.end_headers()
                    with suppress(ConnectionError):  # nobody waits for the silent one
                        self.wfile.write(text.encode())
                        while camera.endless:
                            self.wfile.write(PART)
                            camera.written_bytes += len(PART)

                def log_message(self, *_: object) -> None:
                    pass

            server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            server.daemon_threads, server.block_on_close = True, False
            camera.port = server.server_port
            threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
            ).start()
            servers.callback(server.server_close)
            servers.callback(server.shutdown)
            return camera

        yield start


class Multicast:
    """Answers every probe on the group for `cameras`, one answer each, after `junk`."""

    def __init__(self) -> None:
        self.cameras: list[Camera] = []
        self.junk: list[bytes] = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("", PORT))
        self.socket.setsockopt(
            socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + bytes(4)
        )
        self.socket.settimeout(0.2)

    def works(self) -> bool:
        """Whether this machine hears what it sends to the group."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"works", (GROUP, PORT))
            return b"works" in (self.socket.recv(65535) for _ in range(10))

    def serve(self) -> None:
        while True:
            try:
                data, sender = self.socket.recvfrom(65535)
            except TimeoutError:
                continue
            except OSError:
                return
            question = re.search(rb"MessageID>\s*([^<\s]+)", data)
            if question and b"/Probe<" in data:
                for answer in (
                    *self.junk,
                    *(self._match(c, question[1].decode()) for c in self.cameras),
                ):
                    self.socket.sendto(answer, sender)

    @staticmethod
    def _match(camera: Camera, question: str, instance: str = "1") -> bytes:
        action = "http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches"
        header = (
            f"<a:Action>{action}</a:Action><a:MessageID>urn:uuid:{uuid4()}</a:MessageID>"
            f"<a:RelatesTo>{question}</a:RelatesTo>"
            f'<d:AppSequence InstanceId="{instance}" MessageNumber="1"/>'
        )
        scopes = " ".join(
            f"onvif://www.onvif.org/{scope}"
            for scope in (
                "type/video_encoder",
                "hardware/IPC%2D1",
                f"name/{quote(camera.name, safe='')}",
            )
        )
        body = (
            f"<d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:{camera.port}</a:Address>"
            f"</a:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>{scopes}</d:Scopes>"
            f"<d:XAddrs>http://169.254.0.9/onvif/device_service http://{camera.host}/onvif/device_service</d:XAddrs>"
            "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches>"
        )
        return SOAP.format(DISCOVERY, header, body).encode()


@pytest.fixture
def network() -> Iterator[Multicast]:
    """This machine's network, on which one test at a time has cameras."""
    with (Path(tempfile.gettempdir()) / "visitord-test-3702.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            multicast = Multicast()
            works = multicast.works()
        except OSError as error:
            pytest.skip(f"no multicast on this machine: {error}")
        if not works:
            pytest.skip("this machine does not hear its own multicast")
        server = threading.Thread(target=multicast.serve)
        server.start()
        yield multicast
        multicast.socket.close()
        server.join()


def discover(folder: Path, *arguments: str, **environment: str) -> Done:
    """The command as users start it, which never shows a password or anything on stderr."""
    done = Box(folder).run("visitorctl", "cameras", "discover", *arguments, **environment)
    assert PASSWORD not in done.out + done.err
    return done


def test_without_its_libraries_the_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in an installation without the extra: the rest of visitorctl works all the same."""
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "onvif" else real(name)
    )
    done = CliRunner().invoke(admin.main, ["cameras", "discover"])
    assert done.exit_code == 1
    assert "pip install 'visitord[onvif]'" in done.output


def listed(done: Done) -> list[dict[str, Any]]:
    assert (done.code, done.err) == (0, ""), done.err
    return list(json.loads(done.out))


def login(folder: Path, password: str = PASSWORD) -> tuple[str, ...]:
    (folder / "password").write_text(f"{password}\n")
    return ("--user", USER, "--password-file", str(folder / "password"))


def check(folder: Path, text: str, **environment: str) -> Done:
    """What `visitord check-config` says to a pasted snippet."""
    (folder / "config.toml").write_text(f'[site]\nname = "main"\n\n{text}')
    return Box(folder).run("visitord", "check-config", **environment)


def test_what_the_network_tells_without_a_login(
    network: Multicast, plug_in: Any, tmp_path: Path
) -> None:
    network.cameras = [
        plug_in(Camera("Front Door")),
        plug_in(Camera("Yard", login=True)),
        plug_in(Camera("Yard")),
    ]
    network.junk = [
        b"\xff\xfe",
        b"<x/>",
        Multicast._match(Camera("Bad"), "urn:uuid:0", instance="many"),
    ]
    found = [
        c for c in listed(discover(tmp_path, "--format", "json")) if "127.0.0.1" in c["address"]
    ]
    assert sorted(c["name"] for c in found) == ["Front Door", "Yard", "Yard 2"]
    for camera in found:
        assert (camera["maker"], camera["hardware"]) == ("", "IPC-1")
        at = next(c for c in network.cameras if c.host in camera["address"])
        assert camera["name"].startswith(at.name)
        assert camera["reason"] == ("it wants a login: repeat with --user" if at.login else None)
        assert [s["source"] for s in camera["streams"]] == (
            [] if at.login else [uri for *_, uri in at.profiles]
        )


def test_nothing_on_the_network_is_said_in_one_sentence(network: Multicast, tmp_path: Path) -> None:
    if listed(discover(tmp_path, "--format", "json", "--timeout", "1")):
        pytest.skip("this network has cameras")
    done = discover(tmp_path, "--timeout", "0.5")
    assert (done.code, done.err, len(done.out.splitlines())) == (0, "", 1)
    for part in (
        "WS-Discovery",
        "0.5 s",
        "ONVIF",
        "network segment",
        "firewall",
        "UDP port 3702",
        "--host",
    ):
        assert part in done.out


def test_a_port_that_cannot_be_used_is_one_sentence(network: Multicast, tmp_path: Path) -> None:
    network.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    discover(tmp_path).fails_with("UDP port 3702", "in use", "--host")


def test_many_cameras_answer_at_once(network: Multicast, plug_in: Any, tmp_path: Path) -> None:
    network.cameras = [plug_in(Camera("Hall")) for _ in range(40)]
    found = [
        c
        for c in listed(discover(tmp_path, "--format", "json", "--timeout", "6"))
        if "127.0.0.1" in c["address"]
    ]
    assert {c["name"] for c in found} == {"Hall", *(f"Hall {i}" for i in range(2, 41))}
    assert [c["reason"] for c in found] == [None] * 40


def test_a_login_brings_a_snippet_that_check_config_accepts(plug_in: Any, tmp_path: Path) -> None:
    cameras = [plug_in(Camera(login=True)), plug_in(Camera(login=True, clock_s=-86400 * 365))]
    hosts = [argument for camera in cameras for argument in ("--host", camera.host)]
    done = discover(tmp_path, *hosts, *login(tmp_path))
    assert (done.code, done.err) == (0, "")
    names = [c["name"] for c in tomllib.loads(done.out)["camera"]]
    assert names == sorted(f"camera {camera.host}" for camera in cameras)
    variable = f"CAMERA_127_0_0_1_{cameras[0].port}_PASSWORD"
    assert (
        f'"rtsp://admin%20user:${{{variable}}}@127.0.0.1:554/stream2?x=1&y=2"  # sub 1280×720 H264'
        in done.out
    )
    wide = f"rtsp://admin%20user:${{{variable}}}@127.0.0.1:554/stream1"
    assert f'\n# source = "{wide}"  # main 3840×2160' in done.out
    assert "ACME IPC-1, http://127.0.0.1" in done.out
    words = {f"CAMERA_127_0_0_1_{camera.port}_PASSWORD": "hidden-word" for camera in cameras}
    checked = check(tmp_path, done.out, **words)
    assert (checked.code, checked.err, "2 camera(s)" in checked.out) == (0, "", True)
    check(tmp_path, done.out).fails_with("_PASSWORD")


def test_the_password_comes_from_a_file_the_environment_or_a_terminal(
    plug_in: Any, tmp_path: Path
) -> None:
    camera = plug_in(Camera(login=True))
    arguments = ("--format", "json", "--host", camera.host, "--user", USER)
    assert "stream3" in discover(tmp_path, *arguments, ONVIF_PASSWORD=PASSWORD).out
    done = discover(tmp_path, *arguments)
    assert (done.code, "ONVIF_PASSWORD" in done.err) == (2, True)
    program = str(Path(sys.executable).parent / "visitorctl")
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        os.execv(program, [program, "cameras", "discover", *arguments])  # noqa: S606
    shown = b""
    with suppress(OSError):  # Linux reports the end of a terminal as an error
        while part := os.read(terminal, 65536):
            shown += part
            if shown.endswith(b"Password: "):
                os.write(terminal, f"{PASSWORD}\n".encode())
    os.waitpid(child, 0)
    assert b"stream3" in shown
    assert PASSWORD.encode() not in shown


def test_a_wrong_password_is_tried_seldom_and_said(plug_in: Any, tmp_path: Path) -> None:
    camera = plug_in(Camera(login=True))
    done = discover(tmp_path, "--host", camera.host, *login(tmp_path, "mistaken"))
    wrong = "it refuses this user name or password"
    assert (
        done.out == f"# camera {camera.host}, http://{camera.host}/onvif/device_service, {wrong}\n"
    )
    assert (done.code, done.err) == (0, "")
    assert [c for c in camera.calls if c not in OPEN_CALLS] == [
        "GetDeviceInformation"
    ]  # no lockout


BOMB = f'<!DOCTYPE a [<!ENTITY b "{"b" * 999}"><!ENTITY c "{"&b;" * 999}">]><a>&c;</a>'
NONSENSE = (
    "",
    "words",
    "<html><p>hello</html>",
    SOAP.format("", "", ""),
    SOAP.format("", "", "<x/>"),
    BOMB,
)


@pytest.mark.parametrize("user", [True, False])
def test_nonsense_and_silence_hide_no_other_camera(
    plug_in: Any, tmp_path: Path, user: bool
) -> None:
    mad = [plug_in(Camera(answers=text)) for text in NONSENSE]
    mute = [plug_in(Camera(silent_s=30)) for _ in range(10)]
    good = plug_in(Camera(login=user))
    hosts = (*(camera.host for camera in (*mad, *mute, good)), "127.0.0.1:1", "[")
    arguments = [argument for host in hosts for argument in ("--host", host)]
    began = time.monotonic()
    secret = login(tmp_path) if user else ()
    found = listed(discover(tmp_path, "--format", "json", "--timeout", "3", *arguments, *secret))
    assert time.monotonic() - began < 20  # one after the other they would take 30
    reasons = {c["address"].split("/")[2]: c["reason"] for c in found}
    assert reasons == {
        **{camera.host: "what it answers is not ONVIF" for camera in mad},
        **{camera.host: "it did not answer within 3 s" for camera in mute},
        good.host: None,
        "127.0.0.1:1": "it cannot be reached at this address",
        "[": "its address cannot be used",
    }


def test_what_a_device_says_does_no_harm(network: Multicast, plug_in: Any, tmp_path: Path) -> None:
    uris = (
        "rtsp://root:theirs@127.0.0.1/a",
        "rtsp://127.0.0.1/user=admin_password=" + PASSWORD + "_x",
        'rtsp://127.0.0.1/${HOME}"\n[database]\nurl="x"#',
        "rtsp://127.0.0.1/%zz",
        "/dev/video0",
        "http://[",
    )
    profiles = tuple((f"p{i}\n[x]\x9b${{HOME}}", 640, 360, uri) for i, uri in enumerate(uris))
    camera = plug_in(Camera(login=True, profiles=profiles))
    done = discover(tmp_path, "--host", camera.host, *login(tmp_path))
    variable = f"${{CAMERA_127_0_0_1_{camera.port}_PASSWORD}}"
    assert [line.partition("  # ")[0] for line in done.out.splitlines()[3:]] == [
        f'source = "rtsp://admin%20user:{variable}@127.0.0.1/a"',
        f'# source = "rtsp://admin%20user:{variable}@127.0.0.1/user=admin_password={variable}_x"',
        f'# source = "rtsp://admin%20user:{variable}@127.0.0.1/%24%7BHOME%7D%22%20[database]%20url=%22x%22"',
    ]
    assert check(tmp_path, done.out, **{variable[2:-1]: "hidden-word"}).code == 0
    network.cameras = [
        plug_in(Camera('a"\n[x]/\u202e${HOME}\\' + "n" * 99)),
        plug_in(Camera("/")),
        plug_in(Camera("5 号")),
    ]
    done = discover(tmp_path, "--timeout", "3")
    assert sorted(re.findall(r'^name = "(.*)"$', done.out, re.MULTILINE)) == [
        "5 号",
        "IPC-1",
        f"a x HOME {'n' * 47}",
    ]
    assert check(tmp_path, done.out).code == 0


# What never ends


def test_a_password_file_that_is_a_device_is_refused_at_once(tmp_path: Path) -> None:
    done = discover(tmp_path, "--user", USER, "--password-file", "/dev/zero")
    done.fails_with("/dev/zero cannot be read: it is a device, not a file.")


def test_a_reply_without_end_is_not_read_to_its_end(plug_in: Any, tmp_path: Path) -> None:
    camera = plug_in(Camera(endless=True))
    done = discover(tmp_path, "--host", camera.host, "--timeout", "60", "--format", "json")
    (found,) = listed(done)
    assert found["reason"] == "what it answers is not ONVIF", "not that it took a minute"
    assert camera.written_bytes < 1 << 26, "what the sockets hold on top of the bound"


def test_so_many_answers_are_listened_to_and_no_more(
    network: Multicast, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.junk = [Multicast._match(Camera(port=port), "urn:uuid:0") for port in range(1, 200)]
    monkeypatch.setattr(onvif, "ANSWERS_MAX", 20)
    assert 0 < len(onvif._probe(1.0)) <= 20


def test_answers_without_an_address_are_not_asked_after_for_ever(network: Multicast) -> None:
    bare = (Multicast._match(Camera(port=port), "urn:uuid:0") for port in range(1, 500))
    network.junk = [re.sub(rb"<d:XAddrs>.*</d:XAddrs>", b"", answer) for answer in bare]
    threads = threading.active_count()
    assert onvif._probe(0.5) == {}
    assert threading.active_count() == threads


def test_of_very_many_devices_the_first_are_asked_and_that_is_said(
    network: Multicast, tmp_path: Path
) -> None:
    network.cameras = [Camera(str(port), port=port) for port in range(1, 9)]
    few = "from visitord.capture import onvif; onvif.DEVICES_MAX = 3"
    program = "from visitord.cli.visitorctl import main; main()"
    options = ("--timeout", "1", "--format", "json")
    done = subprocess.run(
        [sys.executable, "-c", f"{few}\n{program}", "cameras", "discover", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(json.loads(done.stdout)) == 3
    assert done.stderr.startswith("3 devices answered, and more are not asked: name a camera")


def test_what_is_longer_than_an_address_is_none(
    network: Multicast, plug_in: Any, tmp_path: Path
) -> None:
    long = Multicast._match(Camera(port=1), "urn:uuid:0")
    network.junk = [
        re.sub(
            rb"<d:XAddrs>.*</d:XAddrs>", b"<d:XAddrs>http://" + b"x" * 20_000 + b"</d:XAddrs>", long
        )
    ]
    assert not any("xxx" in address for address in onvif._probe(0.5))

    camera = plug_in(Camera(profiles=(("long", 640, 480, "rtsp://127.0.0.1/" + "x" * 20_000),)))
    (found,) = listed(discover(tmp_path, "--host", camera.host, "--format", "json"))
    assert found["reason"] == "it names no stream that can be read"


def test_of_very_many_profiles_the_first_are_asked(plug_in: Any, tmp_path: Path) -> None:
    profiles = tuple((str(n), 640, 480, f"rtsp://127.0.0.1/{n}") for n in range(100))
    camera = plug_in(Camera(profiles=profiles))
    arguments = ("--host", camera.host, "--timeout", "60", "--format", "json")
    (found,) = listed(discover(tmp_path, *arguments))
    assert len(found["streams"]) == onvif.PROFILES_MAX - 1, "one that does not stream is among them"
    assert len(camera.calls) < 50
