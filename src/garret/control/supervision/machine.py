"""The life of one slot, a worker or an outside program: events in, instructions out, no I/O, no clock.

    machine = SupervisorMachine("stt", Life())
    for instruction in machine.handle(Start(), now):
        ...  # Spawn(generation=1, launch=""): do it, then machine.handle(Spawned(1, pid), now)

A slot has one current process. During a hot swap it has two: the current and the incoming one, and then
the current and the outgoing one. Invariants, checked by `validate`: never more than two; one route
at most; no deadline without a timer. Jobs are failed once, when their process is gone for certain; after
`Stop` every process is drained, terminated and killed in that order until none is left.

Time is monotonic, so a jump of the wall clock changes nothing. A timer that comes late means that
this process was held up, not the worker: the worker is given that time on top before it is judged.

Neighbours: `events` (vocabulary), `process` (what is known of one process), `restart_budget`, `pool`
(several slots of one kind), and the driver that carries instructions out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from garret.control.supervision.events import (
    CheckHealth,
    Demand,
    Drain,
    Event,
    Exited,
    FailJobs,
    GoalChanged,
    Handshaken,
    HandshakeRefused,
    HealthCheck,
    Heartbeat,
    Instruction,
    JobEnded,
    JobStarted,
    Life,
    Notify,
    Overdrawn,
    Reset,
    RouteOff,
    RouteOn,
    SendDrain,
    SendKill,
    SendTerm,
    SetTimer,
    Spawn,
    Spawned,
    SpawnFailed,
    Start,
    State,
    Statistics,
    Stop,
    Swap,
    Tick,
)
from garret.control.supervision.process import Phase, Process
from garret.control.supervision.restart_budget import RestartBudget

_STORY_LINES: Final = 200  # entries kept; a slot that restarts for days must not grow

_WORDS: Final = {
    State.STOPPED: "stopped",
    State.STARTING: "starting",
    State.READY: "ready",
    State.DRAINING: "being stopped",
    State.BACKOFF: "waiting to start again",
    State.FAILED: "not started any more",
}


class SupervisorMachine:
    """Decides for one slot. `random` gives numbers in [0, 1); `launch` names what to start."""

    def __init__(self, name: str, life: Life, *, launch: str = "", random: Callable[[], float]) -> None:
        self.name = name
        self.life = life
        self._on_demand = life.on_demand
        self._now = 0.0
        self._out: list[Instruction] = []
        # The goal.
        self._enabled = False
        self._wanted = False
        self._launch = launch
        self._revision = 0  # counts swaps, so that a swap to the same launch is a swap too
        # What is there.
        self._current: Process | None = None
        self._incoming: Process | None = None
        self._outgoing: Process | None = None
        self._generation = 0
        # What keeps it from starting.
        self._budget = RestartBudget(life, random)
        self._broken: str | None = None  # the sentence of the open circuit
        self._backoff_until: float | None = None
        # What was told, and when to look again.
        self._armed: float | None = None
        self._dirty = False
        self._told = State.STOPPED
        self._spoken: str | None = None
        self._sentence = f"{name} has not been started."
        self._story: deque[tuple[float, State, str]] = deque(maxlen=_STORY_LINES)
        self._failures = self._swaps = self._jobs_failed = self._kills = 0
        self._handlers: dict[type[Any], Callable[[Any], None]] = {
            Start: self._on_start,
            Demand: self._on_demand_event,
            Stop: self._on_stop,
            Drain: self._on_drain,
            Swap: self._on_swap,
            Reset: self._on_reset,
            GoalChanged: self._on_goal_changed,
            Tick: self._on_tick,
            Spawned: self._on_spawned,
            SpawnFailed: self._on_spawn_failed,
            Handshaken: self._on_handshaken,
            HandshakeRefused: self._on_handshake_refused,
            JobStarted: self._on_job_started,
            JobEnded: self._on_job_ended,
            Heartbeat: self._on_heartbeat,
            Overdrawn: self._on_overdrawn,
            HealthCheck: self._on_health_check,
            Exited: self._on_exited,
        }

    # --- questions ----------------------------------------------------------------------------

    @property
    def state(self) -> State:
        current = self._current
        if current is not None:
            if current.phase <= Phase.STARTING and not current.doomed:
                return State.STARTING
            if current.phase is Phase.RUNNING:
                return State.BUSY if current.jobs else State.READY
            return State.DRAINING
        if self._broken is not None:
            return State.FAILED
        if self._backoff_until is not None:
            return State.BACKOFF
        return State.DRAINING if self._incoming or self._outgoing else State.STOPPED

    @property
    def sentence(self) -> str:
        """What a person was told last; for a failed slot what happened, what was kept and what to do."""
        return self._sentence

    @property
    def available(self) -> bool:
        """False when waiting for this slot is in vain: it is not enabled, or its circuit is open."""
        return self._enabled and self._broken is None

    @property
    def replacing(self) -> bool:
        """Whether a process serves that a newer one is to replace; no longer once that failed."""
        old = self._current is not None and self._current.revision != self._revision
        return self.available and (old or self._incoming is not None)

    def next_deadline(self) -> float | None:
        """The earliest time at which something is due."""
        times = [at for process in self._processes() for at in process.deadlines(self.life, self._on_demand)]
        if self._backoff_until is not None:
            times.append(self._backoff_until)
        return min(times, default=None)

    def story(self, now: float) -> list[str]:
        """How the slot came to its state, oldest first, a plain line each."""
        return [f"{max(0.0, now - at):.1f} s ago: {state}: {text}" for at, state, text in self._story]

    def statistics(self) -> Statistics:
        current = self._current
        return Statistics(
            name=self.name,
            state=self.state,
            sentence=self._sentence,
            generation=current.generation if current else self._generation,
            pid=current.pid if current else None,
            jobs=sum(len(process.jobs) for process in self._processes()),
            processes=len(self._processes()),
            ready_since=current.ready_at if current else None,
            backoff_until=self._backoff_until,
            attempts=self._budget.attempts,
            spawns=self._generation,
            restarts=self._budget.total_restarts,
            failures=self._failures,
            kills=self._kills,
            swaps=self._swaps,
            jobs_failed=self._jobs_failed,
        )

    def validate(self) -> None:
        """Raise AssertionError where an invariant of this class does not hold; for tests and debugging."""
        processes = self._processes()
        assert len(processes) <= 2, "more than two processes"
        assert sum(process.routed for process in processes) <= 1, "two routes"
        assert not (self._incoming and self._outgoing), "two swaps at once"
        assert all(process.phase is Phase.RUNNING for process in processes if process.routed), (
            "route to nowhere"
        )
        assert not (self._current and self._backoff_until), "a process while waiting to start one"
        assert all(process.pid or process.phase is Phase.SPAWNING for process in processes), "no process id"
        due = self.next_deadline()
        assert due is None or (self._armed is not None and self._armed <= due), "a deadline without a timer"

    # --- events -------------------------------------------------------------------------------

    def handle(self, event: Event, now: float) -> Sequence[Instruction]:
        """Take what happened at `now` (monotonic seconds); return what to do, in order.

        News of a process that is gone is ignored, except for a job that was handed to it, which is
        failed at once so that it is never forgotten.
        """
        if now > self._now:
            self._now = now
        self._handlers[type(event)](event)
        if self._dirty:
            self._dirty = False
            self._pursue()
            self._tell()
            self._arm()
        if not self._out:
            return ()
        out, self._out = self._out, []
        return out

    def _on_start(self, _: Start) -> None:
        self._dirty = True
        self._enabled = True
        if self._broken is not None:
            self._say(self._broken)

    def _on_demand_event(self, _: Demand) -> None:
        if self.available and not (self._current and self._current.phase is Phase.RUNNING):
            self._dirty = True
            self._wanted = True

    def _on_stop(self, event: Stop) -> None:
        self._dirty = True
        self._enabled = False
        self._wanted = False
        self._backoff_until = None
        for process in self._processes():
            self._halt(process, urgent=event.urgent)

    def _on_drain(self, _: Drain) -> None:
        self._dirty = True
        if self._current is not None and self._current.phase is Phase.RUNNING:
            self._halt(self._current)

    def _on_swap(self, event: Swap) -> None:
        self._dirty = True
        self._launch = event.launch
        self._revision += 1
        for process in (self._current, self._incoming):
            # Whatever has not begun to work yet is not worth waiting for.
            if process is not None and process.phase < Phase.RUNNING:
                self._wanted = True
                self._halt(process)

    def _on_reset(self, _: Reset) -> None:
        self._dirty = True
        self._budget.reset()
        self._backoff_until = None
        if self._broken is not None:
            self._broken = None
            self._say(f"{self.name} was reset and may start again.")

    def _on_goal_changed(self, event: GoalChanged) -> None:
        self._dirty = True
        self._on_demand = event.on_demand

    def _on_spawned(self, event: Spawned) -> None:
        process = self._find(event.generation)
        if process is None or process.phase is not Phase.SPAWNING:
            return
        self._dirty = True
        process.pid = event.pid
        process.phase = Phase.STARTING
        if process.doomed:
            self._terminate(process)
            return
        if self.life.health_layers:
            process.health_at = self._now + (0.0 if self.life.handshakes else self.life.health_start_seconds)
        if process.shaken or not (self.life.handshakes or self.life.health_layers):
            self._ready(process)

    def _on_spawn_failed(self, event: SpawnFailed) -> None:
        process = self._find(event.generation)
        if process is not None and process.phase is Phase.SPAWNING:
            self._dirty = True
            process.blame = f"could not be started: {event.reason}"
            process.permanent = event.permanent
            self._gone(process, event.reason)

    def _on_handshaken(self, event: Handshaken) -> None:
        process = self._find(event.generation)
        if process is None:
            return
        self._dirty = True
        process.shaken = True
        if process.phase is Phase.STARTING:
            self._ready(process)

    def _on_handshake_refused(self, event: HandshakeRefused) -> None:
        process = self._find(event.generation)
        if process is not None and process.phase <= Phase.STARTING:
            self._dirty = True
            process.permanent = event.permanent
            # Nothing is asked of a process that is not what it should be.
            self._condemn(process, f"did not prove itself: {event.reason}", kill=True)

    def _on_job_started(self, event: JobStarted) -> None:
        process = self._find(event.generation)
        if process is None:
            self._out.append(FailJobs(event.generation, (event.job,), True, f"{self.name} was gone already"))
            self._jobs_failed += 1
            return
        stalled_at = process.begin_job(event, self.life, self._now)
        if stalled_at is not None and (self._armed is None or stalled_at < self._armed):
            self._dirty = True

    def _on_job_ended(self, event: JobEnded) -> None:
        process = self._find(event.generation)
        if process is None or not process.end_job(event.job, self._now):
            return
        if process.phase is Phase.DRAINING:
            # Its work is done; what remains is to end, which does not take long.
            self._dirty = True
            soon = self._now + self.life.term_seconds
            process.until = soon if process.until is None else min(process.until, soon)
        elif self._on_demand:
            idle_at = self._now + self.life.idle_seconds
            if self._armed is None or idle_at < self._armed:
                self._dirty = True

    def _on_heartbeat(self, event: Heartbeat) -> None:
        process = self._find(event.generation)
        if process is not None:
            process.hear(event, self._now)

    def _on_overdrawn(self, event: Overdrawn) -> None:
        process = self._find(event.generation)
        if process is not None and process.phase is not Phase.KILLING:
            self._dirty = True
            self._condemn(process, event.reason, kill=True)

    def _on_health_check(self, event: HealthCheck) -> None:
        process = self._find(event.generation)
        if process is None or process.phase not in (Phase.STARTING, Phase.RUNNING):
            return
        self._dirty = True
        if event.ok:
            process.healthy.add(event.layer)
            process.failed_checks.pop(event.layer, None)
            complete = process.healthy.issuperset(self.life.health_layers)
            if process.phase is Phase.STARTING and complete and not self.life.handshakes:
                self._ready(process)
            return
        process.healthy.discard(event.layer)
        if process.phase is Phase.RUNNING:
            failed = process.failed_checks[event.layer] = process.failed_checks.get(event.layer, 0) + 1
            if failed >= self.life.health_failures:
                detail = f" ({event.detail})" if event.detail else ""
                self._condemn(process, f"failed its {event.layer} check {failed} times in a row{detail}")

    def _on_exited(self, event: Exited) -> None:
        process = self._find(event.generation)
        if process is not None:
            self._dirty = True
            self._gone(process, event.status)

    def _on_tick(self, _: Tick) -> None:
        self._dirty = True
        armed, self._armed = self._armed, None
        late = 0.0 if armed is None else self._now - armed
        for process in self._processes():
            if late > self.life.lateness_seconds:
                process.forgive(late + self.life.lateness_seconds)
            self._check(process)
        if self._backoff_until is not None and self._now >= self._backoff_until:
            self._backoff_until = None

    # --- starting -----------------------------------------------------------------------------

    def _pursue(self) -> None:
        """Start what the goal asks for and is not there."""
        if not self.available:
            return
        if self._current is None:
            if self._backoff_until is None and (self._wanted or not self._on_demand):
                self._current = self._spawn()
                self._say(f"{self.name} is starting.")
        elif (
            self._current.phase is Phase.RUNNING
            and self._current.revision != self._revision
            and self._incoming is None
            and self._outgoing is None
        ):
            self._incoming = self._spawn()
            self._say(f"{self.name} is being replaced; the old process serves until the new one is ready.")

    def _spawn(self) -> Process:
        self._generation += 1
        self._budget.spawned(self._now)
        self._out.append(Spawn(self._generation, self._launch))
        return Process(self._generation, self._launch, self._revision, self._now + self.life.start_seconds)

    def _ready(self, process: Process) -> None:
        process.phase = Phase.RUNNING
        process.until = None
        process.ready_at = process.heard_at = process.idle_since = self._now
        process.routed = True
        self._out.append(RouteOn(process.generation))
        if process is self._incoming:
            # The new route is there before the old one goes, so that no command finds none.
            old, self._current, self._incoming = self._current, process, None
            self._swaps += 1
            if old is not None:
                self._outgoing = old
                self._halt(old)
            self._say(f"{self.name} was replaced without a pause.")
        else:
            self._say(f"{self.name} is ready.")
        self._wanted = False

    # --- ends ---------------------------------------------------------------------------------

    def _gone(self, process: Process, status: str) -> None:
        failed = process.blame is not None or (process.phase <= Phase.RUNNING and not process.doomed)
        reason = process.blame or f"ended unexpectedly ({status})"
        self._route_off(process)
        if process is self._outgoing:
            self._outgoing = None
        elif process is self._incoming:
            self._incoming = None
            self._incoming_gone(process, reason if failed else None)
        else:
            self._current_gone(process, reason if failed else None)
        if process.jobs:
            jobs = tuple(process.jobs)
            self._jobs_failed += len(jobs)
            retryable = self._broken is None
            self._out.append(FailJobs(process.generation, jobs, retryable, f"{self.name} {reason}"))

    def _incoming_gone(self, process: Process, failure: str | None) -> None:
        if failure is None or self._current is None or process.revision != self._revision:
            return
        self._failures += 1
        # Without this the failing launch would be tried again and again.
        self._launch, self._revision = self._current.launch, self._current.revision
        self._say(f"The new {self.name} {failure}. The old one keeps running; nothing was lost.")

    def _current_gone(self, process: Process, failure: str | None) -> None:
        self._current = None
        if process.ready_at is not None:
            self._budget.settle(self._now - process.ready_at)
        if failure is not None:
            self._failures += 1
        if self._incoming is not None:
            self._current, self._incoming = self._incoming, None
        elif failure is None or not self._enabled:
            self._say(f"{self.name} has stopped.")
        else:
            self._back_off(failure, permanent=process.permanent)

    def _back_off(self, failure: str, *, permanent: bool) -> None:
        delay = self._budget.fail(self._now)
        if permanent or delay is None:
            self._wanted = False
            often = "" if permanent else f" after {self.life.max_restarts} restarts"
            often += "" if permanent else f" within {self.life.window_seconds:g} s"
            self._broken = (
                f"{self.name} {failure}{often}, so Garret no longer starts it. What was asked of it is kept. "
                f"See 'garret logs --worker {self.name}', then run 'garret workers restart {self.name}'."
            )
            self._say(self._broken)
        else:
            self._backoff_until = self._now + delay
            self._say(f"{self.name} {failure}. It is started again in {delay:.1f} s.")

    # --- one process ---------------------------------------------------------------------------

    def _check(self, process: Process) -> None:
        if process.phase is Phase.RUNNING:
            ailment = process.ailment(self.life, self._now)
            idle_at = process.idle_deadline(self.life) if self._on_demand else None
            if ailment is not None:
                self._condemn(process, ailment)
            elif idle_at is not None and self._now >= idle_at and process is self._current:
                self._say(f"{self.name} had nothing to do and is being stopped until it is needed.")
                self._halt(process)
        elif process.until is not None and self._now >= process.until:
            self._overdue(process)
        if process.health_at is None or process.phase not in (Phase.STARTING, Phase.RUNNING):
            return
        if self._now >= process.health_at:
            starting = process.phase is Phase.STARTING
            pause = self.life.health_start_seconds if starting else self.life.health_seconds
            process.health_at = self._now + pause
            self._out.append(CheckHealth(process.generation, self.life.health_layers))

    def _overdue(self, process: Process) -> None:
        if process.phase <= Phase.STARTING:
            self._condemn(process, f"was not ready within {self.life.start_seconds:g} s")
        elif process.phase is Phase.DRAINING:
            self._terminate(process)
        else:
            if process.phase is Phase.KILLING and not process.kill_told:
                process.kill_told = True
                self._say(
                    f"{self.name} was killed, but the system has not let go of its process {process.pid}. "
                    "Garret keeps trying; a disk or device it waits for may be stuck."
                )
            self._kill(process)

    def _halt(self, process: Process, *, urgent: bool = False) -> None:
        """Bring a process to its end in good order: drain, or terminate what has nothing to drain."""
        if process.phase is Phase.SPAWNING:
            process.doomed = True
        elif process.phase is Phase.RUNNING and self.life.handshakes and not urgent:
            self._route_off(process)
            process.phase = Phase.DRAINING
            process.until = self._now + self.life.drain_seconds
            self._out.append(SendDrain(process.generation))
        elif process.phase < Phase.DRAINING or (urgent and process.phase is Phase.DRAINING):
            self._terminate(process)

    def _condemn(self, process: Process, reason: str, *, kill: bool = False) -> None:
        """End a process that failed; `reason` follows the slot's name in a sentence."""
        process.blame = reason
        process.until = None
        self._say(f"{self.name} {reason} and is being stopped.")
        if process.phase is Phase.SPAWNING:
            process.doomed = True
        elif kill:
            self._kill(process)
        else:
            self._terminate(process)

    def _terminate(self, process: Process) -> None:
        self._route_off(process)
        process.phase = Phase.TERMINATING
        process.until = self._now + self.life.term_seconds
        self._out.append(SendTerm(process.generation, process.pid or 0))

    def _kill(self, process: Process) -> None:
        self._route_off(process)
        process.phase = Phase.KILLING
        process.until = self._now + self.life.kill_seconds
        self._kills += 1
        self._out.append(SendKill(process.generation, process.pid or 0))

    def _route_off(self, process: Process) -> None:
        if process.routed:
            process.routed = False
            self._out.append(RouteOff(process.generation))

    # --- keeping books ------------------------------------------------------------------------

    def _processes(self) -> list[Process]:
        return [p for p in (self._current, self._incoming, self._outgoing) if p is not None]

    def _find(self, generation: int) -> Process | None:
        current = self._current
        if current is not None and current.generation == generation:
            return current
        for process in (self._incoming, self._outgoing):
            if process is not None and process.generation == generation:
                return process
        return None

    def _tell(self) -> None:
        state = self.state
        told = State.READY if state is State.BUSY else state
        if self._spoken is None:
            if told is self._told:
                return
            self._say(f"{self.name} is {_WORDS[told]}.")
        self._sentence = self._spoken or self._sentence
        self._spoken = None
        self._told = told
        self._out.append(Notify(state, self._sentence))

    def _arm(self) -> None:
        due = self.next_deadline()
        if due is None:
            if self._armed is not None:
                self._armed = None
                self._out.insert(0, SetTimer(None))
        elif self._armed is None or due < self._armed:
            # A later deadline keeps the earlier timer: heartbeats must not set a timer each.
            # First in the list: carrying out the rest may lead to a nearer timer, which has to last.
            self._armed = due
            self._out.insert(0, SetTimer(due))

    def _say(self, sentence: str) -> None:
        self._spoken = sentence
        self._story.append((self._now, self.state, sentence))
