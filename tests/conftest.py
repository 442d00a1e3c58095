"""What holds for every test: a home of its own, no process left behind, skips that are heard.

Neighbours: `home` is the fixture most tests of real processes start from. Hypothesis runs the "ci"
profile, the same examples every time, and with GARRET_SOAK=1 the "soak" profile, random and many.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import psutil
import pytest

from garret.base.paths import Home
from tests.loop_watch import WATCH

SOAK = bool(os.environ.get("GARRET_SOAK"))
SOAK_EXAMPLES = int(os.environ.get("GARRET_SOAK_EXAMPLES", "2000"))
GRACE = 3.0  # seconds in which a process that is already ending may end

hypothesis.settings.register_profile(
    "ci",
    max_examples=50,
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile(
    "soak",
    parent=hypothesis.settings.get_profile("ci"),
    derandomize=False,
    database=None,
    max_examples=SOAK_EXAMPLES,
)
hypothesis.settings.load_profile("soak" if SOAK else "ci")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Begun in a shell's background, where Ctrl-C is ignored, and so by every process that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


# --- homes ------------------------------------------------------------------------------------


def _short_folder() -> Path:
    """A new folder with a path short enough to hold a Unix socket (sun_path is 104 bytes on macOS)."""
    base = tempfile.gettempdir()
    if len(base) > 40 and os.access("/tmp", os.W_OK):
        base = "/tmp"
    return Path(tempfile.mkdtemp(prefix="g-", dir=base))


@pytest.fixture(scope="session", autouse=True)
def _no_real_home() -> Iterator[None]:
    """Nothing a test starts by accident reaches the home or the keychain of the person who runs it."""
    folder = _short_folder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GARRET_HOME", str(folder / "h"))
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
        # Which engine a test dictates with does not hang on what is installed; tests of packs say otherwise.
        patch.setenv("GARRET_PACKS", "off")
        yield
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A fresh home that GARRET_HOME names; not created yet, removed afterwards."""
    folder = _short_folder()
    monkeypatch.setenv("GARRET_HOME", str(folder / "h"))
    yield Home(folder / "h")
    shutil.rmtree(folder, ignore_errors=True)


# --- processes left behind ------------------------------------------------------------------------

# Children that may outlive one test: those that a fixture of a wider scope started.
_shared: set[psutil.Process] = set()


def _children() -> set[psutil.Process]:
    """All processes below this one. Linux tells them in its own tree; psutil reads every process's."""
    found = set[psutil.Process]()
    waiting = [os.getpid()]
    while waiting:
        try:
            lists = list(Path(f"/proc/{waiting.pop()}/task").glob("*/children"))
            if not lists and not found:
                return set(psutil.Process().children(recursive=True))
            pids = [int(pid) for each in lists for pid in each.read_text().split()]
        except OSError:  # it ended meanwhile
            continue
        for pid in pids:
            with contextlib.suppress(psutil.NoSuchProcess):
                found.add(psutil.Process(pid))
                waiting.append(pid)
    return found


def _is_below_shared(process: psutil.Process) -> bool:
    """Whether a process that outlives the test started it, as a control plane starts its workers."""
    try:
        return not _shared.isdisjoint(process.parents())
    except psutil.NoSuchProcess:
        return True


def _is_running(process: psutil.Process) -> bool:
    try:
        # The resource tracker of multiprocessing lives as long as the interpreter.
        return process.status() != psutil.STATUS_ZOMBIE and "resource_tracker" not in " ".join(
            process.cmdline()
        )
    except psutil.NoSuchProcess:
        return False


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
    if fixturedef.scope == "function":
        return (yield)
    before = _children()
    try:
        return (yield)
    finally:
        _shared.update(_children() - before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    item.stash[_BEFORE] = _children()
    return (yield)


_BEFORE = pytest.StashKey[set[psutil.Process]]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    result = yield
    left = [
        process
        for process in _children() - item.stash[_BEFORE] - _shared
        if _is_running(process) and not _is_below_shared(process)
    ]
    if left:
        _, left = psutil.wait_procs(left, timeout=GRACE)
        left = [process for process in left if _is_running(process)]
    if left:
        names = [f"{process.pid} {' '.join(process.cmdline())[:200]}" for process in left]
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=GRACE)
        pytest.fail("left processes running, which were killed: " + "; ".join(names), pytrace=False)
    return result


# --- loops that are held ----------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test in which something held a watched loop, unless its mark says why it does."""
    WATCH.take()
    result = yield
    stalls = WATCH.take()
    if stalls and item.get_closest_marker("stalls_loop") is None:
        pytest.fail("the event loop was held: " + "; ".join(stalls), pytrace=False)
    return result


# --- which tests run, and which did not ---------------------------------------------------------


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the soak tests out, unless they were asked for."""
    if SOAK or "soak" in (config.option.markexpr or ""):
        return
    left_out = [item for item in items if item.get_closest_marker("soak")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("soak")]


def _reason(report: pytest.TestReport) -> str:
    where_and_why = report.longrepr
    reason = where_and_why[2] if isinstance(where_and_why, tuple) else str(where_and_why)
    return reason.removeprefix("Skipped: ")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say, reason by reason, how much was not tested here."""
    skipped = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    if not skipped:
        return
    terminalreporter.write_sep("!", "NOT TESTED HERE", yellow=True, bold=True)
    for reason, count in skipped.most_common():
        terminalreporter.write_line(f"{count} skipped because: {reason}", yellow=True)
