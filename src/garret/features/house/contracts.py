"""Commands, results and events by which a person looks after the house.

Times `at`, `created` and so on are seconds since 1970 (UTC).
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from garret.protocol.contract import Command, Contract, Event, Nothing, command, event

# ---------------------------------------------------------------- status and life


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


@command("house.subscribe", result=Nothing, capability="events.read")
class Subscribe(Command[Nothing], frozen=True):
    """Receive the events whose name matches `pattern` (`*` stands for anything) from now on."""

    pattern: str = "*"


@command("house.workers", result=Workers, capability="system.status")
class ListWorkers(Command[Workers], frozen=True):
    """Every worker and outside program, and its state."""


@command("house.restart", result=Workers, capability="workers.control", timeout=60.0)
class RestartWorker(Command[Workers], frozen=True):
    """Replace the processes of a worker, new one first; closes an open circuit."""

    name: str


# ---------------------------------------------------------------- jobs


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


# ---------------------------------------------------------------- logs and audit


class LogLine(Contract, frozen=True):
    id: int
    at: float
    level: str
    source: str
    message: str


class Logs(Contract, frozen=True):
    lines: tuple[LogLine, ...]


@command("house.logs", result=Logs, capability="logs.read")
class ReadLogs(Command[Logs], frozen=True):
    """Log lines, oldest first: the last `limit`, or those after the line `after`."""

    limit: int = 100
    after: int = 0
    worker: str = ""
    level: str = ""


class AuditEntry(Contract, frozen=True):
    number: int
    at: float
    role: str
    profile: str
    action: str
    outcome: str
    details: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


class AuditEntries(Contract, frozen=True):
    entries: tuple[AuditEntry, ...]


@command("house.audit", result=AuditEntries, capability="audit.read")
class ReadAudit(Command[AuditEntries], frozen=True):
    """Audit entries, newest first."""

    limit: int = 50
    outcome: str = ""


class AuditVerdict(Contract, frozen=True):
    """Whether the chain holds; `problem` names the first entry that does not."""

    intact: bool
    entries: int
    head: str
    problem: str = ""


@command("house.audit_verify", result=AuditVerdict, capability="audit.read", timeout=300.0)
class VerifyAudit(Command[AuditVerdict], frozen=True):
    """Check the whole audit chain."""


# ---------------------------------------------------------------- settings, secrets, profiles


class SettingInfo(Contract, frozen=True):
    key: str
    value: str
    source: str
    sentence: str
    default: str
    problem: str = ""


class SettingInfos(Contract, frozen=True):
    settings: tuple[SettingInfo, ...]


@command("house.settings", result=SettingInfos, capability="settings.read")
class ListSettings(Command[SettingInfos], frozen=True):
    """All settings with their values; with `key` only that one."""

    key: str = ""


@command("house.setting_set", result=SettingInfo, capability="settings.change")
class SetSetting(Command[SettingInfo], frozen=True):
    """Change a setting; `value` as a person types it. None puts the default back."""

    key: str
    value: str | None


class SecretNames(Contract, frozen=True):
    names: tuple[str, ...]
    kept_in: str
    health: str


@command("house.secrets", result=SecretNames, capability="secrets.administer")
class ListSecrets(Command[SecretNames], frozen=True):
    """The names of the secrets, never their values, and where they are kept."""


@command("house.secret_set", result=Nothing, capability="secrets.administer")
class SetSecret(Command[Nothing], frozen=True):
    """Keep a secret under a name; None deletes it."""

    name: str
    value: str | None


@command("house.secrets_seal", result=Nothing, capability="secrets.administer", timeout=60.0)
class SealSecrets(Command[Nothing], frozen=True):
    """Seal the key file with a passphrase that will be asked for at every start."""

    passphrase: str


class Profiles(Contract, frozen=True):
    current: str
    profiles: tuple[str, ...]
    pin_set: bool


@command("house.profiles", result=Profiles, capability="profiles.use")
class ListProfiles(Command[Profiles], frozen=True):
    """The profiles and the one in force."""


@command("house.profile_use", result=Profiles, capability="profiles.use")
class UseProfile(Command[Profiles], frozen=True):
    """Switch the profile. Leaving guest or child asks for the PIN."""

    profile: str
    pin: str = ""


@command("house.pin_set", result=Nothing, capability="profiles.administer")
class SetPin(Command[Nothing], frozen=True):
    """Set the PIN that leaving the guest and child profiles asks for (4 to 12 digits)."""

    pin: str


# ---------------------------------------------------------------- approvals


class ApprovalToken(Contract, frozen=True):
    token: str
    expires: float


@command("house.approve", result=ApprovalToken, capability="approvals.grant")
class Approve(Command[ApprovalToken], frozen=True):
    """Approve one command, exactly as given, once, within 120 seconds."""

    command: str
    payload: bytes


# ---------------------------------------------------------------- backup, doctor


class BackupDone(Contract, frozen=True):
    path: str
    bytes: int
    blobs: int
    keys: bool


@command("house.backup", result=BackupDone, capability="backup.create", timeout=None)
class Backup(Command[BackupDone], frozen=True):
    """Write a backup of everything durable to one file; `path` empty: into the home's backups folder.

    The keys are sealed with `passphrase`; without it they are not put in, and the backup can be
    restored only where the keys still are. It is no job: the ledger would keep the passphrase. A backup
    that is cut off leaves no file, and is asked for again.
    """

    path: str = ""
    passphrase: str = ""


class Check(Contract, frozen=True):
    name: str
    outcome: Literal["ok", "warn", "fail"]
    sentence: str
    remedy: str = ""


class Diagnosis(Contract, frozen=True):
    checks: tuple[Check, ...]


@command("house.doctor", result=Diagnosis, capability="system.status", timeout=120.0)
class Diagnose(Command[Diagnosis], frozen=True):
    """Examine the machine and the house, and say what to do about what is not well."""


@command("house.rebuild", result=Nothing, capability="storage.administer", timeout=None)
class Rebuild(Command[Nothing], frozen=True):
    """Rebuild all tables that are made from objects."""


# ---------------------------------------------------------------- events


@event("house.worker_changed")
class WorkerChanged(Event, frozen=True):
    name: str
    slot: int
    state: str
    sentence: str


@event("house.job_changed")
class JobChanged(Event, frozen=True):
    job: str
    command: str
    state: str
    fraction: float = 0.0
    note: str = ""


@event("house.setting_changed")
class SettingChanged(Event, frozen=True):
    key: str
    value: str


@event("house.storage_changed")
class StorageChanged(Event, frozen=True):
    mode: str
    sentence: str


@event("house.profile_changed")
class ProfileChanged(Event, frozen=True):
    profile: str


@event("house.events_lost")
class EventsLost(Event, frozen=True):
    """This subscriber did not keep up; so many events were dropped for it."""

    count: int
