"""What the protocol is measured against: other ways to carry the same typed message between processes.

Each peer is a server in a process of its own (`python -m benchmarks.transport_peers KIND ADDRESS`) and a
client here with three calls: `once` (a round trip), `many` (as many as it can, several under way) and,
where bulk data can be sent, `bulk`. All carry the fields of `benchmarks.echo_room.MESSAGE`, decoded
and checked by type at the far end and again here, as Garret's do.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing import connection as mp
from pathlib import Path
from typing import Any, Protocol

import msgspec

from benchmarks.echo_room import MESSAGE, Echoed

FIELDS: dict[str, Any] = msgspec.to_builtins(MESSAGE)
BODY = msgspec.msgpack.encode(MESSAGE)
_decode = msgspec.msgpack.Decoder(Echoed).decode
_encode = msgspec.msgpack.encode
_WINDOW = 64  # messages under way in `many`, for peers that can have several
_STARTED = b"serving\n"


class Peer(Protocol):
    """A client of one peer."""

    def once(self) -> None:
        """One round trip, checked."""
        ...

    def many(self, count: int) -> None:
        """`count` round trips, as many as possible under way at a time."""
        ...

    def bulk(self, data: bytes) -> None:
        """Send `data`, and hear that it came."""
        ...


@contextlib.contextmanager
def server(kind: str, address: str) -> Iterator[None]:
    """One of the servers below in a process group of its own, ready when this enters."""
    process = _start(kind, address, group=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _start(kind: str, address: str, *, group: bool) -> subprocess.Popen[bytes]:
    """A server that is ready; without a group of its own it ends with the one that started it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.transport_peers", kind, address],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        start_new_session=group,
    )
    assert process.stdout is not None
    if process.stdout.readline() != _STARTED:
        process.kill()
        raise RuntimeError(f"the {kind} peer did not start; what it said is above")
    return process


def _serving() -> None:
    sys.stdout.buffer.write(_STARTED)
    sys.stdout.flush()


# --- FastAPI, uvicorn and httpx over loopback -----------------------------------------------------


def _serve_http(address: str) -> None:
    import uvicorn
    from fastapi import FastAPI, Request
    from pydantic import BaseModel

    class Said(BaseModel):
        session: str
        sequence: int
        at: float
        final: bool
        words: tuple[str, ...]
        text: str

    app = FastAPI()

    async def say(said: Said) -> Said:
        return said

    async def take(request: Request) -> dict[str, int]:
        return {"size": len(await request.body())}

    # Registered by hand: the annotations above are strings that only this function can resolve.
    say.__annotations__ = {"said": Said, "return": Said}
    take.__annotations__ = {"request": Request, "return": dict[str, int]}
    app.post("/say")(say)
    app.post("/take")(take)
    listener = socket.socket(fileno=os.dup(int(address)))
    server_ = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    _serving()
    asyncio.run(server_.serve(sockets=[listener]))


class Http:
    """httpx, one keep-alive connection; `many` with as many connections as messages are under way."""

    def __init__(self, port: int) -> None:
        import httpx

        self._httpx = httpx
        self._url = f"http://127.0.0.1:{port}"
        self._client = httpx.Client(base_url=self._url, timeout=60)

    def once(self) -> None:
        msgspec.convert(self._client.post("/say", json=FIELDS).json(), Echoed)

    def many(self, count: int) -> None:
        asyncio.run(self._many(count))

    async def _many(self, count: int) -> None:
        async with self._httpx.AsyncClient(base_url=self._url, timeout=60) as client:
            left = iter(range(count))

            async def one_after_another() -> None:
                for _ in left:
                    answer = await client.post("/say", json=FIELDS)
                    msgspec.convert(answer.json(), Echoed)

            await asyncio.gather(*(one_after_another() for _ in range(16)))

    def bulk(self, data: bytes) -> None:
        assert self._client.post("/take", content=data).json() == {"size": len(data)}


@contextlib.contextmanager
def http() -> Iterator[Http]:
    """FastAPI on uvicorn."""
    listener = socket.create_server(("127.0.0.1", 0))
    os.set_inheritable(listener.fileno(), True)
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.transport_peers", "http", str(listener.fileno())],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=(listener.fileno(),),
    )
    try:
        assert process.stdout is not None
        if process.stdout.readline() != _STARTED:
            raise RuntimeError("the http peer did not start; what it said is above")
        peer = Http(listener.getsockname()[1])
        peer.once()
        yield peer
    finally:
        listener.close()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


# --- multiprocessing.connection ---------------------------------------------------------------------


def _echo_pickled(connection: mp.Connection) -> None:
    while True:
        came = connection.recv()
        connection.send(len(came) if isinstance(came, bytes) else msgspec.to_builtins(_checked(came)))


def _checked(fields: dict[str, Any]) -> Echoed:
    return msgspec.convert(fields, Echoed)


def _serve_pickled(address: str) -> None:
    with mp.Listener(address, "AF_UNIX") as listener:
        _serving()
        _echo_pickled(listener.accept())


def _serve_pickled_broker(address: str) -> None:
    """Forwards between a client and the server it starts: what comes is passed on unread."""
    _start("pickled", address + ".far", group=False)
    with mp.Listener(address, "AF_UNIX") as listener:
        far = mp.Client(address + ".far")
        _serving()
        near = listener.accept()
        other = {near: far, far: near}
        while True:
            for ready in mp.wait([near, far]):
                assert isinstance(ready, mp.Connection)
                other[ready].send_bytes(ready.recv_bytes())


