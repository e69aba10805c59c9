"""A real RTSP server for recorded clips, on this machine only, in a process of its own.

`python -m visitord.demo.server FOLDER PORT` serves every clip in FOLDER on 127.0.0.1 until its standard
input closes.  It speaks RTP over TCP only, and each client starts at a clip's first frame.
"""

import asyncio
import importlib.util
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from visitord.errors import VisitordError

HOST = "127.0.0.1"
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 3.0
_READY = "visitord demo server is listening"
_POLL_S = 0.05
_PORT_REFUSED = 3  # exit code of the child when it cannot listen


class DemoServer:
    """Serves the clips in `folder` while the `with` block runs."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        """`port` is the TCP port on 127.0.0.1; None takes a free one."""
        self.folder = folder
        self.port = _free_port() if port is None else port
        self._child: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        """Returns once the server accepts connections; raises VisitordError if it does not come up."""
        _require_library()
        self._ready.clear()
        self._child = _spawn(self.folder, self.port)
        try:
            self._reader = self._drain(self._child)
            self._wait_until_ready(self._child)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def url(self, clip_name: str, loop: bool) -> str:
        """The RTSP address of the file `clip_name` in the folder, played once or for ever."""
        if not (self.folder / clip_name).is_file():
            raise VisitordError(f"The demo has no clip {clip_name} in {self.folder}.")
        return f"rtsp://{HOST}:{self.port}/{quote(clip_name)}?play_count={0 if loop else 1}"

    def _drain(self, child: subprocess.Popen[bytes]) -> threading.Thread:
        """Starts reading the child's output, which nobody needs but which must not fill its pipe."""
        assert child.stdout is not None  # noqa: S101 - opened as a pipe
        reader = threading.Thread(target=self._discard, args=(child.stdout,), name="demo-server-output", daemon=True)
        reader.start()
        return reader

    def _discard(self, output: IO[bytes]) -> None:
        for line in output:
            if line.rstrip() == _READY.encode():
                self._ready.set()

    def _wait_until_ready(self, child: subprocess.Popen[bytes]) -> None:
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while not self._ready.wait(_POLL_S):
            if child.poll() is not None:
                raise VisitordError(_early_end(self.port, child.returncode))
            if time.monotonic() > deadline_s:
                raise VisitordError(
                    f"The demo's RTSP server did not come up on {HOST}:{self.port} within {START_TIMEOUT_S:.0f} s."
                )

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.terminate()
        try:
            child.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if self._reader is not None:
            self._reader.join(STOP_TIMEOUT_S)
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()


def main(arguments: list[str]) -> int:
    """Serves until standard input closes; `arguments` are the folder and the port."""
    folder, port = arguments
    _require_library()
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    try:
        asyncio.run(_serve(Path(folder), int(port)))
    except OSError:
        return _PORT_REFUSED
    except KeyboardInterrupt:
        pass
    return 0


async def _serve(folder: Path, port: int) -> None:
    from aio_rtsp_toolkit.server import RtspServer

    server = RtspServer(str(folder), host=HOST, port=port)
    await server.start()
    sys.stdout.write(f"{_READY}\n")
    sys.stdout.flush()
    await server.serve_forever()


def _leave_with_parent() -> None:
    """Ends this process when the other end of its standard input is gone, however the parent died."""
    # Unbuffered, since a thread inside sys.stdin's lock would abort the interpreter's own shutdown.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)


def _spawn(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Starts the server in its own session, so that the terminal's Ctrl-C does not reach it first."""
    return subprocess.Popen(
        [sys.executable, "-m", "visitord.demo.server", str(folder), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _early_end(port: int, exit_code: int) -> str:
    if exit_code == _PORT_REFUSED:
        return f"The demo's RTSP server cannot listen on {HOST}:{port}: choose a port that is free."
    return f"The demo's RTSP server ended with exit code {exit_code} before it listened on {HOST}:{port}."


def _require_library() -> None:
    if importlib.util.find_spec("aio_rtsp_toolkit") is None:
        raise VisitordError("The demo needs an RTSP server: install it with pip install 'visitord[demo]'.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except VisitordError as error:
        sys.exit(str(error))
