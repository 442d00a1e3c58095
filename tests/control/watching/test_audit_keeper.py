"""The record is written soon after rows, once for many, off the loop, and again where the disk refused."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import cast

from garret.control.watching.audit_keeper import AuditKeeper
from garret.storage.audit import Audit
from tests.control.planes import run, until


class FakeAudit:
    """Rows and written records are counted; a write can be held up or refused."""

    def __init__(self) -> None:
        self.unrecorded = False
        self.writes: list[str] = []
        self.refuse = 0
        self.go = threading.Event()
        self.go.set()
        self._appended: Callable[[], None] = lambda: None

    def watch(self, appended: Callable[[], None]) -> None:
        self._appended = appended

    def append(self) -> None:
        self.unrecorded = True
        self._appended()

    def keep_record(self) -> bool:
        self.writes.append(threading.current_thread().name)
        self.unrecorded = False
        self.go.wait(20)
        if self.refuse:
            self.refuse -= 1
            self.unrecorded = True
            return False
        return True


def kept(audit: FakeAudit, seconds: float = 0.01) -> AuditKeeper:
    return AuditKeeper(asyncio.get_running_loop(), cast(Audit, audit), seconds=seconds)


def _idle(keeper: AuditKeeper) -> bool:
    return keeper._timer is None and keeper._writing is None


def test_many_rows_make_one_write_in_another_thread() -> None:
    async def story() -> None:
        audit = FakeAudit()
        keeper = kept(audit)
        for _ in range(50):
            audit.append()
        await until(lambda: bool(audit.writes))
        await keeper.stop()
        assert len(audit.writes) == 1
        assert audit.writes[0] != threading.main_thread().name

    run(story())


def test_a_row_during_a_write_gets_one_of_its_own() -> None:
    async def story() -> None:
        audit = FakeAudit()
        audit.go.clear()
        keeper = kept(audit)
        audit.append()
        await until(lambda: len(audit.writes) == 1)
        audit.append()
        audit.append()
        assert len(audit.writes) == 1
        audit.go.set()
        await until(lambda: len(audit.writes) == 2 and not audit.unrecorded)
        await keeper.stop()
        assert len(audit.writes) == 2

    run(story())


def test_what_the_disk_refused_is_tried_again_with_the_next_row_and_not_before() -> None:
    async def story() -> None:
        audit = FakeAudit()
        audit.refuse = 1
        keeper = kept(audit)
        audit.append()
        await until(lambda: _idle(keeper) and len(audit.writes) == 1)
        audit.append()
        await until(lambda: _idle(keeper) and len(audit.writes) == 2)
        assert not audit.unrecorded
        await keeper.stop()

    run(story())


def test_after_the_stop_nothing_is_written_and_what_is_written_has_ended() -> None:
    async def story() -> None:
        audit = FakeAudit()
        audit.go.clear()
        keeper = kept(audit)
        audit.append()
        await until(lambda: len(audit.writes) == 1)
        audit.append()
        stopping = asyncio.ensure_future(keeper.stop())
        await asyncio.sleep(0)
        assert not stopping.done()
        audit.go.set()
        await stopping
        audit.append()
        assert len(audit.writes) == 1
        late = FakeAudit()
        other = kept(late, seconds=60)
        late.append()
        await other.stop()
        assert late.writes == []

    run(story())
