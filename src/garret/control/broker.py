"""The broker: every command of every client and room passes here, and nowhere else.

Life of a command: decode and validate by its declared type, ask policy, spend the approval where
one is needed, write the ledger where it is a job, hand it to a service or a worker's pool, pass on
what streams back, answer once. Everything runs on the loop's thread; nothing here blocks.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec

from garret.base import log
from garret.base.errors import CancelledError, Code, DeadlineError, GarretError
from garret.control.deadlines import DeadlineWheel
from garret.control.errors import ControlError
from garret.control.metrics import Metrics
from garret.control.policy import Policy
from garret.control.request import Caller, Pending
from garret.protocol.contract import CommandMeta, Registry, check_payload
from garret.protocol.envelope import Envelope
from garret.protocol.errors import PayloadInvalid, ProtocolError
from garret.storage.ledger_rows import Lease

_logger = log.get("control.broker")

MAX_PENDING_PER_CALLER: Final = 4096
"""Commands one caller may have under way; one more answers busy."""


class Destination(Protocol):
    """Where commands of one target go: the services of the control plane, or a pool of workers."""

    def submit(self, pending: Pending) -> None:
        """Take a command on, or raise (busy, unavailable); ends in one `Broker.finish` or `fail`."""
        ...


class JobAdmission(Protocol):
    """Takes job commands into the ledger."""

    def admit(self, pending: Pending, command: Any) -> None: ...

    def watch_gone(self, pending: Pending) -> None: ...


class ApprovalGate(Protocol):
    """Spends the approval a command carries, then calls `proceed`, or fails the command."""

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
        self._metrics = metrics
        self._refused = refused
        self._destinations: dict[str, Destination] = {}
        self._keys = itertools.count(1)
        self._pending: dict[int, Pending] = {}
        self._by_caller: dict[Caller, dict[int, Pending]] = {}
        self.deadlines = DeadlineWheel(self._expire)
        self.jobs: JobAdmission | None = None
        self.approvals: ApprovalGate | None = None

    def attach(self, target: str, destination: Destination) -> None:
        self._destinations[target] = destination

    @property
    def pending(self) -> int:
        """Commands admitted and not finished."""
        return len(self._pending)

    # ---- from a caller

    def command(self, caller: Caller, envelope: Envelope, descriptors: tuple[int, ...]) -> None:
        """Admit a command that came as an envelope. Raises PayloadInvalid, which ends a client."""
        self.admit(
            caller,
            envelope.id,
            self.registry.find(envelope.name),
            envelope.payload,
            deadline=envelope.deadline,
            trace=envelope.trace,
            descriptors=descriptors,
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
    ) -> Pending:
        """Admit one command, whoever asks. Refusals answer the caller; they do not raise."""
        own = self._by_caller.get(caller)
        if own is None:
            own = self._by_caller[caller] = {}
        if request in own:
            raise ProtocolError(f"The request id {request} is already under way.")
        pending = Pending(
            next(self._keys),
            caller,
            request,
            meta,
            payload,
            deadline=deadline,
            trace=trace,
            descriptors=descriptors,
            priority=priority,
        )
        own[request] = pending
        self._pending[pending.key] = pending
        try:
            self._judge(pending, len(own))
        except PayloadInvalid:
            self._forget(pending)
            pending.close_descriptors()
            raise
        except GarretError as error:
            self.fail(pending, error)
        return pending

    def _judge(self, pending: Pending, own: int) -> None:
        meta, caller = pending.meta, pending.caller
        decoded = check_payload(meta, pending.payload)
        decision = self._policy.check(caller.role, caller.profile, meta)
        if not decision.allowed:
            self._metrics.count("refusals", part=meta.name)
            self._refused(caller, meta, decision.reason)
            raise ControlError(decision.reason, code=Code.DENIED, details={"command": meta.name})
        if own > MAX_PENDING_PER_CALLER:
            raise ControlError("Too many commands are under way; nothing was started.", code=Code.BUSY)
        if len(pending.descriptors) > meta.descriptors:
            raise ControlError(f"{meta.name} takes {meta.descriptors} descriptors.", code=Code.USAGE)
        if pending.deadline is not None:
            if pending.deadline <= pending.admitted:
                raise DeadlineError(f"{meta.name} came after its deadline; nothing was started.")
            self.deadlines.add(pending)
        if decision.needs_approval:
            if self.approvals is None:
                raise ControlError(f"{meta.name} needs an approval; none can be given.", code=Code.DENIED)
            self.approvals.spend(pending, decoded, self._proceed)
        else:
            self._proceed(pending, decoded)

    def _proceed(self, pending: Pending, command: Any) -> None:
        if pending.meta.job and self.jobs is not None:
            self.jobs.admit(pending, command)
        else:
            self.dispatch(pending)

    def admit_job(self, run: Caller, meta: CommandMeta, payload: bytes, lease: Lease) -> Pending:
        """Start the work of a job that the ledger holds; it was judged when it was asked for."""
        pending = Pending(next(self._keys), run, lease.epoch, meta, msgspec.Raw(payload), priority=1)
        pending.lease = lease
        self._pending[pending.key] = pending
        self.dispatch(pending)
        return pending

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
        pending = self._of(caller, request)
        if pending is not None and pending.handling is not None:
            pending.handling.put_input(pending, payload)

    def grant(self, caller: Caller, request: int, items: int) -> None:
        pending = self._of(caller, request)
        if pending is not None and pending.handling is not None:
            pending.handling.grant(pending, items)

    def drop_caller(self, caller: Caller) -> None:
        """The caller is gone: its commands are cancelled, its jobs go on."""
        for pending in self._by_caller.pop(caller, {}).values():
            if pending.meta.job and self.jobs is not None:
                self._forget(pending)
                self.jobs.watch_gone(pending)
            else:
                self.stop(pending, CancelledError("The client that asked is gone."))

    def stop(self, pending: Pending, reason: GarretError) -> None:
        """Cancel for `reason`. What runs is asked to stop; what waits ends at once."""
        pending.waiting_cancel = reason
        if pending.handling is not None:
            pending.handling.cancel(pending)
        else:
            self.fail(pending, reason)

    # ---- from a destination

    def finish(self, pending: Pending, payload: msgspec.Raw, descriptors: tuple[int, ...] = ()) -> None:
        """Answer with a result. The result was checked by its type already. Idempotent."""
        if pending.done:
            return
        self._forget(pending)
        pending.caller.on_result(pending.request, payload, descriptors)
        now, name = time.monotonic(), pending.meta.name
        self._metrics.record(name, "total", now - pending.admitted)
        if pending.started:
            self._metrics.record(name, "queue", pending.started - pending.admitted)
            self._metrics.record(name, "worker", now - pending.started)
        self._ended(pending)

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
        pending.close_descriptors()
        if pending.on_done is not None:
            pending.on_done(pending)

    def _forget(self, pending: Pending) -> None:
        pending.done = True
        if pending.bucket >= 0:
            self.deadlines.discard(pending)
        self._pending.pop(pending.key, None)
        own = self._by_caller.get(pending.caller)
        if own is not None:
            own.pop(pending.request, None)

    def _of(self, caller: Caller, request: int) -> Pending | None:
        own = self._by_caller.get(caller)
        return None if own is None else own.get(request)

    def _expire(self, pending: Pending) -> None:
        message = f"{pending.meta.name} did not finish before its deadline."
        self.stop(pending, DeadlineError(message))
