"""A little outside program: an HTTP and WebSocket server that says what it does, for `test_outside`.

`python programs.py NAME PORT [DELAY]` answers GET /health and takes a WebSocket at /socket. GET /sick
makes it unhealthy, GET /die ends it. It tells of its start and end by a line in the file NAME.log.
"""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3


class Handler(BaseHTTPRequestHandler):
    """Healthy until told otherwise."""

    sick = False

    def do_GET(self) -> None:
        if self.path == "/die":
            os._exit(9)
        if self.path == "/sick":
            type(self).sick = True
        if self.path == "/socket":
            self._upgrade()
            return
        self.send_response(503 if self.sick else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _upgrade(self) -> None:
        digest = hashlib.sha1((self.headers["Sec-WebSocket-Key"] + _MAGIC).encode()).digest()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(digest).decode())
        self.end_headers()
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        return


def main() -> None:
    name, port = sys.argv[1], int(sys.argv[2])
    log = Path(sys.argv[3])

    def note(what: str) -> None:
        with log.open("a") as file:
            file.write(f"{name} {what} {time.monotonic()}\n")

    def end(number: int, frame: object) -> None:
        note("ends")
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    note("starts")
    print(f"{name} listens on {port}", flush=True)
    print(f"{name} warns", file=sys.stderr, flush=True)
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    note("listens")
    server.serve_forever()


if __name__ == "__main__":
    main()
