"""A mutation run over drivers: `python scripts/mutants.py [--each N] [PART...]`, or `make soak ARGS=mutants`.

Pure machines are tried with thousands of histories; drivers are easily left to end-to-end tests that pass
whatever a line does. Here a copy of the sources is changed in one place at a time (a condition reversed, a
statement left out, a border moved), and the tests of that driver run on it. One that all of them pass is a
survivor: either nothing tests that line, or it does nothing. Survivors are listed for a person to look at.

The places are drawn evenly over each module, `--each` of them; with enough of them it takes hours.
"""

from __future__ import annotations

import argparse
import ast
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 300.0  # for the tests of one mutant; one that hangs is noticed, as it would be by a person

PARTS = {
    "commands/broker": ("tests/control/commands/test_broker.py",),
    "commands/inner": ("tests/control/commands", "tests/control/test_door.py"),
    "commands/service": ("tests/control/commands/test_service.py", "tests/control/test_door.py"),
    "clients/connection": ("tests/control/clients",),
    "clients/listener": ("tests/control/clients",),
    "door": ("tests/control/test_door.py",),
    "jobs/course": ("tests/control/jobs",),
    "jobs/jobs": ("tests/control/jobs",),
    "jobs/run": ("tests/control/jobs",),
    "workers/link": ("tests/control/workers", "tests/control/commands"),
    "workers/pools": ("tests/control/workers",),
    "workers/slots": ("tests/control/workers",),
}
"""Drivers below `garret/control`, and the tests that are to notice."""


class _Place(ast.NodeTransformer):
    """Changes the place number `wanted`, or none and counts them."""

    def __init__(self, wanted: int = -1) -> None:
        self.count = 0
        self.told = ""
        self._wanted = wanted

    def _is_it(self, node: ast.expr | ast.stmt, what: str) -> bool:
        self.count += 1
        if self.count - 1 != self._wanted:
            return False
        self.told = f"line {node.lineno}: {what}"
        return True

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        if self._is_it(node, f"not ({ast.unparse(node.test)})"):
            node.test = ast.UnaryOp(ast.Not(), node.test)
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if not isinstance(node.value, (ast.Call, ast.Await)) or "_logger" in ast.unparse(node):
            return node  # a docstring; or a log line, whose words no test looks at
        return ast.copy_location(ast.Pass(), node) if self._is_it(node, f"no {ast.unparse(node)}") else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        return ast.copy_location(ast.Pass(), node) if self._is_it(node, f"no {ast.unparse(node)}") else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        swapped = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
        other = swapped.get(type(node.ops[0]))
        if other is not None and self._is_it(node, f"another border in {ast.unparse(node)}"):
            node.ops[0] = other()
        return node


def mutants(source: str, each: int) -> Iterator[tuple[str, str]]:
    """What was changed, and the changed source: at most `each`, drawn evenly over the module."""
    counting = _Place()
    counting.visit(ast.parse(source))
    step = max(1, counting.count // each)
    for wanted in range(step // 2, counting.count, step):
        place = _Place(wanted)
        tree = place.visit(ast.parse(source))
        yield place.told, ast.unparse(ast.fix_missing_locations(tree))


def copied(folder: Path) -> tuple[Path, Path]:
    """A copy of the sources, and an interpreter whose workers import them and no others."""
    unwanted = shutil.ignore_patterns("__pycache__")
    for name in ("src", "tests", "scripts", "benchmarks", "schemas", "docs", "requirements"):
        shutil.copytree(ROOT / name, folder / name, ignore=unwanted)
    shutil.copy(ROOT / "pyproject.toml", folder)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    packages = next((folder / "venv").rglob("site-packages"))
    (packages / "tree.pth").write_text(f"{folder / 'src'}\n{sysconfig.get_path('purelib')}\n")
    return folder, folder / "venv/bin/python"


def notices(root: Path, python: Path, tests: tuple[str, ...]) -> bool:
    """Whether a test fails, or hangs, on the sources as they are in the copy."""
    command = [python, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def survivors(parts: list[str], each: int) -> list[str]:
    """What could be changed in these drivers without any of their tests noticing."""
    found: list[str] = []
    with tempfile.TemporaryDirectory(prefix="garret-mutants-") as name:
        root, python = copied(Path(name))
        for part in parts:
            if notices(root, python, PARTS[part]):
                found.append(f"{part}: its tests fail on the sources as they are")
                continue
            module = root / "src/garret/control" / f"{part}.py"
            source = module.read_text(encoding="utf-8")
            for told, changed in mutants(source, each):
                module.write_text(changed, encoding="utf-8")
                if not notices(root, python, PARTS[part]):
                    found.append(f"{part} {told}")
                    print(f"  survives: {found[-1]}", flush=True)
            module.write_text(source, encoding="utf-8")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the parts named; 1 where something survived."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--each", type=int, default=12, help="mutants of each module")
    options = parser.parse_args(arguments)
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    found = survivors(options.parts or list(PARTS), options.each)
    print("\n".join(found) if found else "nothing survived")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
