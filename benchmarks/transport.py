"""Round trips of a small typed message through the real broker to a real worker and back.

Client, control plane and worker are three processes; each message is enveloped, framed, decoded and
checked by type at every hop, judged by policy, given a deadline and counted. Peers carry the same
fields in the same run, turn by turn with Garret; most of them have no broker in between, and none
has policy, deadlines or isolation. The floor is a bare blocking socket pair: bytes there and back, one hop.

Where cores sleep between messages, most of a round trip is spent on waking them, which the floor shows
as well: Garret's way has two such hops. The rows "one core" measure once more with everybody held to
one core, which then never sleeps: what is left is what the house itself costs.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from benchmarks import transport_peers as peers
from benchmarks.echo_house import running
from benchmarks.echo_room import MESSAGE, Flow, Say
from benchmarks.report import Row, row
from garret.protocol.contract import check_result
from garret.protocol.envelope import encode_payload, pack
from garret.protocol.frames import Kind
from garret.transport.blocking import BlockingChannel
from garret.transport.client import Client

ROUNDS = 7
_BATCH = 32
_WINDOW = 256
_ITEMS = 50_000
_COMMAND = int(Kind.COMMAND)
_RESULT = int(Kind.RESULT)


class Garret:
    """The client's side of what is measured: `Client.call` for round trips, its channel for many at once."""

    def __init__(self, client: Client, channel: BlockingChannel) -> None:
        self._client = client
        self._channel = channel
        self._ids = itertools.count(1 << 32)

    def once(self) -> None:
        self._client.call(MESSAGE)

    def many(self, count: int) -> None:
        """`count` commands, each in an envelope of its own, up to 256 under way."""
        meta, deadline = Say.__meta__, time.monotonic() + 60
        asked = answered = 0
        while answered < count:
            while asked < count and asked - answered <= _WINDOW - _BATCH:
                frames = [
                    pack(
                        _COMMAND, next(self._ids), encode_payload(MESSAGE), name=meta.name, deadline=deadline
                    )
                    for _ in range(min(_BATCH, count - asked))
                ]
                asked += len(frames)
                self._channel.send(b"".join(frames))
            received = self._channel.receive()
            while received is not None:
                envelope = received[0]
                if envelope.kind != _RESULT:
                    raise RuntimeError(f"a command failed: {bytes(envelope.payload)!r}")
                check_result(meta, envelope.payload)
                answered += 1
                received = self._channel.receive_ready()


def _rate(many: Callable[[int], None], count: int) -> float:
    start = time.perf_counter()
    many(count)
    return count / (time.perf_counter() - start)


def run() -> list[Row]:
    """Measure; see the module's docstring."""
    folder = Path(tempfile.mkdtemp(prefix="g-", dir="/tmp"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        bare = stack.enter_context(peers.bare_socket())  # first: it forks, and peers start threads
        home = stack.enter_context(running())
        client = Client.connect(home)
        stack.callback(client.close)
        # What a peer is, how many round trips a round takes, and how many messages its rate.
        contestants: dict[str, tuple[peers.Peer | Garret, int, int]] = {
            "garret": (Garret(client, client.channel), 3000, 20_000),
            "FastAPI+uvicorn+httpx": (stack.enter_context(peers.http()), 200, 300),
            "multiprocessing.connection": (
                stack.enter_context(peers.pickled(folder, broker=False)),
                1000,
                10_000,
            ),
            "multiprocessing.connection, broker": (
                stack.enter_context(peers.pickled(folder, broker=True)),
                1000,
                5000,
            ),
            "pyzmq ipc, broker": (stack.enter_context(peers.zeromq(folder)), 1000, 20_000),
            "gRPC, Unix socket": (stack.enter_context(peers.grpc_unix(folder)), 500, 2000),
        }
        rows = [*_measure(contestants, bare), _streamed(client)]
        with one_core():
            rows += _measure(contestants, bare, ", one core")
        return rows


def _streamed(client: Client) -> Row:
    """Items of 200 bytes from a worker through the broker to a client, as fast as there is credit."""
    came = itertools.count()
    rates = []
    for round_ in range(ROUNDS + 1):
        start = time.perf_counter()
        client.stream(Flow(count=_ITEMS), lambda _: next(came))
        if round_:
            rates.append(_ITEMS / (time.perf_counter() - start))
    if next(came) != _ITEMS * (ROUNDS + 1):
        raise RuntimeError("items were lost")
    return row("protocol: stream of 200-byte items", statistics.median(rates), "items/s", budget=150_000.0)


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """Hold this process and all it started, thread by thread, to the last of their cores."""
    before = os.sched_getaffinity(0)
    hold_to(os.getpid(), {max(before)})
    try:
        yield
    finally:
        hold_to(os.getpid(), before)


def hold_to(pid: int, cores: set[int]) -> None:
    """Hold a process and all it started, thread by thread, to `cores`; what it starts later inherits it."""
    process = psutil.Process(pid)
    for each in (process, *process.children(recursive=True)):
        for thread in each.threads():
            with contextlib.suppress(ProcessLookupError):  # a thread that ended meanwhile
                os.sched_setaffinity(thread.id, cores)


def _measure(
    contestants: dict[str, tuple[peers.Peer | Garret, int, int]], bare: Callable[[bytes], None], how: str = ""
) -> list[Row]:
    middle: dict[str, list[float]] = {name: [] for name in (*contestants, "floor")}
    tail: dict[str, list[float]] = {name: [] for name in (*contestants, "floor")}
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    frame = pack(_COMMAND, 1, encode_payload(MESSAGE), name=Say.__meta__.name, deadline=1.0, trace="0" * 55)

    def note(name: str, times: list[float]) -> None:
        middle[name].append(times[len(times) // 2] * 1e6)
        tail[name].append(times[len(times) * 99 // 100] * 1e6)

    for round_ in range(ROUNDS + 1):
        for name, (peer, trips, messages) in contestants.items():
            times, rate = peers.timed(peer.once, trips), _rate(peer.many, messages)
            if round_:  # the first round warms everybody up
                note(name, times)
                rates[name].append(rate)
        note("floor", peers.timed(lambda: bare(frame), 3000))
    return [
        _row(f"protocol: round trip p50{how}", middle, "us", 60.0),
        _row(f"protocol: round trip p99{how}", tail, "us", 150.0),
        _row(f"protocol: pipelined{how}", rates, "messages/s", 40_000.0),
    ]


def _row(name: str, figures: dict[str, list[float]], unit: str, budget: float) -> Row:
    medians = {who: statistics.median(found) for who, found in figures.items()}
    mine, floor = medians.pop("garret"), medians.pop("floor", None)
    return row(name, mine, unit, budget=budget, peers=medians, floor=floor)
