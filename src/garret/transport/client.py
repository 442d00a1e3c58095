"""A blocking client of the control plane: typed calls, streams, subscriptions.

`Client.connect` proves the per-install secret. One thread uses a client at a time, with as many calls under
way as it likes; input streams are sent by threads of the client's own.

    first, second = client.begin(GetStatus()), client.begin(ListJobs())
    status, jobs = first.wait(), second.wait()

What comes for one call while another is waited for is kept until its turn; credit bounds how much that is.
Neighbours: `protocol.session` has the rules, `evented` is the same for loops.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Generic, cast

from garret.base.build import build_hash
from garret.base.errors import CancelledError, Code, DeadlineError, GarretError
from garret.base.paths import Home
from garret.protocol.contract import Command, Event, Registry, ResultT
from garret.protocol.errors import ProtocolError
from garret.protocol.frames import Kind
from garret.protocol.handshake import PeerHandshake
from garret.protocol.life import Progress
from garret.protocol.session import (
    ACCEPTED,
    GRACE,
    CallOccurrence,
    Credited,
    Failed,
    Finished,
    Item,
    Missed,
    Progressed,
    Proven,
    Session,
    Stray,
)
from garret.protocol.streams import Gap
from garret.protocol.subscription import Lost, SubscriptionEnded, SubscriptionReader, Told
from garret.transport.blocking import BlockingChannel, connected
from garret.transport.descriptors import close_all
from garret.transport.errors import Disconnected, TransportError

HANDSHAKE_SECONDS: Final = 10.0
SECRET_BYTES: Final = 32
# A plain int: a member of an enum costs as much to look up and compare as a small function call.
_CREDIT: Final = int(Kind.CREDIT)

OnItem = Callable[[Any], None]
OnProgress = Callable[[Progress], None]
OnGap = Callable[[Gap], None]
Inputs = Callable[[], Any | None]


class Client:
    """One proven connection to the control plane of a home."""

    def __init__(self, channel: BlockingChannel, session: Session) -> None:
        self._channel = channel
        self._session = session
        self._calls: dict[int, Call[Any]] = {}
        # Credit and inputs: input threads stream in while this thread hears of their credit.
        self.input_lock = threading.Lock()
        self.received_descriptors: tuple[int, ...] = ()

    @property
    def channel(self) -> BlockingChannel:
        """The proven channel itself, for who speaks in single frames; use one or the other at a time."""
        return self._channel

    @classmethod
    def connect(
        cls, home: Home, *, role: str = "cli", service: str = "garret-cli", secret: bytes | None = None
    ) -> Client:
        """Connect and prove; `secret` for who may not read the home, as `inherited_secret` gives it.

        Raises TransportError when nobody listens, HandshakeRefused otherwise.
        """
        session = session_for(home, role, service, secret)
        try:
            connection = connected(str(home.socket), HANDSHAKE_SECONDS)
        except OSError as error:
            raise not_running(home) from error
        channel = BlockingChannel(connection, ACCEPTED)
        channel.set_timeout(HANDSHAKE_SECONDS)
        client = cls(channel, session)
        try:
            client.prove()
        except TimeoutError as error:
            channel.close()
            raise TransportError("The running Garret does not answer.") from error
        except GarretError:
            channel.close()
            raise
        channel.set_timeout(None)
        return client

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
        on_progress: OnProgress | None = None,
        on_gap: OnGap | None = None,
        inputs: Inputs | None = None,
        descriptors: tuple[int, ...] = (),
        timeout: float | None = None,
    ) -> ResultT:
        """Send a command, hand each streamed item to `on_item`, and return the result.

        `on_gap` hears of items of a job that this caller did not get. `inputs` is called on a thread for
        each item to stream in, until it returns None.
        KeyboardInterrupt cancels the command and raises CancelledError once it has ended.
        """
        call = self.begin(
            request,
            on_item,
            on_progress=on_progress,
            on_gap=on_gap,
            inputs=inputs,
            descriptors=descriptors,
            timeout=timeout,
        )
        result = call.wait()
        self.received_descriptors = call.take_descriptors()
        return result

    def begin(
        self,
        request: Command[ResultT],
        on_item: OnItem | None = None,
        *,
        on_progress: OnProgress | None = None,
        on_gap: OnGap | None = None,
        inputs: Inputs | None = None,
        descriptors: tuple[int, ...] = (),
        timeout: float | None = None,
    ) -> Call[ResultT]:
        """Send a command; its items are handed over, and its result is returned, by `Call.wait`."""
        seconds = request.__meta__.timeout if timeout is None else timeout
        now = time.monotonic()
        number, frame = self._session.start(request, now, seconds=seconds, descriptors=len(descriptors))
        call: Call[ResultT] = Call(self, number, seconds, now, on_item or _ignore, on_progress, on_gap)
        self._calls[number] = call
        try:
            self._channel.send(frame, descriptors)
        except Disconnected:
            call.abandon()
            raise
        if inputs is not None:
            call.feeder = _Feeder(self, self._channel, self._session, number, inputs)
        return call

    def subscribe(self, request: Command[SubscriptionEnded], registry: Registry) -> Subscription:
        """Subscribe, and return once it has begun: what happens from then on is told or counted as lost."""
        return Subscription(self.begin(request), registry)

    # ---- for its calls

    def prove(self) -> None:
        """The handshake, of a connection that was just made. Raises TimeoutError, HandshakeRefused."""
        while not self._session.proven:
            self.step(0)

    def step(self, number: int) -> CallOccurrence | None:
        """Wait for one envelope; return what it means to the call `number`, or keep it for another one."""
        envelope, descriptors = self._channel.receive()
        session = self._session
        try:
            if envelope.kind == _CREDIT:
                with self.input_lock:
                    occurrence = session.receive(envelope, descriptors)
            else:
                occurrence = session.receive(envelope, descriptors)
        except GarretError:
            close_all(descriptors)
            raise
        while session.outgoing:
            self._channel.send(session.outgoing.pop(0))
        if occurrence is None or isinstance(occurrence, Proven):
            return None
        if isinstance(occurrence, Stray):
            close_all(occurrence.descriptors)
            return None
        if occurrence.number == number:
            return occurrence
        self._calls[occurrence.number].keep(occurrence)
        return None

    def wait_at_most(self, seconds: float | None) -> None:
        self._channel.set_timeout(seconds)

    def consumed(self, number: int) -> None:
        frame = self._session.consumed(number)
        if frame is not None:
            self._channel.send(frame)

    def cancel(self, number: int) -> None:
        frame = self._session.cancel(number)
        if frame is not None:
            self._channel.send(frame)

    def forget(self, number: int) -> None:
        """Nobody waits for this call any more; where it still runs, it is cancelled."""
        self._calls.pop(number, None)
        frame = self._session.give_up(number)
        if frame is not None:
            with contextlib.suppress(Disconnected):
                self._channel.send(frame)

    def close(self) -> None:
        """End the connection. Calls that are under way are cancelled by that, but for jobs, which go on."""
        for call in list(self._calls.values()):
            call.let_go()
        self._calls.clear()
        self._channel.close()


class Call(Generic[ResultT]):
    """One command under way. Whoever does not `wait` for it has to `abandon` it."""

    __slots__ = (
        "_client",
        "_descriptors",
        "_error",
        "_kept",
        "_latest",
        "_on_gap",
        "_on_item",
        "_on_progress",
        "_result",
        "_seconds",
        "feeder",
        "number",
        "over",
    )

    def __init__(
        self,
        client: Client,
        number: int,
        seconds: float | None,
        began: float,
        on_item: OnItem,
        on_progress: OnProgress | None,
        on_gap: OnGap | None,
    ) -> None:
        self.number = number
        self.over = False
        self.feeder: _Feeder | None = None
        self._client = client
        self._seconds = seconds
        self._latest = None if seconds is None else began + seconds + GRACE
        self._on_item = on_item
        self._on_progress = on_progress
        self._on_gap = on_gap
        self._kept: deque[CallOccurrence] = deque()
        self._result: Any = None
        self._error: GarretError | None = None
        self._descriptors: tuple[int, ...] = ()

    def wait(self) -> ResultT:
        """Hand over what streams back, and return the result; the call's error is raised.

        KeyboardInterrupt cancels the command and raises CancelledError once it has ended.
        """
        self._client.wait_at_most(None if self._seconds is None else self._seconds + GRACE)
        try:
            return cast("ResultT", self._run())
        finally:
            self.abandon()

    def next_item(self, handle: OnItem) -> bool:
        """Hand one item to `handle`; False once the call is over instead. Its error is raised."""
        self._on_item = handle
        self._client.wait_at_most(None)
        try:
            while not self.over:
                occurrence = self._next()
                if occurrence is not None:
                    self._handle(occurrence)
                    if isinstance(occurrence, Item):
                        return True
        except BaseException:
            self.abandon()
            raise
        return False

    def cancel(self) -> None:
        """Ask that it ends; `wait` raises CancelledError then, unless it was done before."""
        self._client.cancel(self.number)

    def take_descriptors(self) -> tuple[int, ...]:
        """What came beside the result, from now on the caller's to close."""
        descriptors, self._descriptors = self._descriptors, ()
        return descriptors

    def abandon(self) -> None:
        """Cancel it; whatever it still brings is not wanted. Idempotent."""
        self._client.forget(self.number)
        self.let_go()

    def let_go(self) -> None:
        """Send no more inputs, and close what it brought. Idempotent."""
        if self.feeder is not None:
            self.feeder.end()
        while self._kept:
            occurrence = self._kept.popleft()
            if isinstance(occurrence, (Finished, Failed)):
                close_all(occurrence.descriptors)

    def _run(self) -> Any:
        if self._error is not None:
            raise self._error
        interrupted = False
        while not self.over:
            try:
                occurrence = self._next()
                if occurrence is not None:
                    self._handle(occurrence)
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                self.cancel()
            except TimeoutError as error:
                raise DeadlineError("Garret did not answer in time.") from error
            except ProtocolError as error:
                if interrupted:  # the interrupt may have come amid a frame
                    raise CancelledError("Cancelled.") from error
                raise
        if interrupted:
            raise CancelledError("Cancelled.")
        return self._result

    def _next(self) -> CallOccurrence | None:
        """What comes next for this call; None where it was for another. Raises TimeoutError."""
        if self._kept:
            return self._kept.popleft()
        occurrence = self._client.step(self.number)
        if occurrence is None and self._latest is not None and time.monotonic() > self._latest:
            raise TimeoutError  # others were answered meanwhile
        return occurrence

    def keep(self, occurrence: CallOccurrence) -> None:
        """Keep what came for it while another call was waited for; credit is passed on at once."""
        if isinstance(occurrence, Credited):
            self._handle(occurrence)
            return
        if isinstance(occurrence, Progressed) and self._kept and isinstance(self._kept[-1], Progressed):
            self._kept.pop()  # no credit bounds it, and only the last one counts
        self._kept.append(occurrence)

    def _handle(self, occurrence: CallOccurrence) -> None:
        if isinstance(occurrence, Finished):
            self.over = True
            self._result = occurrence.value
            self._descriptors = occurrence.descriptors
        elif isinstance(occurrence, Item):
            self._on_item(occurrence.value)
            self._client.consumed(self.number)
        elif isinstance(occurrence, Failed):
            self.over = True
            close_all(occurrence.descriptors)
            self._error = occurrence.error
            raise occurrence.error
        else:
            self._handle_beside(occurrence)

    def _handle_beside(self, occurrence: Progressed | Missed | Credited) -> None:
        if isinstance(occurrence, Progressed):
            if self._on_progress is not None:
                self._on_progress(occurrence.progress)
        elif isinstance(occurrence, Missed):
            if self._on_gap is not None:
                self._on_gap(occurrence.gap)
        elif self.feeder is not None:
            self.feeder.credited()


