"""Durable job transitions: how many a second, and how long each caller waits.

Sixty-four coroutines each take jobs through their life (enqueue, lease, finish), awaiting every transition;
the file is encrypted and `synchronous` is FULL. Beside it, in the same run and folder, aiosqlite does the
same statements with one commit for each transition at the same durability (it has no encryption, which
favours it), and the bare disk answers one fdatasync after another. The figure is the median of the rounds
that follow a first one, in which the files grow; the peer gets the same.

Run by itself: python benchmarks/storage.py
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiosqlite

from garret.base.paths import Home
from garret.storage import migrations
from garret.storage.ledger_types import Request
from garret.storage.store import Keys, Store

CALLERS = 64
JOBS = 60  # a caller and round; three transitions each
ROUNDS = 5
PEER_JOBS = 4  # it is slower by an order of magnitude
PEER_ROUNDS = 2
SYNCS = 200
PAYLOAD = b"p" * 200
RESULT = b"r" * 100
BUDGET_RATE = 10_000.0  # transitions a second, at least
BUDGET_P99 = 15.0  # milliseconds, at most

Row = dict[str, Any]
Round = tuple[float, list[float]]
"""Transitions a second, and the seconds each took."""


def place() -> Path:
    """A folder on a real disk: the temporary one is often in memory. GARRET_BENCH_DIR names another."""
    parent = Path(os.environ.get("GARRET_BENCH_DIR") or Path(__file__).resolve().parent.parent / "build")
    parent.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="storage-", dir=parent))


def percentile(times: list[float], share: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def measure_sync(folder: Path) -> list[float]:
    """Seconds of one fdatasync after a 4 KiB write at the end of a file, many times."""
    times: list[float] = []
    block = os.urandom(4096)
    descriptor = os.open(folder / "sync", os.O_CREAT | os.O_WRONLY, 0o600)
    for number in range(SYNCS):
        os.pwrite(descriptor, block, number * len(block))
        started = time.perf_counter()
        os.fdatasync(descriptor)
        times.append(time.perf_counter() - started)
    os.close(descriptor)
    return times


async def measure_store(folder: Path) -> AsyncGenerator[Round, None]:
    """Rounds on one home, one after another."""
    home = Home(folder)
    home.create()
    store = Store.open(home, Keys(os.urandom(32), os.urandom(32)))
    try:
        while True:
            times: list[float] = []
            started = time.perf_counter()
            await asyncio.gather(*(call_store(store, times) for _ in range(CALLERS)))
            yield len(times) / (time.perf_counter() - started), times
    finally:
        store.close()


async def call_store(store: Store, times: list[float]) -> None:
    """One caller: its jobs, one transition after the other."""
    for _ in range(JOBS):
        t0 = time.perf_counter()
        enqueued = await store.ledger.enqueue(Request("bench.work", PAYLOAD))
        t1 = time.perf_counter()
        lease = await store.ledger.lease(enqueued.job.id, "bench")
        t2 = time.perf_counter()
        await store.ledger.finish(lease.job, lease.epoch, RESULT)
        times.extend((t1 - t0, t2 - t1, time.perf_counter() - t2))


class Peer:
    """The same transitions through aiosqlite, each with a commit of its own."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self.connection = connection
        self.lock = asyncio.Lock()  # the connection has one transaction at a time
        self.times: list[float] = []
        self.number = 0

    async def transition(self, *statements: tuple[str, tuple[Any, ...]]) -> None:
        started = time.perf_counter()
        async with self.lock:
            for sql, values in statements:
                await self.connection.execute(sql, values)
            await self.connection.commit()
        self.times.append(time.perf_counter() - started)

    async def caller(self) -> None:
        event = "INSERT INTO job_events VALUES (?, ?, 1.0, ?, ?, 1, 1, 'bench', NULL)"
        move = (
            "UPDATE jobs SET state = ?, attempts = 1, epoch = 1, owner = ?, events = ?, updated = 2.0 "
            "WHERE seq = ?"
        )
        insert = (
            "INSERT INTO jobs (seq, id, command, state, priority, attempts, max_attempts, epoch, events, "
            "role, profile, created, updated) "
            "VALUES (?, ?, 'bench.work', 'queued', 1, 0, 3, 0, 1, 'owner', 'admin', 1.0, 1.0)"
        )
        for _ in range(PEER_JOBS):
            self.number += 1
            seq = self.number
            await self.transition(
                (insert, (seq, f"job_{seq:032x}")),
                ("INSERT INTO job_payloads VALUES (?, ?)", (seq, PAYLOAD)),
                (event, (seq, 1, "enqueued", "queued")),
            )
            await self.transition(
                (move, ("running", "bench", 2, seq)), (event, (seq, 2, "leased", "running"))
            )
            await self.transition(
                (move, ("done", None, 3, seq)),
                ("INSERT INTO job_results VALUES (?, ?)", (seq, RESULT)),
                (event, (seq, 3, "finished", "done")),
            )