class Pickled:
    """A connection that pickles dicts."""

    def __init__(self, address: str) -> None:
        self._connection = mp.Client(address)

    def once(self) -> None:
        self._connection.send(FIELDS)
        _checked(self._connection.recv())

    def many(self, count: int) -> None:
        for sent in range(count):
            self._connection.send(FIELDS)
            if sent >= _WINDOW:
                _checked(self._connection.recv())
        for _ in range(min(_WINDOW, count)):
            _checked(self._connection.recv())

    def bulk(self, data: bytes) -> None:
        self._connection.send(data)
        assert self._connection.recv() == len(data)


@contextlib.contextmanager
def pickled(folder: Path, *, broker: bool) -> Iterator[Pickled]:
    """multiprocessing.connection on a Unix socket, client to server or with a forwarder between."""
    address = str(folder / f"pickled{broker}")
    with server("pickled_broker" if broker else "pickled", address):
        yield Pickled(address)


# --- pyzmq over ipc ---------------------------------------------------------------------------------


def _serve_zmq(address: str) -> None:
    import zmq

    dealer = zmq.Context.instance().socket(zmq.DEALER)
    dealer.connect(address)
    _serving()
    while True:
        who, body = dealer.recv_multipart()
        answer = _encode(_decode(body)) if len(body) < 4096 else str(len(body)).encode()
        dealer.send_multipart([who, answer])


def _serve_zmq_broker(address: str) -> None:
    import zmq

    context = zmq.Context.instance()
    front, back = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
    front.bind(address)
    back.bind(address + ".far")
    _start("zmq", address + ".far", group=False)
    _serving()
    zmq.proxy(front, back)


class Zmq:
    """DEALER to ROUTER and DEALER to DEALER; the broker is libzmq's own proxy."""

    def __init__(self, address: str) -> None:
        import zmq

        self._dealer = zmq.Context.instance().socket(zmq.DEALER)
        self._dealer.connect(address)

    def once(self) -> None:
        self._dealer.send(_encode(MESSAGE))
        _decode(self._dealer.recv())

    def many(self, count: int) -> None:
        for sent in range(count):
            self._dealer.send(_encode(MESSAGE))
            if sent >= _WINDOW:
                _decode(self._dealer.recv())
        for _ in range(min(_WINDOW, count)):
            _decode(self._dealer.recv())

    def bulk(self, data: bytes) -> None:
        self._dealer.send(data)
        assert int(self._dealer.recv()) == len(data)


@contextlib.contextmanager
def zeromq(folder: Path) -> Iterator[Zmq]:
    """DEALER, ROUTER, DEALER over ipc."""
    address = f"ipc://{folder}/zmq"
    with server("zmq_broker", address):
        peer = Zmq(address)
        peer.once()
        yield peer


# --- gRPC on a Unix socket ----------------------------------------------------------------------------


def _serve_grpc(address: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    import grpc

    say = grpc.unary_unary_rpc_method_handler(
        lambda request, _: request, request_deserializer=_decode, response_serializer=_encode
    )
    served = grpc.server(ThreadPoolExecutor(8))
    served.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("echo", {"say": say}),))
    served.add_insecure_port(address)
    served.start()
    _serving()
    served.wait_for_termination()


class Grpc:
    """Unary calls with our own serialisers; a message of 64 MiB is past its limits."""

    def __init__(self, address: str) -> None:
        import grpc

        self._say = grpc.insecure_channel(address).unary_unary(
            "/echo/say", request_serializer=_encode, response_deserializer=_decode
        )

    def once(self) -> None:
        self._say(MESSAGE)

    def many(self, count: int) -> None:
        under_way = [self._say.future(MESSAGE) for _ in range(min(_WINDOW, count))]
        for number in range(count):
            under_way[number % len(under_way)].result()
            if number + len(under_way) < count:
                under_way[number % len(under_way)] = self._say.future(MESSAGE)

    def bulk(self, data: bytes) -> None:
        raise NotImplementedError("gRPC's message limit is 4 MiB")


@contextlib.contextmanager
def grpc_unix(folder: Path) -> Iterator[Grpc]:
    """gRPC, one channel."""
    address = f"unix:{folder}/grpc"
    with server("grpc", address):
        peer = Grpc(address)
        peer.once()
        yield peer


# --- the floor ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def bare_socket() -> Iterator[Callable[[bytes], None]]:
    """A blocking socket pair with a process that sends back what comes: bytes, no types, one hop."""
    near, far = socket.socketpair()
    child = os.fork()
    if child == 0:
        near.close()
        while came := far.recv(65_536):
            far.sendall(came)
        os._exit(0)
    far.close()

    def once(body: bytes) -> None:
        near.sendall(body)
        near.recv(65_536)

    try:
        yield once
    finally:
        near.close()
        os.waitpid(child, 0)


def timed(call: Callable[[], None], count: int) -> list[float]:
    """How long each of `count` calls took, in seconds, sorted."""
    clock, times = time.perf_counter, []
    for _ in range(count):
        start = clock()
        call()
        times.append(clock() - start)
    return sorted(times)


_SERVERS: dict[str, Callable[[str], None]] = {
    "http": _serve_http,
    "pickled": _serve_pickled,
    "pickled_broker": _serve_pickled_broker,
    "zmq": _serve_zmq,
    "zmq_broker": _serve_zmq_broker,
    "grpc": _serve_grpc,
}

if __name__ == "__main__":
    _SERVERS[sys.argv[1]](sys.argv[2])
