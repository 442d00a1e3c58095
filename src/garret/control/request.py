"""One command on its way through the control plane, and who asked for it.

`Caller` is whoever gets the answer: a client's connection or a service inside the control plane.
`Pending` is the broker's record of one command; its life ends in exactly one `finish`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Protocol

import msgspec

from garret.base.errors import GarretError
from garret.protocol.contract import CommandMeta
from garret.storage.ledger_rows import Lease


class Caller(Protocol):
    """Whoever asked: it has a role and profile that policy judges, and receives what comes back."""

    name: str
    role: str
    profile: str

    def on_result(self, request: int, payload: msgspec.Raw, descriptors: tuple[int, ...]) -> None: ...

    def on_error(self, request: int, error: GarretError) -> None: ...

    def on_item(self, request: int, name: str, payload: msgspec.Raw) -> None: ...

    def on_credit(self, request: int, items: int) -> None: ...


class Handling(Protocol):
    """Whatever is working on a command: a worker's slot, a service's task, a queue."""

    def cancel(self, pending: Pending) -> None: ...

    def put_input(self, pending: Pending, payload: msgspec.Raw | None) -> None: ...

    def grant(self, pending: Pending, items: int) -> None: ...


class Pending:
    """A command that was admitted and is not finished."""

    __slots__ = (
        "admitted",
        "bucket",
        "caller",
        "deadline",
        "descriptors",
        "done",
        "early_inputs",
        "handling",
        "key",
        "lease",
        "meta",
        "on_done",
        "payload",
        "priority",
        "request",
        "started",
        "trace",
        "waiting_cancel",
    )

    def __init__(
        self,
        key: int,
        caller: Caller,
        request: int,
        meta: CommandMeta,
        payload: msgspec.Raw,
        *,
        deadline: float | None = None,
        trace: str | None = None,
        descriptors: tuple[int, ...] = (),
        priority: int = 0,
    ) -> None:
        self.key = key
        self.caller = caller
        self.request = request
        self.meta = meta
        self.payload = payload
        self.deadline = deadline
        self.trace = trace
        self.descriptors = descriptors
        self.priority = priority
        self.admitted = time.monotonic()
        self.started = 0.0
        self.bucket = -1
        self.lease: Lease | None = None
        self.early_inputs: list[msgspec.Raw | None] | None = None
        self.handling: Handling | None = None
        self.done = False
        self.waiting_cancel: GarretError | None = None
        self.on_done: Callable[[Pending], None] | None = None

    def close_descriptors(self) -> None:
        """Close what came with the command; it was handed on, or is not needed any more."""
        for number in self.descriptors:
            os.close(number)
        self.descriptors = ()
