"""The house's own room in the control plane: status, workers, logs, audit, settings, secrets, profiles.

Jobs and backups have their own services beside this one (`jobs_service`, `upkeep`).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import garret
from garret.base.build import build_hash
from garret.base.errors import Code, UsageError
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import HouseDoor
from garret.control.errors import ControlError
from garret.control.settings.values import as_text
from garret.control.watching.storage_watch import SENTENCES
from garret.features.house import contracts as c
from garret.features.house.clearing import ClearingDesk
from garret.features.house.consent import ConsentDesk
from garret.features.house.egress import EgressDesk
from garret.features.house.feeds import Feed
from garret.features.house.later import LaterDesk
from garret.features.house.profiles import ProfileDesk
from garret.features.house.storage_desk import StorageDesk
from garret.features.house.upkeep import Upkeep
from garret.protocol.contract import Command, Nothing
from garret.protocol.subscription import SubscriptionEnded
from garret.storage.audit import Filter
from garret.storage.audit_record import breaks
from garret.storage.writer_state import Mode

_SUBSCRIPTIONS: Final = 32
"""Subscriptions one caller may have."""

_ALL_SUBSCRIPTIONS: Final = 512
"""Subscriptions there may be; each is a command under way, and leaves room for others."""

_LEVELS = {"": 0, "debug": 10, "info": 20, "warning": 30, "error": 40}
_NAMES = {number: name for name, number in _LEVELS.items() if name} | {50: "critical"}


class HouseService:
    """Answers the commands by which a person looks after the house."""

    def __init__(self, door: HouseDoor) -> None:
        self._door = door
        self._plane = door.plane
        self._store = door.store
        self._profiles = ProfileDesk(door, self._profile_changed)
        self._upkeep = Upkeep(door)
        self._egress = EgressDesk(door)
        self._feeds: set[Feed] = set()
        self._declared_by = {setting.key: room.name for room in door.plane.rooms for setting in room.settings}
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.GetStatus: self._status,
            c.GetIdentity: self._identity,
            c.Shutdown: self._shutdown,
            c.Subscribe: self._subscribe,
            c.ListWorkers: self._workers,
            c.RestartWorker: self._restart,
            c.ReadLogs: self._logs,
            c.ReadAudit: self._audit,
            c.VerifyAudit: self._verify,
            c.ListSettings: self._settings,
            c.SetSetting: self._set,
            c.ListSecrets: self._secrets,
            c.SetSecret: self._set_secret,
            c.SealSecrets: self._seal,
            **self._profiles.handlers,
            **ConsentDesk(door).handlers,
            **self._upkeep.handlers,
            **StorageDesk(door).handlers,
            **LaterDesk(door).handlers,
            **self._egress.handlers,
            **ClearingDesk(door).handlers,
        }

    async def start(self) -> None:
        await self._profiles.start()
        await self._upkeep.start()

    async def stop(self) -> None:
        await self._upkeep.stop()

    # ---- status and life

    async def _identity(self, command: c.GetIdentity, request: Request) -> c.Identity:
        role, profile = request.caller.role, request.caller.profile
        return c.Identity(
            role=role,
            profile=profile,
            capabilities=tuple(sorted(self._door.policy.granted(role, profile))),
        )

    async def _status(self, command: c.GetStatus, request: Request) -> c.Status:
        del command, request
        plane = self._plane
        writer = self._store.writer
        mode = writer.mode.value + (f": {writer.reason}" if writer.mode is not Mode.NORMAL else "")
        snapshot = await asyncio.to_thread(plane.metrics.snapshot)
        return c.Status(
            version=garret.__version__,
            build=build_hash(),
            pid=os.getpid(),
            home=str(self._door.home.root),
            profile=plane.profile,
            storage=mode,
            uptime_seconds=round(time.monotonic() - plane.started, 3),
            memory_bytes=resident_bytes(),
            clients=len(plane.connections),
            jobs=await asyncio.to_thread(self._upkeep.count_jobs),
            workers=self._worker_rows(),
            latencies=tuple(
                c.Latency(
                    name=row["command"],
                    stage=row["stage"],
                    count=row["count"],
                    p50_ms=row["p50_ms"],
                    p95_ms=row["p95_ms"],
                    p99_ms=row["p99_ms"],
                )
                for row in snapshot["latencies"]
            ),
            counters={key: int(value) for key, value in snapshot["counters"].items()},
            notices=self._notices(),
            queues=self._queues(),
        )

    def _queues(self) -> tuple[c.Queue, ...]:
        jobs, writer = self._plane.jobs.statistics(), self._store.writer
        return (
            c.Queue(name="jobs", waiting=jobs.waiting + jobs.pausing, limit=jobs.limit, running=jobs.running),
            c.Queue(
                name="storage",
                waiting=writer.waiting,
                limit=writer.limit,
                refused=writer.statistics.refused,
            ),
            *(
                c.Queue(
                    name=pool.name,
                    waiting=pool.waiting,
                    limit=pool.queue_limit,
                    running=pool.running,
                    places=pool.places,
                    refused=pool.busy,
                )
                for pool in self._plane.workers.scheduler.statistics()
            ),
        )

    def _notices(self) -> tuple[str, ...]:
        notices = list(self._plane.notices)
        health = self._door.secrets.health()
        if not health.protected:
            notices.append(f"{health.sentence} {health.remedy}".strip())
        mode = self._store.writer.mode
        if mode is not Mode.NORMAL:
            notices.append(f"{SENTENCES[mode]} {self._store.writer.reason}".strip())
        suspects = len(self._store.blobs.suspects())
        if suspects:
            kept = "1 kept file is" if suspects == 1 else f"{suspects} kept files are"
            notices.append(f"{kept} not what was kept; `garret doctor` names what they belong to.")
        if any(breaks(self._store.audit.notes)):
            notices.append("The audit chain was broken; `garret audit verify` says where.")
        return tuple(notices)

    async def _shutdown(self, command: c.Shutdown, request: Request) -> Nothing:
        del command
        await self._door.audit_if_possible(request.caller, "house.shutdown", "done")
        asyncio.get_running_loop().call_soon(self._plane.stopping.set)
        return Nothing()

    async def _subscribe(self, command: c.Subscribe, request: Request) -> SubscriptionEnded:
        own = sum(feed.caller is request.caller for feed in self._feeds)
        if own >= _SUBSCRIPTIONS or len(self._feeds) >= _ALL_SUBSCRIPTIONS:
            raise ControlError("There are too many subscriptions already.", code=Code.BUSY)
        feed = Feed(self._door, self._plane.registry, request)
        self._feeds.add(feed)
        try:
            return await feed.carry(command.pattern)
        finally:
            self._feeds.discard(feed)

    def _profile_changed(self) -> None:
        """What is heard follows the profile in force, on connections that were there before it too."""
        for feed in self._feeds:
            if not self._door.may(feed.caller, "events.read"):
                feed.end()

    # ---- workers

    def _worker_rows(self) -> tuple[c.WorkerStatus, ...]:
        rows: list[c.WorkerStatus] = []
        waiting = {pool.name: pool.waiting for pool in self._plane.workers.scheduler.statistics()}
        for name, pool in self._plane.pools.items():
            for slot, figures in zip(pool.slots, pool.supervisor.statistics(), strict=True):
                link = slot.links.get(figures.generation)
                rows.append(
                    c.WorkerStatus(
                        name=name,
                        slot=slot.number,
                        state=figures.state,
                        pid=figures.pid or 0,
                        restarts=figures.restarts,
                        running=len(link.calls) if link is not None else 0,
                        waiting=waiting.get(name, 0) if slot.number == 0 else 0,
                        memory_bytes=process_memory(figures.pid) if figures.pid else 0,
                        sentence=figures.sentence,
                        unenforced=link.unenforced if link is not None else (),
                    )
                )
        rows.extend(
            c.WorkerStatus(
                name=figures.name,
                slot=0,
                state=figures.state,
                pid=figures.pid or 0,
                restarts=figures.restarts,
                memory_bytes=process_memory(figures.pid) if running and figures.pid else 0,
                sentence=figures.sentence,
                outside=True,
            )
            for figures, running in self._plane.outside.statistics()
        )
        return tuple(rows)

    async def _workers(self, command: c.ListWorkers, request: Request) -> c.Workers:
        del command, request
        return c.Workers(workers=self._worker_rows())

    async def _restart(self, command: c.RestartWorker, request: Request) -> c.Workers:
        pool = self._plane.pools.get(command.name)
        if pool is not None:
            pool.replace()
        elif not self._plane.outside.restart(command.name):
            names = ", ".join([*self._plane.pools, *self._plane.outside.names()])
            raise ControlError(
                f"There is no worker called '{command.name[:80]}'; there are {names}.", code=Code.USAGE
            )
        await self._door.audit_if_possible(request.caller, "house.restart", "done", {"worker": command.name})
        return c.Workers(workers=self._worker_rows())

    # ---- logs and audit

    async def _logs(self, command: c.ReadLogs, request: Request) -> c.Logs:
        del request
        level = _LEVELS.get(command.level)
        if level is None:
            raise UsageError(f"A level is one of debug, info, warning, error, not '{command.level[:20]}'.")
        limit = min(max(command.limit, 1), 1000)
        worker = command.worker or None
        await self._plane.log_pump.write_out()

        def read() -> list[Any]:
            if command.after:
                return list(self._store.logs.after(command.after, worker=worker, level=level, limit=limit))
            return self._store.logs.query(worker=worker, level=level, limit=limit)

        rows = await asyncio.to_thread(read)
        return c.Logs(
            lines=tuple(
                c.LogLine(
                    id=row.id,
                    at=row.at,
                    level=_NAMES.get(row.level, str(row.level)),
                    source=row.worker,
                    message=row.message
                    + (f"\n{row.fields['traceback']}" if "traceback" in row.fields else ""),
                )
                for row in rows
            )
        )

    async def _audit(self, command: c.ReadAudit, request: Request) -> c.AuditEntries:
        del request
        which = Filter(outcome=command.outcome or None)
        limit = min(max(command.limit, 1), 1000)
        rows = await asyncio.to_thread(self._store.audit.rows, which, limit=limit)
        return c.AuditEntries(
            entries=tuple(
                c.AuditEntry(
                    number=row.seq,
                    at=row.at,
                    role=row.role,
                    profile=row.profile,
                    action=row.action,
                    outcome=row.outcome,
                    details=row.details,
                )
                for row in rows
            )
        )

    async def _verify(self, command: c.VerifyAudit, request: Request) -> c.AuditVerdict:
        del command, request
        verdict = await asyncio.to_thread(self._store.audit.verify)
        head = await asyncio.to_thread(self._store.audit.rows, None, limit=1)
        return c.AuditVerdict(
            intact=verdict.intact,
            entries=verdict.count,
            head=head[0].hash if head else "",
            problem="" if verdict.intact else " ".join(verdict.notes),
        )

    # ---- settings, secrets

    def _setting_rows(self, key: str = "") -> tuple[c.SettingInfo, ...]:
        if key:
            self._door.settings.definition(key)
        return tuple(
            c.SettingInfo(
                key=value.setting.key,
                value=value.text,
                source=value.source,
                sentence=value.setting.sentence,
                default="" if value.setting.secret else as_text(value.setting, value.setting.default),
                problem=value.problem or "",
                type=value.setting.type,
                choices=value.setting.choices,
                limits=(value.setting.minimum, value.setting.maximum),
                own=value.setting.profile_scoped,
                room=self._declared_by.get(value.setting.key, ""),
            )
            for value in self._door.settings.listing(self._plane.profile)
            if not key or value.setting.key == key
        )

    async def _settings(self, command: c.ListSettings, request: Request) -> c.SettingInfos:
        del request
        return c.SettingInfos(settings=self._setting_rows(command.key))

    async def _set(self, command: c.SetSetting, request: Request) -> c.SettingInfo:
        settings = self._door.settings
        definition = settings.definition(command.key)
        profile = self._plane.profile if definition.profile_scoped else None
        if command.value is None:
            await settings.reset(command.key, profile)
        else:
            await settings.set_text(command.key, command.value, profile)
        await self._door.audit(request.caller, "settings.change", "done", {"key": command.key})
        # Whoever is answered may count on it: what is asked next goes to processes that know the new value.
        await self._plane.workers.replaced()
        return self._setting_rows(command.key)[0]

    async def _secrets(self, command: c.ListSecrets, request: Request) -> c.SecretNames:
        del command, request
        health = self._door.secrets.health()
        names = tuple(self._door.secrets.list())
        return c.SecretNames(names=names, kept_in=health.where, health=health.sentence)

    async def _set_secret(self, command: c.SetSecret, request: Request) -> Nothing:
        secrets = self._door.secrets
        if command.name.startswith(("audit.", "storage.", "device.", "profiles.")):
            raise ControlError(
                f"{command.name} belongs to Garret itself and is not set by hand.", code=Code.DENIED
            )
        if command.value is None:
            if not await asyncio.to_thread(secrets.delete, command.name):
                raise ControlError(f"There is no secret called '{command.name[:80]}'.", code=Code.NOT_FOUND)
        else:
            await asyncio.to_thread(secrets.set, command.name, command.value)
        self._plane.workers.secret_changed(command.name)
        outcome = "deleted" if command.value is None else "set"
        await self._door.audit(request.caller, "secrets.change", outcome, {"name": command.name})
        return Nothing()

    async def _seal(self, command: c.SealSecrets, request: Request) -> Nothing:
        await asyncio.to_thread(self._door.secrets.reseal, command.passphrase)
        await self._door.audit(request.caller, "secrets.seal", "done")
        return Nothing()


def resident_bytes() -> int:
    """The memory that the control plane holds now."""
    return process_memory(os.getpid())


def process_memory(pid: int) -> int:
    """The resident memory of a process in bytes; 0 where the system does not tell."""
    try:
        resident = Path(f"/proc/{pid}/statm").read_bytes().split()[1]
        return int(resident) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
