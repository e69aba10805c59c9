"""Cameras and recordings that name other addresses and files: the box opens none of them, and tells
nobody else the password.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures import footage
from fixtures.installation import Box
from fixtures.peers import HOST, Scripted, http
from fixtures.running import Watched
from visitord.capture.health import State

SECRET = "hidden-word"  # noqa: S105
PLAYLISTS = {
    "m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{}\n#EXT-X-ENDLIST\n",
    "ffconcat": "ffconcat version 1.0\nfile {}\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:{}\n",
    "mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><BaseURL>{}'
    "</BaseURL></Period></MPD>\n",
    "m3u": "{}\n",
    "asx": '<asx version="3.0"><entry><ref href="{}"/></entry></asx>\n',
}


@pytest.fixture
def elsewhere() -> Scripted:
    """Where nobody should go; whatever it is asked, it would answer and want the password."""

    def answer(head: bytes) -> bytes:
        protocol = head.split(b"\r\n")[0].split(b" ")[-1]
        return protocol + b' 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n'

    return Scripted(answer)


# Playlists


@pytest.mark.parametrize("kind", PLAYLISTS)
@pytest.mark.parametrize(
    "said_to_be", ["application/vnd.apple.mpegurl", "multipart/x-mixed-replace; boundary=frame"]
)
def test_a_camera_that_answers_with_a_playlist_has_the_box_fetch_nothing(
    elsewhere: Scripted, kind: str, said_to_be: str
) -> None:
    target = f"http://{HOST}:{elsewhere.port}/a.mp4"
    content = PLAYLISTS[kind].format(target).encode()
    with elsewhere, Scripted(lambda _: http(content, said_to_be)) as camera:
        with Watched(f"http://user:{SECRET}@{HOST}:{camera.port}/video.{kind}") as door:
            door.wait_for_any(State.REFUSED, State.GONE)
            assert door.camera.health().reason
        assert elsewhere.heard == b""


def test_what_an_answer_that_is_no_video_of_a_cameras_is_called(elsewhere: Scripted) -> None:
    content = PLAYLISTS["m3u8"].format("http://192.0.2.1/a.ts").encode()
    with (
        Scripted(lambda _: http(content, "application/vnd.apple.mpegurl")) as camera,
        Watched(f"http://{HOST}:{camera.port}/video.m3u8") as door,
    ):
        door.wait_for(
            State.REFUSED, "it answers with what is no camera's video, such as a playlist"
        )


# Redirects


def redirecting(target: str, when: bytes) -> Callable[[bytes], bytes]:
    """Sends on whoever asks with this in the request; wants the password from anyone else."""

    def answer(head: bytes) -> bytes:
        line, _, fields = head.partition(b"\r\n")
        protocol = line.split(b" ")[-1]
        numbered = b"".join(f + b"\r\n" for f in fields.split(b"\r\n") if f.startswith(b"CSeq"))
        if when in head:
            return protocol + b" 302 Found\r\n" + numbered + f"Location: {target}\r\n\r\n".encode()
        if line.startswith(b"OPTIONS"):
            return protocol + b" 200 OK\r\n" + numbered + b"Public: DESCRIBE\r\n\r\n"
        login = b'WWW-Authenticate: Basic realm="x"\r\n'
        return protocol + b" 401 Unauthorized\r\n" + numbered + login + b"\r\n"

    return answer


@pytest.mark.parametrize(
    ("scheme", "when"), [("rtsp", b"OPTIONS"), ("rtsp", b"DESCRIBE"), ("http", b"GET")]
)
@pytest.mark.parametrize("to", ["rtsp", "http", "other host"])
def test_a_camera_that_sends_the_box_on_is_refused_and_nobody_else_is_asked(
    elsewhere: Scripted, scheme: str, when: bytes, to: str
) -> None:
    host = "localhost" if to == "other host" else HOST
    target = f"{scheme if to == 'other host' else to}://{host}:{elsewhere.port}/clip"
    with elsewhere, Scripted(redirecting(target, when)) as camera:
        with Watched(f"{scheme}://user:{SECRET}@{HOST}:{camera.port}/clip") as door:
            door.wait_for(State.REFUSED, f"not followed: {target}; if that is where the camera is")
        assert elsewhere.heard == b""
        assert b"uthorization" not in camera.heard
        assert SECRET.encode() not in camera.heard


def test_a_redirect_after_the_login_is_not_followed_either(elsewhere: Scripted) -> None:
    target = f"http://{HOST}:{elsewhere.port}/clip"
    with elsewhere, Scripted(redirecting(target, b"Authorization")) as camera:
        with Watched(f"http://user:{SECRET}@{HOST}:{camera.port}/clip") as door:
            door.wait_for(State.GONE, "or sends on to another address")
        assert b"Authorization" in camera.heard
        assert elsewhere.heard == b""


def test_where_a_camera_sends_on_to_is_shown_without_secrets_and_tricks() -> None:
    target = f"rtsp://user:{SECRET}@192.0.2.9/\x1b[2J" + "x" * 3000
    with (
        Scripted(redirecting(target, b"DESCRIBE")) as camera,
        Watched(f"rtsp://{HOST}:{camera.port}/clip") as door,
    ):
        door.wait_for(State.REFUSED, "not followed: rtsp://***@192.0.2.9/?[2Jxxx")
        reason = door.camera.health().reason
    assert len(reason) < 400
    assert SECRET not in reason


# Answers without an end


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000, b"x" * 100])
@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_an_answer_that_never_comes_to_the_point_is_not_waited_for(
    scheme: str, answer: bytes
) -> None:
    with (
        Scripted(lambda _: answer) as camera,
        Watched(f"{scheme}://{HOST}:{camera.port}/clip") as door,
    ):
        door.wait_for(State.GONE, "it sends no video")


def test_proxies_of_the_environment_hear_of_no_camera(
    elsewhere: Scripted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("http_proxy", f"http://{HOST}:{elsewhere.port}")
    jpeg = next(iter(sorted(footage.jpegs(tmp_path / "a", footage.room(1)).glob("*")))).read_bytes()
    with elsewhere, Scripted(lambda _: http(jpeg, "image/jpeg")) as camera:
        with Watched(f"http://user:{SECRET}@{HOST}:{camera.port}/clip") as door:
            assert door.frame()
        assert elsewhere.heard == b""


# Recordings


@pytest.mark.parametrize("kind", ["m3u8", "ffconcat", "sdp"])
def test_a_playlist_is_no_recording(box: Box, kind: str) -> None:
    footage.encode(box.folder / "door.mp4", footage.room(12, 320, 180))
    (box.folder / f"list.{kind}").write_text(PLAYLISTS[kind].format("door.mp4"))
    done = box.run("visitord", "replay", f"list.{kind}")
    done.fails_with(f"list.{kind} cannot be read as video: it is a playlist")
