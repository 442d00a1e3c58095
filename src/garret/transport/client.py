"""A blocking client of the control plane: typed calls, streams, events.

`Client.connect` proves the secret of its role. One thread uses a client at a time; input streams
are sent by a thread of the client's own.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from garret.base.build import build_hash
from garret.base.errors import CancelledError, Code, DeadlineError, GarretError
from garret.base.paths import Home
from garret.protocol.contract import Command, CommandMeta, Event, Registry, ResultT, check_item, check_result
from garret.protocol.envelope import Envelope, decode_error, encode_payload, pack
from garret.protocol.errors import ProtocolError
from garret.protocol.frames import Kind
from garret.protocol.handshake import PeerHandshake
from garret.protocol.life import Progress
from garret.protocol.streams import FAST_CREDIT, Credit, ReceiveWindow, SendWindow
from garret.protocol.trace import new_trace
from garret.transport.blocking import BlockingChannel, connected
from garret.transport.descriptors import close_all
from garret.transport.errors import Disconnected, TransportError

ACCEPTED: Final = frozenset(
    {Kind.CHALLENGE, Kind.WELCOME, Kind.RESULT, Kind.ERROR, Kind.EVENT, Kind.STREAM, Kind.CREDIT}
)
HANDSHAKE_SECONDS: Final = 10.0
SECRET_BYTES: Final = 32
# Plain ints: a member of an enum costs as much to look up and compare as a small function call.
_COMMAND: Final = int(Kind.COMMAND)
_RESULT: Final = int(Kind.RESULT)
_ERROR: Final = int(Kind.ERROR)
_EVENT: Final = int(Kind.EVENT)
_STREAM: Final = int(Kind.STREAM)
_CREDIT: Final = int(Kind.CREDIT)
_EARLY_EVENTS: Final = 1024  # events kept that came before they were asked for
_CANCEL: Final = int(Kind.CANCEL)
_GRACE: Final = 5.0  # seconds the control plane has to answer after a deadline

OnItem = Callable[[Any], None]
Inputs = Callable[[], Any | None]


class Client:
    """One proven connection to the control plane of a home."""

    def __init__(self, channel: BlockingChannel, peer_name: str) -> None:
        self._channel = channel
        self._name = peer_name
        self._ids = itertools.count(1)
        self._early: deque[Envelope] = deque(maxlen=_EARLY_EVENTS)
        self.received_descriptors: tuple[int, ...] = ()

    @property
    def channel(self) -> BlockingChannel:
        """The proven channel itself, for who has many commands under way; use one or the other at a time."""
        return self._channel

    @classmethod
    def connect(
        cls, home: Home, *, role: str = "cli", service: str = "garret-cli", secret: bytes | None = None
    ) -> Client:
        """Connect and prove; `secret` for who may not read the home, as `inherited_secret` gives it.

        Raises TransportError when nobody listens, HandshakeRefused otherwise.
        """
        try:
            secret = _kept_secret(home, role) if secret is None else secret
        except OSError as error:
            raise TransportError(f"Garret is not set up in {home.root}.") from error
        try:
            connection = connected(str(home.socket), HANDSHAKE_SECONDS)
        except OSError as error:
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
        number = next(self._ids)
        frame = pack(
            _COMMAND,
            number,
            encode_payload(request),
            name=meta.name,
            sender=self._name,
            deadline=None if seconds is None else time.monotonic() + seconds,
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
            if not exchange.over:  # whatever went wrong here, nobody waits for it any more
                with contextlib.suppress(Disconnected):
                    self._channel.send(pack(_CANCEL, number))

    def _run(self, exchange: _Exchange) -> Any:
        interrupted = False
        while not exchange.over:
            try:
                self._receive_into(exchange)
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                self._channel.send(pack(_CANCEL, exchange.number))
            except TimeoutError as error:
                raise DeadlineError("Garret did not answer in time.") from error
            except ProtocolError as error:
                if interrupted:  # the interrupt may have come amid a frame
                    raise CancelledError("Cancelled.") from error
                raise
        if interrupted:
            raise CancelledError("Cancelled.")
        return exchange.result

    def _receive_into(self, exchange: _Exchange) -> None:
        envelope, descriptors = self._channel.receive()
        if envelope.id == exchange.number:
            exchange.take(envelope)
            self.received_descriptors = descriptors
            return
        close_all(descriptors)
        if envelope.kind == _EVENT:
            self._early.append(envelope)
        # Anything else is the rest of an earlier call that was given up.

    def events(self, request: Command[Any], registry: Registry) -> Iterator[Event | str]:
        """Subscribe with `request` and yield events as they come; a str tells of events lost."""
        self.call(request)
        self._channel.set_timeout(None)
        while True:
            envelope = self._early.popleft() if self._early else self._channel.receive()[0]
            if envelope.kind != _EVENT:
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
        self.over = False
        self._channel = channel
        self._meta = meta
        self._on_item = on_item
        self._on_progress = on_progress
        self._receive: ReceiveWindow | None = None
        self._feeder = None if inputs is None else _Feeder(channel, number, inputs)

    def take(self, envelope: Envelope) -> None:
        """Handle one frame of this request; `over` when it was the last. Raises its error."""
        if envelope.kind == _RESULT:
            self.over = True
            self.result = check_result(self._meta, envelope.payload)
        elif envelope.kind == _ERROR:
            self.over = True
            raise decode_error(envelope.payload).to_exception()
        elif envelope.kind == _CREDIT:
            if self._feeder is not None:
                self._feeder.grant(msgspec.msgpack.decode(envelope.payload, type=Credit).items)
        elif envelope.name == "progress":
            if self._on_progress is not None:
                self._on_progress(msgspec.msgpack.decode(envelope.payload, type=Progress))
        else:
            self._take_item(envelope)

    def _take_item(self, envelope: Envelope) -> None:
        if self._receive is None:
            self._receive = ReceiveWindow(most=FAST_CREDIT)
        self._receive.accept()
        self._on_item(check_item(self._meta, envelope.payload))
        grant = self._receive.consumed(len(envelope.payload))
        if grant:
            self._channel.send(pack(_CREDIT, self.number, encode_payload(Credit(grant))))

    def close(self) -> None:
        if self._feeder is not None:
            self._feeder.end()


class _Feeder:
    """Streams a command's inputs in from a thread of its own, as fast as there is credit."""

    def __init__(self, channel: BlockingChannel, number: int, inputs: Inputs) -> None:
        self._channel = channel
        self._number = number
        self._inputs = inputs
        self._window = SendWindow()
        self._changed = threading.Condition()
        self._ended = False
        threading.Thread(target=self._feed, name="inputs", daemon=True).start()

    def grant(self, items: int) -> None:
        with self._changed:
            self._window.grant(items)
            self._changed.notify()

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _feed(self) -> None:
        try:
            while (item := self._inputs()) is not None:
                with self._changed:
                    while not self._ended and not self._window.take():
                        self._changed.wait()
                    if self._ended:
                        return
                self._channel.send(pack(_STREAM, self._number, encode_payload(item), name="item"))
            self._channel.send(pack(_STREAM, self._number, name="end"))
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


