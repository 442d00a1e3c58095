"""Upkeep of the house: jobs, backups, the doctor, rebuilding tables, keeping retention."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from garret.base import log
from garret.base.errors import Code, GarretError, UsageError
from garret.control.commands.request import Caller
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import HouseDoor
from garret.control.errors import ControlError
from garret.control.secrets import sealed_file
from garret.control.secrets.store import DATABASE_KEY, DEVICE_KEY, check_passphrase
from garret.features.house import contracts as c
from garret.features.house.diagnosis import house_checks
from garret.protocol.contract import Command, Nothing
from garret.storage.backup import Summary
from garret.storage.errors import Corrupt
from garret.storage.ledger import Retention
from garret.storage.ledger_machine import State
from garret.storage.ledger_types import Job

_logger = log.get("house.upkeep")
_RETENTION_SECONDS: Final = 6 * 3600.0
_FIRST_RETENTION_SECONDS: Final = 60.0
_QUIET_SECONDS: Final = 600.0
_FIRST_QUIET_SECONDS: Final = 120.0
_QUIET_BYTES: Final = 64 << 20  # of kept files that are compared in one quiet moment; 0.1 s, 9 GiB a day
_PAGES: Final = 100  # of jobs, that are looked through for those of one profile
_PROGRESS_STEP: Final = 0.01


class Upkeep:
    """Answers the commands about jobs, backups and the state of the house."""

    def __init__(self, door: HouseDoor) -> None:
        self._door = door
        self._ledger = door.store.ledger
        self._timer: asyncio.TimerHandle | None = None
        self._quiet: asyncio.TimerHandle | None = None
        self._ended = threading.Event()
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.ListJobs: self._list,
            c.GetJob: self._get,
            c.CancelJob: self._cancel,
            c.RetryJob: self._retry,
            c.JobStory: self._story,
            c.Backup: self._back_up,
            c.Diagnose: self._diagnose,
            c.Rebuild: self._rebuild,
        }

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(_FIRST_RETENTION_SECONDS, self._retention_due)
        self._quiet = loop.call_later(_FIRST_QUIET_SECONDS, self._quiet_due)

    async def stop(self) -> None:
        self._ended.set()
        for timer in (self._timer, self._quiet):
            if timer is not None:
                timer.cancel()

    # ---- kept files

    def _quiet_due(self) -> None:
        self._door.plane.spawn(self._examine_files())
        self._quiet = asyncio.get_running_loop().call_later(_QUIET_SECONDS, self._quiet_due)

    async def _examine_files(self) -> None:
        """Compare some kept files with their names, unless somebody waits for this machine's work."""
        if self._door.jobs.statistics().running:
            return
        blobs = self._door.store.blobs
        await asyncio.to_thread(blobs.examine, _QUIET_BYTES, stop=self._ended.is_set)

    # ---- retention

    def _retention_due(self) -> None:
        self._door.plane.spawn(self._keep_retention())
        self._timer = asyncio.get_running_loop().call_later(_RETENTION_SECONDS, self._retention_due)

    async def _keep_retention(self) -> None:
        settings: Any = self._door.settings
        keep = Retention(
            float(settings.get("jobs.retention_days")), int(settings.get("jobs.retention_count"))
        )
        try:
            settled = await self._door.store.settled.note()
            await self._door.plane.egress.keep_retention(settled or 0.0)
            gone = await self._ledger.prune(keep, settled)
        except GarretError as error:
            _logger.warning("old jobs were not pruned: %s", error.message)
            return
        if gone:
            _logger.info("%d jobs past their retention were pruned", gone)
        await self._sweep()

    async def _sweep(self) -> None:
        """Remove the files that no room refers to any more."""
        try:
            swept = await self._door.store.sweep()
        except (GarretError, OSError) as error:
            _logger.warning("what nothing refers to stays for now: %s", error)
            return
        if swept.blobs:
            _logger.info("%d blobs that nothing refers to were removed, %d bytes", swept.blobs, swept.bytes)

    # ---- jobs

    def count_jobs(self) -> dict[str, int]:
        """How many jobs are in each state; none where a damaged database does not tell."""
        try:
            with self._door.store.readers.read() as connection:
                rows = _rows(connection, "SELECT state, count(*) FROM jobs GROUP BY state")
        except Corrupt as error:  # status has to answer then above all
            _logger.warning("the jobs cannot be counted: %s", error.message)
            return {}
        return {str(state): int(number) for state, number in rows}

    def _own(self, caller: Caller, job: Job, capability: str) -> Job:
        """A profile that may see only its own work sees no other's."""
        if job.profile != caller.profile and not self._door.may(caller, capability):
            raise ControlError(f"There is no job {job.id}.", code=Code.NOT_FOUND)
        return job

    async def _find(self, caller: Caller, job: str, capability: str = "jobs.read") -> Job:
        return self._own(caller, await asyncio.to_thread(self._ledger.get, job), capability)

    async def _list(self, command: c.ListJobs, request: Request) -> c.Jobs:
        if command.state and command.state not in State.__members__.values():
            raise UsageError(f"A state is one of {', '.join(State)}, not '{command.state[:20]}'.")
        states = (State(command.state),) if command.state else ()
        limit = min(max(command.limit, 1), 1000)
        profile = None if self._door.may(request.caller, "jobs.read") else request.caller.profile
        jobs = await asyncio.to_thread(self._newest, states, limit, profile)
        return c.Jobs(jobs=tuple(_row(job) for job in jobs))

    def _newest(self, states: tuple[State, ...], limit: int, profile: str | None) -> list[Job]:
        """The newest jobs (of one profile), looked for in pages: its own may lie far behind others'."""
        found: list[Job] = []
        before: str | None = None
        for _ in range(_PAGES):
            page = self._ledger.jobs(states=states, limit=limit, before=before)
            found += [job for job in page if profile is None or job.profile == profile]
            if len(page) < limit or len(found) >= limit:
                break
            before = page[-1].id
        return found[:limit]

    async def _get(self, command: c.GetJob, request: Request) -> c.Job:
        return _row(await self._find(request.caller, command.job))

    async def _cancel(self, command: c.CancelJob, request: Request) -> c.Job:
        await self._find(request.caller, command.job, "jobs.cancel")
        return _row(await self._door.jobs.cancel(command.job, request.caller.name))

    async def _retry(self, command: c.RetryJob, request: Request) -> c.Job:
        await self._find(request.caller, command.job, "jobs.cancel")
        return _row(await self._door.jobs.retry(command.job, request.caller.name))

    async def _story(self, command: c.JobStory, request: Request) -> c.Story:
        await self._find(request.caller, command.job)
        return c.Story(lines=tuple(await asyncio.to_thread(self._ledger.story, command.job)))

    # ---- backup, doctor, rebuild

    async def _back_up(self, command: c.Backup, request: Request) -> c.BackupDone:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        default = self._door.home.backups / f"garret-{stamp}.backup"
        path = Path(command.path) if command.path else default
        if not path.is_absolute():
            raise UsageError("A backup goes to an absolute path. Nothing was written.")
        sealed = await asyncio.to_thread(self._sealed_keys, command.passphrase)
        loop = asyncio.get_running_loop()
        stopped = False

        told = 0.0

        def progress(done: int, expected: int) -> None:
            nonlocal told
            fraction = done / expected if expected else 1.0
            if fraction - told >= _PROGRESS_STEP:
                told = fraction
                loop.call_soon_threadsafe(request.progress, fraction, "backing up")

        try:
            summary: Summary = await asyncio.to_thread(
                lambda: self._door.store.back_up(
                    path, sealed_key=sealed, progress=progress, stop=lambda: stopped
                )
            )
        except asyncio.CancelledError:
            stopped = True
            raise
        await self._door.audit_if_possible(request.caller, "backup.create", "done", {"path": str(path)})
        return c.BackupDone(
            path=str(path),
            bytes=summary.size,
            blobs=summary.blobs,
            keys=summary.sealed_key,
            left_out=summary.left_out,
        )

    def _sealed_keys(self, passphrase: str) -> bytes:
        """The home's keys under a passphrase, or nothing: the backup is then of use only here."""
        if not passphrase:
            return b""
        check_passphrase(passphrase)
        secrets = self._door.secrets
        entries = {
            name: value
            for name in (DATABASE_KEY, f"{DATABASE_KEY}.cache", DEVICE_KEY)
            if (value := secrets.get(name)) is not None
        }
        return sealed_file.seal(entries, sealed_file.passphrase_key(passphrase))

    async def _diagnose(self, command: c.Diagnose, request: Request) -> c.Diagnosis:
        del command
        checks = await house_checks(self._door, request.calls)
        return c.Diagnosis(
            checks=tuple(
                c.Check(
                    name=check.name, outcome=check.status.value, sentence=check.sentence, remedy=check.remedy
                )
                for check in checks
            )
        )

    async def _rebuild(self, command: c.Rebuild, request: Request) -> Nothing:
        del command
        for room in self._door.plane.rooms:
            if room.projection is not None:
                count = await self._door.store.objects.rebuild(room.name)
                _logger.info("the tables of %s were rebuilt from %d objects", room.name, count)
        await self._door.audit(request.caller, "storage.rebuild", "done")
        return Nothing()


def _rows(connection: Any, query: str) -> list[tuple[Any, ...]]:
    """What a query finds; the types of its columns are known to whoever wrote it."""
    found: list[tuple[Any, ...]] = connection.execute(query).fetchall()
    return found


def _row(job: Job) -> c.Job:
    return c.Job(
        id=job.id,
        command=job.command,
        state=job.state,
        created=job.created,
        updated=job.updated,
        attempts=job.attempts,
        priority=job.priority,
        fraction=job.fraction,
        note=job.note,
        error=job.error.message if job.error is not None else "",
        profile=job.profile,
    )
