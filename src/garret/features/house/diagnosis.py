"""What `garret doctor` asks the parts of the house, beyond the ground that `control.doctor` looks at.

Rooms are asked by the command that their manifest names as their examination; this one knows none of them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from garret.control.commands.inner import InnerCaller
from garret.control.commands.request import Caller
from garret.control.door import HouseDoor
from garret.control.egress.trial import Trial, trial
from garret.control.watching.doctor import PROBE_SECONDS, Probe, examine, ground
from garret.features.house.open_ends import open_ends
from garret.protocol.contract import Command
from garret.protocol.finding import Finding, Findings, fail, ok, warn
from garret.storage.audit import note_sentence
from garret.storage.audit_record import breaks
from garret.storage.recovery import Condition, advise
from garret.storage.store import connection_version
from garret.storage.writer_state import Mode
from garret.worker.probe import probe as probe_kernel

_MOST_NAMES: Final = 10  # in one sentence
_LONGEST_NAME: Final = 80


async def house_checks(
    door: HouseDoor, calls: InnerCaller, *, seconds: float = PROBE_SECONDS
) -> list[Finding]:
    """Examine everything, for at most `seconds`. Never raises; a part that does not answer is a finding.

    What stored settings hold is told only to a caller who may read settings.
    """
    probes: list[tuple[str, Probe]] = [
        *ground(door.home, door.secrets.health()),
        ("sandbox", _sandbox),
        ("sandbox open", lambda: _open(door)),
        ("database", lambda: _database(door)),
        ("audit", lambda: _audit(door)),
        ("kept files", lambda: _kept_files(door)),
        ("settings", partial(_settings, door, calls)),
        ("workers", lambda: _workers(door)),
        ("ports", _ports),
        ("way out", partial(_way_out, door)),
        ("egress", lambda: egress_findings(trial())),
        *(
            (f"room {room.name}", partial(_room, calls, room.examination()))
            for room in door.plane.rooms
            if room.examination is not None
        ),
    ]
    return await examine(probes, seconds=seconds)


async def _room(calls: InnerCaller, examination: Command[Findings]) -> Sequence[Finding]:
    """Leaving it cancels what the room does for it."""
    return (await calls.call(examination)).findings


async def _settings(door: HouseDoor, caller: Caller) -> list[Finding]:
    await asyncio.sleep(0)  # a coroutine, since settings belong to the loop's thread
    problems, unknown = door.settings.problems(), door.settings.unknown()
    readable = door.may(caller, "settings.read")
    findings = [
        _misfit(key, profile, reason if readable else "")
        for (key, profile), reason in sorted(problems.items())
    ]
    if unknown:
        names = sorted({key for key, _ in unknown})
        shown = ", ".join(ascii(name[:_LONGEST_NAME])[1:-1] for name in names[:_MOST_NAMES])
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        findings.append(
            warn(
                "settings unknown",
                f"Stored for settings that no part of Garret has: {shown}{more}. It is kept and not used.",
                "Nothing has to be done. It counts again once what it was set for is back.",
            )
        )
    return findings or [ok("settings", "Everything that was set fits.")]


def _misfit(key: str, profile: str, reason: str) -> Finding:
    whose = f" for the profile {profile}" if profile else ""
    first = f"`garret profiles use {profile}`, then " if profile else ""
    return warn(
        f"setting {key}",
        f"What is stored{whose} does not fit and its default holds. {reason}".rstrip(),
        f"{first}`garret settings set {key} VALUE`, or `garret settings reset {key}` for the default.",
    )


def _sandbox() -> list[Finding]:
    return [
        ok(f"sandbox {part.name}", f"Enforced: {part.purpose}.")
        if part.available
        else warn(
            f"sandbox {part.name}",
            f"Not enforced here: {part.purpose} ({part.detail}). Workers run without it.",
            "Use a newer kernel, or allow it in the container.",
        )
        for part in probe_kernel().mechanisms
    ]


async def _open(door: HouseDoor) -> Finding:
    """What stays open on any kernel: to be known, not to be mended."""
    await asyncio.sleep(0)  # a coroutine, since the pools belong to the loop's thread
    specs = [pool.spec for pool in door.plane.pools.values()]
    return ok("sandbox open", " ".join(("Not held:", *open_ends(specs, root=os.geteuid() == 0))))


def egress_findings(found: Trial) -> list[Finding]:
    """What this kernel lets the egress process hold."""
    if not found.asks:
        return [
            warn(
                "egress connections",
                "This kernel does not ask about connections, so workers have no network at all.",
                "Use Linux 5.14 or newer, or allow seccomp user notification in the container.",
            )
        ]
    if not found.reaches:
        return [
            warn(
                "egress connections",
                f"The egress process cannot reach the sockets of workers ({found.detail}), so that every "
                "connection of theirs is refused.",
                "Allow ptrace between processes of one user (kernel.yama.ptrace_scope below 2).",
            )
        ]
    asked = "Every connection of a worker is asked for, counted and can be cut"
    if found.looks:
        return [ok("egress connections", f"{asked}; its memory stays closed to your other programs.")]
    findings = [
        warn(
            "egress memory",
            f"{asked}, but workers with a way out can be looked into by your other programs: the egress "
            "process has no other way to their sockets here.",
            "Nothing has to be done. Workers without destinations stay closed.",
        )
    ]
    if found.yama > 0:
        findings.append(
            warn(
                "egress programs",
                "Programs that a worker with a way out starts cannot be reached under "
                f"kernel.yama.ptrace_scope={found.yama}: their connections are refused.",
                "Set kernel.yama.ptrace_scope to 0 where such a program has to connect.",
            )
        )
    return findings


async def _way_out(door: HouseDoor) -> Finding:
    """What is closed now; on the loop's thread, where settings belong."""
    await asyncio.sleep(0)
    egress = door.plane.egress
    if egress.offline:
        return ok("way out", f"Nothing leaves this machine: {egress.offline}.")
    closed = f" Closed: {', '.join(egress.closed)}." if egress.closed else ""
    wanted = sum(len(spec.destinations) for room in door.plane.rooms for spec in room.workers)
    return ok("way out", f"{wanted} destinations are granted to workers; nothing else leaves.{closed}")


