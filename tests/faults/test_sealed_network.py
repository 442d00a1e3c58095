"""A network namespace with a packet capture: none leaves while the way out is closed, some do after."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from garret.base.paths import Home
from garret.control.egress.trial import trial

ROOT = Path(__file__).resolve().parents[2]


def missing() -> str:
    """Why this cannot be tried here; empty where it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "PACKET CAPTURE NOT TESTED: only root makes network namespaces and hears packets"
    if not shutil.which("unshare") or not shutil.which("ip"):
        return "PACKET CAPTURE NOT TESTED: unshare or ip is not installed"
    if subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode:
        return "PACKET CAPTURE NOT TESTED: network namespaces are not allowed here"
    return "" if trial().reaches else "PACKET CAPTURE NOT TESTED: the kernel does not ask about connections"


def test_no_packet_leaves_while_the_way_out_is_closed(home: Home) -> None:
    reason = missing()
    if reason:
        pytest.skip(reason)
    done = subprocess.run(
        ["unshare", "-n", sys.executable, "-m", "tests.faults.sealed_network", str(home.root)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["here"] == "world", "connections within the machine go on"
    assert found["refused"] == "PermissionError"
    assert found["closed"] == 0
    assert found["opened"] > 0, "it was the closing that kept it in"
    assert found["given_up"] == "PermissionError", "closing ends what is being connected"
