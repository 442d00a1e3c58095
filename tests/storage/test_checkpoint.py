"""The write-ahead log stays small under load, is cut when idle, and costs nobody an acknowledged write."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import apsw
import pytest

from garret.base.clock import SYSTEM, ManualClock
from garret.storage.checkpoint import Checkpointer, CheckpointPolicy
from garret.storage.connection import Access, Readers, connect
from garret.storage.writer import Writer
from tests.storage.databases import KEY


class Setup:
    """A writer with its checkpointer on one file."""

    def __init__(self, path: Path, policy: CheckpointPolicy) -> None:
        self.path = path
        self.log = path.with_name(path.name + "-wal")
        self.truncated = threading.Event()
        connection = connect(path, KEY)
        connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)")
        self.readers = Readers(partial(connect, path, KEY, access=Access.READ))
        self.checkpointer = Checkpointer(
            partial(connect, path, KEY), policy, clock=SYSTEM, expire_readers=self._expire
        )
        self.writer = Writer(connection, self.checkpointer)

    def _expire(self) -> int:
        self.truncated.set()
        return self.readers.expire()

    def fill(self, megabytes: int) -> None:
        for _ in range(megabytes * 4):
            self.writer.submit(
                lambda c: c.execute("INSERT INTO t (b) VALUES (randomblob(262144))").fetchall()
            ).result()

    def close(self) -> None:
        self.writer.close()
        self.readers.close()


@pytest.fixture
def build(tmp_path: Path) -> Callable[[CheckpointPolicy], Setup]:
    return lambda policy: Setup(tmp_path / "a.db", policy)


def test_the_log_is_used_again_from_its_start_under_load(build: Callable[[CheckpointPolicy], Setup]) -> None:
    setup = build(CheckpointPolicy(soft=256, idle=60.0))
    setup.fill(24)
    size = setup.log.stat().st_size
    counts = setup.checkpointer.counts
    setup.close()
    assert size < 16 << 20, f"24 MiB were written and the log has {size} bytes"
    assert counts.background >= 1
    assert counts.finished >= 1
    assert counts.failed == 0


def test_the_log_is_cut_to_nothing_when_idle_and_once_only(
    build: Callable[[CheckpointPolicy], Setup],
) -> None:
    setup = build(CheckpointPolicy(soft=100_000, idle=0.05))
    setup.fill(1)
    assert setup.truncated.wait(10)
    setup.checkpointer.close()
    assert setup.checkpointer.counts.truncated == 1
    assert setup.log.stat().st_size == 0
    with setup.readers.read() as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchall() == [(4,)]
    setup.writer.close()
    setup.readers.close()


def test_a_reader_in_the_way_delays_the_cut_and_fails_no_write(
    build: Callable[[CheckpointPolicy], Setup],
) -> None:
    setup = build(CheckpointPolicy(soft=100_000, idle=0.05))
    with setup.readers.read() as connection:
        connection.execute("SELECT count(*) FROM t").fetchall()
        setup.fill(1)
        assert setup.truncated.wait(10)
        setup.fill(1)
        assert setup.checkpointer.counts.truncated == 0
    setup.close()
    other = connect(setup.path, KEY)
    assert other.execute("SELECT count(*) FROM t").fetchall() == [(8,)]
    other.close()


def test_a_checkpoint_that_fails_leaves_everything_in_the_log(tmp_path: Path) -> None:
    class Failing:
        def set_busy_timeout(self, _: int) -> None: ...

        def wal_checkpoint(self, mode: int) -> None:
            tried.set()
            raise apsw.FullError(f"no space for mode {mode}")

        def close(self, _: bool) -> None: ...

    tried = threading.Event()
    checkpointer = Checkpointer(
        Failing,  # type: ignore[arg-type]
        CheckpointPolicy(soft=1, idle=60.0),
        clock=ManualClock(),
        expire_readers=lambda: 0,
    )
    checkpointer.committed(10)
    assert tried.wait(10)
    checkpointer.close()
    assert checkpointer.counts.failed == 1
    assert checkpointer.counts.background == 0