def _database(door: HouseDoor) -> Finding:
    store = door.store
    if store.writer.mode is Mode.READ_ONLY:
        return fail(
            "database",
            f"Storage takes no writes for now: {store.writer.reason}",
            f"Free some space at {door.home.root}; it goes on by itself.",
        )
    integrity = store.check(seconds=5.0)
    if store.writer.mode is Mode.DAMAGED or not integrity.sound:
        problem = integrity.problems[0] if integrity.problems else store.writer.reason
        advice = advise(door.home, Condition.DAMAGED)
        return fail("database", f"The database is damaged: {problem}", " ".join(advice))
    return ok("database", f"The database is sound and encrypted ({connection_version()}).")


def _audit(door: HouseDoor) -> Finding:
    notes = door.store.audit.notes
    if any(breaks(notes)):
        sentences = " ".join(note_sentence(note) for note in notes)
        return fail("audit", sentences, "`garret audit verify` walks the whole chain.")
    return ok("audit", "The audit chain goes on where its record ends.")


def _kept_files(door: HouseDoor) -> Finding:
    """What quiet moments and readers came upon; the rooms say what of theirs it is."""
    suspects = door.store.blobs.suspects()
    if not suspects:
        return ok("kept files", "No kept file was found to be other than its name says.")
    shown = ", ".join(identity[:12] for identity in suspects[:_MOST_NAMES])
    more = f" and {len(suspects) - _MOST_NAMES} more" if len(suspects) > _MOST_NAMES else ""
    return fail(
        "kept files",
        f"Not what was kept: {shown}{more}, in {door.home.blobs}.",
        "What they belong to, and the way to bring it back, is said below.",
    )


async def _workers(door: HouseDoor) -> Sequence[Finding]:
    await asyncio.sleep(0)
    checks: list[Finding] = []
    for name, pool in door.plane.pools.items():
        if pool.supervisor.available:
            checks.append(ok(f"worker {name}", f"{pool.supervisor.sentence}"))
        else:
            checks.append(fail(f"worker {name}", pool.supervisor.sentence, f"garret workers restart {name}"))
    return checks


def _ports() -> Finding:
    """Neither the control plane nor its workers may listen on TCP (proc(5), /proc/PID/net/tcp)."""
    listening = listening_ports()
    if listening:
        return fail("ports", f"This process listens on TCP {listening}.", "Report this as a defect.")
    return ok("ports", "No TCP port is open.")


def listening_ports() -> list[int]:
    """The TCP ports that this process listens on."""
    entries = Path("/proc/self/fd").iterdir() if Path("/proc").exists() else ()
    own = {_socket_inode(entry) for entry in entries}
    ports: list[int] = []
    for table in ("/proc/self/net/tcp", "/proc/self/net/tcp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if fields[3] == "0A" and fields[9] in own:
                ports.append(int(fields[1].rpartition(":")[2], 16))
    return ports


def _socket_inode(entry: Path) -> str:
    try:
        target = str(entry.readlink())
    except OSError:
        return ""
    return target.removeprefix("socket:[").removesuffix("]") if target.startswith("socket:[") else ""
