"""Programs of other makers that Garret starts, watches and stops, by the same rules as its workers.

They are declared in the setting `outside.programs`; a change of it is carried out at once. A
program starts when what it depends on is ready, and stops before it. What it prints goes to the
log under its name.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from typing import TYPE_CHECKING

from garret.base import log
from garret.base.clock import SYSTEM
from garret.base.errors import GarretError
from garret.control import supervisor_events as sv
from garret.control.captured import CapturedOutput
from garret.control.dependencies import Shutdown, Startup
from garret.control.health import run_layers
from garret.control.outside import OutsideProgram, decode_programs, environment_of
from garret.control.process import ProcessHandle, guarded, spawn
from garret.control.supervisor_machine import SupervisorMachine

if TYPE_CHECKING:
    from garret.control.plane import ControlPlane

_logger = log.get("control.outside")


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
        try:
            handle = spawn(
                guarded(self.program.command),
                env=environment_of(self.program, os.environ),
                cwd=self.program.cwd or "/",
            )
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
        outcomes = await run_layers(self.program, lambda: self.handle is not None, layers=layers)
        for outcome in outcomes:
            if outcome.layer in layers:
                self.tell(sv.HealthCheck(generation, outcome.layer, outcome.ok, outcome.detail))

    def _exited(self) -> None:
        handle, self.handle = self.handle, None
        assert handle is not None
        self._loop.remove_reader(handle.pidfd)
        status = handle.reap()
        assert status is not None, "its descriptor said that it has ended"
        if self._output is not None:
            self._output.finish()
        handle.close()
        self.tell(sv.Exited(self._generation, status.words))


class OutsidePrograms:
    """All programs that are declared and enabled."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._driven: dict[str, _Driven] = {}
        self._startup: Startup | None = None
        self._ended = asyncio.Event()
        self._changing = asyncio.Lock()

    def start(self) -> None:
        """Start what is declared, and follow changes of the setting."""
        settings = self._plane.settings
        for prefix in ("outside.programs", "features.outside_programs"):
            settings.subscribe(prefix, lambda change: self._plane.spawn(self._again()))
        self._begin()

    def _begin(self) -> None:
        settings = self._plane.settings
        if not settings.enabled("outside_programs"):
            return
        try:
            programs = decode_programs(settings.get("outside.programs"))
        except GarretError as error:
            _logger.error("outside programs are not run: %s", error.message)
            return
        enabled = {program.name: program for program in programs if program.enabled}
        self._driven = {name: _Driven(self, program) for name, program in enabled.items()}
        try:
            self._startup = Startup(self._needs())
        except GarretError as error:
            _logger.error("outside programs are not run: %s", error.message)
            self._driven = {}
            return
        for name in self._startup.begin():
            self._driven[name].tell(sv.Start())

    def _needs(self) -> dict[str, tuple[str, ...]]:
        return {name: driven.program.depends_on for name, driven in self._driven.items()}

    async def _again(self) -> None:
        async with self._changing:
            await self._stop_all()
            self._begin()

    async def stop(self) -> None:
        """Stop all, each before what it depends on."""
        async with self._changing:
            await self._stop_all()

    async def _stop_all(self) -> None:
        if not self._driven:
            return
        shutdown = Shutdown(self._needs())
        due = list(shutdown.begin())
        while due:
            for name in due:
                self._driven[name].tell(sv.Stop())
            following: list[str] = []
            for name in due:
                while self._driven[name].handle is not None:
                    self._ended.clear()
                    await self._ended.wait()
                following.extend(shutdown.stopped(name))
            due = following
        self._driven = {}

    def names(self) -> list[str]:
        return list(self._driven)

    def pids(self) -> list[int]:
        """The processes that run now."""
        return [each.handle.pid for each in self._driven.values() if each.handle is not None]

    def restart(self, name: str) -> bool:
        """Close an open circuit and start anew; False for a name that is not declared."""
        driven = self._driven.get(name)
        if driven is None:
            return False
        driven.tell(sv.Reset())
        if driven.handle is not None:
            driven.tell(sv.Swap(""))
        else:
            driven.tell(sv.Start())
        return True

    def statistics(self) -> list[tuple[sv.Statistics, bool]]:
        """Every program in figures, and whether it has a process now."""
        return [(each.machine.statistics(), each.handle is not None) for each in self._driven.values()]

    # ---- for the driven

    def on_state(self, driven: _Driven, state: sv.State, sentence: str) -> None:
        name = driven.program.name
        if state == sv.State.READY and self._startup is not None:
            for follower in self._startup.ready(name):
                self._driven[follower].tell(sv.Start())
        if state == sv.State.FAILED and self._startup is not None:
            for blocked in self._startup.failed(name):
                _logger.error("%s is not started: it needs %s, which failed", blocked, name)
        self._plane.on_worker_state(name, 0, state, sentence)
        self._plane.spawn(self._note_end())

    async def _note_end(self) -> None:
        self._ended.set()

    def on_line(self, name: str, stream: str, line: str) -> None:
        self._plane.on_worker_line(name, stream, line)
