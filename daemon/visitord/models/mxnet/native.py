"""A checkpoint run by MXNet in a process of its own, for it and visitord need different numpys."""

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
REMEDY = (
    "it needs mxnet 1.9.1 with numpy 1.23.5, for mxnet-cu101 also CUDA 10.1, cuDNN 7 "
    "and NCCL 2; see docs/mxnet.md"
)

# What frames are about, as worker.py has it: asked for CROPS it answers EMBEDDINGS; READY comes
# once before, and TROUBLE instead of either.
CROPS = b"C"
EMBEDDINGS = b"E"
READY = b"R"
TROUBLE = b"X"
HEADER = struct.Struct("<cI")  # what it is about, and the payload's length in bytes
FLOAT_BYTES = 4

log = logging.getLogger(__name__)


class Native:
    """A worker and the pipes to it, for one thread; it ends with this process, however that ends.

    Between two calls the worker either runs and waits for crops, or has been ended.
    """

    def __init__(
        self,
        python: str,
        arguments: list[str],
        threads: int = 0,
        answer_s: float = ANSWER_S,
    ) -> None:
        """Start the worker and wait until it is ready.

        Parameters
        ----------
        python
            The interpreter that has MXNet.
        arguments
            worker.py's: the symbol's file, the parameters' file, the node, the device.
        threads
            Cores that MXNet may use; 0: all of them.
        answer_s
            Seconds in which it has to answer.

        Raises
        ------
        ModelError
            When MXNet does not start.
        """
        worker = str(Path(__file__).with_name("worker.py"))
        self._command = [python, "-I", worker, *arguments]
        self._environment = dict(os.environ)
        if threads:
            self._environment["OMP_NUM_THREADS"] = str(threads)
        self._answer_s = answer_s
        self._start()

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embeddings (n · d,) of RGB crops (n, 112, 112, 3); a failed worker is started anew once.

        Raises ModelError when the new one fails too.
        """
        request = HEADER.pack(CROPS, crops.size) + crops.tobytes()
        try:
            answer = self._exchange(request, EMBEDDINGS, self._answer_s)
        except ModelError as error:
            log.warning("%s  It is started anew.", error)
            self._start()
            answer = self._exchange(request, EMBEDDINGS, self._answer_s)
        return np.frombuffer(answer, "<f4", len(answer) // FLOAT_BYTES)

    def close(self) -> None:
        """End the worker."""
        self._process.kill()
        with suppress(OSError), self._process:
            pass  # waits for its end and closes its pipes

    def _start(self) -> None:
        """Start a worker in place of any that has been ended, and wait until it is ready."""
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env=self._environment,
            )
            self._requests = cast("IO[bytes]", self._process.stdin)
            self._answers = cast("IO[bytes]", self._process.stdout)

            self._exchange(b"", READY, START_S)
        except OSError as error:
            raise ModelError(
                f"{self._command[0]} does not start ({error.strerror}); {REMEDY}."
            ) from None
        except ModelError as error:
            raise ModelError(f"{str(error).removesuffix('.')}; {REMEDY}.") from None

    def _exchange(self, request: bytes, wanted: bytes, limit_s: float) -> bytes:
        """Send a frame and take the payload of its answer; a worker that fails at that is ended."""
        about = b""
        size_bytes = 0
        answer = b""
        begun_s = time.monotonic()

        guard = threading.Timer(limit_s, self._process.kill)
        guard.daemon = True
        guard.start()
        # It died, was ended before, or answered too little.
        with suppress(OSError, ValueError, struct.error):
            self._requests.write(request)
            self._requests.flush()
            about, size_bytes = HEADER.unpack(self._answers.read(HEADER.size))
            answer = self._answers.read(size_bytes)
        guard.cancel()
        if about == wanted and len(answer) == size_bytes:
            return answer

        self.close()
        if time.monotonic() - begun_s >= limit_s:
            reason = f"no answer in {limit_s:g} s"
        elif about == TROUBLE:
            reason = answer.decode(errors="replace")
        elif about:
            reason = "an answer that makes no sense"
        else:
            reason = f"it ended with {self._process.returncode}"
        raise ModelError(f"MXNet under {self._command[0]} failed: {reason}.")
