"""Nothing a worker started outlives it or the control plane, however either ends."""

from __future__ import annotations

import importlib.util
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from garret.control.workers import process
from garret.worker import descendants

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="subreapers and pidfds are Linux parts")
FAMILY = Path(__file__).parent / "family.py"
PATIENCE = 20_000  # milliseconds; how soon they are gone is the benchmark's affair


def load_family() -> ModuleType:
    spec = importlib.util.spec_from_file_location("family", FAMILY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


family = load_family()


class Watched:
    """Holds processes by pidfd, so that their ends are seen and never mistaken for others'."""

    def __init__(self, pids: list[int]) -> None:
        self.fds = {os.pidfd_open(pid): pid for pid in pids}

    def wait_all(self) -> list[int]:
        """Wait for all to end; the process ids of those that did not."""
        waiting = select.poll()
        for fd in self.fds:
            waiting.register(fd, select.POLLIN)
        left = dict(self.fds)
        while left and (ready := waiting.poll(PATIENCE)):
            for fd, _ in ready:
                waiting.unregister(fd)
                del left[fd]
        for fd in self.fds:
            os.close(fd)
        return list(left.values())


class Worker:
    """A guarded worker of this process, its family, and its end."""

    def __init__(self, ending: str) -> None:
        self.handle, self.control = family.start_worker(ending)
        self.pids = family.read_pids(self.control, self.handle)
        self.watched = Watched(self.pids)

    def end(self) -> process.ExitStatus:
        assert self.watched.wait_all() == []
        status: process.ExitStatus | None = self.handle.reap()
        assert status is not None
        self.control.close()
        self.handle.close()
        return status


@pytest.fixture
def waiting_worker() -> Iterator[Worker]:
    worker = Worker("wait")
    yield worker
    if worker.handle.reap() is None:
        worker.handle.signal_group(signal.SIGKILL)
        worker.end()


def test_the_family_is_what_it_claims_to_be(waiting_worker: Worker) -> None:
    first, worker, child, escaped = waiting_worker.pids
    assert descendants.parent(worker) == first
    assert descendants.parent(child) == worker
    assert os.getpgid(child) == os.getpgid(worker) == worker
    assert os.getsid(escaped) not in (os.getsid(worker), os.getsid(first))
    assert descendants.parent(escaped) == first  # fell to the guardian when its parent ended
    assert descendants.descendants(first) != []


@pytest.mark.parametrize("kind", ["guarded", "plain"])
def test_all_are_gone_after_a_sigkill_of_the_control_plane(kind: str) -> None:
    plane = subprocess.Popen([sys.executable, str(FAMILY), "plane", kind], stdout=subprocess.PIPE, text=True)
    assert plane.stdout is not None
    pids = json.loads(plane.stdout.readline())
    assert len(pids) == (2 if kind == "plain" else 4)
    watched = Watched(sorted(set(pids)))
    plane.kill()
    plane.communicate()
    assert watched.wait_all() == []


def test_all_are_gone_when_the_control_descriptor_closes() -> None:
    worker = Worker("wait")
    worker.control.shutdown(socket.SHUT_RDWR)
    assert worker.end() == process.ExitStatus(None, signal.SIGKILL)


def test_all_are_gone_when_the_worker_exits_and_its_code_is_told() -> None:
    worker = Worker("exit")
    worker.control.sendall(b"x")
    assert worker.end() == process.ExitStatus(7, None)


def test_all_are_gone_when_the_worker_crashes_and_its_signal_is_told() -> None:
    worker = Worker("crash")
    worker.control.sendall(b"x")
    assert worker.end() == process.ExitStatus(None, signal.SIGABRT)


def test_a_sigkill_of_the_worker_alone_takes_its_family_along(waiting_worker: Worker) -> None:
    os.kill(waiting_worker.pids[1], signal.SIGKILL)
    assert waiting_worker.end().signal == signal.SIGKILL


def test_a_sigkill_of_the_group_reaches_those_that_left_it(waiting_worker: Worker) -> None:
    assert waiting_worker.handle.signal_group(signal.SIGKILL)
    assert waiting_worker.end().signal == signal.SIGKILL


def test_sigterm_is_passed_on_to_the_worker(waiting_worker: Worker) -> None:
    assert waiting_worker.handle.signal_group(signal.SIGTERM)
    assert waiting_worker.end().signal == signal.SIGTERM


def test_what_a_killed_guardian_leaves_falls_to_the_control_plane_and_is_swept() -> None:
    source = f"""
import importlib.util, json, os, select, signal
spec = importlib.util.spec_from_file_location("family", {str(FAMILY)!r})
family = importlib.util.module_from_spec(spec); spec.loader.exec_module(family)
from garret.control.workers import process
assert process.adopt_orphans()
handle, control = family.start_worker("wait")
pids = family.read_pids(control, handle)
fds = [os.pidfd_open(pid) for pid in pids]
other = process.spawn(["/bin/sleep", "600"])
os.kill(handle.pid, signal.SIGKILL)
for fd in fds[:2]:
    select.select([fd], [], [])
handle.reap()
swept = process.sweep_orphans({{other.pid}})
gone = [bool(select.select([fd], [], [], 20)[0]) for fd in fds]
running = other.reap() is None
other.signal_group(signal.SIGKILL)
print(json.dumps([pids[3] in swept, gone, running]))
"""
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [True, [True] * 4, True]


def run_guarded(*program: str) -> process.ExitStatus:
    handle = process.spawn(process.guarded(program), env=process.environment())
    select.select([handle.pidfd], [], [])
    status = handle.reap()
    handle.close()
    assert status is not None
    return status


def test_an_outside_program_ends_under_a_guardian_as_it_would_alone() -> None:
    assert run_guarded("/bin/sh", "-c", "exit 3") == process.ExitStatus(3, None)
    assert run_guarded("/bin/sh", "-c", "kill -SEGV $$") == process.ExitStatus(None, signal.SIGSEGV)
    assert run_guarded("/nowhere/program") == process.ExitStatus(127, None)
    assert run_guarded("/") == process.ExitStatus(126, None)


def test_what_an_outside_program_put_into_the_background_ends_with_it() -> None:
    source = "setsid sleep 600 >/dev/null 2>&1 & echo $!; read line"
    reading, writing = os.pipe()
    handle = process.spawn(
        process.guarded(["/bin/sh", "-c", f"exec </proc/self/fd/{reading}; {source}"]),
        pass_descriptors=(reading,),
    )
    select.select([handle.stdout_fd], [], [])
    watched = Watched([int(os.read(handle.stdout_fd, 20))])
    os.close(writing)
    os.close(reading)
    assert watched.wait_all() == []
    select.select([handle.pidfd], [], [])
    assert handle.reap() is not None
    handle.close()
