"""What a run needs for the first time is there after a rehearsal, and was not before."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import pytest

from garret.features.data.contracts import Dialect
from garret.features.data.workers.rehearsal import rehearse

PROGRAM = """
import sys
from garret.features.data.workers.rehearsal import rehearse
wanted = {"sqlglot", "nanoarrow.ipc", "arro3.core"}
assert not wanted & set(sys.modules), wanted & set(sys.modules)
rehearse("duckdb")
assert wanted <= set(sys.modules), wanted - set(sys.modules)
from garret.features.data.workers import query
"""


def test_what_a_run_loads_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("dialect", get_args(Dialect))
def test_every_language_is_rehearsed_without_a_word(
    dialect: Dialect, caplog: pytest.LogCaptureFixture
) -> None:
    rehearse(dialect)
    assert caplog.records == []
