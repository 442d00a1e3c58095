"""The import contracts of pyproject.toml hold, and each of them is alive.

Every contract gets violations planted into a copy of the package, one at a time, and exactly that
contract must break. Two made-up rooms join the copy, so that the contracts about rooms are tested
whatever rooms there are.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOM = "features/planted"
VERDICT = re.compile(r"^(?P<name>\S.*?) (?P<verdict>KEPT|BROKEN)(?: \(.*\))?$", re.MULTILINE)

NAMES = {
    "layers": "Imports point downward only",
    "control": "The parts of the control plane form no circle",
    "rooms": "Rooms meet by their contracts alone",
    "room-workers": "A room's isolated code imports no control, storage or service",
    "room-doors": "Importing a room's package loads no control, storage or service",
    "clients": "Clients import no control, storage or service code",
    "sans-io": "The protocol does no I/O",
    "one-loop": "The window runs on Qt's loop alone",
    "light": "Heavy libraries are loaded by workers only",
}

# Modules that import nothing are what planted imports aim at: an import of real code could carry a
# second violation along its chain.
LEAVES = ("protocol", "transport", "storage", "worker", "control")

# (contract that must break, module that is written or added to, planted statement)
PLANTED = [
    ("layers", "base/planted.py", "import garret.protocol.leaf"),
    ("layers", "protocol/planted.py", "import garret.transport.leaf"),
    ("layers", "storage/planted.py", "import garret.worker.leaf"),
    ("layers", "worker/planted.py", "import garret.storage.leaf"),
    ("layers", "worker/planted.py", "import garret.control.leaf"),
    ("layers", "control/planted.py", "import garret.features.planted.contracts"),
    ("layers", "control/planted.py", "def later() -> None:\n    import garret.app"),
    ("layers", "without_a_place.py", "import json"),
    ("rooms", f"{ROOM}/service.py", "import garret.features.other.store"),
    ("rooms", f"{ROOM}/contracts.py", "import garret.features.other.rules"),
    ("control", "control/access/planted.py", "import garret.control.jobs.run"),
    ("room-workers", f"{ROOM}/worker.py", "import garret.control.leaf"),
    ("room-workers", f"{ROOM}/worker.py", "import garret.storage.leaf"),
    ("room-workers", f"{ROOM}/worker.py", "import garret.features.planted.store"),
    ("room-workers", f"{ROOM}/engines/one.py", "import garret.features.planted.service"),
    ("room-workers", f"{ROOM}/contracts.py", "import garret.control.leaf"),
    ("room-workers", f"{ROOM}/rules.py", "import garret.storage.leaf"),  # which worker.py imports
    ("room-doors", f"{ROOM}/__init__.py", "import garret.features.planted.service"),
    ("clients", "cli/planted.py", "import garret.control.leaf"),
    ("clients", "gateway/planted.py", "import garret.control.leaf"),
    ("clients", "cli/planted.py", "import garret.storage.leaf"),
    ("clients", "cli/planted.py", "import garret.features.planted.service"),
    ("clients", "cli/planted.py", "def later() -> None:\n    import garret.features.planted.store"),
    *(("sans-io", "protocol/planted.py", f"import {name}") for name in ("asyncio", "socket", "threading")),
    *(
        ("sans-io", "protocol/planted.py", f"import {name}")
        for name in ("sqlite3", "selectors", "subprocess")
    ),
    ("one-loop", "shell/planted.py", "import asyncio"),
    ("clients", "shell/planted.py", "import garret.control.leaf"),
    ("light", "control/planted.py", "def later() -> None:\n    import numpy"),
    ("light", "cli/planted.py", "import soundfile"),
    ("light", "control/planted.py", "import starlette"),
    ("light", "transport/planted.py", "import onnxruntime"),
    ("light", f"{ROOM}/service.py", "import pocketsphinx"),
]


def write_room(package: Path, name: str) -> None:
    """A room that keeps to the contracts, with every kind of module they speak of."""
    room = package / "features" / name
    files = {
        "__init__.py": "",
        "contracts.py": "import garret.protocol\n",
        "store.py": "import garret.storage\n",
        "service.py": f"import garret.control\nimport garret.features.{name}.store\n"
        "import garret.features.other.contracts\n",
        "rules.py": "",
        "worker.py": f"import garret.worker\nimport numpy\nimport garret.features.{name}.rules\n",
        "engines/__init__.py": "",
        "engines/one.py": "import pocketsphinx\n",
    }
    for path, text in files.items():
        (room / path).parent.mkdir(parents=True, exist_ok=True)
        (room / path).write_text(text)


def check_contracts(folder: Path, cache: Path, *contracts: str) -> tuple[set[str], str]:
    """Run the linter on the package below `folder`; (names of broken contracts, everything printed)."""
    command = [Path(sys.executable).parent / "lint-imports", "--no-logo", "--cache-dir", cache]
    for contract in contracts:
        command += ["--contract", contract]
    # PYTHONPATH comes before the folder of the editable install, so the copy is what gets checked.
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "COLUMNS": "200", "NO_COLOR": "1"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    printed = done.stdout + done.stderr
    verdicts = {match["name"]: match["verdict"] for match in VERDICT.finditer(printed)}
    assert verdicts.keys() >= {NAMES[contract] for contract in contracts or NAMES}, printed
    broken = {name for name, verdict in verdicts.items() if verdict == "BROKEN"}
    assert bool(broken) == (done.returncode != 0), printed
    return broken, printed


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package and its contracts in a folder of their own, with two rooms added."""
    folder = tmp_path_factory.mktemp("tree")
    package = folder / "src" / "garret"
    shutil.copytree(ROOT / "src" / "garret", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for layer in LEAVES:
        (package / layer / "leaf.py").touch()
    write_room(package, "planted")
    write_room(package, "other")
    return folder


@contextmanager
def planted(copy: Path, module: str, statement: str) -> Iterator[None]:
    """Add `statement` to a module of the copy for a while."""
    path = copy / "src" / "garret" / module
    before = path.read_text() if path.exists() else None
    path.write_text((before or "") + statement + "\n")
    try:
        yield
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before)


def test_the_tree_keeps_every_contract(tmp_path: Path) -> None:
    broken, printed = check_contracts(ROOT, tmp_path / "cache")
    assert not broken, printed


def test_rooms_that_keep_to_the_rules_are_accepted(copy: Path) -> None:
    broken, printed = check_contracts(copy, copy / "cache")
    assert not broken, printed


@pytest.mark.parametrize(("contract", "module", "statement"), PLANTED)
def test_a_violation_breaks_its_contract_and_no_other(
    copy: Path, contract: str, module: str, statement: str
) -> None:
    with planted(copy, module, statement):
        broken, printed = check_contracts(copy, copy / "cache")
    assert broken == {NAMES[contract]}, printed
    culprit = module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    assert culprit in printed


def test_every_contract_has_a_planted_violation() -> None:
    ids = set(re.findall(r'^id = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE))
    assert ids == set(NAMES) == {contract for contract, _, _ in PLANTED}


def test_every_folder_with_modules_is_a_package() -> None:
    # The linter sees only packages with an initialiser; a folder without one would go unchecked.
    folders = {path.parent for path in (ROOT / "src" / "garret").rglob("*.py")}
    assert folders
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
