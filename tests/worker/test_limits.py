"""Resource limits, set in processes made for it."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from garret.worker import limits


def program(source: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_memory_limit_stops_private_memory_and_spares_mapped_files() -> None:
    source = """
import json, mmap, os
from garret.worker import limits
limits.limit_memory(128 * limits.MIB)
fd = os.memfd_create("model"); os.truncate(fd, 512 * limits.MIB)
mapped = len(mmap.mmap(fd, 0, prot=mmap.PROT_READ)) // limits.MIB
try:
    bytearray(256 * limits.MIB)
    outcome = "allocated"
except MemoryError:
    outcome = "refused"
print(json.dumps([mapped, outcome, len(bytearray(32 * limits.MIB)) // limits.MIB]))
"""
    assert program(source) == [512, "refused", 32]


def test_limits_are_hard_and_never_raised() -> None:
    source = """
import json, resource
from garret.worker import limits
limits.limit_files(100, 1 << 20)
limits.limit_files(200, 1 << 21)
print(json.dumps([resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_FSIZE)]))
"""
    assert program(source) == [[100, 100], [1 << 20, 1 << 20]]


def test_processor_time_ends_a_process_that_computes_for_ever() -> None:
    source = "from garret.worker import limits\nlimits.limit_processor(1)\nwhile True: pass"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, timeout=60, check=False)
    assert done.returncode == -24  # SIGXCPU


def test_an_unknown_limit_is_an_error() -> None:
    with pytest.raises(OSError, match="RLIMIT_NONSENSE"):
        limits.set_limit("NONSENSE", 1)


@pytest.mark.skipif(sys.platform != "linux", reason="tasks are counted in /proc")
def test_tasks_of_the_user_are_counted_with_their_threads() -> None:
    own = psutil.Process().num_threads()
    counted = limits.tasks_of_user()
    assert counted >= own
    children = [subprocess.Popen(["/bin/sleep", "600"]) for _ in range(3)]
    try:
        mine = {process.pid for process in psutil.process_iter() if os.getuid() in process.uids()[:1]}
        assert {child.pid for child in children} <= mine
        assert limits.tasks_of_user() >= own + 3
    finally:
        for child in children:
            child.kill()
            child.wait()


def test_root_without_a_user_id_of_its_own_is_told_that_processes_are_not_limited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unmapped(*_: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr("os.getuid", lambda: 0)
    monkeypatch.setattr("os.setresuid", unmapped)
    with pytest.raises(OSError, match="Invalid argument"):
        limits.limit_processes(5)
