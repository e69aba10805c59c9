"""Cameras for tests, each a process of its own that can be killed, frozen, and started again on the same port.

`Server(kind="rtsp")` is a live RTSP camera over TCP and UDP; "toolkit" the third-party server the demo uses;
"mjpeg" an HTTP camera; "garbage", "silent" and "closing" accept connections and then misbehave.
"""

import base64
import contextlib
import hashlib
import http.client
import http.server
import json
import math
import os
import random
import re
import select
import signal
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Self

HOST = "127.0.0.1"
REALM, NONCE = "camera", "5ca1ab1e"
START_TIMEOUT_S = 20.0
CLOCK_HZ = 90_000
PACKET_BYTES = 1400
LATE_S = 1.0  # a stream later than this goes on with the next key frame of now


@dataclass(frozen=True)
class Serving:
    """What a camera does.  clips of one name joined by "+" are played in turn, without a break.

    auth: "basic" or "digest", for `user` and `password`; drip_s: the wait before each byte of an answer;
    pictures: how many are sent before the connection is closed, 0 for no end; lose: the share of UDP packets lost;
    only: "TCP" or "UDP" where the other is refused.
    """

    kind: str = "rtsp"
    folder: str = ""
    auth: str = ""
    user: str = "user"
    password: str = ""
    drip_s: float = 0.0
    pictures: int = 0
    lose: float = 0.0
    only: str = ""


