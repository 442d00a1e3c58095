"""Everything `make lint` checks, two checks at a time, with one verdict at the end.

Each check is a command or a function of this file. All of them run even when one fails, since a
person wants all findings at once. The table of long modules is a guide and fails nothing.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
LINE_GUIDE = 400  # lines; beyond it a module is worth a second look
SCRIPTS = (".ci/run", "scripts/*.sh")


@dataclass(frozen=True)
class Result:
    """What one check found: its name, whether it passed, what it printed, seconds taken."""

    name: str
    passed: bool
    output: str
    seconds: float


def run(*command: str | Path) -> tuple[bool, str]:
    """Run a tool in the project's folder; (succeeded, everything it printed)."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode == 0, done.stdout.strip()


def tool(name: str, *arguments: str) -> Callable[[], tuple[bool, str]]:
    """A check that is a command of the virtual environment."""
    return lambda: run(BIN / name, *arguments)


def tracked_files() -> list[Path]:
    """Files under version control, or every source file where this is no clone."""
    git = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(git, cwd=ROOT, capture_output=True, check=True, text=True).stdout
        names = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        hidden = {".git", ".venv", "build", "dist", "__pycache__"}
        names = [path for path in ROOT.rglob("*") if not hidden & set(path.relative_to(ROOT).parts)]
    return sorted(path for path in names if path.is_file())


# Written in pieces, so that this file does not contain what it looks for.
_REGISTRY_HOSTS = (
    ("py", "pi", ".", "org"),
    ("python", "hosted", ".", "org"),
    ("registry.", "npm", "js", ".", "org"),
    ("registry.", "yarn", "pkg", ".", "com"),
    ("crates", ".", "io"),
    ("proxy.", "golang", ".", "org"),
    ("deb.", "debian", ".", "org"),
    ("docker", ".", "io"),
    ("ghcr", ".", "io"),
    ("conda", ".", "anaconda", ".", "org"),
)
_UNFINISHED = (("TO", "DO"), ("FIX", "ME"), ("X", "XX"), ("HACK", ":"))
_FOREIGN = (
    r"(?<![\w.-])/wo" + r"rk/(main|shared)\b",
    r"(?<![\w.-])/tmp/" + r"brief\b",
    r"\.\./sha" + r"red/",
    r"\bissues? " + r"#\d+",
    r"--(extra-)?index-" + r"url\b",
    r"--trusted-" + r"host\b",
)
FORBIDDEN_TEXT = re.compile(
    "|".join(
        [
            *(re.escape("".join(parts)) for parts in _REGISTRY_HOSTS),
            *(rf"\b{''.join(parts)}(?!\w)" for parts in _UNFINISHED),
            *_FOREIGN,
        ]
    )
)
# scripts/lock.sh refuses lock files that name a place to download from, and so must name the options.
_MAY_NAME_OPTIONS = {ROOT / "scripts" / "lock.sh"}


def forbidden_text() -> tuple[bool, str]:
    """No registry host, unfinished mark or path of somebody's machine in any tracked text file."""
    found: list[str] = []
    files = [path for path in tracked_files() if path not in _MAY_NAME_OPTIONS]
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # recordings and pictures
        for number, line in enumerate(text.splitlines(), start=1):
            match = FORBIDDEN_TEXT.search(line)
            if match:
                found.append(f"{path.relative_to(ROOT)}:{number}: {match.group(0)!r}")
    return not found, "\n".join(found) or f"{len(files)} files are clean"


def lock_files() -> tuple[bool, str]:
    """Every pin of every lock carries hashes, and no lock says where to download from."""
    wrong: list[str] = []
    for lock in sorted((ROOT / "requirements").glob("*.lock")):
        text = lock.read_text(encoding="utf-8")
        if "://" in text:
            wrong.append(f"{lock.name} contains a URL")
        entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)
        wrong += [
            f"{lock.name}: {entry.splitlines()[0]} has no hash"
            for entry in entries
            if entry.strip() and not entry.startswith("#") and "--hash=sha256:" not in entry
        ]
    return not wrong, "\n".join(wrong) or "all pins are hashed"


def long_modules() -> tuple[bool, str]:
    """The modules of src longer than the guide, longest first. Never fails."""
    sizes = {path: path.read_bytes().count(b"\n") for path in sorted((ROOT / "src").rglob("*.py"))}
    over = sorted(((size, path) for path, size in sizes.items() if size > LINE_GUIDE), reverse=True)
    table = [f"{size:6}  {path.relative_to(ROOT)}" for size, path in over]
    if table:
        table.insert(0, f"warning: over the guide of {LINE_GUIDE} lines (lines, module):")
    return True, "\n".join(table) or f"{len(sizes)} modules, none over {LINE_GUIDE} lines"


def shell_scripts() -> tuple[bool, str]:
    """shellcheck on the shell scripts, where it is installed."""
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        return True, "skipped: shellcheck is not installed"
    return run(shellcheck, *(path for pattern in SCRIPTS for path in sorted(ROOT.glob(pattern))))


NO_NODE = 3  # how scripts/web.sh ends where there is none


def page() -> tuple[bool, str]:
    """Types and style of the page, where there is Node."""
    done = subprocess.run(
        [ROOT / "scripts" / "web.sh", "check"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode == NO_NODE:
        return True, f"skipped: {done.stdout.strip()}"
    return done.returncode == 0, done.stdout.strip()


# The slow ones first, so that the two that run at a time end together.
CHECKS: dict[str, Callable[[], tuple[bool, str]]] = {
    "mypy": tool("mypy", "--no-error-summary"),
    "pyright": tool("pyright"),
    "page": page,
    "imports": tool("lint-imports", "--no-logo"),
    "ruff check": tool("ruff", "check", "--quiet", "--output-format=concise", "."),
    "ruff format": tool("ruff", "format", "--check", "--quiet", "."),
    "shellcheck": shell_scripts,
    "forbidden text": forbidden_text,
    "lock files": lock_files,
    "long modules": long_modules,
}


def timed(name: str) -> Result:
    """Run one check."""
    start = time.monotonic()
    passed, output = CHECKS[name]()
    return Result(name, passed, output, time.monotonic() - start)


def main(names: list[str]) -> int:
    """Run the checks named (all by default); 0 when all pass, 1 otherwise, 2 for an unknown name."""
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f"unknown check: {', '.join(unknown)}; there are: {', '.join(CHECKS)}", file=sys.stderr)
        return 2
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = list(pool.map(timed, names or list(CHECKS)))
    for result in results:
        if not result.passed or result.name == "long modules":
            print(f"--- {result.name}\n{result.output}\n")
    for result in results:
        verdict = "ok" if result.passed else "FAILED"
        note = f"  {result.output}" if result.passed and result.output.startswith("skipped") else ""
        print(f"{result.name:<15} {verdict:<7} {result.seconds:5.1f} s{note}")
    return 0 if all(result.passed for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
