"""Programs of other makers that Garret starts, watches and stops, by the same rules as its workers.

They are declared in the setting `outside.programs`; a change of it is carried out at once, and programs
that it does not concern run on. A program starts when what it depends on is ready, and stops before it. It
is never run twice at a time: two of them would fight for its port. What it prints goes to the log. One that
needs a disabled one is not started and says why; it keeps none of the others from running.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import shutil
import signal
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from garret.base import log
from garret.base.clock import SYSTEM
from garret.base.errors import GarretError
from garret.control.outside.connector import Dials, connector_for
from garret.control.outside.health import Connector, Outcome, run_layers
from garret.control.outside.programs import (
    OutsideInvalid,
    OutsideProgram,
    decode_programs,
    environment_of,
    held_back,
)
from garret.control.settings.settings import Settings
from garret.control.supervision import events as sv
from garret.control.supervision.dependencies import Shutdown, Startup, dependents_of
from garret.control.supervision.machine import SupervisorMachine
from garret.control.workers.captured import CapturedOutput
from garret.control.workers.process import ProcessHandle, guarded, spawn

_logger = log.get("control.outside")


class House(Protocol):
    """What the programs' news is for."""

    def on_worker_state(self, name: str, slot: int, state: str, sentence: str) -> None: ...

    def on_worker_line(self, source: str, stream: str, line: str) -> None: ...

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None: ...

    @property
    def egress(self) -> Dials: ...


