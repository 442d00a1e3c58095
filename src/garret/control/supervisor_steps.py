"""What can be done to one process of a slot: check it, drain it, terminate it, kill it.

Each step changes the process's phase and appends the instructions for the driver. Which process
takes which step is decided by `supervisor_machine`, which derives from this class.
"""

from __future__ import annotations

from collections import deque

from garret.control.supervisor_events import (
    CheckHealth,
    Instruction,
    Life,
    RouteOff,
    SendDrain,
    SendKill,
    SendTerm,
    State,
)
from garret.control.supervisor_process import Phase, Process

_STORY_LINES = 200  # entries kept; a slot that restarts for days must not grow


class ProcessSteps:
    """The ways of a process, with the slot's clock, outgoing instructions and story."""

    def __init__(self, name: str, life: Life) -> None:
        self.name = name
        self.life = life
        self._on_demand = life.on_demand
        self._current: Process | None = None
        self._now = 0.0
        self._out: list[Instruction] = []
        self._kills = 0
        self._spoken: str | None = None
        self._story: deque[tuple[float, State, str]] = deque(maxlen=_STORY_LINES)

    @property
    def state(self) -> State:
        """Where the slot is in its life."""
        raise NotImplementedError  # abstract: supervisor_machine, the one that derives from this, knows

    def _say(self, sentence: str) -> None:
        self._spoken = sentence
        self._story.append((self._now, self.state, sentence))

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
