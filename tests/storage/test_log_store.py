"""Log lines: batches, queries, following by id, bounded size."""

from __future__ import annotations

import asyncio

from garret.storage.log_store import MESSAGE_LIMIT, Line, LogLimit
from garret.storage.store import Store


def line(number: int) -> Line:
    level = 40 if number % 5 == 0 else 20
    return Line(float(number), level, "stt" if number % 2 else "tts", f"line {number}", {"n": number})


def test_lines_are_queried_by_worker_level_and_time(store: Store) -> None:
    assert asyncio.run(store.logs.append([line(i) for i in range(1, 31)])) == 30
    assert [kept.message for kept in store.logs.query(limit=2)] == ["line 29", "line 30"]
    assert {kept.worker for kept in store.logs.query(worker="stt")} == {"stt"}
    assert [kept.at for kept in store.logs.query(level=40, since=16)] == [20.0, 25.0, 30.0]
    assert [kept.fields for kept in store.logs.query(worker="tts", level=40, limit=1)] == [{"n": 30}]
    assert asyncio.run(store.logs.append([])) == 0


def test_following_by_id_misses_nothing_and_repeats_nothing(store: Store) -> None:
    seen: list[str] = []
    last = 0
    for start in range(0, 50, 10):
        asyncio.run(store.logs.append([line(i) for i in range(start, start + 10)]))
        while part := store.logs.after(last, limit=3):
            seen += [kept.message for kept in part]
            last = part[-1].id
        asyncio.run(store.logs.prune(LogLimit(lines=4)))
    assert seen == [f"line {i}" for i in range(50)]


def test_the_size_is_bounded_and_the_newest_stay(store: Store) -> None:
    asyncio.run(store.logs.append([line(i) for i in range(5_000)]))
    assert asyncio.run(store.logs.prune(LogLimit(lines=100))) == 4_900
    assert [kept.message for kept in store.logs.query(limit=1_000)] == [
        f"line {i}" for i in range(4_900, 5_000)
    ]
    assert asyncio.run(store.logs.prune(LogLimit(lines=100))) == 0


def test_a_line_is_kept_whatever_it_holds(store: Store) -> None:
    asyncio.run(store.logs.append([Line(1.0, 20, "w", "x" * 100_000, {"error": ValueError("odd")})]))
    kept = store.logs.query()[0]
    assert len(kept.message) == MESSAGE_LIMIT
    assert kept.fields == {"error": "odd"}


def test_a_kind_of_worker_stands_for_all_its_processes(store: Store) -> None:
    names = ["stt", "stt#0", "stt#1", "stty", "st", "tts#0"]
    asyncio.run(store.logs.append([Line(1.0, 20, name, "said", {}) for name in names]))
    assert {kept.worker for kept in store.logs.query(worker="stt")} == {"stt", "stt#0", "stt#1"}
    assert [kept.worker for kept in store.logs.after(0, worker="stt#1")] == ["stt#1"]