async def measure_peer(folder: Path) -> AsyncGenerator[Round, None]:
    """Rounds of the peer on one file."""
    async with aiosqlite.connect(folder / "peer.db") as connection:
        await connection.execute("PRAGMA journal_mode = WAL")
        await connection.execute("PRAGMA synchronous = FULL")
        await connection.executescript(
            migrations.load("storage", "garret.storage.migrations.durable")[0].text
        )
        peer = Peer(connection)
        while True:
            peer.times = []
            started = time.perf_counter()
            await asyncio.gather(*(peer.caller() for _ in range(CALLERS)))
            yield len(peer.times) / (time.perf_counter() - started), peer.times


async def medians(measured: AsyncGenerator[Round, None], count: int) -> tuple[float, float]:
    """Over `count` rounds after the first: transitions a second, and the 99th percentile in milliseconds."""
    rates: list[float] = []
    tails: list[float] = []
    await anext(measured)
    for _ in range(count):
        rate, times = await anext(measured)
        rates.append(rate)
        tails.append(percentile(times, 0.99) * 1e3)
    await measured.aclose()
    return statistics.median(rates), statistics.median(tails)


def measure_opening(folder: Path) -> float:
    """Milliseconds to open an existing home: both files, keys tried, checked, threads started."""
    home = Home(folder / "opened")
    home.create()
    keys = Keys(os.urandom(32), os.urandom(32))
    Store.open(home, keys).close()
    times: list[float] = []
    for _ in range(7):
        started = time.perf_counter()
        store = Store.open(home, keys)
        times.append((time.perf_counter() - started) * 1e3)
        store.close()
    return statistics.median(times)


def run() -> list[Row]:
    """Measure everything and return one row a figure."""
    folder = place()
    (folder / "store").mkdir()
    try:
        sync = measure_sync(folder)
        rate, tail = asyncio.run(medians(measure_store(folder / "store"), ROUNDS))
        peer_rate, peer_tail = asyncio.run(medians(measure_peer(folder), PEER_ROUNDS))
        sync += measure_sync(folder)  # before and after: a shared disk changes by the second
        opening = measure_opening(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    median_sync = statistics.median(sync)
    return [
        {
            "name": "storage: durable job transitions, 64 callers, encrypted",
            "value": round(rate),
            "unit": "transitions/s",
            "budget": BUDGET_RATE,
            "met": rate >= BUDGET_RATE,
            "peers": {"aiosqlite, one commit each, not encrypted": round(peer_rate)},
            "floor": round(1 / median_sync),
        },
        {
            "name": "storage: one durable transition among 64 callers, p99",
            "value": round(tail, 2),
            "unit": "ms",
            "budget": BUDGET_P99,
            "met": tail <= BUDGET_P99,
            "peers": {"aiosqlite, one commit each, not encrypted": round(peer_tail, 2)},
            "floor": round(median_sync * 1e3, 3),
        },
        {
            "name": "storage: raw fdatasync of the same folder, median",
            "value": round(median_sync * 1e3, 3),
            "unit": "ms",
            "budget": None,
            "met": None,
            "peers": {"its own p99": round(percentile(sync, 0.99) * 1e3, 3)},
            "floor": None,
        },
        {
            "name": "storage: opening a home",
            "value": round(opening, 1),
            "unit": "ms",
            "budget": None,
            "met": None,
            "peers": {},
            "floor": None,
        },
    ]


if __name__ == "__main__":
    for row in run():
        print(json.dumps(row))
