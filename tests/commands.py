"""The commands without the time that loading their libraries takes: one process has loaded them, and forks itself.

Each command is a process of its own as ever: it runs the installed program's file, imports all of visitord itself,
and ends as Python programs do.  Only what Python reads from its environment when it starts comes too late for it.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

BIN = Path(sys.executable).parent
LIBRARIES = (
    "apscheduler.executors.pool",
    "apscheduler.schedulers.background",
    "av",
    "click",
    "cv2",
    "insightface.app",
    "numpy",
    "onnx",
    "onnxruntime",
    "psycopg2.extras",
    "pydantic",
    "rich.console",
    "rich.progress",
    "rich.table",
    "scipy.optimize",
    "yoyo",
)


def run(argv: list[str], folder: Path, environment: dict[str, str], timeout_s: float) -> tuple[int, str, str]:
    """The exit code of an installed program, and what it wrote on stdout and stderr.

    The code of one that a signal ended is the signal's number, negative; after `timeout_s` that is SIGKILL.
    """
    forker = _forker()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        request = json.dumps([argv, str(folder), environment]).encode()
        socket.send_fds(forker, [request], [out.fileno(), err.fileno()])
        process = int(forker.recv(64))
        forker.settimeout(timeout_s)
        try:
            code = int(forker.recv(64))
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            forker.settimeout(None)
            code = int(forker.recv(64))
        forker.settimeout(None)
        out.seek(0)
        err.seek(0)
        return code, out.read().decode(), err.read().decode()


@cache
def _forker() -> socket.socket:
    """Where the process that forks takes requests; it ends when this one does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen([sys.executable, __file__], stdin=theirs)
    atexit.register(lambda: (ours.close(), process.wait()))
    return ours


def _serve() -> None:
    """Answer each request with the number of a new process, then with its exit code; returns in the new ones only."""
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.freeze()  # else each new process copies all memory when it collects
    with socket.socket(fileno=os.dup(0)) as requests:
        while True:
            request, files, _, _ = socket.recv_fds(requests, 1 << 20, 2)
            if not request:
                os._exit(0)
            process = os.fork()
            if process == 0:
                break
            for file in files:
                os.close(file)
            requests.send(f"{process}".encode())
            requests.send(f"{os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])}".encode())
    for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), *files)):
        os.dup2(file, number)
        os.close(file)
    argv, folder, environment = json.loads(request)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[:] = [str(BIN / argv[0]), *argv[1:]]
    sys.path[0] = str(BIN)


if __name__ == "__main__":
    _serve()
    runpy.run_path(sys.argv[0], run_name="__main__")
