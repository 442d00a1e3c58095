"""What the gateway is measured beside: uvicorn alone, an echo over a WebSocket and 64 MiB over HTTP.

`python -m benchmarks.gateway_peer DESCRIPTOR` serves on the listening socket that it inherits.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

import uvicorn

SIZE = 64 << 20
_PIECE = 1 << 20


async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The application, without a framework."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        return
    headers = [(b"content-length", str(SIZE).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    piece = bytes(_PIECE)
    for at in range(0, SIZE, _PIECE):
        await send({"type": "http.response.body", "body": piece, "more_body": at + _PIECE < SIZE})


def main() -> None:
    """Serve with the same protocols as the gateway's, without what it adds to them."""
    import uvloop

    config = uvicorn.Config(
        answer,
        http="h11",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        listening = socket.socket(fileno=int(sys.argv[1]))
        runner.run(uvicorn.Server(config).serve(sockets=[listening]))


if __name__ == "__main__":
    main()
