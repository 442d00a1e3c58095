"""What is known of one slot: its processes, its state in a word and a sentence, what is due next.

A slot has one current process. During a hot swap it has two: the current and the incoming one, and then
the current and the outgoing one. Invariants, checked by `validate`: never more than two; one route
at most; no deadline without a timer.

Questions and books only: what to do next is decided by `supervisor_machine`, which derives from this class.
Neighbours: `supervisor_steps` (what can be done to one process), `supervisor_process` (one process).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from garret.control.restart_budget import RestartBudget
from garret.control.supervisor_events import Life, Notify, SetTimer, State, Statistics
from garret.control.supervisor_process import Phase, Process
from garret.control.supervisor_steps import ProcessSteps

_WORDS: Final = {
    State.STOPPED: "stopped",
    State.STARTING: "starting",
    State.READY: "ready",
    State.DRAINING: "being stopped",
    State.BACKOFF: "waiting to start again",
    State.FAILED: "not started any more",
}


class SupervisedSlot(ProcessSteps):
    """The slot as it stands. `random` gives numbers in [0, 1)."""

    def __init__(self, name: str, life: Life, random: Callable[[], float]) -> None:
        super().__init__(name, life)
        self._budget = RestartBudget(life, random)
        self._enabled = False
        self._broken: str | None = None  # the sentence of the open circuit
        self._backoff_until: float | None = None
        self._incoming: Process | None = None
        self._outgoing: Process | None = None
        self._generation = 0
        self._armed: float | None = None
        self._told = State.STOPPED
        self._sentence = f"{name} has not been started."
        self._failures = self._swaps = self._jobs_failed = 0

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
