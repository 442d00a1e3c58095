"""`python -m benchmarks [NAME...]`: run benchmarks, print one table, write build/bench.json.

Each module runs in a process group of its own, so that none can disturb another, and so that what
it leaves behind ends with it. A budget that is missed is printed loudly and fails nothing; a
benchmark that breaks is an error. Selected names replace only their own rows in the file.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.report import Row, check, misses, table

HERE = Path(__file__).resolve().parent
RESULT = HERE.parent / "build" / "bench.json"
TIME_LIMIT = 900.0  # seconds for one module; far beyond any of them, so that a hang is not for ever


class BrokenBenchmarkError(Exception):
    """A benchmark module ended without a valid list of rows."""


def discover(folder: Path = HERE) -> list[str]:
    """The names of the modules in `folder` that define `run`, found without importing any."""
    names: list[str] = []
    for path in sorted(folder.glob("*.py")):
        body = ast.parse(path.read_text(encoding="utf-8"), filename=str(path)).body
        if any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in body):
            names.append(path.stem)
    return [name for name in names if not name.startswith("_") and name != "report"]


def _run_here(name: str, output: Path) -> None:
    rows = importlib.import_module(f"benchmarks.{name}").run()
    output.write_text(json.dumps(rows), encoding="utf-8")


def _end_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return  # nothing was left behind


def run_apart(name: str) -> list[Row]:
    """Run one benchmark in a process group of its own. Raises BrokenBenchmarkError."""
    with tempfile.TemporaryDirectory(prefix="garret-bench-") as folder:
        output = Path(folder) / "rows.json"
        command = [sys.executable, "-m", "benchmarks", "--one", name, "--output", str(output)]
        process = subprocess.Popen(command, cwd=HERE.parent, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            code = process.wait(TIME_LIMIT)
        except subprocess.TimeoutExpired:
            raise BrokenBenchmarkError(f"gave no result within {TIME_LIMIT:.0f} s") from None
        finally:
            _end_group(process.pid)
            process.wait()
        if code != 0 or not output.exists():
            raise BrokenBenchmarkError(f"ended with status {code}; what it said is above")
        try:
            return [check(item) for item in json.loads(output.read_text(encoding="utf-8"))]
        except (ValueError, TypeError) as error:
            raise BrokenBenchmarkError(f"returned something else than rows: {error}") from error


def _kept_rows(path: Path) -> list[Row]:
    """The rows of an earlier run; none where the file is missing or not ours."""
    try:
        loaded: Any = json.loads(path.read_text(encoding="utf-8"))
        return [check(item) for item in loaded]
    except (OSError, ValueError, TypeError):
        return []


def write(rows: list[Row], path: Path, *, merge: bool) -> None:
    """Write `rows` to `path` in one step, with `merge` keeping earlier rows of other names."""
    fresh = {item["name"] for item in rows}
    kept = [item for item in _kept_rows(path) if item["name"] not in fresh] if merge else []
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps([*kept, *rows], indent=2) + "\n", encoding="utf-8")
    partial.replace(path)


def run_all(names: list[str], *, merge: bool) -> int:
    """Run the benchmarks named, print and write what they found; 1 when one of them broke."""
    rows: list[Row] = []
    broken: list[str] = []
    for name in names:
        print(f"measuring {name} ...", flush=True)
        start = time.monotonic()
        try:
            rows += run_apart(name)
        except BrokenBenchmarkError as error:
            broken.append(f"{name}: {error}")
        print(f"measuring {name} took {time.monotonic() - start:.1f} s", flush=True)
    write(rows, RESULT, merge=merge)
    print(f"\n{table(rows)}\n\nwritten to {RESULT.relative_to(HERE.parent)}")
    for miss in misses(rows):
        print(f"!! BUDGET MISSED  {miss}")
    for failure in broken:
        print(f"!! BENCHMARK BROKEN  {failure}")
    return 1 if broken else 0


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help="benchmarks to run; all by default")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.one:
        _run_here(chosen.one, chosen.output)
        return 0
    known = discover()
    if chosen.list:
        print("\n".join(known))
        return 0
    unknown = [name for name in chosen.names if name not in known]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(known) or 'none'}")
    return run_all(chosen.names or known, merge=bool(chosen.names))


if __name__ == "__main__":
    sys.exit(main())
