"""64 MiB from one process to another: handed over in place, copied, and by what others have.

In place: the data was made in a memory file; sealing it, passing its descriptor through the broker to a
worker that maps it and looks at both its ends, and hearing so. Copied: the data is somewhere else and is
copied first, into a memory file that is used again (`WarmBulk`) or into a new one, whose fresh pages cost
several times the copy. The floor is one memcpy of as much.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import transport_peers as peers
from benchmarks.echo_house import running
from benchmarks.echo_room import DoNothing, Take
from benchmarks.report import Row, row
from benchmarks.transport import one_core
from garret.transport.bulk import BulkWriter, WarmBulk, from_bytes
from garret.transport.client import Client

SIZE = 64 << 20
ROUNDS = 7


class _Garret:
    """A client that hands bulks to the echo worker."""

    def __init__(self, client: Client, data: bytes, warm: WarmBulk) -> None:
        self._client = client
        self._data = data
        self._warm = warm

    def _take(self, descriptor: int) -> None:
        answer = self._client.call(Take(), descriptors=(descriptor,))
        if (answer.size, answer.first, answer.last) != (SIZE, self._data[0], self._data[-1]):
            raise RuntimeError(f"what arrived is not what was sent: {answer}")

    def in_place(self) -> float:
        """Milliseconds to hand over what was made in place; the making is not counted."""
        writer = BulkWriter(SIZE)
        writer.view[:] = self._data
        for _ in range(20):  # all three processes are awake, as they are amid work
            self._client.call(DoNothing())
        start = time.perf_counter()
        descriptor = writer.seal()
        self._take(descriptor)
        taken = time.perf_counter() - start
        os.close(descriptor)
        return taken * 1000

    def copied(self) -> None:
        """Copy into a memory file that was used before, and hand it over."""
        self._take(self._warm.fill(self._data))

    def copied_anew(self) -> None:
        """Copy into a new memory file, and hand it over."""
        descriptor = from_bytes(self._data)
        self._take(descriptor)
        os.close(descriptor)


def _milliseconds(call: Callable[[], None]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def run() -> list[Row]:
    """Measure; see the module's docstring."""
    folder = Path(tempfile.mkdtemp(prefix="g-", dir="/tmp"))
    data = os.urandom(1 << 20) * (SIZE >> 20)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        client = Client.connect(stack.enter_context(running()))
        stack.callback(client.close)
        garret = _Garret(client, data, stack.enter_context(WarmBulk(SIZE)))
        others = {
            "httpx upload": stack.enter_context(peers.http()),
            "multiprocessing.connection": stack.enter_context(peers.pickled(folder, broker=False)),
            "pyzmq ipc, broker": stack.enter_context(peers.zeromq(folder)),
        }
        rows = _measure(garret, others, data)
        with one_core():  # see benchmarks.transport
            rows += _measure(garret, others, data, ", one core")
        return rows


def _measure(garret: _Garret, others: dict[str, peers.Peer], data: bytes, how: str = "") -> list[Row]:
    target = memoryview(bytearray(SIZE))
    found: dict[str, list[float]] = {name: [] for name in ("in place", "copied", "anew", "memcpy", *others)}

    def memcpy() -> None:
        target[:] = data

    for round_ in range(ROUNDS + 1):
        taken = {
            "in place": garret.in_place(),
            "copied": _milliseconds(garret.copied),
            "anew": _milliseconds(garret.copied_anew),
            "memcpy": _milliseconds(memcpy),
        }
        for name, peer in others.items():
            taken[name] = _milliseconds(lambda peer=peer: peer.bulk(data))  # type: ignore[misc]
        for name, milliseconds in taken.items():
            if round_:  # the first round warms everybody up
                found[name].append(milliseconds)
    medians = {name: statistics.median(figures) for name, figures in found.items()}
    theirs = {name: medians[name] for name in others}
    floor = medians["memcpy"]
    return [
        row(f"bulk: 64 MiB handed over in place{how}", medians["in place"], "ms", budget=0.5, peers=theirs),
        row(f"bulk: 64 MiB copied{how}", medians["copied"], "ms", budget=8.0, peers=theirs, floor=floor),
        row(f"bulk: 64 MiB copied into fresh pages{how}", medians["anew"], "ms", peers=theirs, floor=floor),
    ]
