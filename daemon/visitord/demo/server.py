"""A real RTSP server for recorded clips, on this machine only, in a process of its own.

`python -m visitord.demo.server FOLDER PORT` serves every clip in FOLDER on 127.0.0.1 until its standard
input closes.  It speaks RTP over TCP only, and each client starts at a clip's first frame.
"""

import asyncio
import importlib.util
import os
import select
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Self

from visitord.errors import VisitordError

HOST = "127.0.0.1"
START_TIMEOUT_S = 20.0
_READY = "is listening"


class DemoServer:
    """Serves the clips in `folder` while the `with` block runs."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        """`port` is the TCP port on 127.0.0.1; None takes a free one."""
        self.folder = folder
        self.port = _free_port() if port is None else port

    def __enter__(self) -> Self:
        """Returns once the server accepts connections; raises VisitordError if it does not come up."""
        if importlib.util.find_spec("aio_rtsp_toolkit") is None:
            raise VisitordError("The demo needs an RTSP server: install it with pip install 'visitord[demo]'.")
        self._child = subprocess.Popen(
            [sys.executable, "-m", "visitord.demo.server", str(self.folder), str(self.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that the terminal's Ctrl-C does not reach it first
        )
        try:
            status = _first_line(self._child)
            if status != _READY:
                raise VisitordError(f"The demo's RTSP server on {HOST}:{self.port} {status}.")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        with self._child:  # waits for its end and closes its pipes
            self._child.kill()

    def url(self, clip_name: str, loop: bool) -> str:
        """The RTSP address of the file `clip_name` in the folder, played once or for ever."""
        return f"rtsp://{HOST}:{self.port}/{clip_name}?play_count={0 if loop else 1}"


def _first_line(child: subprocess.Popen[bytes]) -> str:
    """What the child says of its start, within START_TIMEOUT_S."""
    assert child.stdout is not None  # noqa: S101 - opened as a pipe
    if not select.select([child.stdout], [], [], START_TIMEOUT_S)[0]:
        return f"did not come up within {START_TIMEOUT_S:.0f} s"
    return child.stdout.readline().decode().strip() or "ended before it listened"


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


async def _serve(folder: str, port: int) -> None:
    """Says on standard output how the start went, then serves for ever."""
    from aio_rtsp_toolkit.server import RtspServer

    status = os.dup(1)
    os.dup2(2, 1)  # the library prints every request, which nobody reads
    server = RtspServer(folder, host=HOST, port=port)
    try:
        await server.start()
    except OSError:
        os.write(status, b"cannot listen: choose a port that is free\n")
    else:
        os.write(status, f"{_READY}\n".encode())
        await server.serve_forever()


def _leave_with_parent() -> None:
    """Ends this process when the other end of its standard input is gone, however the parent died."""
    while os.read(0, 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2])))
