"""One command being handled in a worker: cancellation, deadline, streams, descriptors.

A handler gets the decoded command and a `Call`. It must look at the call (`check`, `emit`,
`cancelled` or `progress`) at least every few hundred milliseconds of work: that is how a cancel
reaches it, and how the supervisor sees that it is alive and not stuck.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from garret.base.errors import CancelledError, DeadlineError
from garret.protocol.contract import CommandMeta
from garret.protocol.envelope import encode_payload, pack
from garret.protocol.errors import PayloadInvalid, ProtocolError
from garret.protocol.frames import Kind
from garret.protocol.life import Progress
from garret.protocol.streams import Credit, ReceiveWindow, SendWindow

Send = Callable[[bytes, tuple[int, ...]], None]


class Call:
    """The handler's face of one running command. Methods are for the handler's thread."""

    def __init__(
        self,
        request: int,
        meta: CommandMeta,
        send: Send,
        *,
        deadline: float | None,
        trace: str | None,
        descriptors: tuple[int, ...],
    ) -> None:
        self.request = request
        self.meta = meta
        self.trace = trace
        self.deadline = deadline
        self.descriptors = descriptors
        self.signs_of_life = 0
        self.result_descriptors: tuple[int, ...] = ()
        self._send = send
        self._cancelled = False
        self._changed = threading.Condition()
        self._output = SendWindow()
        self._input = ReceiveWindow()
        self._inputs: deque[msgspec.Raw | None] = deque()
        self._decode_input = msgspec.msgpack.Decoder(meta.inputs).decode if meta.inputs else None

    # ---- for the handler

    def cancelled(self) -> bool:
        """True once the caller cancelled or the deadline passed; also counts as a sign of life."""
        self.signs_of_life += 1
        return self._cancelled or self._late()

    def check(self) -> None:
        """Raise CancelledError or DeadlineError when the work should stop."""
        self.signs_of_life += 1
        if self._cancelled:
            raise CancelledError(f"{self.meta.name} was cancelled.")
        if self._late():
            raise DeadlineError(f"{self.meta.name} did not finish before its deadline.")

    def emit(self, item: Any) -> None:
        """Stream one item to the caller; waits while the caller takes no more. Raises as `check`."""
        self.check()
        with self._changed:
            while not self._output.take():
                self._changed.wait(self._patience())
                self._check_locked()
        self._send(pack(Kind.STREAM, self.request, encode_payload(item), name="item"), ())

    def emit_nowait(self, item: Any) -> bool:
        """Stream one item if the caller takes it now; False when it does not. Never waits or raises.

        For threads that must not be held up, such as one that writes sound down.
        """
        self.signs_of_life += 1
        with self._changed:
            if self._cancelled or not self._output.take():
                return False
        self._send(pack(Kind.STREAM, self.request, encode_payload(item), name="item"), ())
        return True

    def progress(self, fraction: float, note: str = "") -> None:
        """Tell how far the work has come; never waits. Raises as `check`."""
        self.check()
        payload = encode_payload(Progress(fraction, note))
        self._send(pack(Kind.STREAM, self.request, payload, name="progress"), ())

    def inputs(self) -> Iterator[Any]:
        """The items the caller streams in, decoded, until it ends its stream. Raises as `check`."""
        while True:
            with self._changed:
                while not self._inputs:
                    self._check_locked()
                    self._changed.wait(self._patience())
                raw = self._inputs.popleft()
            self.check()
            if raw is None:
                return
            grant = self._input.consumed()
            if grant:
                self._send(pack(Kind.CREDIT, self.request, encode_payload(Credit(grant))), ())
            yield self._decode(raw)

    def waiting_inputs(self) -> int:
        """Items that have arrived and were not taken yet."""
        return len(self._inputs)

    def attach(self, *descriptors: int) -> None:
        """Hand `descriptors` over beside the result; they are closed here once it is sent."""
        self.result_descriptors += descriptors

    # ---- for the harness, on the reading thread

    def cancel(self) -> None:
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()

    def grant(self, items: int) -> None:
        with self._changed:
            self._output.grant(items)
            self._changed.notify_all()

    def put_input(self, payload: msgspec.Raw | None) -> None:
        """Queue an input item, or None at the end of the stream. Raises ProtocolError."""
        if self._decode_input is None:
            raise ProtocolError(f"{self.meta.name} takes no input stream.")
        with self._changed:
            if payload is not None:
                self._input.accept()
            self._inputs.append(payload)
            self._changed.notify_all()

    def close_descriptors(self) -> None:
        """Close what came with the command and what left with the result."""
        for number in (*self.descriptors, *self.result_descriptors):
            try:
                os.close(number)
            except OSError:  # the handler closed it already, as it may
                continue
        self.descriptors = self.result_descriptors = ()

    def _decode(self, raw: msgspec.Raw) -> Any:
        assert self._decode_input is not None
        try:
            return self._decode_input(raw)
        except msgspec.MsgspecError as error:
            raise PayloadInvalid(f"An input of {self.meta.name}: {error}") from error

    def _late(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline

    def _patience(self) -> float | None:
        """Seconds a wait may last before the deadline has to be looked at again."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def _check_locked(self) -> None:
        if self._cancelled:
            raise CancelledError(f"{self.meta.name} was cancelled.")
        if self._late():
            raise DeadlineError(f"{self.meta.name} did not finish before its deadline.")
