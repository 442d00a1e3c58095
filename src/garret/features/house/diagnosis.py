"""What `garret doctor` asks the parts of the house, beyond the ground that `control.doctor` looks at."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from garret.control.context import Context
from garret.control.doctor import Check, Probe, examine, fail, ground, ok, warn
from garret.storage.recovery import Condition, advise
from garret.storage.store import connection_version
from garret.storage.writer_state import Mode
from garret.worker.probe import probe as probe_kernel


async def house_checks(context: Context) -> list[Check]:
    """Examine everything. Never raises; a part that does not answer is a finding."""
    probes: list[tuple[str, Probe]] = [
        *ground(context.home, context.secrets.health()),
        ("sandbox", _sandbox),
        ("database", lambda: _database(context)),
        ("workers", lambda: _workers(context)),
        ("ports", _ports),
    ]
    return await examine(probes)


def _sandbox() -> list[Check]:
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


def _database(context: Context) -> Check:
    store = context.store
    if store.writer.mode is Mode.READ_ONLY:
        return fail(
            "database",
            f"Storage takes no writes for now: {store.writer.reason}",
            f"Free some space at {context.home.root}; it goes on by itself.",
        )
    integrity = store.check(seconds=5.0)
    if store.writer.mode is Mode.DAMAGED or not integrity.sound:
        problem = integrity.problems[0] if integrity.problems else store.writer.reason
        advice = advise(context.home, Condition.DAMAGED)
        return fail("database", f"The database is damaged: {problem}", " ".join(advice))
    return ok("database", f"The database is sound and encrypted ({connection_version()}).")


async def _workers(context: Context) -> Sequence[Check]:
    await asyncio.sleep(0)
    checks: list[Check] = []
    for name, pool in context.plane.pools.items():
        if pool.supervisor.available:
            checks.append(ok(f"worker {name}", f"{pool.supervisor.sentence}"))
        else:
            checks.append(fail(f"worker {name}", pool.supervisor.sentence, f"garret workers restart {name}"))
    return checks


def _ports() -> Check:
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
