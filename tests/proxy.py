"""A network between a box and its PostgreSQL that tests can spoil: slow, cut at any moment, or away."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Self
from urllib.parse import parse_qs, urlsplit

Fault = Callable[[bytes], str]
"""What happens to something a client sends: "" (nothing), "cut" (it never arrives), "unheard" (it arrives, but the
answer is lost with the connection), "slow" (it arrives late)."""


class Proxy:
    """Accepts TCP on a port of its own and connects to the server at `url`, which listens on a unix socket."""

    def __init__(self, url: str, fault: Fault = lambda _: "") -> None:
        parts = urlsplit(url)
        self._server = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
        self._database = parts.path
        self.fault = fault
        self.faults: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listen()

    def url(self, password: str = "") -> str:
        return f"postgresql://postgres:{password}@127.0.0.1:{self.port}{self._database}"

    def away(self) -> None:
        """No connection is accepted any more, and those there are break."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            connections, self._open = self._open, set()
        for connection in connections:
            _break(connection)

    def back(self) -> None:
        """Connections are accepted again, on the same port."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.away()

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                with self._lock:
                    self._open |= {client, server}
                for work in (self._forward, self._answer):
                    threading.Thread(target=work, args=(client, server), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while sent := client.recv(1 << 20):
                if fault := self.fault(sent):
                    self.faults.append(fault)
                if fault == "slow":
                    time.sleep(0.2)
                if fault == "unheard":
                    _break(client)
                if fault == "cut":
                    break
                server.sendall(sent)
                if fault == "unheard":
                    time.sleep(0.05)
                    break
        self._forget(client, server)

    def _answer(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while answer := server.recv(1 << 20):
                client.sendall(answer)
        self._forget(client, server)

    def _forget(self, *connections: socket.socket) -> None:
        with self._lock:
            self._open -= set(connections)
        for connection in connections:
            _break(connection)


def _break(connection: socket.socket) -> None:
    """End it for both sides; a thread that reads from it hears so."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
