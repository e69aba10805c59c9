"""A process that decodes photographs: what crashes a decoder takes that one, and no command.

Decoders are the largest part of what strangers' files reach, and are written in C.  The process
takes a third of a second of one core, once for a command, and 70 MB; a picture of 12 megapixels is
handed over in a tenth of a second.
"""

import multiprocessing
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import numpy as np

from visitord.capture.still_decoder import Refused, decode
from visitord.core.records import Image

WITHIN_S = 120.0  # the largest picture takes a few seconds
CRASHED = Refused("its decoder crashes: it is damaged, or made to do so")
HANGS = Refused(f"its decoder does not end within {WITHIN_S:g} s: it is damaged, or made to do so")

Decode = Callable[[bytes], Image | Refused]


class StillProcess:
    """Decodes in another process, begun when it is first needed, and anew after it ended.

    Any thread may ask; one picture is decoded at a time.
    """

    def __init__(self, decode: Decode = decode, within_s: float = WITHIN_S) -> None:
        self._decode = decode
        self._within_s = within_s
        self._lock = threading.Lock()
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def decode(self, content: bytes) -> Image | Refused:
        """As `still_decoder.decode`; also Refused where that crashes or hangs."""
        with self._lock:
            pipe = self._pipe or self._begun()
            try:
                pipe.send_bytes(content)
                if not pipe.poll(self._within_s):
                    self.close()
                    return HANGS
                answer: Refused | tuple[int, ...] = pipe.recv()
                if isinstance(answer, Refused):
                    return answer

                image = np.empty(answer, np.uint8)
                pipe.recv_bytes_into(image.data.cast("B"))
            except (EOFError, OSError):
                self.close()
                return CRASHED
            return image

    def _begun(self) -> Connection:
        # Neither threads nor locks are copied into it, as a fork's would be.
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(self._decode, there), daemon=True)
        self._process.start()
        there.close()
        return self._pipe

    def close(self) -> None:
        """End the process; asked again, another begins."""
        if self._pipe is not None and self._process is not None:
            self._pipe.close()
            self._process.kill()
            self._process.join()
        self._pipe = None


def _serve(decode: Decode, pipe: Connection) -> None:
    """Decode what comes, for as long as the other end is there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who is asking ends this
    with suppress(EOFError, OSError):
        while True:
            found = decode(pipe.recv_bytes())
            if isinstance(found, Refused):
                pipe.send(found)
                continue
            pipe.send(found.shape)
            pipe.send_bytes(np.ascontiguousarray(found).data.cast("B"))