class _Driven:
    """One program: its machine, and its process while it has one."""

    def __init__(self, driver: OutsidePrograms, program: OutsideProgram) -> None:
        self.program = program
        self.machine = SupervisorMachine(program.name, program.life(), random=random.random)
        self.handle: ProcessHandle | None = None
        self._driver = driver
        self._loop = asyncio.get_running_loop()
        self._generation = 0
        self._output: CapturedOutput | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._checks: set[asyncio.Task[None]] = set()
        self._good: dict[str, int] = {}  # checks in a row that went well, by layer
        self.blocked = ""  # why it is not started, where what it needs failed or is disabled

    @property
    def statistics(self) -> sv.Statistics:
        """In figures, with what a person should know in its sentence."""
        figures = self.machine.statistics()
        return msgspec.structs.replace(figures, sentence=self.blocked) if self.blocked else figures

    def tell(self, event: sv.Event) -> None:
        """Give the machine an event and carry out what it answers."""
        for instruction in self.machine.handle(event, SYSTEM.monotonic()):
            self._carry_out(instruction)

    def _carry_out(self, instruction: sv.Instruction) -> None:
        match instruction:
            case sv.Spawn():
                self._spawn(instruction.generation)
            case sv.SendTerm():
                self._signal(signal.SIGTERM)
            case sv.SendKill():
                self._signal(signal.SIGKILL)
            case sv.SetTimer():
                self._set_timer(instruction.at)
            case sv.CheckHealth():
                task = self._loop.create_task(self._check(instruction.generation, instruction.layers))
                self._checks.add(task)
                task.add_done_callback(self._checks.discard)
            case sv.Notify():
                self._driver.on_state(self, instruction.state, instruction.sentence)
            case _:  # routes, drains and jobs are the business of workers
                return

    def _spawn(self, generation: int) -> None:
        self._generation = generation
        self._good.clear()
        environ = environment_of(self.program, os.environ)
        word = self.program.command[0]
        try:
            # Its guardian would start all the same, and only end with a number.
            if shutil.which(word, path=environ.get("PATH")) is None:
                raise OutsideInvalid(f"there is no program '{word}' on this machine, or it may not be run")
            handle = spawn(guarded(self.program.command), env=environ, cwd=self.program.cwd or "/")
        except GarretError as error:
            failed = sv.SpawnFailed(generation, error.message, not error.retryable)
            self._loop.call_soon(self.tell, failed)
            return
        self.handle = handle
        self._output = CapturedOutput(
            self._loop, handle, lambda stream, line: self._driver.on_line(self.program.name, stream, line)
        )
        self._loop.add_reader(handle.pidfd, self._exited)
        self._loop.call_soon(self.tell, sv.Spawned(generation, handle.pid))

    def _signal(self, number: signal.Signals) -> None:
        if self.handle is not None:
            self.handle.signal_group(number)

    def _set_timer(self, at: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if at is None else self._loop.call_at(at, self.tell, sv.Tick())

    async def _check(self, generation: int, layers: tuple[str, ...]) -> None:
        outcomes = await run_layers(
            self.program, lambda: self.handle is not None, self._driver.connector(self.program), layers=layers
        )
        for outcome in outcomes:
            if outcome.layer in layers and self._counts(outcome):
                self.tell(sv.HealthCheck(generation, outcome.layer, outcome.ok, outcome.detail))

    def _counts(self, outcome: Outcome) -> bool:
        """Whether the machine is told: it takes a program that starts for ready after one good answer."""
        row = self._good[outcome.layer] = self._good.get(outcome.layer, 0) + 1 if outcome.ok else 0
        starting = self.machine.state is sv.State.STARTING
        return not (outcome.ok and starting and row < self.program.successes)

    def _exited(self) -> None:
        handle, self.handle = self.handle, None
        assert handle is not None
        self._loop.remove_reader(handle.pidfd)
        status = handle.reap()
        assert status is not None, "its descriptor said that it has ended"
        if self._output is not None:
            self._output.finish()
        handle.close()
        for check in self._checks:
            check.cancel()
        self.tell(sv.Exited(self._generation, status.words))
        self._driver.on_exit()


class OutsidePrograms:
    """All programs that are declared and enabled."""

    def __init__(self, house: House, settings: Settings) -> None:
        self._house = house
        self._settings = settings
        self._driven: dict[str, _Driven] = {}
        self._startup: Startup | None = None
        self._exits = asyncio.Event()
        self._changing = asyncio.Lock()
        self._stopped = False

    def start(self) -> None:
        """Start what is declared, and follow changes of the settings."""
        for prefix in ("outside.programs", "features.outside_programs"):
            self._settings.subscribe(prefix, lambda change: self._house.spawn(self._again()))
        self._begin(self._declared())

    def _declared(self) -> tuple[OutsideProgram, ...]:
        """What is declared; nothing where that cannot be read, or where no programs are to run."""
        if not self._settings.enabled("outside_programs"):
            return ()
        try:
            return decode_programs(self._settings.get("outside.programs"))
        except GarretError as error:
            _logger.error("outside programs are not run: %s", error.message)
            return ()

    def _begin(self, declared: Sequence[OutsideProgram]) -> None:
        """Start those that do not run yet, each when what it needs is ready."""
        for program in declared:
            if program.enabled and program.name not in self._driven:
                self._driven[program.name] = _Driven(self, program)
        held = held_back(declared)
        for name, sentence in held.items():
            self._hold(self._driven[name], sentence)
        free = {name: each for name, each in self._driven.items() if name not in held}
        for each in free.values():
            each.blocked = ""
        self._startup = Startup(self._needs(free))
        self._start_these(self._startup.begin())

    def _hold(self, driven: _Driven, sentence: str) -> None:
        """Say why a program is not started; once, whatever else changes."""
        if driven.blocked != sentence:
            driven.blocked = sentence
            _logger.warning("%s", sentence)
            self._house.on_worker_state(driven.program.name, 0, driven.machine.state, sentence)

    def _start_these(self, names: Iterable[str]) -> None:
        for name in names:
            driven = self._driven[name]
            driven.blocked = ""  # what it needs failed, and is ready after all
            if driven.machine.state is sv.State.READY and self._startup is not None:
                self._start_these(self._startup.ready(name))  # it ran on while the settings changed
            else:
                driven.tell(sv.Start())

    @staticmethod
    def _needs(driven: Mapping[str, _Driven]) -> dict[str, tuple[str, ...]]:
        """What each needs of the others here."""
        return {
            name: tuple(needed for needed in each.program.depends_on if needed in driven)
            for name, each in driven.items()
        }

    async def _again(self) -> None:
        """Carry a change out: stop what is not wanted as it was, and what needs it; start what is new."""
        async with self._changing:
            if self._stopped:
                return
            declared = self._declared()
            wanted = {program.name: program for program in declared if program.enabled}
            changed = {name for name, each in self._driven.items() if wanted.get(name) != each.program}
            needs = self._needs(self._driven)
            changed |= {other for name in changed for other in dependents_of(name, needs)}
            await self._stop_these(changed)
            if not self._stopped:
                self._begin(declared)

    async def stop(self) -> None:
        """Stop all, each before what it depends on."""
        self._stopped = True
        async with self._changing:
            await self._stop_these(set(self._driven))

    async def _stop_these(self, names: set[str]) -> None:
        self._startup = None  # nothing that becomes ready now starts what needs it
        leaving = {name: each for name, each in self._driven.items() if name in names}
        shutdown = Shutdown(self._needs(leaving))

        async def end(name: str) -> None:
            await self._end(leaving[name])
            await asyncio.gather(*map(end, shutdown.stopped(name)))

        await asyncio.gather(*map(end, shutdown.begin()))

    async def _end(self, driven: _Driven) -> None:
        driven.tell(sv.Stop())
        while driven.handle is not None:
            self._exits.clear()
            await self._exits.wait()
        self._driven.pop(driven.program.name, None)

    def names(self) -> list[str]:
        return list(self._driven)

    def pids(self) -> list[int]:
        """The processes that run now."""
        return [each.handle.pid for each in self._driven.values() if each.handle is not None]

    def restart(self, name: str) -> bool:
        """Close an open circuit, and start anew, the old process first; False for a name not declared."""
        driven = self._driven.get(name)
        if driven is None:
            return False
        driven.tell(sv.Reset())
        driven.tell(sv.Drain())
        return True

    def statistics(self) -> list[tuple[sv.Statistics, bool]]:
        """Every program in figures, and whether it has a process now."""
        return [(each.statistics, each.handle is not None) for each in self._driven.values()]

    # ---- for the driven

    def connector(self, program: OutsideProgram) -> Connector:
        return connector_for(program.name, lambda: self._house.egress)

    def on_state(self, driven: _Driven, state: sv.State, sentence: str) -> None:
        name = driven.program.name
        level = logging.ERROR if state == sv.State.FAILED else logging.INFO
        _logger.log(level, "%s is %s: %s", name, state, sentence)
        self._house.on_worker_state(name, 0, state, sentence)
        if self._startup is None:
            return
        if state == sv.State.READY:
            self._start_these(self._startup.ready(name))
        elif state == sv.State.FAILED:
            for blocked in sorted(self._startup.failed(name)):
                reason = f"{blocked} is not started, because it needs {name}. {sentence}"
                self._driven[blocked].blocked = reason
                _logger.error("%s", reason)

    def on_exit(self) -> None:
        self._exits.set()

    def on_line(self, name: str, stream: str, line: str) -> None:
        self._house.on_worker_line(name, stream, line)
