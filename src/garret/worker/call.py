"""One command being handled in a worker: cancellation, deadline, streams, descriptors.

A handler gets the decoded command and a `Call`. It must look at the call (`check`, `emit`,
`cancelled` or `progress`) at least every few hundred milliseconds of work: that is how a cancel
reaches it, and how the supervisor sees that it is alive and not stuck.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec

from garret.base.errors import CancelledError, Code, DeadlineError, GarretError
from garret.protocol.asking import AskTerminal
from garret.protocol.contract import CommandMeta, check_input
from garret.protocol.envelope import encode_payload, pack
from garret.protocol.frames import Kind
from garret.protocol.life import Progress
from garret.protocol.streams import Credit, ReceivingEnd, SendingEnd
from garret.transport.descriptors import close_all
from garret.worker.asking import Asking
from garret.worker.errors import WorkerError
from garret.worker.watching import FolderWatch

Send = Callable[[bytes, tuple[int, ...]], None]
_STREAM: Final = int(Kind.STREAM)
_CREDIT: Final = int(Kind.CREDIT)
_WRITE_BYTES: Final = 32_768  # of items that leave in one write


class _Streams:
    """What only a command that streams needs: its ends of both streams, and a place to wait at."""

    __slots__ = ("changed", "input", "output")

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.output = SendingEnd()
        self.input: ReceivingEnd[msgspec.Raw] = ReceivingEnd()


class Call:
    """The handler's face of one running command. Methods are for the handler's thread.

    `descriptors` are closed when the call ends; `take_descriptors` makes them the handler's own.
    """

    __slots__ = (
        "_asking",
        "_failure",
        "_send",
        "_streams",
        "deadline",
        "descriptors",
        "meta",
        "request",
        "result_descriptors",
        "signs_of_life",
        "trace",
    )

    def __init__(
        self,
        request: int,
        meta: CommandMeta,
        send: Send,
        *,
        deadline: float | None,
        trace: str | None,
        descriptors: tuple[int, ...],
        asking: Asking,
    ) -> None:
        self.request = request
        self._asking = asking
        self.meta = meta
        self.trace = trace
        self.deadline = deadline
        self.descriptors: tuple[int, ...] = descriptors
        self.signs_of_life = 0
        self.result_descriptors: tuple[int, ...] = ()
        self._send = send
        self._failure: GarretError | None = None
        streams = meta.items is not None or meta.inputs is not None
        self._streams = _Streams() if streams else None

    # ---- for the handler

    def cancelled(self) -> bool:
        """True once the caller cancelled or the deadline passed; also counts as a sign of life."""
        self.signs_of_life += 1
        return self._failure is not None or self._late()

    def check(self) -> None:
        """Raise CancelledError or DeadlineError when the work should stop."""
        self.signs_of_life += 1
        self._check()

    def emit(self, item: Any) -> None:
        """Stream one item to the caller; waits while the caller takes no more. Raises as `check`."""
        self.check()
        self._wait_for_credit(self._streaming())
        self._send(pack(_STREAM, self.request, encode_payload(item), name="item"), ())

    def emit_many(self, items: Iterable[Any]) -> None:
        """Stream items as `emit` does each, with as few writes as credit allows; for many that are there."""
        frames: list[bytes] = []
        size = 0
        streams = self._streaming()
        for item in items:
            self.check()
            with streams.changed:
                allowed = streams.output.take()
            if frames and (not allowed or size >= _WRITE_BYTES):
                self._send(b"".join(frames), ())
                frames, size = [], 0
            if not allowed:
                self._wait_for_credit(streams)
            frames.append(pack(_STREAM, self.request, encode_payload(item), name="item"))
            size += len(frames[-1])
        if frames:
            self._send(b"".join(frames), ())

    def emit_nowait(self, item: Any) -> bool:
        """Stream one item if the caller takes it now; False when it does not. Never waits for credit.

        For threads that must not be held up, such as one that writes sound down.
        """
        self.signs_of_life += 1
        streams = self._streaming()
        with streams.changed:
            if self._failure is not None or not streams.output.take():
                return False
        self._send(pack(_STREAM, self.request, encode_payload(item), name="item"), ())
        return True

    def progress(self, fraction: float, note: str = "") -> None:
        """Tell how far the work has come; never waits. Raises as `check`."""
        self.check()
        payload = encode_payload(Progress(fraction, note))
        self._send(pack(_STREAM, self.request, payload, name="progress"), ())

    def inputs(self) -> Iterator[Any]:
        """The items the caller streams in, decoded, until it ends its stream. Raises as `check`."""
        streams = self._streaming()
        while True:
            with streams.changed:
                while not streams.input.ready:
                    self._check()
                    streams.changed.wait(self._patience())
                raw = streams.input.take()
                grant = 0 if raw is None else streams.input.consumed()
            self.check()
            if raw is None:
                return
            if grant:
                self._send(pack(_CREDIT, self.request, encode_payload(Credit(grant))), ())
            yield check_input(self.meta, raw)

    def take_descriptors(self) -> tuple[int, ...]:
        """What came with the command, from now on the handler's to close."""
        descriptors, self.descriptors = self.descriptors, ()
        return descriptors

    def attach(self, *descriptors: int) -> None:
        """Hand `descriptors` over beside the result; they are closed here once it is sent."""
        self.result_descriptors += descriptors

    def watch(self) -> FolderWatch:
        """Watches on folders, none yet; each that is added needs the grant to `watch` it."""
        return FolderWatch(self._asking)

    def terminal(self, columns: int, rows: int) -> int:
        """A terminal in which the person's shell runs, outside this cage, with the person's rights.

        Returns the descriptor that types into it and shows what it prints, the handler's to close; the shell
        is hung up on then (pty(7)), and when this worker ends. Raises WorkerError without the grant for it.
        """
        _, descriptors = self._asking.ask(AskTerminal(columns, rows))
        return descriptors[0]

    # ---- for the harness, on the reading thread

    def cancel(self) -> None:
        """The caller wants no more of it."""
        self.fail(CancelledError(f"{self.meta.name} was cancelled."))

    def fail(self, error: GarretError) -> None:
        """Let the handler end with `error`, at the next look it takes at the call."""
        streams = self._streams
        if streams is None:
            self._failure = self._failure or error
            return
        with streams.changed:
            self._failure = self._failure or error
            streams.changed.notify_all()

    def grant(self, items: int) -> None:
        """The caller takes more. Raises ProtocolError for a credit that makes no sense."""
        streams = self._streams
        if streams is not None:
            with streams.changed:
                streams.output.grant(items)
                streams.changed.notify_all()

    def put_input(self, payload: msgspec.Raw | None) -> None:
        """Queue an input item, or None at the end of the stream. Raises ProtocolError."""
        streams = self._streaming()
        with streams.changed:
            if payload is None:
                streams.input.end()
            else:
                streams.input.put(payload)
            streams.changed.notify_all()

    def close_descriptors(self) -> None:
        """Close what came with the command and what left with the result."""
        if self.descriptors or self.result_descriptors:
            descriptors = (*self.descriptors, *self.result_descriptors)
            self.descriptors = self.result_descriptors = ()
            close_all(descriptors)

    def _streaming(self) -> _Streams:
        if self._streams is None:
            raise WorkerError(f"{self.meta.name} declares no streams.", code=Code.FAILED)
        return self._streams

    def _wait_for_credit(self, streams: _Streams) -> None:
        with streams.changed:
            while not streams.output.take():
                streams.changed.wait(self._patience())
                self._check()

    def _late(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline

    def _patience(self) -> float | None:
        """Seconds a wait may last before the deadline has to be looked at again."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._late():
            raise DeadlineError(f"{self.meta.name} did not finish before its deadline.")
