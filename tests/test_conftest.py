"""The rules of conftest.py bite: leftovers fail, skips are heard, soak tests wait to be asked."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

CONFTEST = Path(__file__).with_name("conftest.py")

SUITE = """
import asyncio
import os
import subprocess
import sys
import time

import pytest

from tests.loop_watch import STALL_SECONDS, WATCH

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture(scope="module")
def shared():
    process = subprocess.Popen(SLEEP)
    yield process
    process.kill()
    process.wait()


def test_leaves_a_process():
    global left
    left = subprocess.Popen(SLEEP)
    print("pid", left.pid, file=open("left.txt", "w"))


def test_uses_a_shared_process(shared):
    assert shared.poll() is None


def test_ends_its_process():
    process = subprocess.Popen(SLEEP)
    process.kill()
    process.wait()


@pytest.mark.parametrize("number", range(3))
def test_cannot_run_here(number):
    pytest.skip("no theremin is attached")


@pytest.mark.soak
def test_takes_for_ever():
    assert os.environ["GARRET_SOAK"]


async def hold():
    with WATCH.watching():
        await asyncio.sleep(0)
        until = time.thread_time() + 2 * STALL_SECONDS
        while time.thread_time() < until:
            pass
        await asyncio.sleep(0)


def test_holds_the_loop():
    asyncio.run(hold())


@pytest.mark.stalls_loop("it is about that")
def test_holds_the_loop_and_says_why():
    asyncio.run(hold())


def test_comes_after_it():
    asyncio.run(asyncio.sleep(0))


def test_has_a_home_of_its_own(home):
    assert os.environ["GARRET_HOME"] == str(home.root)
    assert not home.root.exists()
    assert home.socket.parent == home.root
"""


def run(folder: Path, *arguments: str, **environment: str) -> str:
    (folder / "conftest.py").write_text(CONFTEST.read_text())
    (folder / "test_suite.py").write_text(SUITE)
    root = CONFTEST.parent.parent
    (folder / "pytest.ini").write_text(
        f'[pytest]\npythonpath = "{root}"\nmarkers =\n    soak\n    stalls_loop\n'
    )
    # The outer run's own variables would change what the inner one does.
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("GARRET_", "PYTEST_"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-vv", *arguments],
        cwd=folder,
        env={**inherited, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("suite")
    return folder, run(folder)


def test_a_process_left_behind_fails_the_test_that_left_it_and_is_killed(printed: tuple[Path, str]) -> None:
    folder, text = printed
    assert re.search(r"ERROR test_suite.py::test_leaves_a_process .*left processes running", text), text
    assert len(re.findall(r"^ERROR ", text, re.MULTILINE)) == 1, text
    assert not psutil.pid_exists(int((folder / "left.txt").read_text().split()[1]))


def test_skips_are_counted_by_reason(printed: tuple[Path, str]) -> None:
    assert "3 skipped because: no theremin is attached" in printed[1]
    assert "NOT TESTED HERE" in printed[1]


def test_a_home_is_short_fresh_and_named_by_the_environment(printed: tuple[Path, str]) -> None:
    assert "test_has_a_home_of_its_own PASSED" in printed[1]


def test_who_holds_a_watched_loop_fails_unless_it_says_why(printed: tuple[Path, str]) -> None:
    _, text = printed
    assert re.search(r"FAILED test_suite.py::test_holds_the_loop - .*held the loop for 1\d\d ms", text), text
    assert len(re.findall(r"^FAILED ", text, re.MULTILINE)) == 1, text
    assert "test_holds_the_loop_and_says_why PASSED" in text
    assert "test_comes_after_it PASSED" in text


def test_soak_tests_run_only_when_asked_for(printed: tuple[Path, str], tmp_path: Path) -> None:
    assert "test_takes_for_ever" not in printed[1]
    assert "1 deselected" in printed[1]
    assert "test_takes_for_ever PASSED" in run(tmp_path, "-k", "for_ever", GARRET_SOAK="1")
