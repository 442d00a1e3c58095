"""The cage: what a worker may touch, applied to its own process before any feature code is loaded.

`enforce` takes a manifest's `Grants` and gives up everything else, for good and for all it may start:
privileges and capabilities, resource limits, files and TCP and signals (`landlock`), sockets, processes and
dangerous calls (`seccomp`). Default deny: grants add to what Python itself needs to run, nothing is readable
or writable otherwise. Two grants mean more than their path:

    a program in `execute`     child processes, and a guardian process;
    `local_sockets`, or the
    path of a Unix socket      Unix sockets to any local service that takes the user's connections (a sound
                               server, say), since the kernel cannot hold them to that path.

Invariants: must run in a process with one thread, since Landlock binds the calling thread; nothing is ever
loosened. A part that the kernel lacks does not stop the worker: the report names it, and the log and the
doctor repeat it. Not covered by any part: seeing that a path exists and its size and times (stat).

Neighbours: the bootstrap calls `enforce`, which has `guardian` fork where programs may be run;
`probe` tells the doctor what this kernel can do. Imports stay light: ctypes and msgspec.
"""

from __future__ import annotations

import errno
import os
import signal
import stat
import sys
from collections.abc import Callable, Iterable

import msgspec

from garret.base.errors import Code
from garret.protocol.manifest import Grants
from garret.worker import connect_filter, elf, guardian, landlock, limits, privileges, seccomp, seccomp_policy
from garret.worker.errors import WorkerError

__all__ = ["Grants", "Missing", "SandboxError", "SandboxReport", "baseline", "enforce"]


class SandboxError(WorkerError):
    """The cage could not be built as asked; the worker must not go on."""


class Missing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mechanism that is not enforced, and the reason in plain words."""

    what: str
    why: str


class SandboxReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What now holds for this process. `absent` are granted paths that do not exist, and so stay refused.

    `listener` is the descriptor at which the kernel asks about connections, for the egress process; -1 where
    there is no way out.
    """

    enforced: tuple[str, ...]
    missing: tuple[Missing, ...]
    absent: tuple[str, ...]
    listener: int = -1


class _Ledger:
    """Collects what was enforced and what was not."""

    def __init__(self) -> None:
        self.enforced: list[str] = []
        self.missing: list[Missing] = []
        self.absent: list[str] = []
        self.listener = -1

    def attempt(self, what: str, action: Callable[[], object]) -> bool:
        """Run `action`; an OSError becomes a `Missing`."""
        try:
            action()
        except OSError as error:
            self.missing.append(Missing(what, error.strerror or str(error)))
            return False
        self.enforced.append(what)
        return True


def enforce(
    grants: Grants, *, control_descriptor: int | None = None, reached_by: int = 0, accepts: bool = False
) -> SandboxReport:
    """Cage this process for good. Returns what is enforced and what this kernel cannot enforce.

    With programs granted, the process forks first: the caller goes on in the child, its first process is the
    guardian. `control_descriptor` is the socket whose far end the control plane holds; if that is closed by
    now, this process ends itself with SIGKILL, which closes the race between start and PR_SET_PDEATHSIG.
    `reached_by` is the egress process where that has no right to look into what is not dumpable: a worker
    with a way out then stays dumpable for it. `accepts` is for what serves a listening socket that it was
    handed: it takes connections there and makes no socket. Raises SandboxError for a relative path, a
    negative limit, or a second thread.
    """
    _check(grants)
    ledger = _Ledger()
    if grants.execute:
        ledger.attempt("guardian", lambda: guardian.stand_guard(control_descriptor))
    ledger.attempt("no-new-privileges", privileges.no_new_privileges)
    ledger.attempt("dies-with-parent", lambda: privileges.die_with_parent(signal.SIGKILL))
    if control_descriptor is not None and guardian.hung_up(control_descriptor):
        os.kill(os.getpid(), signal.SIGKILL)
    # Before the process stops being dumpable: its /proc files then belong to root.
    ledger.attempt("first-out-of-memory", privileges.first_out_of_memory)
    _limit(grants, ledger)
    ledger.attempt("capabilities", privileges.drop_capabilities)
    version = _restrict_paths(grants, ledger)
    grants = _open_way_out(grants, ledger)
    if grants.network and reached_by:
        privileges.reached_by(reached_by)
        ledger.missing.append(Missing("not-dumpable", "the egress process has to reach its sockets"))
    else:
        ledger.attempt("not-dumpable", privileges.not_dumpable)
    _filter_calls(grants, ledger, version, accepts=accepts)
    return SandboxReport(tuple(ledger.enforced), tuple(ledger.missing), tuple(ledger.absent), ledger.listener)


def _open_way_out(grants: Grants, ledger: _Ledger) -> Grants:
    """Have connections asked for; where the kernel does not ask, there is no network at all."""

    def install() -> None:
        ledger.listener = connect_filter.install(unix=_unix_sockets(grants))

    if not grants.network or ledger.attempt("connections", install):
        return grants
    return msgspec.structs.replace(grants, network=False)


def _check(grants: Grants) -> None:
    for path in (*grants.read, *grants.write, *grants.execute, *grants.devices):
        if not os.path.isabs(path):
            raise SandboxError(
                f"The grant {path!r} is not an absolute path. The worker was not started; mend its manifest.",
                code=Code.USAGE,
            )
    if min(grants.memory_bytes, grants.open_files, grants.processes, grants.file_bytes) < 0:
        raise SandboxError("A worker's limits cannot be negative. Mend its manifest.", code=Code.USAGE)
    if privileges.thread_count() > 1:
        raise SandboxError(
            "The worker already runs threads, which would stay outside its cage. It was stopped; "
            "nothing may start a thread before the cage is closed.",
            code=Code.FAILED,
        )


