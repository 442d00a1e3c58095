"""The broker: every command of every client and room passes here, and nowhere else.

Life of a command: decode and validate by its declared type, ask policy, spend the approval where
one is needed, write the ledger where it is a job, hand it to a service or a worker's pool, pass on
what streams back, answer once. Everything runs on the loop's thread; nothing here blocks.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from time import monotonic
from typing import Any, Final, Protocol, TypeAlias

import msgspec

from garret.base.errors import CancelledError, Code, DeadlineError, GarretError
from garret.control.access.policy import Pace, Policy
from garret.control.commands.deadlines import DeadlineWheel
from garret.control.commands.request import GONE, Caller, Pending
from garret.control.errors import ControlError
from garret.control.watching.metrics import Metrics, Stage
from garret.protocol.contract import CommandMeta, Registry, check_input, check_payload
from garret.protocol.envelope import Envelope
from garret.protocol.errors import PayloadInvalid, ProtocolError
from garret.protocol.scope import DEFAULT_WORKSPACE, check_workspace
from garret.protocol.streams import MAX_GRANT
from garret.storage.ledger_types import Lease
from garret.transport.descriptors import close_all

_Record: TypeAlias = Callable[[float], None]

MAX_PENDING_PER_CALLER: Final = 4096
"""Commands one caller may have under way; one more answers busy."""

MAX_BYTES_PER_CALLER: Final = 32 << 20
"""Bytes of large payloads one caller may have under way; beyond it a further one answers busy."""

MAX_DESCRIPTORS_PER_CALLER: Final = 64
"""Descriptors of one caller that the control plane holds at a time; beyond it a command answers busy."""

STOP_SECONDS: Final = 5.0
"""What a worker has to stop in; then its caller is told, and its place stays taken until it has."""

_LARGE_PAYLOAD: Final = 65_536
_FURTHEST_DEADLINE: Final = 30 * 86_400.0  # seconds; one beyond it is not watched


class Destination(Protocol):
    """Where commands of one target go: the services of the control plane, or a pool of workers."""

    def submit(self, pending: Pending) -> None:
        """Take a command on, or raise (busy, unavailable); ends in one `Broker.finish` or `fail`."""
        ...


class JobAdmission(Protocol):
    """Takes job commands into the ledger."""

    def admit(self, pending: Pending, command: Any) -> None: ...

    def watch_gone(self, pending: Pending) -> None: ...

    def lend_place(self, pending: Pending) -> Callable[[], None]: ...


class ApprovalGate(Protocol):
    """Spends the approval a command carries, or waits for one, then calls `proceed`, or fails the command."""

    def spend(self, pending: Pending, command: Any, proceed: Callable[[Pending, Any], None]) -> None: ...


class Broker:
    """Routes commands. See the module's docstring for what it promises."""

    def __init__(
        self,
        registry: Registry,
        policy: Policy,
        metrics: Metrics,
        *,
        refused: Callable[[Caller, CommandMeta, str], None],
    ) -> None:
        self.registry = registry
        self._policy = policy
        self._pace = Pace(policy)
        self._metrics = metrics
        self._refused = refused
        self._destinations: dict[str, Destination] = {}
        self._keys = itertools.count(1)
        self._count = 0
        self._series: dict[str, tuple[_Record, _Record, _Record]] = {}
        self._by_caller: dict[Caller, dict[int, Pending]] = {}
        self.deadlines = DeadlineWheel(self._expire)
        self.jobs: JobAdmission | None = None
        self.approvals: ApprovalGate | None = None

    def attach(self, target: str, destination: Destination) -> None:
        self._destinations[target] = destination

    def detach(self, target: str) -> None:
        """Send nothing to `target` any more; what is asked of it from now on is answered unavailable."""
        self._destinations.pop(target, None)

    @property
    def pending(self) -> int:
        """Commands admitted and not finished."""
        return self._count

    # ---- from a caller

    def command(self, caller: Caller, envelope: Envelope, descriptors: tuple[int, ...]) -> None:
        """Admit a command that came as an envelope; a deadline it lacks is the declared one.

        The descriptors are the broker's from here on. Raises UsageError for an unknown command or a
        malformed workspace, and ProtocolError (PayloadInvalid for a wrong payload), which ends a client.
        """
        try:
            meta = self.registry.find(envelope.name)
            workspace = check_workspace(envelope.workspace) if envelope.workspace else caller.workspace
        except GarretError:
            close_all(descriptors)
            raise
        deadline = envelope.deadline
        if deadline is None and meta.timeout is not None:
            deadline = monotonic() + meta.timeout
        self.admit(
            caller,
            envelope.id,
            meta,
            envelope.payload,
            deadline=deadline,
            trace=envelope.trace,
            descriptors=descriptors,
            workspace=workspace,
        )

    def admit(
        self,
        caller: Caller,
        request: int,
        meta: CommandMeta,
        payload: msgspec.Raw,
        *,
        deadline: float | None = None,
        trace: str | None = None,
        descriptors: tuple[int, ...] = (),
        priority: int = 0,
        workspace: str = DEFAULT_WORKSPACE,
        parent: str | None = None,
        through: str = "",
    ) -> Pending:
        """Admit one command, whoever asks, and take its descriptors over.

        Refusals answer the caller; they do not raise. Raises ProtocolError for an id that is under way
        already, and PayloadInvalid.
        """
        own = self._by_caller.get(caller)
        if own is None:
            own = self._by_caller[caller] = {}
        if request in own:
            close_all(descriptors)
            raise ProtocolError(f"The request id {request} is already under way.")
        pending = Pending(
            next(self._keys),
            caller,
            request,
            meta,
            payload,
            deadline,
            trace,
            descriptors,
            priority,
            monotonic(),
            workspace=workspace,
            parent=parent,
            through=through,
        )
        own[request] = pending
        self._count += 1
        try:
            decoded = check_payload(meta, payload)
            needs_approval = self._judge(pending, own)
            left = 0.0 if deadline is None else _left(pending, deadline)
            if needs_approval and not (meta.job and self.jobs is not None):  # a job waits in the ledger
                self._ask_approval(pending, decoded)
            else:
                self._proceed(pending, decoded)
            # It is on its way; that it is in time is looked after meanwhile.
            if deadline is not None and left <= _FURTHEST_DEADLINE and not pending.done:
                self.deadlines.add(pending, deadline)
        except PayloadInvalid:
            self._forget(pending)
            self._ended(pending)
            raise
        except GarretError as error:
            self.fail(pending, error)
        return pending

    def _judge(self, pending: Pending, own: dict[int, Pending]) -> bool:
        """Ask policy and the limits; True where an approval is needed. Raises what refuses it."""
        meta, caller = pending.meta, pending.caller
        decision = self._policy.check(caller.role, caller.profile, meta, inner=bool(pending.through))
        if not decision.allowed:
            self._metrics.count("refusals", part=meta.name)
            self._refused(caller, meta, decision.reason)
            raise ControlError(decision.reason, code=Code.DENIED, details={"command": meta.name})
        if caller.profile in self._pace.limited and not pending.through:
            self._keep_pace(caller.profile, meta)
        if len(own) > MAX_PENDING_PER_CALLER:
            raise ControlError("Too many commands are under way; nothing was started.", code=Code.BUSY)
        if pending.descriptors:
            self._check_descriptors(pending, own)
        if len(pending.payload) > _LARGE_PAYLOAD:
            held = sum(len(other.payload) for other in own.values() if len(other.payload) > _LARGE_PAYLOAD)
            if held > MAX_BYTES_PER_CALLER:
                raise ControlError("Too much is under way; nothing was started.", code=Code.BUSY)
        return decision.needs_approval

    def _keep_pace(self, profile: str, meta: CommandMeta) -> None:
        wait = self._pace.admit(profile, monotonic())
        if wait > 0:
            raise ControlError(
                f"The profile '{profile}' may not do so much in a minute: {meta.name} was not started. "
                f"Try again in {wait:.0f} s.",
                code=Code.BUSY,
                details={"wait_seconds": wait},
            )

    def _check_descriptors(self, pending: Pending, own: dict[int, Pending]) -> None:
        meta = pending.meta
        if len(pending.descriptors) > meta.descriptors:
            raise ControlError(f"{meta.name} takes {meta.descriptors} descriptors.", code=Code.USAGE)
        if sum(len(other.descriptors) for other in own.values()) > MAX_DESCRIPTORS_PER_CALLER:
            raise ControlError("Too many files are under way; nothing was started.", code=Code.BUSY)

    def _ask_approval(self, pending: Pending, decoded: Any) -> None:
        if self.approvals is None:
            raise ControlError(f"{pending.meta.name} needs an approval; none can be given.", code=Code.DENIED)
        self.approvals.spend(pending, decoded, self._proceed)

    def _proceed(self, pending: Pending, command: Any) -> None:
        if pending.done:
            return  # cancelled while its approval was looked at
        if pending.meta.job and pending.lease is None and self.jobs is not None:
            self.jobs.admit(pending, command)
        else:
            self.dispatch(pending)

    def admit_job(self, run: Caller, meta: CommandMeta, payload: bytes, lease: Lease) -> Pending:
        """Start the work of a job that the ledger holds, which was judged when it was asked for, once it is
        approved where that is needed."""
        pending = Pending(
            next(self._keys),
            run,
            lease.epoch,
            meta,
            msgspec.Raw(payload),
            priority=1,
            admitted=monotonic(),
            workspace=run.workspace,
        )
        pending.lease = lease
        self._count += 1
        try:
            if self._policy.check(run.role, run.profile, meta).needs_approval:
                self._ask_approval(pending, check_payload(meta, pending.payload))
            else:
                self.dispatch(pending)
        except GarretError as error:
            self.fail(pending, error)
        return pending

    def lend_place(self, pending: Pending) -> Callable[[], None]:
        """It waits for a person: others may have its job's place until what is returned is called."""
        return _nothing if self.jobs is None else self.jobs.lend_place(pending)

    def dispatch(self, pending: Pending) -> None:
        """Hand an admitted command to its destination; refusals answer the caller."""
        destination = self._destinations.get(pending.meta.target)
        if destination is None:
            self.fail(pending, ControlError(f"Nothing handles {pending.meta.name}.", code=Code.UNAVAILABLE))
            return
        try:
            destination.submit(pending)
        except GarretError as error:
            self.fail(pending, error)

    def cancel(self, caller: Caller, request: int) -> None:
        """Cancel a command at whatever stage it is; unknown ids ended already."""
        pending = self._of(caller, request)
        if pending is not None:
            self.stop(pending, CancelledError(f"{pending.meta.name} was cancelled."))

    def put_input(self, caller: Caller, request: int, payload: msgspec.Raw | None) -> None:
        """Pass on an item that the caller streams in, None at the end of the stream.

        Raises ProtocolError where it was not asked for, has no credit, came after the end, or fails its type.
        """
        pending = self._of(caller, request)
        if pending is None:
            return  # it ended while the item was on its way
        if payload is not None:
            check_input(pending.meta, payload)
            pending.input_passage().accept()
        elif pending.meta.inputs is None:
            raise ProtocolError(f"{pending.meta.name} takes no input stream.")
        else:
            pending.input_passage().end()
        if pending.handling is None:
            pending.keep_input(payload)
        else:
            pending.handling.put_input(pending, payload)

    def add_credit(self, caller: Caller, request: int, items: int) -> None:
        """Note that the caller was allowed to stream in `items` more."""
        pending = self._of(caller, request)
        if pending is not None:
            pending.input_passage().allow(items)

    def grant(self, caller: Caller, request: int, items: int) -> None:
        """The caller takes `items` more of what streams back. Raises ProtocolError for an absurd number."""
        if not 0 < items <= MAX_GRANT:
            raise ProtocolError(f"A credit of {items} items makes no sense.")
        pending = self._of(caller, request)
        if pending is not None and pending.handling is not None:
            pending.handling.grant(pending, items)

    def drop_caller(self, caller: Caller) -> None:
        """The caller is gone: its commands are cancelled, its jobs go on."""
        for pending in self._by_caller.pop(caller, {}).values():
            if pending.meta.job and self.jobs is not None:
                self._forget(pending)
                self._ended(pending)
                self.jobs.watch_gone(pending)
            else:
                self.stop(pending, CancelledError("The client that asked is gone.", details={GONE: True}))

    def stop(self, pending: Pending, reason: GarretError) -> None:
        """Cancel for `reason`. What runs is asked to stop; what waits ends at once. Idempotent."""
        if pending.done:
            return
        if pending.waiting_cancel is None:
            pending.waiting_cancel = reason
        if pending.handling is not None:
            pending.handling.cancel(pending)
        else:
            self.fail(pending, reason)

    def expect_end(self, pending: Pending) -> None:
        """It was told to stop: answer its caller after `STOP_SECONDS` even if it does not."""
        if not pending.done:
            self.deadlines.add(pending, monotonic() + STOP_SECONDS)

    # ---- from a destination

    def finish(self, pending: Pending, payload: msgspec.Raw, descriptors: tuple[int, ...] = ()) -> None:
        """Answer with a result. The result was checked by its type already. Idempotent."""
        if pending.done:
            return
        pending.done = True
        pending.caller.on_result(pending.request, payload, descriptors)
        self._forget(pending)
        now, admitted, started = monotonic(), pending.admitted, pending.started
        total, queue, worker = self._series.get(pending.meta.name) or self._series_of(pending.meta.name)
        total(now - admitted)
        if started:
            queue(started - admitted)
            worker(now - started)
        self._ended(pending)

    def _series_of(self, name: str) -> tuple[_Record, _Record, _Record]:
        stages: tuple[Stage, ...] = ("total", "queue", "worker")
        total, queue, worker = (self._metrics.histogram(name, stage).record for stage in stages)
        self._series[name] = total, queue, worker
        return total, queue, worker

    def fail(self, pending: Pending, error: GarretError) -> None:
        """Answer with an error; a cancel or deadline that led to it is what the caller is told."""
        if pending.done:
            return
        self._forget(pending)
        if pending.waiting_cancel is not None and error.code == Code.CANCELLED:
            error = pending.waiting_cancel
        if error.code in (Code.BUSY, Code.CANCELLED):
            self._metrics.count("busy" if error.code == Code.BUSY else "cancelled")
        pending.caller.on_error(pending.request, error)
        self._ended(pending)

    def _ended(self, pending: Pending) -> None:
        if pending.descriptors:
            pending.close_descriptors()
        if pending.on_done is not None:
            pending.on_done(pending)

    def _forget(self, pending: Pending) -> None:
        pending.done = True
        self._count -= 1
        if pending.bucket >= 0:
            self.deadlines.discard(pending)
        own = self._by_caller.get(pending.caller)
        if own is not None:
            own.pop(pending.request, None)
            if pending.through and not own:
                del self._by_caller[pending.caller]  # a service's caller lives as long as its calls

    def _of(self, caller: Caller, request: int) -> Pending | None:
        own = self._by_caller.get(caller)
        return None if own is None else own.get(request)

    def _expire(self, pending: Pending) -> None:
        if pending.waiting_cancel is not None:  # it was told to stop, and had its time
            self.fail(pending, pending.waiting_cancel)
            return
        self.stop(pending, DeadlineError(f"{pending.meta.name} did not finish before its deadline."))


def _left(pending: Pending, deadline: float) -> float:
    """Seconds until the deadline. Raises DeadlineError when there are none, PayloadInvalid for no number."""
    left = deadline - pending.admitted
    if left <= 0:
        raise DeadlineError(f"{pending.meta.name} came after its deadline; nothing was started.")
    if left != left:
        raise PayloadInvalid(f"The deadline of {pending.meta.name} is no number.")
    return left


def _nothing() -> None:
    """Nothing was lent."""
