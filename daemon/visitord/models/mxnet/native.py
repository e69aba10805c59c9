"""A checkpoint run by MXNet itself, in a process of its own, for MXNet and visitord need different
numpys.
"""

import logging
import os
import struct
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from visitord.core.errors import ModelError

START_S = 300  # a graphics card younger than CUDA 10.1 has its code compiled first
ANSWER_S = 60
REMEDY = "it needs mxnet 1.9.1 with numpy 1.23.5, for mxnet-cu101 also CUDA 10.1, cuDNN 7 and NCCL 2; see docs/mxnet.md"
log = logging.getLogger(__name__)


class Native:
    """A worker and the pipes to it, for one thread; it ends with this process, however that ends.

    arguments: worker.py's.  Raises ModelError when MXNet does not start.
    """

    def __init__(
        self, python: str, arguments: list[str], threads: int = 0, answer_s: float = ANSWER_S
    ) -> None:
        self._command = [python, "-I", str(Path(__file__).with_name("worker.py")), *arguments]
        self._environment = os.environ | ({"OMP_NUM_THREADS": str(threads)} if threads else {})
        self._answer_s = answer_s
        self._start()

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embeddings (n · d,) of RGB crops (n, 112, 112, 3); a worker that fails is started anew
        once.

        Raises ModelError when that one fails too.
        """
        request = struct.pack("<cI", b"C", crops.size) + crops.tobytes()
        try:
            answer = self._exchange(request, b"E", self._answer_s)
        except ModelError as error:
            log.warning("%s  It is started anew.", error)
            self._start()
            answer = self._exchange(request, b"E", self._answer_s)
        return np.frombuffer(answer, "<f4", len(answer) // 4)

    def close(self) -> None:
        """End the worker."""
        self._process.kill()
        with suppress(OSError), self._process:
            pass

    def _start(self) -> None:
        try:
            process = subprocess.Popen(
                self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=self._environment
            )
            self._process = process
            self._requests, self._answers = cast(
                "tuple[IO[bytes], IO[bytes]]", (process.stdin, process.stdout)
            )
            self._exchange(b"", b"R", START_S)
        except OSError as error:
            raise ModelError(
                f"{self._command[0]} does not start ({error.strerror}); {REMEDY}."
            ) from None
        except ModelError as error:
            raise ModelError(f"{str(error).removesuffix('.')}; {REMEDY}.") from None

    def _exchange(self, request: bytes, wanted: bytes, limit_s: float) -> bytes:
        """Send a frame and take the payload of the one that answers it; a worker that fails at that
        is ended.
        """
        kind, size, answer, begun_s = b"", 0, b"", time.monotonic()
        guard = threading.Timer(limit_s, self._process.kill)
        guard.daemon = True
        guard.start()
        with suppress(
            OSError, ValueError, struct.error
        ):  # it died, was ended before, answered too little
            self._requests.write(request)
            self._requests.flush()
            kind, size = struct.unpack("<cI", self._answers.read(5))
            answer = self._answers.read(size)
        guard.cancel()
        if kind == wanted and len(answer) == size:
            return answer
        self.close()
        if time.monotonic() - begun_s >= limit_s:
            reason = f"no answer in {limit_s:g} s"
        elif kind == b"X":
            reason = answer.decode(errors="replace")
        else:
            reason = (
                "an answer that makes no sense"
                if kind
                else f"it ended with {self._process.returncode}"
            )
        raise ModelError(f"MXNet under {self._command[0]} failed: {reason}.")
