"""What runs and what was asked for: status, workers, the end, subscriptions, jobs."""

from __future__ import annotations

from garret.protocol.contract import Command, Contract, Nothing, command
from garret.protocol.subscription import SubscriptionEnded, Told


class WorkerStatus(Contract, frozen=True):
    """One process of a kind of worker, or an outside program."""

    name: str
    slot: int
    state: str
    pid: int = 0
    restarts: int = 0
    running: int = 0
    waiting: int = 0
    memory_bytes: int = 0
    sentence: str = ""
    unenforced: tuple[str, ...] = ()
    outside: bool = False


class Workers(Contract, frozen=True):
    workers: tuple[WorkerStatus, ...]


class Latency(Contract, frozen=True):
    """Milliseconds of one command in one stage (queue, worker, store, total)."""

    name: str
    stage: str
    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


class Queue(Contract, frozen=True):
    """A bounded queue: of a kind of worker, of jobs, of storage. `places` is how many run at once."""

    name: str
    waiting: int
    limit: int
    running: int = 0
    places: int = 0
    refused: int = 0


class Identity(Contract, frozen=True):
    """Who asks: the kind of program and the person, and all that the two together may do."""

    role: str
    profile: str
    capabilities: tuple[str, ...]


@command("house.me", result=Identity, capability="system.status")
class GetIdentity(Command[Identity], frozen=True):
    """Who asks, and what they may do: so that a page offers nothing that is refused."""


class Status(Contract, frozen=True):
    version: str
    build: str
    pid: int
    home: str
    profile: str
    storage: str
    uptime_seconds: float
    memory_bytes: int
    clients: int
    jobs: dict[str, int]
    workers: tuple[WorkerStatus, ...]
    latencies: tuple[Latency, ...]
    counters: dict[str, int]
    notices: tuple[str, ...] = ()
    queues: tuple[Queue, ...] = ()


@command("house.status", result=Status, capability="system.status")
class GetStatus(Command[Status], frozen=True):
    """What runs, how it is, and how long things take."""


@command("house.shutdown", result=Nothing, capability="system.stop")
class Shutdown(Command[Nothing], frozen=True):
    """Drain the workers and stop. Running jobs are resumed at the next start."""


@command(
    "house.subscribe",
    result=SubscriptionEnded,
    capability="events.read",
    items=Told,
    timeout=None,
)
class Subscribe(Command[SubscriptionEnded], frozen=True):
    """Receive the events whose name matches `pattern` (`*` stands for anything) until it is cancelled.

    The first item says that it has begun; then come the events that role and profile may hear of.
    """

    pattern: str = "*"


@command("house.workers", result=Workers, capability="system.status")
class ListWorkers(Command[Workers], frozen=True):
    """Every worker and outside program, and its state."""


@command("house.restart", result=Workers, capability="workers.control", timeout=60.0)
class RestartWorker(Command[Workers], frozen=True):
    """Replace the processes of a worker, new one first; closes an open circuit."""

    name: str


class Job(Contract, frozen=True):
    id: str
    command: str
    state: str
    created: float
    updated: float
    attempts: int
    priority: int
    fraction: float = 0.0
    note: str = ""
    error: str = ""
    profile: str = ""


class Jobs(Contract, frozen=True):
    jobs: tuple[Job, ...]


class Story(Contract, frozen=True):
    lines: tuple[str, ...]


@command("house.jobs", result=Jobs, capability="jobs.read_own")
class ListJobs(Command[Jobs], frozen=True):
    """Jobs, newest first."""

    limit: int = 50
    state: str = ""


@command("house.job", result=Job, capability="jobs.read_own")
class GetJob(Command[Job], frozen=True):
    """One job."""

    job: str


@command("house.job_cancel", result=Job, capability="jobs.cancel_own")
class CancelJob(Command[Job], frozen=True):
    """Cancel a job that is waiting or running."""

    job: str


@command("house.job_retry", result=Job, capability="jobs.cancel_own")
class RetryJob(Command[Job], frozen=True):
    """Run a failed or cancelled job again."""

    job: str


@command("house.job_story", result=Story, capability="jobs.read_own")
class JobStory(Command[Story], frozen=True):
    """How a job came to its state, in plain sentences."""

    job: str