class Subscription:
    """The events of one subscription, in order, with `Lost` where there is a gap; iteration waits for them.

    It ends with `ended` saying why, or raises what ended it. `close` unsubscribes.
    """

    def __init__(self, call: Call[SubscriptionEnded], registry: Registry) -> None:
        self.ended: SubscriptionEnded | None = None
        self._call = call
        self._reader = SubscriptionReader(registry)
        self._ready: deque[Event | Lost] = deque()
        while not self._reader.begun and self._more():
            pass

    def __iter__(self) -> Iterator[Event | Lost]:
        return self

    def __next__(self) -> Event | Lost:
        while not self._ready:
            if not self._more():
                raise StopIteration
        return self._ready.popleft()

    def close(self) -> None:
        """Unsubscribe."""
        self._call.abandon()

    def _more(self) -> bool:
        if self._call.next_item(self._take):
            return True
        self.ended = self._call.wait()
        return False

    def _take(self, item: Told) -> None:
        self._ready.extend(self._reader.take(item))


class _Feeder:
    """Streams a command's inputs in from a thread of its own, as fast as there is credit."""

    def __init__(
        self, client: Client, channel: BlockingChannel, session: Session, number: int, inputs: Inputs
    ) -> None:
        self._channel = channel
        self._session = session
        self._number = number
        self._inputs = inputs
        self._changed = threading.Condition(client.input_lock)
        self._ended = False
        threading.Thread(target=self._feed, name="inputs", daemon=True).start()

    def credited(self) -> None:
        with self._changed:
            self._changed.notify()

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _feed(self) -> None:
        try:
            while (item := self._inputs()) is not None:
                frame = self._framed(item)
                if frame is None:
                    return
                self._channel.send(frame)
            with self._changed:
                end = self._session.end(self._number)
            self._channel.send(end)
        except (Disconnected, CancelledError):
            return  # the reading side sees it too and tells the caller

    def _framed(self, item: Any) -> bytes | None:
        """The frame of an item, once there is credit; None where nobody wants it any more."""
        with self._changed:
            while not self._ended:
                frame = self._session.put(self._number, item)
                if frame is not None:
                    return frame
                self._changed.wait()
            return None


def session_for(home: Home, role: str, service: str, secret: bytes | None = None) -> Session:
    """A session that will prove the secret of a role, the home's where none is given.

    Raises TransportError where the home has none.
    """
    try:
        secret = _kept_secret(home, role) if secret is None else secret
    except OSError as error:
        raise TransportError(f"Garret is not set up in {home.root}.") from error
    handshake = PeerHandshake(
        secret, build_hash(), service=service, role=role, capabilities=frozenset({"memfd"})
    )
    return Session(handshake, service)


def not_running(home: Home) -> TransportError:
    """Nobody listens on a home's socket."""
    return TransportError(f"Garret is not running in {home.root}.")


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
