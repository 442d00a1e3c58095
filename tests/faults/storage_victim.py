"""A process that uses storage hard and is killed in the middle: the victim of `test_storage_kills`.

Started as a program it is a fork server, so that a victim is there in milliseconds: for each line
`<home> <pipe> <round>` on its input it forks a victim, answers with its process id, and with `gone` once that
has been reaped. The victim writes a line to the pipe for everything that storage has acknowledged to it:

    E key job      enqueued            L job epoch    leased            F job epoch    finished
    A seq          audit row           B id           blob kept         R              replayed
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from functools import partial
from pathlib import Path

import apsw

from garret.base.paths import Home
from garret.storage import ledger_rows
from garret.storage.checkpoint import CheckpointPolicy
from garret.storage.errors import Conflict
from garret.storage.ledger_types import JobError, Request
from garret.storage.store import Keys, Store

KEYS = Keys(bytes(range(32)), bytes(range(1, 33)))
CALLERS = 64


def open_store(home: Home, number: int = 0) -> Store:
    """The home as the victim and its examiner open it.

    Every second round has small limits, so that checkpoints are killed too; in the others the log grows until
    it has a reserve.
    """
    return Store.open(home, KEYS, policy=CheckpointPolicy(soft=64 if number % 2 else 2_000, idle=0.02))


class Victim:
    """Sixty-four callers, an auditor and a keeper of blobs on one store."""

    def __init__(self, store: Store, pipe: int, number: int) -> None:
        self.store = store
        self.pipe = pipe
        self.number = number
        self.random = random.Random(number)

    def acknowledge(self, *words: object) -> None:
        os.write(self.pipe, (" ".join(map(str, words)) + "\n").encode())

    async def run(self) -> None:
        replayed = await self.store.ledger.replay()
        self.acknowledge("R")
        left = [one.job.id for one in replayed] + [job.id for job in self.store.ledger.next_queued(500)]
        left = list(dict.fromkeys(left))
        callers = (self.call(caller, left[caller::CALLERS]) for caller in range(CALLERS))
        await asyncio.gather(*callers, self.audit(), self.keep_blobs())

    async def call(self, caller: int, left: list[str]) -> None:
        for job in left:
            await self.work(job)
        count = 0
        while True:
            # Two rounds share their keys: the second asks for jobs that the first may have made already.
            key = f"{self.number // 2}-{caller}-{count}"
            count += 1
            enqueued = await self.store.ledger.enqueue(Request("test.work", key.encode(), idempotency=key))
            self.acknowledge("E", key, enqueued.job.id)
            await self.work(enqueued.job.id)

    async def work(self, job: str) -> None:
        ledger = self.store.ledger
        try:
            lease = await ledger.lease(job, f"w{self.number}")
        except Conflict:
            return  # it was done in an earlier round
        self.acknowledge("L", job, lease.epoch)
        fate = self.random.random()
        if fate < 0.1:
            await ledger.fail(job, lease.epoch, JobError("failed", "bad luck", True), retry=True)
        elif fate < 0.15:
            await ledger.requeue(job, lease.epoch, "no mood")
        elif fate < 0.2:
            await ledger.cancel(job, "someone")
        else:
            await self.store.writer.write(partial(self.finish, job, lease.epoch))
            self.acknowledge("F", job, lease.epoch)

    def finish(self, job: str, epoch: int, connection: apsw.Connection) -> None:
        """The effect of the job and its end land together."""
        connection.execute("INSERT INTO effects VALUES (?, ?)", (job, epoch))
        ledger_rows.finish(connection, job, epoch, job.encode(), 1.0)

    async def audit(self) -> None:
        while True:
            self.acknowledge("A", await self.store.audit.append("worker", "admin", "test.work", "done"))

    async def keep_blobs(self) -> None:
        while True:
            blob = await asyncio.to_thread(self.store.blobs.put_bytes, os.urandom(20_000))
            self.acknowledge("B", blob.id)


def live(home: Home, pipe_path: str, number: int) -> None:
    """Be a victim until killed."""
    pipe = os.open(pipe_path, os.O_WRONLY)
    store = open_store(home, number)
    store.writer.submit(
        lambda c: c.execute("CREATE TABLE IF NOT EXISTS effects (job TEXT, epoch INTEGER)").fetchall()
    ).result()
    asyncio.run(Victim(store, pipe, number).run())


def serve() -> None:
    for line in sys.stdin:
        root, pipe_path, number = line.split()
        pid = os.fork()
        if pid == 0:
            try:
                live(Home(Path(root)), pipe_path, int(number))
            finally:
                os._exit(3)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print("killed" if os.WIFSIGNALED(status) else f"ended with {status}", flush=True)


if __name__ == "__main__":
    serve()
