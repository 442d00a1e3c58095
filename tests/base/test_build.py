"""The build hash: the same for the same sources, another for others."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import garret
from garret.base.build import build_hash

PACKAGE = Path(garret.__file__).parent


def _hash_of(copy: Path) -> str:
    command = [sys.executable, "-c", "from garret.base.build import build_hash; print(build_hash())"]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(copy)}, capture_output=True, text=True, check=True, cwd=copy
    )
    return done.stdout.strip()


@pytest.mark.parametrize("contract", ["speak/contracts.py", "dictate/contracts/dictation.py"])
def test_a_change_of_a_contract_changes_the_hash_and_one_elsewhere_does_not(
    tmp_path: Path, contract: str
) -> None:
    shutil.copytree(PACKAGE, tmp_path / "garret", ignore=shutil.ignore_patterns("__pycache__", "demo"))
    assert _hash_of(tmp_path) == build_hash()
    (tmp_path / "garret" / "storage" / "extra.py").write_text("x = 1\n")
    assert _hash_of(tmp_path) == build_hash()
    with (tmp_path / "garret" / "features" / contract).open("a") as file:
        file.write("# changed\n")
    assert _hash_of(tmp_path) != build_hash()
