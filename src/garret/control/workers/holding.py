"""What a worker holds in memory, as the kernel tells anybody, and whether that is more than it may.

A limit of address space (RLIMIT_DATA) holds each process of a worker by itself and at once. What it does not
see is counted here once a second while the worker does something: what it started, memory files it was lent,
and the resident memory of workers whose libraries reserve far more address space than they use. Memory that
belongs to whoever asked (bulks that came in) is not the worker's.

Invariants: reads only what every user may read (/proc/PID/status), so it works on workers that cannot be
looked into. Neighbours: `workers` asks, `lending` counts the files.
"""

from __future__ import annotations

from pathlib import Path

from garret.protocol.manifest import MIB, Grants
from garret.worker import descendants


def resident_bytes(pid: int, *, shared: bool) -> int:
    """The anonymous memory of `pid` and all it started, with `shared` its shared memory too; 0 if gone."""
    fields = (b"RssAnon:", b"RssShmem:") if shared else (b"RssAnon:",)
    return sum(_fields(one, fields) for one in (pid, *descendants.descendants(pid)))


def _fields(pid: int, fields: tuple[bytes, ...]) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_bytes().splitlines()
    except OSError:
        return 0  # it ended, or this is not Linux
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(fields))


def excess(grants: Grants, pid: int, lent: int) -> str:
    """Why the worker with first process `pid` holds too much, to follow its name; empty where it does not."""
    held = lent + resident_bytes(pid, shared=grants.memory == "resident")
    if held <= grants.memory_bytes:
        return ""
    of_it = f", {lent // MIB} MiB of it in memory files" if lent else ""
    return f"held {held // MIB} MiB of memory{of_it}, where it may have {grants.memory_bytes // MIB}"


def needs_looks(grants: Grants) -> bool:
    """Whether such a worker can hold more than the kernel refuses it even while it does nothing."""
    return grants.memory == "resident" or bool(grants.execute)
