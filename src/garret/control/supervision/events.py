"""The vocabulary of supervision: states, limits, the events that happen and the instructions given.

Everything here is plain, immutable data. `machine` turns events into instructions; a
driver carries the instructions out and reports what came of them as further events.

Each process of a slot has a `generation`, counted up from 1 and never used twice, so that news of a
process that is gone cannot be taken for news of its successor.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from garret.base.errors import UsageError

JobId = int | str


class State(StrEnum):
    """Where a slot is in its life."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    BUSY = "busy"
    DRAINING = "draining"  # a process is on its way out: drained, terminated or killed
    BACKOFF = "backoff"
    FAILED = "failed"  # the circuit is open; only `Reset` closes it


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """How a slot lives. All times in seconds of a monotonic clock; None switches a check off.

    `handshakes` is True for Garret's workers. An outside program has none: it is ready once every
    one of `health_layers` answered well (at once where there is none), and is not sent a drain.
    Workers beat while they work, so silence counts only while there is a job.
    `max_restarts` restarts within `window_seconds` are allowed; the next failure opens the circuit.
    """

    on_demand: bool = False
    idle_seconds: float = 300.0
    start_seconds: float = 20.0
    silence_seconds: float | None = 15.0
    stall_seconds: float | None = 120.0
    drain_seconds: float = 10.0
    term_seconds: float = 2.0
    kill_seconds: float = 5.0
    max_restarts: int = 3
    window_seconds: float = 60.0
    backoff_floor: float = 0.2
    backoff_ceiling: float = 10.0
    quiet_seconds: float = 60.0
    handshakes: bool = True
    health_layers: tuple[str, ...] = ()
    health_seconds: float = 10.0
    health_start_seconds: float = 0.5
    health_failures: int = 3
    lateness_seconds: float = 1.0

    def __post_init__(self) -> None:
        """Raises UsageError for limits that make no sense together."""
        for field in self.__struct_fields__:
            value = getattr(self, field)
            if isinstance(value, float) and not (value > 0 and value != float("inf")):
                raise UsageError(f"{field} must be a positive number of seconds, not {value}.")
        if self.max_restarts < 0 or self.health_failures < 1:
            raise UsageError("max_restarts must not be negative and health_failures must be at least 1.")
        if self.backoff_floor > self.backoff_ceiling:
            raise UsageError("backoff_floor must not exceed backoff_ceiling.")


# --- events -----------------------------------------------------------------------------------


class Start(msgspec.Struct, frozen=True):
    """Enable the slot: an `always` slot starts now, an `on_demand` slot at its first `Demand`."""


class Demand(msgspec.Struct, frozen=True):
    """Work waits. `slots` is, for a pool, how many slots could take it up beside those that serve."""

    slots: int = 1


class Stop(msgspec.Struct, frozen=True):
    """Stop and stay stopped. `urgent` skips the drain."""

    urgent: bool = False


class Drain(msgspec.Struct, frozen=True):
    """Let the process finish what it has and end; the slot then starts again as its policy says."""


class Swap(msgspec.Struct, frozen=True):
    """Replace the process by one started from `launch`: new first, then the route, then drain the old."""

    launch: str


class Reset(msgspec.Struct, frozen=True):
    """Close an open circuit and forget past failures."""


class GoalChanged(msgspec.Struct, frozen=True):
    """The policy is another from now on: started at need (True) or always there (False)."""

    on_demand: bool


class Tick(msgspec.Struct, frozen=True):
    """The time asked for by `SetTimer` has come."""


class Spawned(msgspec.Struct, frozen=True):
    generation: int
    pid: int


class SpawnFailed(msgspec.Struct, frozen=True):
    """The process could not be started; `reason` in words. `permanent` when trying again cannot help."""

    generation: int
    reason: str
    permanent: bool = False


class Handshaken(msgspec.Struct, frozen=True):
    generation: int


class HandshakeRefused(msgspec.Struct, frozen=True):
    """It did not prove itself. `permanent` where trying again cannot help, as with another build."""

    generation: int
    reason: str
    permanent: bool = False


class JobStarted(msgspec.Struct, frozen=True):
    """A job was handed to the process. `stall_seconds` replaces the slot's; None for a job without an end."""

    generation: int
    job: JobId
    stall_seconds: float | msgspec.UnsetType | None = msgspec.UNSET


class JobEnded(msgspec.Struct, frozen=True):
    generation: int
    job: JobId


class Heartbeat(msgspec.Struct, frozen=True):
    """The process lives. `progress` gives running jobs a number that changes while they get on."""

    generation: int
    progress: Mapping[int, float] | Mapping[str, float] = {}


class Overdrawn(msgspec.Struct, frozen=True):
    """The process took more than it was granted; `reason` follows its slot's name. It is killed."""

    generation: int
    reason: str


class HealthCheck(msgspec.Struct, frozen=True):
    """The outcome of one layer of the checks that `CheckHealth` asked for."""

    generation: int
    layer: str
    ok: bool
    detail: str = ""


class Exited(msgspec.Struct, frozen=True):
    """The process is gone; `status` in words ("exit code 3", "killed by SIGSEGV")."""

    generation: int
    status: str


Event = (
    Start
    | Demand
    | Stop
    | Drain
    | Swap
    | Reset
    | GoalChanged
    | Tick
    | Spawned
    | SpawnFailed
    | Handshaken
    | HandshakeRefused
    | JobStarted
    | JobEnded
    | Heartbeat
    | Overdrawn
    | HealthCheck
    | Exited
)


# --- instructions -----------------------------------------------------------------------------


class Spawn(msgspec.Struct, frozen=True):
    """Start a process in its own process group from `launch`; answer `Spawned` or `SpawnFailed`."""

    generation: int
    launch: str


class SendDrain(msgspec.Struct, frozen=True):
    """Ask the process over its channel to finish its jobs and end."""

    generation: int


class SendTerm(msgspec.Struct, frozen=True):
    """SIGTERM to the whole process group."""

    generation: int
    pid: int


class SendKill(msgspec.Struct, frozen=True):
    """SIGKILL to the whole process group."""

    generation: int
    pid: int


class CheckHealth(msgspec.Struct, frozen=True):
    """Probe these layers and answer a `HealthCheck` for each; probes have time limits of their own."""

    generation: int
    layers: tuple[str, ...]


class SetTimer(msgspec.Struct, frozen=True):
    """Send `Tick` at this monotonic time instead of any time asked for earlier; None cancels."""

    at: float | None


class RouteOn(msgspec.Struct, frozen=True):
    """Commands may go to this process."""

    generation: int


class RouteOff(msgspec.Struct, frozen=True):
    """No further command may go to this process."""

    generation: int


class FailJobs(msgspec.Struct, frozen=True):
    """These jobs ended with their process. `retryable` when the slot will come back by itself."""

    generation: int
    jobs: tuple[JobId, ...]
    retryable: bool
    reason: str


class Notify(msgspec.Struct, frozen=True):
    """The slot's state changed; `sentence` is for a person. Not sent between ready and busy."""

    state: State
    sentence: str


Instruction = (
    Spawn | SendDrain | SendTerm | SendKill | CheckHealth | SetTimer | RouteOn | RouteOff | FailJobs | Notify
)


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """A slot in figures. Times are monotonic seconds; counters run since the slot was made."""

    name: str
    state: State
    sentence: str
    generation: int
    pid: int | None
    jobs: int
    processes: int
    ready_since: float | None
    backoff_until: float | None
    attempts: int
    spawns: int
    restarts: int
    failures: int
    kills: int
    swaps: int
    jobs_failed: int
