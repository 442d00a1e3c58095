"""Group commit: who is answered when, what a failing operation takes back, and what happens when it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from garret.base.clock import ManualClock
from garret.storage.connection import connect
from garret.storage.errors import Closed, Conflict, Invalid, QueueFull, ReadOnly
from garret.storage.store import Store
from garret.storage.writer_state import Mode
from tests.storage.databases import KEY


def setting(key: str) -> Callable[[apsw.Connection], str]:
    def operation(connection: apsw.Connection) -> str:
        connection.execute("INSERT INTO settings VALUES (?, '1', 0)", (key,))
        return key

    return operation


def keys_on_disk(path: Path) -> list[str]:
    """What another connection sees: only what was committed."""
    other = connect(path, KEY)
    rows = other.execute("SELECT key FROM settings ORDER BY key").fetchall()
    other.close()
    return [str(row[0]) for row in rows]


def test_a_future_resolves_after_the_commit(store: Store) -> None:
    seen: list[list[str]] = []
    future = store.writer.submit(setting("a"))
    future.add_done_callback(lambda _: seen.append(keys_on_disk(store.home.durable_db)))
    assert future.result() == "a"
    assert store.writer.submit(lambda _: None).result() is None
    assert seen == [["a"]]


def test_callers_that_wait_together_share_a_transaction(store: Store) -> None:
    async def go() -> list[str]:
        return await asyncio.gather(*(store.writer.write(setting(f"k{i:02d}")) for i in range(50)))

    before = store.writer.statistics.batches
    assert asyncio.run(go()) == [f"k{i:02d}" for i in range(50)]
    assert store.writer.statistics.batches == before + 1
    assert store.writer.statistics.largest_batch == 50
    assert len(keys_on_disk(store.home.durable_db)) == 50


def test_a_failing_operation_takes_back_its_own_changes_only(store: Store) -> None:
    def fails(connection: apsw.Connection) -> None:
        setting("half")(connection)
        raise Conflict("no")

    def breaks_a_rule(connection: apsw.Connection) -> None:
        setting("other half")(connection)
        setting("first")(connection)

    async def go() -> list[object]:
        calls = [setting("first"), fails, breaks_a_rule, setting("last")]
        return list(
            await asyncio.gather(*(store.writer.write(call) for call in calls), return_exceptions=True)
        )

    first, failed, ruled, last = asyncio.run(go())
    assert (first, last) == ("first", "last")
    assert isinstance(failed, Conflict)
    assert failed.message == "no"
    assert isinstance(ruled, Conflict)
    assert keys_on_disk(store.home.durable_db) == ["first", "last"]
    assert store.writer.mode is Mode.NORMAL


def test_an_operation_that_ends_the_transaction_fails_its_batch_and_not_the_writer(store: Store) -> None:
    def commits(connection: apsw.Connection) -> None:
        connection.execute("COMMIT")

    with pytest.raises(Exception, match="savepoint"):
        store.writer.submit(commits).result()
    assert store.writer.submit(setting("after")).result() == "after"


def test_operations_run_in_the_order_they_were_handed_over(store: Store) -> None:
    order: list[int] = []

    async def go() -> None:
        await asyncio.gather(*(store.writer.write(lambda _, i=i: order.append(i)) for i in range(200)))

    asyncio.run(go())
    assert order == list(range(200))


def test_a_full_queue_answers_busy_at_once(store: Store) -> None:
    started, release = threading.Event(), threading.Event()

    def blocks(_: apsw.Connection) -> None:
        started.set()
        release.wait()

    futures = [store.writer.submit(blocks)]
    started.wait()
    futures += [store.writer.submit(lambda _: None) for _ in range(4_095)]
    with pytest.raises(QueueFull) as refused:
        store.writer.submit(lambda _: None)
    release.set()
    for future in futures:
        future.result()
    assert refused.value.retryable
    assert store.writer.statistics.refused == 1
    assert store.writer.submit(setting("again")).result() == "again"


def test_a_cancelled_caller_harms_nobody_and_its_write_is_kept(store: Store) -> None:
    async def go() -> str:
        task = asyncio.create_task(store.writer.write(setting("cancelled")))
        await asyncio.sleep(0)
        task.cancel()
        other = await store.writer.write(setting("other"))
        assert (await asyncio.gather(task, return_exceptions=True))[0].__class__ is asyncio.CancelledError
        return other

    assert asyncio.run(go()) == "other"
    assert keys_on_disk(store.home.durable_db) == ["cancelled", "other"]


def test_closing_does_what_was_handed_over_and_refuses_the_rest(store: Store) -> None:
    async def go() -> list[object]:
        tasks = [asyncio.create_task(store.writer.write(setting(f"k{i}"))) for i in range(20)]
        await asyncio.sleep(0)
        store.writer.close()
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    assert asyncio.run(go()) == [f"k{i}" for i in range(20)]
    with pytest.raises(Closed):
        store.writer.submit(setting("late"))
    assert len(keys_on_disk(store.home.durable_db)) == 20


def test_a_damaged_file_takes_no_writes_and_can_still_be_read(store: Store) -> None:
    store.writer.submit(setting("before")).result()
    store.writer.damage("a page is bad.")
    with pytest.raises(ReadOnly, match="guided restore") as refused:
        store.writer.submit(setting("after")).result()
    assert refused.value.details["mode"] == "damaged"
    assert list(store.settings.all()) == ["before"]
    assert store.writer.probe().result() is Mode.DAMAGED


def test_steps_between_transactions_run_outside_of_any(store: Store) -> None:
    assert store.writer.submit_between(lambda connection: connection.in_transaction).result() is False
    assert store.writer.submit(lambda connection: connection.in_transaction).result() is True

    def fails(_: apsw.Connection) -> None:
        raise Invalid("no")

    with pytest.raises(Invalid):
        store.writer.submit_between(fails).result()
    assert store.writer.submit(setting("after")).result() == "after"


def test_statistics_tell_of_the_queue(store: Store) -> None:
    store.writer.submit(setting("a")).result()
    told = store.statistics()["garret.db"]
    assert told["mode"] == "normal"
    assert told["waiting"] == 0
    assert told["operations"] == 1
    assert told["batches"] == 1
    assert told["log_pages"] > 0


def test_the_idle_writer_uses_no_processor_time(store: Store, clock: ManualClock) -> None:
    import resource

    store.writer.submit(setting("a")).result()
    before = resource.getrusage(resource.RUSAGE_SELF)
    waiting = threading.Event()
    waiting.wait(0.2)
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_nvcsw - before.ru_nvcsw < 5
