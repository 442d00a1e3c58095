"""Which system calls a worker is refused, as rules for `seccomp`.

The filter guards what Landlock cannot see: the creation of sockets and processes, looking into other
processes, changes to the machine, memory that no limit counts, and metadata changes (mode, owner, times,
attributes) that Landlock lets pass on any file the user owns. It refuses by a list of calls rather than
allowing by one: the numeric libraries use calls that differ by C library and processor, and calls newer than
the list are refused whole. Of prctl(2), whose options can undo what the cage set, it allows a list.

No grant lets a worker wait for connections: bind, listen and accept are refused to all of them. The C library
binds netlink sockets when it looks names up, and goes on without what it wanted to learn there. A process
that was handed a listening socket may take what comes there (`accepts`), and make no socket of its own.

Invariants: pure functions of the grants. Neighbours: `seccomp` assembles, `sandbox` applies.
"""

from __future__ import annotations

import errno

from garret.worker.seccomp import AnyBit, NoBits, NoneOf, Null, OneOf, Rule

_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_SOCK_TYPE_MASK = 0xF  # above it are SOCK_CLOEXEC and SOCK_NONBLOCK
_SOCK_STREAM, _SOCK_SEQPACKET = 1, 5

_CLONE_THREAD = 0x00010000
_CLONE_PARENT = 0x00008000
# New namespaces: mount, cgroup, UTS, IPC, user, PID, network (clone(2)).
_CLONE_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000

_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C  # typing into, and controlling, somebody's terminal
# chattr(1), in both widths, and its successor: attributes of any file that may be opened.
_FS_IOC_SETFLAGS, _FS_IOC32_SETFLAGS, _FS_IOC_FSSETXATTR = 0x40086602, 0x40046602, 0x401C5820
# Of prctl(2): names, timers and memory hints that the C library, Python and the numeric libraries set, and
# questions. What the cage set (death signal, dumpable, subreaper, capabilities) is not to be changed again.
_PRCTL_ALLOWED = {
    "PR_GET_PDEATHSIG": 2,
    "PR_GET_DUMPABLE": 3,
    "PR_SET_NAME": 15,
    "PR_GET_NAME": 16,
    "PR_GET_SECCOMP": 21,
    "PR_CAPBSET_READ": 23,
    "PR_SET_TIMERSLACK": 29,
    "PR_GET_TIMERSLACK": 30,
    "PR_SET_NO_NEW_PRIVS": 38,
    "PR_GET_NO_NEW_PRIVS": 39,
    "PR_GET_TID_ADDRESS": 40,
    "PR_SET_THP_DISABLE": 41,
    "PR_GET_THP_DISABLE": 42,
    "PR_SVE_SET_VL": 50,
    "PR_SVE_GET_VL": 51,
    "PR_GET_SPECULATION_CTRL": 52,
    "PR_SET_VMA": 0x53564D41,
}
# Room for a file beyond its end, which RLIMIT_FSIZE does not count; so does fallocate(2) with a mode.
_FS_IOC_RESVSP, _FS_IOC_RESVSP64, _FS_IOC_ZERO_RANGE = 0x40305828, 0x4030582A, 0x40305839
_IOCTL_REFUSED = (
    _TIOCSTI,
    _TIOCLINUX,
    _FS_IOC_SETFLAGS,
    _FS_IOC32_SETFLAGS,
    _FS_IOC_FSSETXATTR,
    _FS_IOC_RESVSP,
    _FS_IOC_RESVSP64,
    _FS_IOC_ZERO_RANGE,
)
_MAP_SHARED, _MAP_SHARED_VALIDATE, _MAP_TYPE, _MAP_ANONYMOUS = 0x1, 0x3, 0xF, 0x20
_PERSONALITY_QUERY = 0xFFFFFFFF

_NEVER = {
    "looking into other processes": (
        "ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp pidfd_getfd "
        "perf_event_open bpf userfaultfd migrate_pages move_pages ioprio_set"
    ),
    "namespaces and mounts": (
        "mount umount2 pivot_root chroot move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr "
        "statmount listmount unshare setns swapon swapoff quotactl quotactl_fd acct"
    ),
    "the kernel and the machine": (
        "kexec_load kexec_file_load init_module finit_module delete_module create_module get_kernel_syms "
        "query_module reboot syslog settimeofday clock_settime clock_adjtime adjtimex sethostname "
        "setdomainname iopl ioperm vhangup modify_ldt lookup_dcookie uselib _sysctl sysfs nfsservctl"
    ),
    # io_uring makes sockets and opens files behind the filter's back.
    "ways round the filter": "io_uring_setup io_uring_enter io_uring_register lsm_set_self_attr",
    "files by handle, nodes, other people's file events": (
        "open_by_handle_at name_to_handle_at fanotify_init fanotify_mark mknod mknodat "
        "inotify_init inotify_init1 inotify_add_watch"
    ),
    "keys": "keyctl add_key request_key",
    "identity": ("setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset"),
    # Memory that outlives the process and that no limit of it counts.
    "System V and POSIX queues": (
        "shmget shmat shmctl msgget msgsnd msgrcv msgctl semget semop semctl mq_open mq_unlink memfd_secret"
    ),
    "raising limits": "setrlimit",
    # Landlock lets metadata of every file pass that the user owns, granted or not.
    "metadata": (
        "chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat utime utimes futimesat utimensat "
        "setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr"
    ),
    "waiting for connections": "bind listen accept accept4",
}
# Loops call listen(2) once more on a socket that listens. Without socket(2) and bind(2) there is no other.
_ON_A_SOCKET_HANDED_OVER = frozenset({"listen", "accept", "accept4"})


