"""A blocking client of the control plane: typed calls, streams, events.

`Client.connect` proves the per-install secret. One thread uses a client at a time; input streams
are sent by a thread of the client's own.
"""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

import msgspec

from garret.base.build import build_hash
from garret.base.errors import CancelledError, Code, DeadlineError, GarretError
from garret.base.paths import Home
from garret.protocol.contract import Command, CommandMeta, Event, Registry, ResultT, check_result
from garret.protocol.envelope import Envelope, decode_error, encode_payload, pack
from garret.protocol.frames import Kind
from garret.protocol.handshake import PeerHandshake
from garret.protocol.life import Progress
from garret.protocol.streams import Credit, ReceiveWindow, SendWindow
from garret.protocol.trace import new_trace
from garret.transport.blocking import BlockingChannel
from garret.transport.errors import Disconnected, TransportError

ACCEPTED: Final = frozenset(
    {Kind.CHALLENGE, Kind.WELCOME, Kind.RESULT, Kind.ERROR, Kind.EVENT, Kind.STREAM, Kind.CREDIT}
)
HANDSHAKE_SECONDS: Final = 10.0
_GRACE: Final = 5.0  # seconds the control plane has to answer after a deadline

OnItem = Callable[[Any], None]
Inputs = Callable[[], Any | None]


class Client:
    """One proven connection to the control plane of a home."""

    def __init__(self, channel: BlockingChannel, peer_name: str) -> None:
        self._channel = channel
        self._name = peer_name
        self._ids = itertools.count(1)
        self.received_descriptors: tuple[int, ...] = ()

    @classmethod
    def connect(cls, home: Home, *, role: str = "cli", service: str = "garret-cli") -> Client:
        """Connect and prove. Raises TransportError when nobody listens, HandshakeRefused otherwise."""
        try:
            secret = home.client_secret.read_bytes()
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        except OSError as error:
            raise TransportError(f"Garret is not set up in {home.root}.") from error
        try:
            connection.settimeout(HANDSHAKE_SECONDS)
            connection.connect(str(home.socket))
        except OSError as error:
            connection.close()
            raise TransportError(f"Garret is not running in {home.root}.") from error
        channel = BlockingChannel(connection, ACCEPTED)
        channel.set_timeout(HANDSHAKE_SECONDS)
        try:
            _prove(channel, secret, role, service)
        except TimeoutError as error:
            channel.close()
            raise TransportError("The running Garret does not answer.") from error
        except GarretError:
            channel.close()
            raise
        channel.set_timeout(None)
        return cls(channel, service)

    def call(
        self, request: Command[ResultT], *, descriptors: tuple[int, ...] = (), timeout: float | None = None
    ) -> ResultT:
        """Send a command and wait for its result; its errors are raised."""
        return self.stream(request, _ignore, descriptors=descriptors, timeout=timeout)

    def stream(
        self,
        request: Command[ResultT],
        on_item: OnItem,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        inputs: Inputs | None = None,
        descriptors: tuple[int, ...] = (),
        timeout: float | None = None,
    ) -> ResultT:
        """Send a command, hand each streamed item to `on_item`, and return the result.

        `inputs` is called on a thread for each item to stream in, until it returns None.
        KeyboardInterrupt cancels the command and raises CancelledError once it has ended.
        """
        meta = request.__meta__
        seconds = meta.timeout if timeout is None else timeout
        deadline = None if seconds is None else time.monotonic() + seconds
        number = next(self._ids)
        frame = pack(
            Kind.COMMAND,
            number,
            encode_payload(request),
            name=meta.name,
            sender=self._name,
            deadline=deadline,
            trace=new_trace(),
            descriptors=len(descriptors),
        )
        self._channel.set_timeout(None if seconds is None else seconds + _GRACE)
        self._channel.send(frame, descriptors)
        exchange = _Exchange(self._channel, number, meta, on_item, on_progress, inputs)
        try:
            return cast("ResultT", self._run(exchange))
        finally:
            exchange.close()

    def _run(self, exchange: _Exchange) -> Any:
        interrupted = False
        while True:
            try:
                envelope, descriptors = self._channel.receive()
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                self._channel.send(pack(Kind.CANCEL, exchange.number))
                continue
            except TimeoutError as error:
                raise DeadlineError("Garret did not answer in time.") from error
            if envelope.id != exchange.number:
                continue  # an event, or the rest of an earlier call that was given up
            if exchange.take(envelope):
                self.received_descriptors = descriptors
                if interrupted:
                    raise CancelledError("Cancelled.")
                return exchange.result

    def events(self, request: Command[Any], registry: Registry) -> Iterator[Event | str]:
        """Subscribe with `request` and yield events as they come; a str tells of events lost."""
        self.call(request)
        self._channel.set_timeout(None)
        while True:
            envelope, _ = self._channel.receive()
            if envelope.kind != Kind.EVENT:
                continue
            kind = registry.event_type(envelope.name)
            if kind is None:
                yield f"{envelope.name}"
            else:
                yield msgspec.msgpack.decode(envelope.payload, type=kind)

    def close(self) -> None:
        self._channel.close()


