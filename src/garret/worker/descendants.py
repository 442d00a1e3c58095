"""Everything a process started, and ending all of it.

A process can leave its group and session (setsid), but not its tree: an orphan falls to the nearest ancestor
that declared itself a subreaper (PR_SET_CHILD_SUBREAPER). So the whole tree below a living subreaper can be
found in /proc, and killed, whatever its members did.

Invariants: a process is signalled only through a pidfd taken before its place in the tree is checked, so an
id used again by a stranger is never hit. Neighbours: `guardian` above a worker,
`garret.control.workers.process`.
"""

from __future__ import annotations

import os
import signal

_MOST_ROUNDS = 200  # a tree that is killed as often and still grows is given up; the caller is told


def children(pid: int) -> list[int]:
    """The process ids of the children of `pid`, zombies included; empty if it is gone.

    Reads /proc/<pid>/task/*/children, or every process's parent where the kernel lacks that file.
    """
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    found: list[int] = []
    for task in tasks:
        try:
            with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                found += [int(word) for word in file.read().split()]
        except FileNotFoundError:
            if os.path.exists(f"/proc/{pid}/task/{task}"):  # the thread is there, the file is not
                return [other for other in _all() if parent(other) == pid]
        except OSError:
            continue  # the thread ended while being read
    return found


def _all() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _status(pid: int) -> tuple[str, int] | None:
    """State letter and parent of `pid` from /proc/<pid>/stat, behind the name, which may hold anything."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return fields[0].decode(), int(fields[1])
    except (OSError, IndexError, ValueError):
        return None


def parent(pid: int) -> int | None:
    """The process id of the parent of `pid`; None if it is gone."""
    status = _status(pid)
    return status[1] if status else None


def descendants(root: int) -> list[int]:
    """All living processes below `root`, parents before children; zombies left out."""
    found: list[int] = []
    waiting = [root]
    while waiting:
        for child in children(waiting.pop()):
            status = _status(child)
            if status is None:
                continue
            waiting.append(child)  # a zombie leader may still have threads with children
            if status[0] not in "ZX":
                found.append(child)
    return found


def signal_member(pid: int, number: int, family: set[int]) -> bool:
    """Signal `pid` if its parent is one of `family` at that moment; whether it was signalled."""
    try:
        fd = os.pidfd_open(pid)
    except (OSError, AttributeError):
        return False
    # One that ended by itself, or may not be signalled, is seen as such in the next round.
    try:
        if parent(pid) not in family:
            return False
        signal.pidfd_send_signal(fd, number)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def kill_descendants(root: int, *, wait: bool = True) -> bool:
    """SIGKILL everything below `root`, which itself is spared. True when nothing is left alive.

    All are stopped before any is killed, so that none can start another meanwhile. Those killed remain
    zombies until their parent, or `root` as subreaper, reaps them. Without `wait` it is enough that all
    of them were killed: what holds much memory takes its time in going, and no event loop waits for that.
    """
    killed: set[int] = set()
    for _ in range(_MOST_ROUNDS):
        living = descendants(root)
        if not living or (not wait and killed.issuperset(living)):
            return True
        stopped: set[int] = set()
        while new := [pid for pid in living if pid not in stopped]:
            for pid in new:
                signal_member(pid, signal.SIGSTOP, {root, *living})
            stopped.update(new)
            living = descendants(root)
            if len(stopped) > 100_000:
                return False
        # Children first: where `root` is no subreaper, a child would leave the tree with its parent's end.
        for pid in reversed(living):
            if signal_member(pid, signal.SIGKILL, {root, *living}):
                killed.add(pid)
    return not descendants(root)