def read_secret(home: Home, role: str = "cli") -> bytes:
    """The secret of a role in a home, made (0600) where there is none yet, or none that is whole.

    The one secret of all clients that a home had before is the command line's from now on. Raises GarretError
    (read only).
    """
    path = home.client_secret(role)
    try:
        if role == "cli" and not path.exists():
            with contextlib.suppress(FileNotFoundError):
                home.shared_client_secret.rename(path)
        with contextlib.suppress(FileNotFoundError):
            kept = path.read_bytes()
            if len(kept) == SECRET_BYTES:
                return kept
        return _make_secret(path)
    except OSError as error:
        raise GarretError(
            f"{path} cannot be written: {error.strerror}. Nothing was changed.", code=Code.READ_ONLY
        ) from error


def _make_secret(path: Path) -> bytes:
    """Whole or not at all: the empty file that a full disk leaves would be a secret that everybody knows."""
    secret = os.urandom(SECRET_BYTES)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
    part.replace(path)
    return secret


def inherited_secret(descriptor: int) -> bytes:
    """The secret that whoever started this process left in a pipe or file, which is closed.

    A caged client is given that of its own role so, and can read no other. Raises TransportError where it
    is not there whole.
    """
    try:
        with os.fdopen(descriptor, "rb") as file:
            secret = file.read(SECRET_BYTES + 1)
    except OSError as error:
        raise TransportError(f"The inherited secret cannot be read: {error.strerror}.") from error
    if len(secret) != SECRET_BYTES:
        raise TransportError("The inherited secret does not have its length.")
    return secret


def _kept_secret(home: Home, role: str) -> bytes:
    try:
        return home.client_secret(role).read_bytes()
    except FileNotFoundError:
        if role != "cli":
            raise
        # A control plane of the build before may still be running; it has to be told from none at all.
        return home.shared_client_secret.read_bytes()


def _ignore(item: Any) -> None:
    del item
