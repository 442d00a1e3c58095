"""What is on record and how it is kept: logs, the audit chain, backups, the doctor, rebuilding."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from garret.protocol.contract import Command, Contract, Nothing, command


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


class BackupDone(Contract, frozen=True):
    """`left_out` are the ids of kept files that are damaged and therefore not in the backup."""

    path: str
    bytes: int
    blobs: int
    keys: bool
    left_out: tuple[str, ...] = ()


@command("house.backup", result=BackupDone, capability="backup.create", timeout=None)
class Backup(Command[BackupDone], frozen=True):
    """Write a backup of everything durable to one file; `path` empty: into the home's backups folder.

    The keys are sealed with `passphrase`; without it they are not put in, and the backup can be
    restored only where the keys still are. It is no job: the ledger would keep the passphrase. A backup
    that is cut off leaves no file, and is asked for again.
    """

    path: str = ""
    passphrase: str = ""


class StoragePart(Contract, frozen=True):
    """A part of the home and the bytes it takes."""

    name: Literal["database", "cache", "files", "models", "index", "spool", "backups"]
    bytes: int


class BackupFile(Contract, frozen=True):
    """A backup by what it says of itself; `keys` says whether it can be restored elsewhere."""

    path: str
    created: float
    bytes: int
    blobs: int
    keys: bool
    left_out: tuple[str, ...] = ()


class StorageReport(Contract, frozen=True):
    """What the home takes, what the disk has left, and the backups in the home's own folder."""

    home: str
    mode: str
    sentence: str
    parts: tuple[StoragePart, ...]
    free_bytes: int
    disk_bytes: int
    backups: tuple[BackupFile, ...]


@command("house.storage", result=StorageReport, capability="backup.create", timeout=120.0)
class GetStorage(Command[StorageReport], frozen=True):
    """How much room everything takes, and which backups there are."""


class BackupVerdict(Contract, frozen=True):
    """Whether every part of a backup is what the backup says it is; `problem` names the first that is not."""

    sound: bool
    bytes: int
    problem: str = ""


@command("house.backup_verify", result=BackupVerdict, capability="backup.create", timeout=None)
class VerifyBackup(Command[BackupVerdict], frozen=True):
    """Read a backup whole and compare each part with its hash. Changes nothing."""

    path: str


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
