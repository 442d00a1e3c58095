"""The guard says the same over both builds of sqlglot: the compiled one, and the one of every machine."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from sqlglot.tokens import SQLGLOTC_INSTALLED

from tests.features.data.guard.interpreted import asked, said


@pytest.mark.skipif(not SQLGLOTC_INSTALLED, reason="sqlglot has no compiled build on this machine")
def test_the_interpreted_build_writes_and_refuses_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.features.data.guard.interpreted"],
        capture_output=True,
        text=True,
        check=True,
    )
    *lines, compiled = [json.loads(line) for line in done.stdout.splitlines()]
    assert compiled is False
    here = [(query, said(query, source)) for query, source in asked()]
    assert len(here) == len(lines) > 900
    assert [query for (query, mine), other in zip(here, lines, strict=True) if mine != other] == []
