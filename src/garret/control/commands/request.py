"""One command on its way through the control plane, and who asked for it.

`Caller` is whoever gets the answer: a client's connection or a service inside the control plane.
`Pending` is the broker's record of one command; its life ends in exactly one `finish` or `fail`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol, runtime_checkable

import apsw
import msgspec

from garret.base.errors import GarretError
from garret.protocol.contract import CommandMeta
from garret.protocol.scope import DEFAULT_WORKSPACE
from garret.protocol.streams import Passage
from garret.storage.ledger_types import Lease
from garret.transport.descriptors import close_all

GONE: Final = "gone"
"""Among the details of a cancel: the caller was cut off, and may come back to ask again."""


class Caller(Protocol):
    """Whoever asked: it has a role and profile that policy judges, and receives what comes back.

    `workspace` is what its commands are about where they do not say.

    `on_credit` has to be passed on to `Broker.add_credit`, which counts what the caller may stream in.
    Descriptors given to `on_result` are closed afterwards; duplicate what is to be kept.
    """

    name: str
    role: str

    @property
    def profile(self) -> str: ...

    @property
    def workspace(self) -> str: ...

    def on_result(self, request: int, payload: msgspec.Raw, descriptors: tuple[int, ...]) -> None: ...

    def on_error(self, request: int, error: GarretError) -> None: ...

    def on_item(self, request: int, name: str, payload: msgspec.Raw) -> None: ...

    def on_credit(self, request: int, items: int) -> None: ...


class Identity(msgspec.Struct, frozen=True):
    """For whom something is asked, and as part of what. Every call that a request leads to keeps it.

    `job` is the id of the job as part of whose work it is asked for, `deadline` in monotonic seconds, `trace`
    a W3C trace context.
    """

    role: str
    profile: str
    workspace: str = DEFAULT_WORKSPACE
    job: str | None = None
    deadline: float | None = None
    trace: str | None = None


@runtime_checkable
class Resumable(Protocol):
    """A caller that goes on after a restart by itself; `asked_for` is set once somebody asked since."""

    asked_for: asyncio.Event


class Handling(Protocol):
    """Whatever is working on a command: a worker's link, a service's task, a queue."""

    def cancel(self, pending: Pending) -> None: ...

    def put_input(self, pending: Pending, payload: msgspec.Raw | None) -> None: ...

    def grant(self, pending: Pending, items: int) -> None: ...


class Ending:
    """What a handler leaves to be committed in one transaction with the end of its command, and told then."""

    def __init__(self) -> None:
        self.writes: list[Callable[[apsw.Connection], object]] = []
        self.told: list[Callable[[], None]] = []


class Pending(msgspec.Struct, eq=False):
    """A command that was admitted and is not finished. A struct because one is made for each command.

    Times are monotonic seconds; `started` is 0 until it reached its worker. `waiting_cancel` is why it was
    asked to end before its time. `inputs` and `items` count what streams each way, once something does.
    `parent` is the id of the job as part of whose work this was asked for, `ending` what is committed with
    its result, `through` the room whose service asks on somebody's behalf.
    """

    key: int
    caller: Caller
    request: int
    meta: CommandMeta
    payload: msgspec.Raw
    deadline: float | None = None
    trace: str | None = None
    descriptors: tuple[int, ...] = ()
    priority: int = 0
    admitted: float = 0.0
    started: float = 0.0
    bucket: int = -1
    done: bool = False
    handling: Handling | None = None
    waiting_cancel: GarretError | None = None
    lease: Lease | None = None
    inputs: Passage[msgspec.Raw] | None = None
    items: Passage[msgspec.Raw] | None = None
    on_done: Callable[[Pending], None] | None = None
    workspace: str = DEFAULT_WORKSPACE
    parent: str | None = None
    through: str = ""
    ending: Ending | None = None

    @property
    def job(self) -> str | None:
        """The id of the job as whose work this runs."""
        return self.parent if self.lease is None else self.lease.job

    @property
    def identity(self) -> Identity:
        """For whom this is done, for the calls that it leads to."""
        caller = self.caller
        return Identity(caller.role, caller.profile, self.workspace, self.job, self.deadline, self.trace)

    def keep_input(self, payload: msgspec.Raw | None) -> None:
        """Keep what was streamed in before anybody handles the command; bounded by the caller's credit."""
        self.input_passage().keep(payload)

    def hand_over_inputs(self) -> None:
        """Give what was kept to whoever handles the command now."""
        if self.inputs is not None and self.handling is not None:
            for payload in self.inputs.release():
                self.handling.put_input(self, payload)

    def input_passage(self) -> Passage[msgspec.Raw]:
        """The count of what the caller streams in."""
        if self.inputs is None:
            self.inputs = Passage()
        return self.inputs

    def item_passage(self) -> Passage[msgspec.Raw]:
        """The count of what streams back from a worker."""
        if self.items is None:
            self.items = Passage()
        return self.items

    def close_descriptors(self) -> None:
        """Close what came with the command; it was handed on, or is not needed any more."""
        descriptors, self.descriptors = self.descriptors, ()
        close_all(descriptors)
