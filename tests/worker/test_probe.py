"""The probe tells the truth about this kernel and leaves the caller as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from garret.base.errors import Code
from garret.worker import landlock, probe
from garret.worker.sandbox import SandboxError


def test_every_mechanism_is_reported_once_in_plain_words() -> None:
    report = probe.probe()
    names = [mechanism.name for mechanism in report.mechanisms]
    assert len(names) == len(set(names))
    assert {"files", "tcp", "signals", "system-calls", "memory-limit", "guardian", "capabilities"} <= set(
        names
    )
    assert report.landlock == landlock.abi()
    for mechanism in report.mechanisms:
        assert mechanism.purpose
        assert mechanism.available is (mechanism.detail == "")


@pytest.mark.skipif(os.getuid() != 0, reason="only root has a limit of its own to try")
def test_root_without_a_limit_of_its_own_is_told_so() -> None:
    source = """
import sys, msgspec
from garret.worker import limits, probe
limits.set_limit = lambda *_: None
sys.stdout.buffer.write(msgspec.json.encode(probe._process_limit()))
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, timeout=60, check=True)
    found = msgspec.json.decode(done.stdout, type=probe.Mechanism)
    assert "another process could be started" in found.detail


def test_the_caller_is_left_uncaged() -> None:
    before = Path("/proc/self/status").read_text()
    probe.probe()
    after = Path("/proc/self/status").read_text()
    fields = ("NoNewPrivs", "Seccomp:", "CapEff")
    kept = [[line for line in text.splitlines() if line.startswith(fields)] for text in (before, after)]
    assert kept[0] == kept[1]


def test_a_mechanism_that_lets_things_through_does_not_count(tmp_path: Path) -> None:
    source = """
import sys, msgspec
from garret.worker import probe, seccomp
seccomp.install = lambda program: None
sys.stdout.buffer.write(msgspec.json.encode(probe.examine()))
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, timeout=60, check=True)
    report = msgspec.json.decode(done.stdout, type=probe.KernelReport)
    found = {one.name: one for one in report.mechanisms}
    for name in ("system-calls", "metadata", "listening", "undoing"):
        assert not found[name].available
        assert "possible all the same" in found[name].detail


def test_a_probe_that_cannot_run_is_a_typed_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(SandboxError) as caught:
        probe.probe()
    assert caught.value.code is Code.UNAVAILABLE


def test_a_limit_of_processes_that_is_said_to_hold_holds_for_an_administrator_too() -> None:
    """Tried without the capabilities that a caged worker has not: with them no such limit binds."""
    found = probe._process_limit()
    assert found.available is (found.detail == "")
    if os.getuid() == 0:
        assert found.available, found.detail
    assert os.getresuid()[1] == os.geteuid(), "what it takes was given up in a child"