def _limit(grants: Grants, ledger: _Ledger) -> None:
    if grants.memory == "resident":
        ledger.missing.append(Missing("memory-limit", "what it holds is looked at once a second instead"))
        ledger.attempt("no-core-dumps", limits.no_core_dumps)
    else:
        ledger.attempt("memory-limit", lambda: limits.limit_memory(grants.memory_bytes))
    ledger.attempt("file-limits", lambda: limits.limit_files(grants.open_files, grants.file_bytes))
    if grants.cpu_seconds is not None:
        seconds = grants.cpu_seconds
        ledger.attempt("processor-limit", lambda: limits.limit_processor(seconds))
    if grants.execute:
        # Without exec the system call filter allows no process at all, and threads end at the memory limit.
        ledger.attempt("process-limit", lambda: limits.limit_processes(grants.processes))


_FILTERED = ("system-calls", "metadata", "listening", "undoing")
_LANDLOCK_PARTS = (
    ("file-moves", 2),
    ("file-truncation", 3),
    ("tcp", 4),
    ("device-ioctl", 5),
    ("abstract-sockets", 6),
    ("signals", 6),
)


def _restrict_paths(grants: Grants, ledger: _Ledger) -> int:
    """Apply Landlock and note each of its parts. Returns its version, 0 if it is not in force."""
    try:
        # A way out changes nothing here: the egress process connects, and is not held by this.
        ruleset = landlock.Ruleset(tcp=False)
    except OSError as error:
        for what in ("files", "tcp", "abstract-sockets", "signals"):
            ledger.missing.append(Missing(what, error.strerror or str(error)))
        return 0
    for path, access in baseline(grants):
        ruleset.allow(path, access)
    for path, access in _granted(grants):
        if not ruleset.allow(path, access):
            ledger.absent.append(path)
    if not ledger.attempt("files", ruleset.restrict):
        return 0
    for what, needed in _LANDLOCK_PARTS:
        if ruleset.version >= needed:
            ledger.enforced.append(what)
        else:
            ledger.missing.append(
                Missing(what, f"needs Landlock version {needed}; this kernel has {ruleset.version}")
            )
    return ruleset.version


def _granted(grants: Grants) -> Iterable[tuple[str, landlock.Access]]:
    yield from ((path, landlock.READ) for path in grants.read)
    yield from ((path, landlock.WRITE) for path in grants.write)
    yield from ((path, landlock.EXECUTE) for path in grants.execute)
    yield from ((path, landlock.DEVICE) for path in grants.devices)


def baseline(grants: Grants) -> list[tuple[str, landlock.Access]]:
    """What every worker may read, so that Python, its extension modules and the C library work.

    Each entry is there because a library that workers load fails or slows down without it.
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    folders = [package, os.path.dirname(os.__file__), *_site_folders()]
    # Shared libraries, the C library's locales and conversions among them.
    folders += [
        "/lib",
        "/lib64",
        "/usr/lib",
        "/usr/lib64",
        "/usr/local/lib",
        os.path.join(sys.base_prefix, "lib"),
    ]
    files = ["/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo", "/dev/urandom", "/dev/zero"]
    # How many processors and how much memory there are: onnxruntime, OpenBLAS and OpenMP ask.
    files += ["/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu"]
    if grants.network:
        files += _NETWORK_FILES
    paths = [(path, landlock.READ) for path in (*folders, *files)]
    paths.append(("/dev/null", landlock.READ | landlock.Access.WRITE_FILE))
    # The kernel opens a program's dynamic loader as a program of its own.
    loaders = {loader for program in grants.execute if (loader := elf.interpreter(program))}
    return paths + [(loader, landlock.EXECUTE) for loader in sorted(loaders)]


_NETWORK_FILES = (
    # How names are looked up (the answers come from the egress process), and whom TLS trusts.
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
    "/usr/share/ca-certificates",
)


def _site_folders() -> list[str]:
    """Folders of installed packages; never the working folder or the folder of a script."""
    names = {"site-packages", "dist-packages"}
    return [path for path in sys.path if os.path.basename(path) in names]


def _filter_calls(grants: Grants, ledger: _Ledger, version: int, *, accepts: bool) -> None:
    machine = os.uname().machine
    if sys.platform != "linux" or machine not in seccomp.AUDIT_ARCHITECTURES:
        ledger.missing += [Missing(what, f"no filter for {sys.platform} on {machine}") for what in _FILTERED]
        return
    execute = bool(grants.execute)
    unix = _unix_sockets(grants)
    rules = seccomp_policy.rules(
        execute=execute, network=grants.network, unix_sockets=unix, pid=os.getpid(), accepts=accepts
    )
    try:
        seccomp.install(seccomp.assemble(rules, machine))
    except OSError as error:
        why = (
            "this kernel has no seccomp filters"
            if error.errno in (errno.EINVAL, errno.ENOSYS)
            else str(error)
        )
        ledger.missing += [Missing(what, why) for what in _FILTERED]
        return
    ledger.enforced += _FILTERED
    if unix:
        ledger.missing.append(Missing("unix-sockets", "the kernel cannot hold them to the path granted"))
    if not execute and version < 6:
        # The filter holds a process without children to signals to itself.
        ledger.missing = [entry for entry in ledger.missing if entry.what != "signals"]
        ledger.enforced.append("signals")


def _unix_sockets(grants: Grants) -> bool:
    granted = (*grants.read, *grants.write, *grants.devices)
    return grants.local_sockets or any(_is_socket(path) for path in granted)


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False
