"""A relay before a real server that can fall silent or be cut, as networks do."""

from __future__ import annotations

import contextlib
import socket
import threading

from tests.servers import PATIENCE, Listening


class Wire:
    """Hands connections on to a port of loopback. `silence` swallows what the server says from then on;
    `cut` ends all connections."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._silent = threading.Event()
        self._closed = False
        self._open: list[socket.socket] = []
        self._listening = Listening(self._relay)
        self.port = self._listening.port

    def silence(self) -> None:
        self._silent.set()

    def cut(self) -> None:
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self.cut()
            self._listening.close()

    def _relay(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._to)) as server:
            self._open += [client, server]
            answering = threading.Thread(target=self._pump, args=(server, client, True), daemon=True)
            answering.start()
            self._pump(client, server, False)
            answering.join(PATIENCE)

    def _pump(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65_536):
                if not (answers and self._silent.is_set()):
                    sink.sendall(piece)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
