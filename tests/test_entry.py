"""Ctrl-C while the command line is being loaded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

# Loading is stopped at its first import, for as long as somebody may press Ctrl-C.
_SLOW = """
import sys

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "garret.cli":
            print("loading", flush=True)
            sys.stdin.readline()

import garret.entry
sys.meta_path.insert(0, Slow())
sys.argv = ["garret", "--version"]
sys.exit(garret.entry.main())
"""


def _start(*prefix: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [*prefix, sys.executable, "-c", _SLOW], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "loading\n"
    return process


def test_ctrl_c_while_loading_ends_the_program_without_a_trace() -> None:
    process = _start()
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out, err) == (-signal.SIGINT, "", "")


def test_what_ignores_ctrl_c_goes_on_ignoring_it() -> None:
    process = _start("env", "--ignore-signal=INT")
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate("\n")
    assert process.returncode == 0, err
    assert out.startswith("garret ")
