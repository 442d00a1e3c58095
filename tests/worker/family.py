"""A control plane, and a worker whose children try to get away; for the tests and the benchmark of orphans.

    python family.py plane guarded|plain  starts a worker, prints one JSON line of process ids, and waits
    python family.py worker ENDING FD     is that worker; ENDING: wait, exit, crash or close (of the socket)

The worker's descendants: a child in its group, and a grandchild that left group and session, whose parent
has ended, that ignores SIGTERM and SIGHUP and became another program.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys

from garret.control.workers import process
from garret.protocol.manifest import Grants
from garret.worker import sandbox

SLEEP = "/bin/sleep"


def start_worker(ending: str) -> tuple[process.ProcessHandle, socket.socket]:
    """Start this file as a worker; return its handle and the control plane's end of its socket."""
    ours, theirs = socket.socketpair()
    argv = [sys.executable, "-I", __file__, "worker", ending, str(theirs.fileno())]
    handle = process.spawn(argv, pass_descriptors=(theirs.fileno(),))
    theirs.close()
    return handle, ours


def read_pids(control: socket.socket, handle: process.ProcessHandle) -> list[int]:
    """All process ids of the worker's family, its first process included, once they run."""
    return [handle.pid, *json.loads(control.makefile().readline())]


def _start_children(control: socket.socket) -> list[int]:
    child = os.fork()
    if child == 0:
        os.execv(SLEEP, [SLEEP, "600"])
    reading, writing = os.pipe()
    between = os.fork()
    if between == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        if os.fork() == 0:
            os.write(writing, str(os.getpid()).encode())
            control.close()
            os.execv(SLEEP, [SLEEP, "600"])
        os._exit(0)
    os.waitpid(between, 0)
    return [child, int(os.read(reading, 20))]


def worker(ending: str, descriptor: int) -> None:
    control = socket.socket(fileno=descriptor)
    plain = ending == "plain"
    sandbox.enforce(Grants(execute=() if plain else (SLEEP,)), control_descriptor=descriptor)
    pids = [] if plain else _start_children(control)
    control.sendall(json.dumps([os.getpid(), *pids]).encode() + b"\n")
    control.recv(1)  # until told to go on, or until the control plane has gone
    if ending == "exit":
        os._exit(7)
    if ending == "crash":
        os.abort()
    while True:  # deaf to the end of its descriptor: the other defences have to do
        signal.pause()


def plane(kind: str) -> None:
    handle, control = start_worker("plain" if kind == "plain" else "wait")
    print(json.dumps(read_pids(control, handle)), flush=True)
    signal.pause()


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        worker(sys.argv[2], int(sys.argv[3]))
    else:
        plane(sys.argv[2])
