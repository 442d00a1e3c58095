"""What a worker gives up: privileges, capabilities, being looked into, outliving its parent.

Invariants: each function can only take away. All raise OSError where the kernel lacks the part.
Neighbours: `sandbox` calls them in order, `guardian` uses two of them.
"""

from __future__ import annotations

import contextlib
import os

from garret.worker import kernel

_HIGHEST_CAPABILITY = 64  # capability numbers fit the two 32-bit words of capset(2)
# Of 1000: the kernel out of memory ends workers before the programs a person is using (proc(5)).
_OOM_SCORE = 600
_CAP_SYS_PTRACE = 19


def no_new_privileges() -> None:
    """Let no exec of this process or its children gain privileges (setuid, file capabilities)."""
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)


def die_with_parent(signal: int) -> None:
    """Have the kernel send `signal` to this process when the *thread* that started it ends.

    The caller compares `os.getppid()` afterwards: a parent that died before is not noticed.
    """
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal)


def drop_capabilities() -> None:
    """Give up all capabilities, for this process and for whatever it may exec. Harmless without any."""
    for capability in range(_HIGHEST_CAPABILITY):
        try:
            kernel.prctl(kernel.PR_CAPBSET_DROP, capability)
        except OSError:
            break  # EINVAL behind the last one the kernel has; EPERM where there are none to drop
    kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_CLEAR_ALL)
    kernel.capset_nothing()


def may_look_into_others() -> bool:
    """Whether this process has CAP_SYS_PTRACE: it reaches what is not dumpable, whoever it belongs to."""
    try:
        with open("/proc/self/status", "rb") as file:
            fields = dict(line.split(b":", 1) for line in file.read().splitlines() if b":" in line)
        return bool(int(fields[b"CapEff"], 16) >> _CAP_SYS_PTRACE & 1)
    except (OSError, KeyError):
        return False


def keep_only_looking() -> None:
    """Give up all capabilities but CAP_SYS_PTRACE, where there is that. Raises OSError."""
    kernel.capset_only(1 << _CAP_SYS_PTRACE if may_look_into_others() else 0)


def reached_by(process: int) -> None:
    """Let `process` look into this one where Yama lets only its ancestors. Harmless without."""
    with contextlib.suppress(OSError):  # there is no Yama
        kernel.prctl(kernel.PR_SET_PTRACER, process)


def not_dumpable() -> None:
    """No core dumps, no ptrace by the user's other processes, /proc/<pid>/mem and environ closed to them."""
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)


def first_out_of_memory() -> None:
    """Ask to be ended first when the machine runs out of memory. Must come before `not_dumpable`."""
    with open("/proc/self/oom_score_adj", "r+", encoding="ascii") as file:
        if int(file.read()) < _OOM_SCORE:
            file.seek(0)
            file.write(str(_OOM_SCORE))


def thread_count() -> int:
    """How many threads this process has; 1 where that cannot be seen."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1