class _Exchange:
    """One command under way at the client: its windows, its input thread, its result."""

    def __init__(
        self,
        channel: BlockingChannel,
        number: int,
        meta: CommandMeta,
        on_item: OnItem,
        on_progress: Callable[[Progress], None] | None,
        inputs: Inputs | None,
    ) -> None:
        self.number = number
        self.result: Any = None
        self._channel = channel
        self._meta = meta
        self._on_item = on_item
        self._on_progress = on_progress
        self._decode_item = msgspec.msgpack.Decoder(meta.items).decode if meta.items else None
        self._receive = ReceiveWindow()
        self._send = SendWindow()
        self._credit = threading.Condition()
        self._ended = False
        if inputs is not None:
            threading.Thread(target=self._feed, args=(inputs,), daemon=True).start()

    def take(self, envelope: Envelope) -> bool:
        """Handle one frame of this request; True when it was the last. Raises its error."""
        if envelope.kind == Kind.RESULT:
            self.result = check_result(self._meta, envelope.payload)
            return True
        if envelope.kind == Kind.ERROR:
            raise decode_error(envelope.payload).to_exception()
        if envelope.kind == Kind.CREDIT:
            with self._credit:
                self._send.grant(msgspec.msgpack.decode(envelope.payload, type=Credit).items)
                self._credit.notify()
        elif envelope.name == "progress":
            if self._on_progress is not None:
                self._on_progress(msgspec.msgpack.decode(envelope.payload, type=Progress))
        elif self._decode_item is not None:
            self._receive.accept()
            self._on_item(self._decode_item(envelope.payload))
            grant = self._receive.consumed()
            if grant:
                self._channel.send(pack(Kind.CREDIT, self.number, encode_payload(Credit(grant))))
        return False

    def close(self) -> None:
        with self._credit:
            self._ended = True
            self._credit.notify()

    def _feed(self, inputs: Inputs) -> None:
        try:
            while (item := inputs()) is not None:
                with self._credit:
                    while not self._send.take() and not self._ended:
                        self._credit.wait()
                    if self._ended:
                        return
                self._channel.send(pack(Kind.STREAM, self.number, encode_payload(item), name="item"))
            self._channel.send(pack(Kind.STREAM, self.number, name="end"))
        except Disconnected:
            return  # the reading side sees it too and tells the caller


def _prove(channel: BlockingChannel, secret: bytes, role: str, service: str) -> None:
    handshake = PeerHandshake(
        secret, build_hash(), service=service, role=role, capabilities=frozenset({"memfd"})
    )
    while handshake.capabilities is None:
        answer = handshake.receive(channel.receive()[0])
        if answer is not None:
            channel.send(answer)


def read_secret(home: Home) -> bytes:
    """The client secret of a home, made (0600) where there is none yet."""
    try:
        descriptor = os.open(home.client_secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return home.client_secret.read_bytes()
    except OSError as error:
        raise GarretError(
            f"{home.client_secret} cannot be written: {error.strerror}. Nothing was changed.",
            code=Code.READ_ONLY,
        ) from error
    secret = os.urandom(32)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
    return secret


def _ignore(item: Any) -> None:
    del item
