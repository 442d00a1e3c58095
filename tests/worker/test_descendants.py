"""Finding and ending a tree of real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from garret.worker import descendants

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="trees are read from /proc")
TREE = """
import os, sys
for _ in range(2):
    if os.fork() == 0:
        if os.fork() == 0:
            os.setsid()
        os.write(1, b"x"); os.execv("/bin/sleep", ["sleep", "600"])
os.waitpid(-1, 0); os.waitpid(-1, 0)
"""


@pytest.fixture
def tree() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", TREE], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.read(4) == b"xxxx"
    yield process
    descendants.kill_descendants(process.pid)
    process.kill()
    process.communicate()


def test_all_below_are_found_parents_first(tree: subprocess.Popen[bytes]) -> None:
    found = descendants.descendants(tree.pid)
    assert len(found) == 4
    for pid in found:
        above = descendants.parent(pid)
        assert above == tree.pid or found.index(above or 0) < found.index(pid)


def test_children_are_found_without_the_children_file(
    tree: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = sorted(descendants.children(tree.pid))
    assert len(expected) == 2
    real = open

    def without(path: object, *arguments: object) -> object:
        if str(path).endswith("/children"):
            raise FileNotFoundError(path)
        return real(path, *arguments)  # type: ignore[call-overload]

    monkeypatch.setattr("builtins.open", without)
    assert sorted(descendants.children(tree.pid)) == expected


def test_killing_spares_the_root_and_nobody_else(tree: subprocess.Popen[bytes]) -> None:
    stranger = subprocess.Popen(["/bin/sleep", "600"])
    assert descendants.kill_descendants(tree.pid)
    tree.wait()
    assert tree.returncode == 0  # it saw both its children end
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_nobody_waits_for_what_was_killed_but_who_asks_for_that(
    tree: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes that take long in going are still found; each is killed once, and a missed one again."""
    members = descendants.descendants(tree.pid)
    sent: list[int] = []

    def signal_member(pid: int, number: int, family: set[int]) -> bool:
        if number == signal.SIGKILL:
            sent.append(pid)
        return sent.count(pid) > (pid == members[0])

    monkeypatch.setattr(descendants, "descendants", lambda _: members)
    monkeypatch.setattr(descendants, "signal_member", signal_member)
    assert descendants.kill_descendants(tree.pid, wait=False)
    assert sorted(sent) == sorted([*members, *members]), "all twice, since one was missed at first"
    monkeypatch.undo()
    assert len(descendants.descendants(tree.pid)) == 4, "nobody was harmed"


def test_a_tree_that_forks_without_end_is_ended() -> None:
    source = """
import ctypes, os
root = os.getpid()
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER, as a guardian is: nobody leaves its tree
for _ in range(400):
    if os.fork() == 0:
        os.write(1, b"x")
        continue
    try:
        while True:
            os.waitpid(-1, 0)
            if os.getpid() != root: break
    except ChildProcessError: pass
    if os.getpid() == root: break  # it is spared, and would go on forking behind the killer's back
"""
    process = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read(1)
    assert descendants.kill_descendants(process.pid)
    assert descendants.descendants(process.pid) == []
    process.kill()
    # Whoever had got away would hold the other end of the pipe, and this would wait for it.
    process.communicate()


def test_a_process_that_is_gone_has_nothing() -> None:
    process = subprocess.Popen(["/bin/true"])
    process.wait()
    assert descendants.children(process.pid) == []
    assert descendants.descendants(process.pid) == []
    assert descendants.parent(process.pid) is None
    assert descendants.kill_descendants(process.pid)


def test_an_id_outside_the_family_is_not_signalled() -> None:
    stranger = subprocess.Popen(["/bin/sleep", "600"])
    descendants.signal_member(stranger.pid, 9, {1})
    assert stranger.poll() is None
    descendants.signal_member(stranger.pid, 9, {os.getpid()})
    assert stranger.wait() == -9
