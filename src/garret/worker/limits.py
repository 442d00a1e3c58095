"""Resource limits of a worker: memory, open files, file sizes, processes, processor time.

Memory is limited by RLIMIT_DATA (private writable memory: heap, anonymous mappings, thread stacks), not by
RLIMIT_AS, since address space says little about use: measured on x86_64 with two processors, in MiB,

    library            address space   private writable   resident
    numpy                        195                131         47
    onnxruntime                  340                125         68
    PocketSphinx + model         117                103        107
    Silero VAD                   131                117         18

and a model file mapped from disk, or the C library's 64 MiB arena for each thread, adds to the first column
only. RLIMIT_AS remains as a far fence for what RLIMIT_DATA does not count (shared mappings).

Invariants: limits are only ever lowered, hard and soft at once. Neighbour: `sandbox`.
"""

from __future__ import annotations

import os
import resource
import sys

MIB = 1 << 20
# Above all that users, services and containers are given (systemd's UIDS-GIDS ends at 1879048191).
_FIRST_OWN_USER = 2_000_000_000
_ADDRESS_SPACE_FACTOR = 4
_ADDRESS_SPACE_EXTRA = 8 << 30  # bytes; room for mapped models and per-thread arenas


def set_limit(name: str, soft: int, hard: int | None = None) -> None:
    """Lower RLIMIT_`name`; an existing lower hard limit stays. Raises OSError where it is not to be had."""
    number = getattr(resource, f"RLIMIT_{name}", None)
    if number is None:
        raise OSError(f"this system has no limit RLIMIT_{name}")
    _, ceiling = resource.getrlimit(number)
    wanted = soft if hard is None else hard
    if ceiling != resource.RLIM_INFINITY:
        wanted = min(wanted, ceiling)
    try:
        resource.setrlimit(number, (min(soft, wanted), wanted))
    except ValueError as error:
        raise OSError(f"RLIMIT_{name}: {error}") from error


def limit_memory(size: int) -> None:
    """Let allocations fail beyond `size` bytes of private writable memory; no core dumps."""
    no_core_dumps()
    set_limit("DATA", size)
    set_limit("AS", _ADDRESS_SPACE_FACTOR * size + _ADDRESS_SPACE_EXTRA)


def no_core_dumps() -> None:
    """Write no memory image to disk when this process crashes."""
    set_limit("CORE", 0)


def limit_files(descriptors: int, size: int) -> None:
    """At most `descriptors` open files, none written beyond `size` bytes (memfds included)."""
    set_limit("NOFILE", descriptors)
    set_limit("FSIZE", size)


def limit_processor(seconds: int) -> None:
    """SIGXCPU after `seconds` of processor time, SIGKILL a second later."""
    set_limit("CPU", seconds, seconds + 1)


def limit_processes(count: int) -> None:
    """Allow `count` tasks beyond those there are now, this one's first thread not counted.

    RLIMIT_NPROC counts the tasks of the real user id, not of the worker, hence the sum; a user who starts
    many more programs later takes from the same allowance. It does not bind root, so a worker of root's takes
    a real user id that nobody else has, and keeps its effective one, by which its rights go. Counting from
    outside would not do: a program that forks without end has taken the machine before the next look. Raises
    OSError where such an id is not to be had, as in a container that maps few.
    """
    if os.getuid() == 0:
        os.setresuid(_FIRST_OWN_USER + os.getpid(), -1, -1)
    set_limit("NPROC", tasks_of_user() + count)


def tasks_of_user() -> int:
    """How many processes and threads of the calling user run now. Raises OSError without /proc."""
    if sys.platform != "linux":
        raise OSError("tasks are counted in /proc, which only Linux has")
    uid = os.getuid()
    total = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                # The folder of a process that cannot be dumped belongs to root, its task folder too;
                # the status file tells the true owner.
                with open(f"/proc/{name}/status", "rb") as file:
                    fields = dict(line.split(b":", 1) for line in file.read().splitlines() if b":" in line)
                if int(fields[b"Uid"].split()[0]) == uid:
                    total += int(fields[b"Threads"])
            except (OSError, KeyError):
                continue  # it ended while being read
    return total
