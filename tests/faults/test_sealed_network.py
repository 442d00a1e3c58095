"""A network namespace with a packet capture: none leaves while the way out is closed, some do after."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

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


def in_a_namespace(*arguments: str, seconds: float) -> dict[str, Any]:
    """What the program in a network namespace of its own found; skips where there can be none."""
    reason = missing()
    if reason:
        pytest.skip(reason)
    done = subprocess.run(
        ["unshare", "-n", sys.executable, "-m", "tests.faults.sealed_network", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_house_that_dictates_sends_no_packet() -> None:
    found = in_a_namespace("tests", "tests/e2e/test_files.py", "-k", "stage_is_timed", seconds=240)
    assert found == {"status": 0, "packets": 0}


@pytest.mark.soak
def test_all_tests_together_send_no_packet() -> None:
    own = "--ignore=tests/faults/test_sealed_network.py"
    assert in_a_namespace("tests", own, "tests", seconds=7_200)["packets"] == 0


def test_no_packet_leaves_while_the_way_out_is_closed(home: Home) -> None:
    found = in_a_namespace(str(home.root), seconds=240)
    assert found["here"] == "world", "connections within the machine go on"
    assert found["refused"] == "PermissionError"
    assert found["closed"] == 0
    assert found["opened"] > 0, "it was the closing that kept it in"
    assert found["guest"] == "PermissionError", "a profile in force that lets nothing leave closes it too"
    assert found["given_up"] == "PermissionError", "closing ends what is being connected"
