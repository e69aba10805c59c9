"""A real RTSP server for recorded clips, on this machine only, in a process of its own.

`python -m visitord.demo.server FOLDER PORT` serves every clip in FOLDER on 127.0.0.1 until its
standard input closes or says anything.  It speaks RTP over TCP only, and each client starts at a
clip's first frame.
"""

import asyncio
import os
import select
import socket
import subprocess
import sys
from pathlib import Path
from typing import Self

from visitord.core.errors import VisitordError
from visitord.core.extras import require

HOST = "127.0.0.1"
START_TIMEOUT_S = 20.0
FOR_EVER = 0  # as the server's library counts


class DemoServer:
    """Serves the clips in `folder` while the `with` block runs."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        """`port` is the TCP port on 127.0.0.1; None takes a free one."""
        self.folder = folder
        self.port = _free_port() if port is None else port

    def __enter__(self) -> Self:
        """Returns once the server accepts connections; raises VisitordError if it does not."""
        require("demo", "The demo needs an RTSP server: install it with {}.")
        module = [sys.executable, "-m", "visitord.demo.server"]
        self._child = subprocess.Popen(
            [*module, str(self.folder), str(self.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # the terminal's Ctrl-C shall not reach it first
        )

        if not self._listens():
            self.__exit__()
            raise VisitordError(
                f"The demo's RTSP server did not come up on {HOST}:{self.port}; is that port taken?"
            )
        return self

    def __exit__(self, *_error: object) -> None:
        with self._child:  # waits for its end and closes its pipes
            self._child.kill()

    def url(self, clip_name: str, loop: bool) -> str:
        """The RTSP address of the file `clip_name` in the folder, played once or for ever."""
        times = FOR_EVER if loop else 1
        return f"rtsp://{HOST}:{self.port}/{clip_name}?play_count={times}"

    def _listens(self) -> bool:
        """Whether the child says in time that it listens."""
        assert self._child.stdout is not None  # noqa: S101 - opened as a pipe
        spoke, _, _ = select.select([self._child.stdout], [], [], START_TIMEOUT_S)
        return bool(spoke and self._child.stdout.readline())


def _free_port() -> int:
    """A port that nothing listened on a moment ago."""
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


async def _serve(folder: str, port: int) -> None:
    """Say a line on standard output when it listens, then serve until the parent is gone."""
    from aio_rtsp_toolkit.server import RtspServer

    sys.stdout = sys.stderr  # the library prints every request
    asyncio.get_running_loop().add_reader(0, os._exit, 0)  # however the parent died
    server = RtspServer(folder, host=HOST, port=port)
    await server.start()
    os.write(1, b"listening\n")
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2])))