def rules(*, execute: bool, network: bool, unix_sockets: bool, pid: int, accepts: bool = False) -> list[Rule]:
    """The rules for one worker, whose process id is `pid`.

    Raises ValueError where both ways are asked for.
    """
    if accepts and (network or unix_sockets):
        raise ValueError("what takes connections makes no sockets of its own")
    allowed = _ON_A_SOCKET_HANDED_OVER if accepts else frozenset[str]()
    refused = [Rule(call) for calls in _NEVER.values() for call in calls.split() if call not in allowed]
    return [
        *refused,
        *_always(pid),
        *_shared_memory(),
        *_sockets(network, unix_sockets),
        *_processes(execute, pid),
    ]


def _always(pid: int) -> list[Rule]:
    return [
        Rule("prlimit64", (OneOf(0, (0, pid)), Null(2))),  # reading its own limits; no new ones
        Rule("ioctl", (NoneOf(1, _IOCTL_REFUSED),)),
        Rule("fallocate", (OneOf(1, (0,)),)),
        Rule("prctl", (OneOf(0, tuple(_PRCTL_ALLOWED.values())),)),
        Rule("personality", (OneOf(0, (0, _PERSONALITY_QUERY)),)),
        Rule("setpriority", (OneOf(0, (0,)), OneOf(1, (0, pid)))),
        # The C library falls back to clone, whose flags a filter can see.
        Rule("clone3", error=errno.ENOSYS),
    ]


def _shared_memory() -> list[Rule]:
    """No memory that outlasts its mapping: neither what a process maps nor what it has resident shows it.

    The house lends memory files and counts them. Clients of PulseAudio then send sound through the socket.
    """
    shared = (_MAP_SHARED | _MAP_ANONYMOUS, _MAP_SHARED_VALIDATE | _MAP_ANONYMOUS)
    return [Rule("memfd_create"), Rule("mmap", (NoneOf(3, shared, _MAP_TYPE | _MAP_ANONYMOUS),))]


def _sockets(network: bool, unix_sockets: bool) -> list[Rule]:
    """Sockets of the families granted, to connect with; otherwise pairs alone.

    Pairs are streams or sequenced packets: an end of a datagram pair could be sent or connected anywhere.
    """
    pair = Rule(
        "socketpair",
        (OneOf(0, (_AF_UNIX,)), OneOf(1, (_SOCK_STREAM, _SOCK_SEQPACKET), _SOCK_TYPE_MASK)),
    )
    families = ((_AF_UNIX,) if unix_sockets else ()) + ((_AF_INET, _AF_INET6, _AF_NETLINK) if network else ())
    if not families:
        return [pair, Rule("socket"), Rule("connect")]
    # Netlink is how the C library learns which address families have a route. Raw Internet sockets need a
    # capability, and a worker has none.
    return [pair, Rule("socket", (OneOf(0, families),))]


def _processes(execute: bool, pid: int) -> list[Rule]:
    """Without exec: threads only, and signals to itself only."""
    if execute:
        # Whom it may signal is left to Landlock: the ids of its children are not known beforehand.
        return [
            Rule("clone", (NoBits(0, _CLONE_NAMESPACES | _CLONE_PARENT),)),
        ]
    refused = "fork vfork execve execveat setsid setpgid pidfd_open pidfd_send_signal"
    return [
        *(Rule(call) for call in refused.split()),
        Rule("clone", (AnyBit(0, _CLONE_THREAD), NoBits(0, _CLONE_NAMESPACES))),
        Rule("kill", (OneOf(0, (pid,)),)),
        Rule("tgkill", (OneOf(0, (pid,)),)),
        Rule("tkill"),
        Rule("rt_sigqueueinfo", (OneOf(0, (pid,)),)),
        Rule("rt_tgsigqueueinfo", (OneOf(0, (pid,)),)),
    ]
