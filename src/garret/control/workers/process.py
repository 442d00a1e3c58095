"""Starting and ending processes: workers, and outside programs the user asked Garret to look after.

A process starts in its own session with an environment made for it, and its end is seen by a descriptor
that becomes readable (a pidfd; a pipe fed by a thread where the system has none). No SIGCHLD handler and no
event loop's child watcher take part: whoever holds the `ProcessHandle` watches `pidfd` and calls `reap`.

Invariants: a process id is signalled only while its process is unreaped, so never a stranger's; `reap` kills
what is left of the group before it gives the id back. `spawn` must be called from a thread that lives as
long as this process: PR_SET_PDEATHSIG fires when the *thread* that started a process ends.
Neighbours: the supervisor drives it; `garret.worker.descendants` finds children that left their group;
`lines` splits the captured output.
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from garret.base.errors import Code
from garret.control.errors import ControlError
from garret.worker import descendants, kernel

# All that a process gets of this one's environment unless its caller names more: language and time zone.
PASSED_ON = ("LANG", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TZ")
_SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin"


class SpawnError(ControlError):
    """A process could not be started; nothing of it is left."""

    code = Code.UNAVAILABLE


@dataclass(frozen=True)
class ExitStatus:
    """How a process ended: an exit code, or the signal that ended it, or neither where that is not known."""

    code: int | None
    signal: int | None

    @property
    def ok(self) -> bool:
        return self.code == 0

    @property
    def words(self) -> str:
        """The end in plain words."""
        if self.signal is not None:
            return _SIGNAL_WORDS.get(self.signal) or f"was ended by {_signal_name(self.signal)}"
        if self.code is None:
            return "ended; how is not known"
        return "ended normally" if self.code == 0 else f"ended with exit code {self.code}"


_SIGNAL_WORDS: dict[int, str] = {
    signal.SIGKILL: "was killed (SIGKILL), by Garret, the user or the system short of memory",
    signal.SIGTERM: "ended when asked to (SIGTERM)",
    signal.SIGSEGV: "crashed: it used memory that is not its own (SIGSEGV)",
    signal.SIGABRT: "gave up on an error inside a library (SIGABRT)",
    signal.SIGXCPU: "used up the processor time it was granted (SIGXCPU)",
}


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def environment(extra: Mapping[str, str] | None = None, *, allow: Iterable[str] = ()) -> dict[str, str]:
    """The environment of a new process: a fixed PATH, language and time zone, the variables of this
    process named in `allow`, and `extra`. Nothing else is inherited; secrets never belong in it.
    """
    made = {"PATH": _SEARCH_PATH}
    made.update({name: os.environ[name] for name in (*PASSED_ON, *allow) if name in os.environ})
    made.update(extra or {})
    return made


def guarded(program: Sequence[str]) -> list[str]:
    """The command line that runs `program` under a guardian: all it starts ends with it and with Garret."""
    return [sys.executable, "-I", "-m", "garret.worker.guardian", *program]


@dataclass
class ProcessHandle:
    """A started process.

    `pidfd` becomes readable when it has ended (a pipe where there are no pidfds); `stdout_fd` and
    `stderr_fd` are non-blocking ends of pipes, -1 when not captured. The holder calls `reap`, then `close`.
    """

    pid: int
    pidfd: int
    stdout_fd: int
    stderr_fd: int
    _process: subprocess.Popen[bytes]
    _watch: _ThreadWatch | None = None
    _status: ExitStatus | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reap(self) -> ExitStatus | None:
        """How the process ended, or None while it runs. Never waits.

        The first time it answers, what is left of its process group is killed.
        """
        with self._lock:
            if self._status is None:
                self._status = self._collect()
            return self._status

    def _collect(self) -> ExitStatus | None:
        if self._watch is not None:
            status = self._watch.status()
            if status is None:
                return None
        else:
            try:
                # WNOWAIT leaves the id taken while the group is killed.
                seen = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return self._forget(ExitStatus(None, None))
            if seen is None:
                return None
            status = _status_of(seen)
            _kill_group(self.pid, signal.SIGKILL)
            os.waitid(os.P_PID, self.pid, os.WEXITED)
        return self._forget(status)

    def _forget(self, status: ExitStatus) -> ExitStatus:
        # Popen would otherwise wait for the id itself when it is collected as garbage.
        self._process.returncode = -status.signal if status.signal is not None else status.code or 0
        return status

    def send(self, number: int) -> bool:
        """Signal the process alone; False if it has ended. Never hits another that has its id by now."""
        with self._lock:
            if self._status is not None:
                return False
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return False
            return True

    def signal_group(self, number: int) -> bool:
        """Signal the process and its group; SIGKILL also ends its descendants in other groups and sessions.

        A guardian passes SIGTERM on. False if the process has ended and was reaped: then nothing is
        signalled, since its id may be another's. Safe to call at any time.
        """
        with self._lock:
            if self._status is not None or (self._watch is not None and self._watch.status() is not None):
                return False
            if number == signal.SIGKILL:
                # Descendants first: below a living guardian none can slip away to another parent.
                descendants.kill_descendants(self.pid, wait=False)
            return _kill_group(self.pid, number)

    def close(self) -> None:
        """Close the descriptors. The process itself goes on if it has not ended. May be called twice."""
        for name in ("pidfd", "stdout_fd", "stderr_fd"):
            fd = getattr(self, name)
            if fd >= 0:
                os.close(fd)
                setattr(self, name, -1)


def spawn(
    argv: Sequence[str],
    *,
    pass_descriptors: Collection[int] = (),
    env: Mapping[str, str] | None = None,
    cwd: str = "/",
    capture: bool = True,
    errors: int = -1,
) -> ProcessHandle:
    """Start `argv` in a session of its own, with standard input empty.

    It gets no descriptors but the standard ones and `pass_descriptors`, under their numbers here. `env` is
    its whole environment, by default `environment()`. `errors` is the caller's descriptor for its standard
    error, in place of one captured here.

    Uses subprocess, whose vfork path takes as long in a large process as in a small one and which, unlike
    posix_spawn, closes stray descriptors and changes folder. Measured medians with 60 and 250 MB resident:
    0.2 to 1 ms, where fork and exec took 2 to 4 and 11 to 12 ms. Raises SpawnError.
    """
    out = err = (-1, -1)
    try:
        if not argv:
            raise ValueError("no program is named")
        if capture:
            out = os.pipe2(os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()
            if errors < 0:
                err = os.pipe2(os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=out[1] if capture else subprocess.DEVNULL,
            stderr=errors if errors >= 0 else err[1] if capture else subprocess.DEVNULL,
            close_fds=True,
            pass_fds=tuple(pass_descriptors),
            cwd=cwd,
            env=dict(environment() if env is None else env),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        _close(out[0], err[0])
        raise _spawn_error(argv, error) from error
    finally:
        _close(out[1], err[1])
    for fd in (out[0], err[0]):
        if fd >= 0:
            os.set_blocking(fd, False)
    pidfd, watch = _watch(process.pid)
    return ProcessHandle(process.pid, pidfd, out[0], err[0], process, watch)


def _close(*descriptors: int) -> None:
    for fd in descriptors:
        if fd >= 0:
            os.close(fd)


def _spawn_error(argv: Sequence[str], error: Exception) -> SpawnError:
    program = argv[0] if argv else "(no program)"
    reason = (isinstance(error, OSError) and error.strerror) or str(error)
    number = error.errno if isinstance(error, OSError) else None
    lasting = number in (errno.ENOENT, errno.EACCES, errno.ENOEXEC, errno.ENOTDIR) or number is None
    return SpawnError(
        f"{program} could not be started: {reason}. Nothing of it is running. "
        + ("Check its path and rights." if lasting else "Close some programs; it will be tried again."),
        code=Code.FAILED if lasting else Code.UNAVAILABLE,
        retryable=not lasting,
        details={"program": program, "errno": number},
    )


def _status_of(seen: os.waitid_result) -> ExitStatus:
    if seen.si_code == os.CLD_EXITED:
        return ExitStatus(seen.si_status, None)
    return ExitStatus(None, seen.si_status)


def _watch(pid: int) -> tuple[int, _ThreadWatch | None]:
    try:
        return os.pidfd_open(pid), None
    except (OSError, AttributeError):
        watch = _ThreadWatch(pid)
        return watch.fd, watch


class _ThreadWatch:
    """Sees the end of a process by a thread that waits for it, for systems without pidfd."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._status: ExitStatus | None = None
        self.fd, self._told = os.pipe()
        threading.Thread(target=self._wait, name=f"wait-{pid}", daemon=True).start()

    def status(self) -> ExitStatus | None:
        """How the process ended; None while it runs."""
        return self._status

    def _wait(self) -> None:
        try:
            _, status = os.waitpid(self._pid, 0)
            code = os.waitstatus_to_exitcode(status)
            self._status = ExitStatus(None, -code) if code < 0 else ExitStatus(code, None)
            # The id of a group that still has members is not given to a new process.
            _kill_group(self._pid, signal.SIGKILL)
        except ChildProcessError:
            self._status = ExitStatus(None, None)
        finally:
            os.close(self._told)


def _kill_group(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
        return False
    return True


def adopt_orphans() -> bool:
    """Make this process the parent of whatever its descendants leave behind; False where that is impossible.

    The last defence, for a guardian that was killed itself. `sweep_orphans` then finds and ends them.
    """
    try:
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    except OSError:
        return False
    return True


def sweep_orphans(known: Collection[int]) -> list[int]:
    """End every child of this process that is not in `known`, with all below it; return their ids.

    For the event loop's thread after a process has ended. `known` holds the ids of all handles not reaped.
    """
    ended: list[int] = []
    for pid in descendants.children(os.getpid()):
        if pid in known:
            continue
        descendants.kill_descendants(pid)
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitid(os.P_PID, pid, os.WEXITED)
        except (ProcessLookupError, ChildProcessError):
            continue
        ended.append(pid)
    return ended
