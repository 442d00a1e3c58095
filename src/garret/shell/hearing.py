"""What the window itself hears of the house: facts for the tray, notices, settings, calls to the front.

At each connection it subscribes first and asks for the present state then, so that nothing falls between the
two; after a gap it asks anew. What the profile in force may not hear is not known here, and the tray shows
what is left. A microphone counts as open from `dictate.started` until the last job that listens has ended,
which is until its text is there: rather a moment too long than too short. While all dictations are paused
none is, and that is shown. Who connects amid a dictation sees
it by the worker that is busy.

Belongs to Qt's main thread. Neighbours: `asking`, `tray_state`, `notices`, `preferences`; `shell` listens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec

from garret.base import log
from garret.base.errors import GarretError
from garret.features.desk import contracts as d
from garret.features.dictate import contracts as c
from garret.features.house import contracts as h
from garret.page.line import Line
from garret.page.messages import Line as LineState
from garret.protocol.contract import Command, Event, Registry
from garret.protocol.manifest import kind_of
from garret.protocol.subscription import Told
from garret.shell import notices
from garret.shell.asking import Asked, ask
from garret.shell.preferences import PREFIX, Preferences
from garret.shell.tray_state import Facts

MICROPHONE: Final = "microphone"
"""The worker that has the microphone open."""
LISTEN: Final = "dictate.listen"
_PATTERNS: Final = ("house.*", "desk.*", "dictate.started", "dictate.paused")
_RUNNING: Final = ("queued", "running")
_FAILURES: Final = 5  # the last ones are kept

_logger = log.get("shell.hearing")


class Listener(Protocol):
    """Who is told."""

    def facts_changed(self, facts: Facts) -> None: ...

    def preferences_changed(self, preferences: Preferences) -> None: ...

    def noticed(self, notice: notices.Notice) -> None: ...

    def settled(self, topic: str) -> None:
        """What a notice was about is over."""
        ...

    def asked_for(self, page: str) -> None:
        """The window is to come to the front."""
        ...

    def pressed(self, event: d.Pressed) -> None: ...


class Hearing:
    """See the module."""

    def __init__(self, line: Line, registry: Registry, listener: Listener) -> None:
        self.facts = Facts()
        self.preferences = Preferences()
        self._line = line
        self._registry = registry
        self._listener = listener
        self._open = False
        self._jobs: dict[str, str] = {}
        self._paused: set[str] = set()
        self._unlisten = line.listen(self._line_changed)
        self._handlers: dict[type[Event], Callable[[Any], None]] = {
            h.JobChanged: self._job_changed,
            c.Started: self._started,
            c.PauseChanged: self._pause_changed,
            h.WorkerChanged: self._worker_changed,
            h.ApprovalRequested: self._approval_requested,
            h.ApprovalDecided: self._approval_decided,
            h.StorageChanged: self._storage_changed,
            h.SettingChanged: self._setting_changed,
            h.ProfileChanged: lambda _: self._look(),
            d.AskedFor: lambda event: listener.asked_for(event.page),
            d.Pressed: listener.pressed,
        }

    def close(self) -> None:
        """Hear no more."""
        self._unlisten()

    def seen(self) -> None:
        """The person looked: failures are no news any more."""
        if self.facts.failures:
            self._now(failures=())

    # ---- the line

    def _line_changed(self, state: LineState) -> None:
        if state.state != "open":
            self._open = False
            self._jobs.clear()
            self._paused.clear()
            self._told(Facts(reason=state.reason, failures=self.facts.failures))
            return
        self._now(connected=True, reason="")
        for pattern in _PATTERNS:
            self._subscribe(pattern)
        ask(self._line, d.Attend(kind="window"))
        self._look()

    def _subscribe(self, pattern: str) -> None:
        try:
            Asked(self._line, h.Subscribe(pattern=pattern), on_item=self._hear, on_gap=self._look)
        except GarretError as error:
            _logger.info("nothing is heard of %s: %s", pattern, error.message)

    def _look(self) -> None:
        """Ask how things are."""
        asked: tuple[tuple[Command[Any], Callable[[Any], None]], ...] = (
            (h.ListWorkers(), self._workers),
            (h.ListJobs(state="running"), self._jobs_running),
            (h.ListApprovals(), self._approvals),
            (h.ListSettings(), self._settings),
        )
        for request, then in asked:
            ask(self._line, request, then)

    # ---- how things are

    def _workers(self, found: h.Workers) -> None:
        busy = any(kind_of(each.name) == MICROPHONE and each.running for each in found.workers)
        self._open = self._open or busy
        self._now()

    def _jobs_running(self, found: h.Jobs) -> None:
        self._jobs = {job.id: job.command for job in found.jobs}
        self._now()

    def _approvals(self, found: h.ApprovalRequests) -> None:
        self._now(approvals=frozenset(each.id for each in found.requests))

    def _settings(self, found: h.SettingInfos) -> None:
        preferences = self.preferences
        for each in found.settings:
            if each.key.startswith(PREFIX):
                preferences = preferences.told(each.key, each.value)
        self._prefer(preferences)

    # ---- what happens

    def _hear(self, told: Told) -> None:
        kind = self._registry.event_type(told.name)
        handler = self._handlers.get(kind) if kind is not None else None
        if kind is not None and handler is not None:
            handler(msgspec.msgpack.decode(told.event, type=kind))

    def _job_changed(self, event: h.JobChanged) -> None:
        if event.state in _RUNNING:
            if event.job in self._jobs:
                return  # it went on a little
            self._jobs[event.job] = event.command
            self._now()
            return
        self._jobs.pop(event.job, None)
        self._paused.discard(event.job)
        if LISTEN not in self._jobs.values():
            self._open = False
        notice = notices.of_job(event)
        if event.state == "failed" and notice is not None:
            self._now(failures=(*self.facts.failures, notice.text)[-_FAILURES:])
        else:
            self._now()
        if notice is not None:
            self._listener.noticed(notice)

    def _started(self, event: c.Started) -> None:
        if event.source == "microphone":
            self._open = True
            self._now()

    def _pause_changed(self, event: c.PauseChanged) -> None:
        job = f"job_{event.utterance.rpartition('_')[2]}"  # a live dictation is named after its job
        if event.paused:
            self._paused.add(job)
        else:
            self._paused.discard(job)
            self._open = True
        self._now()

    def _worker_changed(self, event: h.WorkerChanged) -> None:
        notice = notices.of_worker(event)
        if notice is not None:
            self._now(failures=(*self.facts.failures, notice.text)[-_FAILURES:])
            self._listener.noticed(notice)

    def _approval_requested(self, event: h.ApprovalRequested) -> None:
        self._now(approvals=self.facts.approvals | {event.request})
        self._listener.noticed(notices.of_approval(event))

    def _approval_decided(self, event: h.ApprovalDecided) -> None:
        self._now(approvals=self.facts.approvals - {event.request})
        self._listener.settled(event.request)

    def _storage_changed(self, event: h.StorageChanged) -> None:
        notice = notices.of_storage(event)
        if notice is not None:
            self._listener.noticed(notice)
        else:
            self._listener.settled("storage")

    def _setting_changed(self, event: h.SettingChanged) -> None:
        if event.key.startswith(PREFIX):
            self._prefer(self.preferences.told(event.key, event.value))

    # ----

    def _now(self, **changed: Any) -> None:
        dictations = {job for job, command in self._jobs.items() if command == LISTEN}
        paused = bool(dictations) and dictations <= self._paused
        self._told(
            msgspec.structs.replace(
                self.facts,
                **changed,
                jobs=frozenset(self._jobs),
                listening=self._open and bool(dictations) and not paused,
                paused=paused,
            )
        )

    def _told(self, facts: Facts) -> None:
        if facts != self.facts:
            self.facts = facts
            self._listener.facts_changed(facts)

    def _prefer(self, preferences: Preferences) -> None:
        if preferences != self.preferences:
            self.preferences = preferences
            self._listener.preferences_changed(preferences)