class Server:
    """A camera in a child process while the `with` block runs."""

    def __init__(self, folder: Path | None = None, **serving: Any) -> None:
        self.serving = Serving(folder=str(folder or ""), **serving)
        with socket.create_server((HOST, 0)) as probe:
            self.port = int(probe.getsockname()[1])
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.kill()

    def start(self) -> None:
        """Listen, again on the same port after `kill`; returns once it does."""
        self._child = subprocess.Popen(
            [sys.executable, __file__, str(self.port), json.dumps(asdict(self.serving))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._child.stdout
        ready = select.select([self._child.stdout], [], [], START_TIMEOUT_S)[0] and self._child.stdout.readline()
        if ready != b"ready\n":
            self.kill()
            raise AssertionError(f"the {self.serving.kind} server did not come up")

    def kill(self) -> None:
        """SIGKILL, also while frozen."""
        if self._child is not None:
            with self._child:
                self._child.kill()
            self._child = None

    def freeze(self) -> None:
        assert self._child
        os.kill(self._child.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._child
        os.kill(self._child.pid, signal.SIGCONT)

    def url(self, path: str = "", password: str | None = None) -> str:
        """The address of a clip, or of a folder of pictures; with the user's name if there is a password."""
        scheme = "http" if self.serving.kind == "mjpeg" else "rtsp"
        who = f"{self.serving.user}:{password}@" if password else ""
        return f"{scheme}://{who}{HOST}:{self.port}/{path}"


# What follows runs in the child.


class Unit(NamedTuple):
    """One coded picture: its NAL units, parameter sets included, and whether decoding may begin with it."""

    nals: tuple[bytes, ...]
    key: bool


class Clip(NamedTuple):
    """Unit n is sent whenever the machine's steady clock shows n / fps, modulo the clip's length."""

    codec: str
    fps: float
    units: tuple[Unit, ...]


@cache
def load(paths: tuple[Path, ...]) -> Clip:
    """The clips one after another; all of one codec and rate."""
    import av

    units: list[Unit] = []
    codec, fps = "", 0.0
    for path in paths:
        with av.open(str(path)) as container:
            video = container.streams.video[0]
            codec, fps = video.codec_context.name, float(video.average_rate or 0)
            annex_b = av.BitStreamFilterContext(f"{codec}_mp4toannexb", video)
            for packet in container.demux(video):
                for one in annex_b.filter(packet) if packet.size else []:
                    nals = re.split(b"\x00*\x00\x00\x01", bytes(one))[1:]
                    units.append(Unit(tuple(nals), one.is_keyframe))
    return Clip(codec, fps, tuple(units))


def payloads(nal: bytes, codec: str) -> list[bytes]:
    """RTP payloads of one NAL unit: itself, or its fragments (RFC 6184, FU-A; RFC 7798, FU)."""
    if len(nal) <= PACKET_BYTES:
        return [nal]
    if codec == "h264":
        head, kind, body = bytes([nal[0] & 0xE0 | 28]), nal[0] & 0x1F, nal[1:]
    else:
        head, kind, body = bytes([nal[0] & 0x81 | 49 << 1, nal[1]]), nal[0] >> 1 & 0x3F, nal[2:]
    parts = [body[i : i + PACKET_BYTES] for i in range(0, len(body), PACKET_BYTES)]
    ends = [0x80 * (i == 0) | 0x40 * (i == len(parts) - 1) for i in range(len(parts))]
    return [head + bytes([end | kind]) + part for end, part in zip(ends, parts, strict=True)]


def challenge(s: Serving) -> str:
    return f'Basic realm="{REALM}"' if s.auth == "basic" else f'Digest realm="{REALM}", nonce="{NONCE}"'


def admits(s: Serving, method: str, authorization: str | None) -> bool:
    """Whether a request with this Authorization header may pass."""
    if not s.auth or method == "OPTIONS":
        return True
    kind, _, rest = (authorization or "").partition(" ")
    if kind.lower() != s.auth:
        return False
    if s.auth == "basic":
        return base64.b64decode(rest).decode() == f"{s.user}:{s.password}"
    said = dict(re.findall(r'(\w+)="?([^",]*)"?', rest))
    first, second = _md5(f"{s.user}:{REALM}:{s.password}"), _md5(f"{method}:{said.get('uri')}")
    return said.get("response") == _md5(f"{first}:{NONCE}:{second}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Rtsp(socketserver.StreamRequestHandler):
    """One client of the live camera: requests are answered here, pictures are sent by a thread."""

    serving: Serving
    clip: Clip
    session = "17"

    def setup(self) -> None:
        super().setup()
        self.lock = threading.Lock()
        self.udp: socket.socket | None = None
        self.closed = threading.Event()

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError, ValueError):
            while first := self.rfile.read(1):
                if first == b"$":  # the client's receiver reports
                    self.rfile.read(int.from_bytes(self.rfile.read(3)[1:], "big"))
                    continue
                method, url, _ = (first + self.rfile.readline()).decode().split()
                self.answer(method, url, http.client.parse_headers(self.rfile))

    def finish(self) -> None:
        self.closed.set()
        if self.udp:
            self.udp.close()
        super().finish()

    def answer(self, method: str, url: str, headers: Any) -> None:
        status, fields, body = "200 OK", {"CSeq": headers["CSeq"], "Session": self.session}, ""
        if not admits(self.serving, method, headers["Authorization"]):
            status, fields["WWW-Authenticate"] = "401 Unauthorized", challenge(self.serving)
        elif method == "DESCRIBE":
            names = url.split("?")[0].rsplit("/", 1)[1].split("+")
            paths = tuple(Path(self.serving.folder) / name for name in names)
            if all(path.is_file() for path in paths):
                self.clip = load(paths)
                fields |= {"Content-Type": "application/sdp", "Content-Base": f"{url}/"}
                body = self.description()
            else:
                status = "404 Not Found"
        elif method == "SETUP" and self.serving.only not in headers["Transport"]:
            status = "461 Unsupported Transport"
        elif method == "SETUP":
            fields["Transport"] = self.transport(headers["Transport"])
        self.reply(f"RTSP/1.0 {status}\r\n", fields, body)
        if method == "PLAY" and status == "200 OK":
            threading.Thread(target=self.play, daemon=True).start()

    def description(self) -> str:
        name = {"h264": "H264", "hevc": "H265"}[self.clip.codec]
        mode = "a=fmtp:96 packetization-mode=1\r\n" if name == "H264" else ""
        return (
            f"v=0\r\no=- 0 0 IN IP4 {HOST}\r\ns=camera\r\nc=IN IP4 {HOST}\r\nt=0 0\r\n"
            f"m=video 0 RTP/AVP 96\r\na=rtpmap:96 {name}/{CLOCK_HZ}\r\n{mode}a=control:video\r\n"
        )

    def transport(self, wanted: str) -> str:
        if "TCP" in wanted:
            return "RTP/AVP/TCP;unicast;interleaved=0-1"
        low, high = re.findall(r"client_port=(\d+)-(\d+)", wanted)[0]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((HOST, 0))
        self.udp.connect((HOST, int(low)))
        port = self.udp.getsockname()[1]
        return f"RTP/AVP;unicast;client_port={low}-{high};server_port={port}-{port + 1}"

    def reply(self, status: str, fields: dict[str, str], body: str) -> None:
        fields["Content-Length"] = str(len(body))
        data = (status + "".join(f"{key}: {value}\r\n" for key, value in fields.items()) + "\r\n" + body).encode()
        with self.lock:
            for part in [bytes([b]) for b in data] if self.serving.drip_s else [data]:
                time.sleep(self.serving.drip_s)
                self.request.sendall(part)

    def play(self) -> None:
        """Send every unit at its time, from the next key frame on; what is too late is left out."""
        with contextlib.suppress(OSError):
            clip, sent, number = self.clip, 0, random.getrandbits(15)
            turn = self.next_key()
            while not self.closed.wait(max(0.0, turn / clip.fps - time.monotonic())):
                if time.monotonic() > turn / clip.fps + LATE_S:
                    turn = self.next_key()
                    continue
                number = self.send(clip.units[turn % len(clip.units)], round(turn * CLOCK_HZ / clip.fps), number)
                turn, sent = turn + 1, sent + 1
                if sent == self.serving.pictures:
                    self.request.shutdown(socket.SHUT_RDWR)
                    return

    def next_key(self) -> int:
        turn = math.ceil(time.monotonic() * self.clip.fps)
        while not self.clip.units[turn % len(self.clip.units)].key:
            turn += 1
        return turn

    def send(self, unit: Unit, stamp: int, number: int) -> int:
        """Send one unit as RTP packets counted from `number`; returns the next packet's."""
        parts = [part for nal in unit.nals for part in payloads(nal, self.clip.codec)]
        for i, part in enumerate(parts):
            marker = 0x80 if i == len(parts) - 1 else 0
            packet = struct.pack("!BBHII", 0x80, marker | 96, number & 0xFFFF, stamp & 0xFFFFFFFF, 1) + part
            number += 1
            if self.udp is None:
                with self.lock:
                    self.request.sendall(b"$\0" + struct.pack("!H", len(packet)) + packet)
            elif random.random() >= self.serving.lose:
                with contextlib.suppress(ConnectionRefusedError):  # the client has closed its port
                    self.udp.send(packet)
        return number


class Mjpeg(http.server.BaseHTTPRequestHandler):
    """Sends the JPEG files of the folder named in the path in turn, ten a second, for ever."""

    serving: Serving

    def do_GET(self) -> None:
        folder = Path(self.serving.folder) / self.path.strip("/")
        admitted = admits(self.serving, "GET", self.headers["Authorization"])
        self.send_response(401 if not admitted else 200 if folder.is_dir() else 404)
        if not admitted:
            self.send_header("WWW-Authenticate", challenge(self.serving))
        elif folder.is_dir():
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        with contextlib.suppress(OSError):
            while admitted and folder.is_dir():
                for path in sorted(folder.glob("*.jpg")):
                    jpeg = path.read_bytes()
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                    self.wfile.write(head.encode() + jpeg + b"\r\n")
                    time.sleep(0.1)

    def log_message(self, *_: object) -> None:
        pass


class Bad(socketserver.BaseRequestHandler):
    """Accepts, then sends noise, nothing, or closes at once."""

    serving: Serving

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while self.serving.kind == "garbage":
                self.request.sendall(random.randbytes(1000))
                time.sleep(0.05)
            while self.serving.kind == "silent" and self.request.recv(4096):
                pass


def serve(s: Serving, port: int) -> None:
    """Listen, say "ready", and serve for ever."""
    if s.kind == "toolkit":
        serve_toolkit(s, port)
        return
    handler = {"rtsp": Rtsp, "mjpeg": Mjpeg}.get(s.kind, Bad)
    handler.serving = s
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer((HOST, port), handler) as server:
        print("ready", flush=True)  # noqa: T201
        server.serve_forever()


def serve_toolkit(s: Serving, port: int) -> None:
    """aio-rtsp-toolkit's server, with a door that asks for the password; each client sees clips from the start."""
    import asyncio

    from aio_rtsp_toolkit import server as toolkit

    class Session(toolkit.RtspServerSession):
        async def _read_request(self) -> Any:
            while request := await super()._read_request():
                if admits(s, request.method, request.headers.get("authorization")):
                    break
                await self._send_response(request.headers, 401, "Unauthorized", {"WWW-Authenticate": challenge(s)})
            return request

    async def run() -> None:
        toolkit.RtspServerSession = Session
        server = toolkit.RtspServer(s.folder, host=HOST, port=port)
        server.parse_play_count = lambda _: 0  # for ever
        ready = os.dup(1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # it prints every request
        await server.start()
        os.write(ready, b"ready\n")
        await server.serve_forever()

    asyncio.run(run())


def _leave_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    serve(Serving(**json.loads(sys.argv[2])), int(sys.argv[1]))
