"""The guardian: parent and undertaker of a process that may start others.

A process that may run programs can die before it ends its children, and its children can leave its group
and session. So it does not run as the process that the control plane started: that one forks at once,
stays outside the cage as the guardian, and the child becomes the worker. The guardian is subreaper: what
the worker leaves behind falls to it. It ends everything below it by SIGKILL when

    the worker ends,                       seen by SIGCHLD;
    the control plane ends,                seen by end of file on the control descriptor, and by
                                           PR_SET_PDEATHSIG, which sends it SIGHUP;
and the worker is killed by the kernel (PR_SET_PDEATHSIG) should the guardian itself be killed.

SIGTERM is passed on to the worker's process group. The guardian then ends the way the worker did, same
exit code or same signal, so that whoever watches it sees the worker's end.

Invariants: forks only while there is one thread; holds no descriptor but the standard ones and the
control descriptor, from which it never reads. As a program, `python -m garret.worker.guardian PROGRAM
ARGUMENT...` runs any program this way. Neighbours: `sandbox.enforce` calls it, `descendants` finds the tree.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import sys
from types import FrameType

from garret.worker import descendants, kernel, privileges

_HANG_UP = getattr(select, "POLLRDHUP", 0x2000) | select.POLLHUP | select.POLLERR
_NOT_FOUND, _NOT_RUNNABLE = 127, 126  # the shell's exit codes for a program that cannot be started
_SWEEP_PAUSE = 5  # milliseconds between looks at children that are ending
_STARTED_UNDER = (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


def stand_guard(control_descriptor: int | None) -> None:
    """Fork. Returns in the child, the worker; the parent guards it and never returns.

    The worker has a process group of its own. Raises OSError when there can be no second process or
    the kernel has no subreapers; the caller is then unguarded, in its first process.
    """
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    guardian = os.getpid()
    # A signal between the fork and the handlers would find the default action and end the guardian.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STARTED_UNDER)
    try:
        worker = os.fork()
    except OSError:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STARTED_UNDER)
        raise
    if worker == 0:
        os.setpgid(0, 0)
        privileges.die_with_parent(signal.SIGKILL)
        if os.getppid() != guardian:
            os.kill(os.getpid(), signal.SIGKILL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STARTED_UNDER)
        return
    _run(worker, control_descriptor)


def hung_up(descriptor: int) -> bool:
    """Whether the far end of the socket `descriptor` is closed. Reads nothing, does not wait."""
    waiting = select.poll()
    waiting.register(descriptor, _HANG_UP)
    return bool(waiting.poll(0))


def _run(worker: int, control_descriptor: int | None) -> None:
    status = 1 << 8
    try:
        status = _Guard(worker, control_descriptor).watch()
    finally:  # whatever happens here, nothing of the caller's program may run on in this process
        descendants.kill_descendants(os.getpid())
        _end_like(status)


class _Guard:
    """Waits, without polling, for an end; then ends the rest."""

    def __init__(self, worker: int, control_descriptor: int | None) -> None:
        self._worker = worker
        self._status: int | None = None
        _close_all_but({0, 1, 2} | ({control_descriptor} if control_descriptor is not None else set()))
        reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._signals = reading
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in _STARTED_UNDER:
            signal.signal(number, _noted)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._poll = select.poll()
        self._poll.register(reading, select.POLLIN)
        self._control = control_descriptor
        if control_descriptor is not None:
            self._poll.register(control_descriptor, _HANG_UP)
        self._parent = os.getppid()
        privileges.die_with_parent(signal.SIGHUP)
        privileges.no_new_privileges()
        privileges.not_dumpable()
        # The child does it too, whoever comes first; it fails once the child runs another program.
        with contextlib.suppress(OSError):
            os.setpgid(worker, worker)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STARTED_UNDER)

    def watch(self) -> int:
        """Return the worker's wait status once it and everything it started have ended."""
        # The parent may have died before PR_SET_PDEATHSIG took hold: then there is a new one.
        ending = os.getppid() != self._parent
        while not ending:
            ready = self._poll.poll()
            ending = any(fd == self._control for fd, _ in ready) or self._heard()
            self._reap()
            ending = ending or self._status is not None
        if self._status is None:
            # Before the tree is looked at, which on a busy machine takes some turns of the processor.
            with contextlib.suppress(OSError):
                os.killpg(self._worker, signal.SIGKILL)
        while not self._swept():
            self._poll_signals(_SWEEP_PAUSE)
        return signal.SIGKILL if self._status is None else self._status

    def _heard(self) -> bool:
        """Pass SIGTERM on; True if a signal came that asks for the end."""
        try:
            numbers = os.read(self._signals, 4096)
        except BlockingIOError:
            return False
        if signal.SIGTERM in numbers and self._status is None:
            with contextlib.suppress(OSError):  # it is ending already
                os.killpg(self._worker, signal.SIGTERM)
        return signal.SIGHUP in numbers

    def _reap(self) -> bool:
        """Collect what has ended; True while there are children."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._worker:
                self._status = status

    def _swept(self) -> bool:
        descendants.kill_descendants(os.getpid())
        return not self._reap()

    def _poll_signals(self, milliseconds: int) -> None:
        waiting = select.poll()
        waiting.register(self._signals, select.POLLIN)
        if waiting.poll(milliseconds):
            os.read(self._signals, 4096)


def _noted(_number: int, _frame: FrameType | None) -> None:
    """The number is in the wakeup pipe; without a Python handler there would be none."""


def _close_all_but(kept: set[int]) -> None:
    try:
        held = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        held = list(range(3, 1024))
    for fd in held:
        if fd not in kept:
            try:
                os.close(fd)
            except OSError as error:
                if error.errno != errno.EBADF:  # the descriptor that listed the folder is gone by now
                    raise


def _end_like(status: int) -> None:
    """End this process with the same exit code or signal. Never returns."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (number,))
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)


def main(arguments: list[str]) -> int:
    """Run the program named in `arguments` under a guardian; returns only if it cannot be started."""
    if not arguments:
        return 2
    stand_guard(None)
    # Python ignores these two; a program expects them as the system delivers them.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(arguments[0], arguments)
    except FileNotFoundError:
        sys.stderr.write(f"{arguments[0]}: there is no such program\n")
        return _NOT_FOUND
    except OSError as error:
        sys.stderr.write(f"{arguments[0]}: {error.strerror}\n")
        return _NOT_RUNNABLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
