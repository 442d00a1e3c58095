"""The harness: commands in, answers out; and workers that die, print, hoard, hang or lie."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import psutil
import pytest

from garret.base.errors import CancelledError, Code, DeadlineError, GarretError
from garret.base.paths import Home
from garret.control.commands import broker as broker_module
from garret.control.plane import ControlPlane
from garret.control.supervision import events as sv
from garret.protocol.contract import Command, Contract, Nothing, command
from garret.protocol.envelope import Envelope, decode_error, encode_payload, pack
from garret.protocol.frames import Kind
from garret.protocol.life import Heartbeat
from garret.protocol.streams import INITIAL_CREDIT, MAX_GRANT, Credit
from garret.transport.blocking import BlockingChannel
from garret.transport.client import Client
from garret.transport.errors import Disconnected
from garret.worker.call import Call
from garret.worker.harness import Handlers, Harness
from tests.toy_room import contracts as c
from tests.toy_room.house import call, figures, pids, run, until


class Answer(Contract, frozen=True):
    text: str


class Item(Contract, frozen=True):
    number: int


@command("h.quick", result=Answer, capability="h.use", target="h")
class Quick(Command[Answer], frozen=True):
    """Answer at once, where it is read."""

    text: str


@command("h.slow", result=Answer, capability="h.use", target="h", items=Item, inputs=Item)
class Slow(Command[Answer], frozen=True):
    """Do what the test planted."""


Plan = Callable[[Call], Any]


class Bench:
    """A harness in a thread, and the control plane's end of its socket."""

    def __init__(self, plan: Plan | None = None, *, concurrency: int = 2, heartbeat: float = 60.0) -> None:
        ours, theirs = socket.socketpair()
        self.channel = BlockingChannel(ours)
        self.channel.set_timeout(20)
        self.plan = plan or (lambda call: Answer(text="done"))
        self.threads: set[str] = set()
        handlers = Handlers({Quick: self._quick, Slow: self._slow}, inline=frozenset({Quick}))
        far = BlockingChannel(theirs)
        self.harness = Harness(far, handlers, concurrency=concurrency, heartbeat_seconds=heartbeat)
        self.ended: list[str] = []
        self.thread = threading.Thread(target=self._serve, args=(far,))
        self.thread.start()

    def _serve(self, far: BlockingChannel) -> None:
        try:
            self.harness.serve()
            self.ended.append("drained")
        except Disconnected:
            self.ended.append("disconnected")
        finally:
            far.close()

    def _quick(self, request: Quick, call: Call) -> Answer:
        return Answer(text=request.text)

    def _slow(self, request: Slow, call: Call) -> Any:
        self.threads.add(threading.current_thread().name)
        return self.plan(call)

    def start(self, request: int, value: Any = None, **fields: Any) -> None:
        value = Slow() if value is None else value
        fields.setdefault("name", type(value).__meta__.name)
        self.channel.send(pack(Kind.COMMAND, request, encode_payload(value), **fields))

    def send(self, kind: Kind, request: int, value: Any = None, name: str = "") -> None:
        self.channel.send(pack(kind, request, encode_payload(value), name=name))

    def receive(self) -> Envelope:
        return self.channel.receive()[0]

    def answer(self) -> tuple[int, Any]:
        """The next result or error: the id, and the text or the error's code."""
        while True:
            envelope = self.receive()
            if envelope.kind == Kind.RESULT:
                return envelope.id, msgspec.msgpack.decode(envelope.payload, type=Answer).text
            if envelope.kind == Kind.ERROR:
                return envelope.id, decode_error(envelope.payload).code

    def end(self) -> None:
        self.channel.shutdown()
        self.thread.join()
        self.channel.close()


@pytest.fixture
def benches() -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(*arguments: Any, **options: Any) -> Bench:
        made.append(Bench(*arguments, **options))
        return made[-1]

    yield make
    for bench in made:
        bench.end()


Benches = Callable[..., Bench]


# --- commands -------------------------------------------------------------------------------------


def test_quick_commands_that_come_together_are_answered_together(benches: Benches) -> None:
    bench = benches()
    body = encode_payload(Quick(text="x"))
    bench.channel.send(b"".join(pack(Kind.COMMAND, n, body, name="h.quick") for n in range(100)))
    assert [bench.answer() for _ in range(100)] == [(number, "x") for number in range(100)]


def test_a_quick_command_is_answered_whatever_comes_together_with_it(benches: Benches) -> None:
    gate = threading.Event()

    def wait(call: Call) -> Answer:
        gate.wait(20)
        return Answer(text="slow")

    bench = benches(wait)
    quick = pack(Kind.COMMAND, 1, encode_payload(Quick(text="quick")), name="h.quick")
    bench.channel.send(quick + pack(Kind.COMMAND, 2, encode_payload(Slow()), name="h.slow"))
    assert bench.answer() == (1, "quick")
    cancel = pack(Kind.CANCEL, 9)
    bench.channel.send(quick + cancel)
    assert bench.answer() == (1, "quick")
    gate.set()
    assert bench.answer() == (2, "slow")


def test_one_thread_serves_one_command_after_another(benches: Benches) -> None:
    bench = benches(concurrency=8)
    for number in range(5):
        bench.start(number)
        assert bench.answer() == (number, "done")
    assert len(bench.threads) <= 2  # one may not have put its work down yet when the next comes


def test_as_many_run_at_once_as_are_allowed(benches: Benches) -> None:
    gate = threading.Barrier(3)

    def meet(_: Call) -> Answer:
        gate.wait(20)
        return Answer(text="met")

    bench = benches(meet, concurrency=3)
    for number in range(3):
        bench.start(number)
    assert sorted(bench.answer() for _ in range(3)) == [(0, "met"), (1, "met"), (2, "met")]


def _wrong_type(_: Call) -> Any:
    return object()


def _too_large(_: Call) -> Any:
    return Answer(text="x" * 5_000_000)


def _exit(_: Call) -> Any:
    raise SystemExit(3)


class Panic(BaseException):
    """As native libraries raise them."""


def _panic(_: Call) -> Any:
    raise Panic("index out of bounds")


def _typed(_: Call) -> Any:
    raise GarretError("no", code=Code.NOT_FOUND)


def _deep(_: Call) -> Any:
    return _deep(_)


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (_wrong_type, Code.FAILED),
        (_too_large, Code.INVALID),
        (_exit, Code.FAILED),
        (_panic, Code.FAILED),
        (_typed, Code.NOT_FOUND),
        (_deep, Code.FAILED),
        (lambda call: Answer(text=str(1 / 0)), Code.FAILED),
    ],
    ids=["unencodable", "too large", "exit", "panic", "typed", "recursion", "bug"],
)
def test_a_handler_that_fails_fails_alone(benches: Benches, plan: Plan, code: Code) -> None:
    bench = benches(plan, concurrency=1)
    bench.start(1)
    assert bench.answer() == (1, code)
    bench.plan = lambda call: Answer(text="goes on")
    bench.start(2)
    assert bench.answer() == (2, "goes on")


def test_what_a_worker_does_not_know_or_understand_is_refused(benches: Benches) -> None:
    bench = benches()
    bench.start(1, name="h.other")
    bench.start(2, Quick(text="a"), name="h.slow")
    bench.send(Kind.COMMAND, 3, {"text": 1}, name="h.quick")
    assert [bench.answer() for _ in range(3)] == [(n, Code.INVALID) for n in (1, 2, 3)]


@pytest.mark.parametrize("value", [Quick(text="late"), Slow()])
def test_what_comes_after_its_deadline_is_not_begun(benches: Benches, value: Any) -> None:
    bench = benches()
    bench.start(1, value, deadline=time.monotonic() - 1)
    assert bench.answer() == (1, Code.DEADLINE)
    assert bench.threads == set()


# --- cancel, deadline, streams --------------------------------------------------------------------


def _until_stopped(call: Call) -> Answer:
    call.emit(Item(number=0))
    while True:
        call.check()
        time.sleep(0.001)


def _emit_for_ever(call: Call) -> Answer:
    number = 0
    while True:
        call.emit(Item(number=number))
        number += 1


def _take_inputs(call: Call) -> Answer:
    call.emit(Item(number=0))
    return Answer(text=str(sum(item.number for item in call.inputs())))


@pytest.mark.parametrize("plan", [_until_stopped, _emit_for_ever, _take_inputs])
def test_a_cancel_reaches_whatever_a_handler_waits_for(benches: Benches, plan: Plan) -> None:
    bench = benches(plan)
    bench.start(1)
    assert bench.receive().name == "item"
    bench.send(Kind.CANCEL, 1)
    assert bench.answer() == (1, Code.CANCELLED)
    bench.send(Kind.CANCEL, 1)  # it has ended: nothing happens
    bench.start(2, Quick(text="on"))
    assert bench.answer() == (2, "on")


@pytest.mark.parametrize("plan", [_until_stopped, _emit_for_ever, _take_inputs])
def test_a_deadline_reaches_whatever_a_handler_waits_for(benches: Benches, plan: Plan) -> None:
    bench = benches(plan)
    bench.start(1, deadline=time.monotonic() + 0.05)
    assert bench.answer() == (1, Code.DEADLINE)


def test_a_cancel_of_what_waits_for_a_thread_keeps_it_from_starting(benches: Benches) -> None:
    gate = threading.Event()
    ran: list[int] = []

    def wait(call: Call) -> Answer:
        call.check()
        ran.append(call.request)
        gate.wait(20)
        return Answer(text="done")

    bench = benches(wait, concurrency=1)
    bench.start(1)
    bench.start(2)
    bench.send(Kind.CANCEL, 2)
    bench.start(9, Quick(text="read"))
    assert bench.answer() == (9, "read")
    gate.set()
    assert [bench.answer(), bench.answer()] == [(1, "done"), (2, Code.CANCELLED)]
    assert ran == [1]


def test_items_wait_for_credit(benches: Benches) -> None:
    count = INITIAL_CREDIT + 10

    def emit(call: Call) -> Answer:
        for number in range(count):
            call.emit(Item(number=number))
        return Answer(text="all")

    bench = benches(emit)
    bench.start(1)
    names = [bench.receive().name for _ in range(INITIAL_CREDIT)]
    assert names == ["item"] * INITIAL_CREDIT
    bench.start(2, Quick(text="nothing more came"))
    assert bench.answer() == (2, "nothing more came")
    bench.send(Kind.CREDIT, 1, Credit(10))
    assert [bench.receive().kind for _ in range(11)] == [Kind.STREAM] * 10 + [Kind.RESULT]


def test_many_items_leave_together_and_wait_for_credit_as_one_does(benches: Benches) -> None:
    count = 2 * INITIAL_CREDIT + 10

    def emit(call: Call) -> Answer:
        call.emit_many(Item(number=number) for number in range(count))
        return Answer(text="all")

    bench = benches(emit)
    bench.start(1)
    came = [bench.receive() for _ in range(INITIAL_CREDIT)]
    bench.start(2, Quick(text="nothing more came"))
    assert bench.answer() == (2, "nothing more came")
    bench.send(Kind.CREDIT, 1, Credit(INITIAL_CREDIT))
    came += [bench.receive() for _ in range(INITIAL_CREDIT)]
    bench.start(3, Quick(text="nor now"))
    assert bench.answer() == (3, "nor now")
    bench.send(Kind.CREDIT, 1, Credit(INITIAL_CREDIT))
    came += [bench.receive() for _ in range(10)]
    assert [msgspec.msgpack.decode(item.payload, type=Item).number for item in came] == list(range(count))
    assert bench.answer() == (1, "all")


def test_a_cancel_reaches_who_streams_many(benches: Benches) -> None:
    def emit(call: Call) -> Answer:
        call.emit_many(Item(number=number) for number in range(10 * INITIAL_CREDIT))
        return Answer(text="all")

    bench = benches(emit)
    bench.start(1)
    for _ in range(INITIAL_CREDIT):
        bench.receive()
    bench.send(Kind.CANCEL, 1)
    assert bench.answer() == (1, Code.CANCELLED)


def test_emitting_without_waiting_says_whether_there_was_room(benches: Benches) -> None:
    def emit(call: Call) -> Answer:
        return Answer(
            text=str([call.emit_nowait(Item(number=n)) for n in range(INITIAL_CREDIT + 3)].count(False))
        )

    bench = benches(emit)
    bench.start(1)
    assert bench.answer() == (1, "3")


def test_inputs_are_taken_to_their_end_and_give_credit_back(benches: Benches) -> None:
    bench = benches(_take_inputs)
    bench.start(1)
    credit, total = INITIAL_CREDIT, 3 * INITIAL_CREDIT
    bench.receive()
    for number in range(total):
        while not credit:
            envelope = bench.receive()
            assert envelope.kind == Kind.CREDIT
            credit += msgspec.msgpack.decode(envelope.payload, type=Credit).items
        bench.send(Kind.STREAM, 1, Item(number=number), name="item")
        credit -= 1
    bench.send(Kind.STREAM, 1, name="end")
    assert bench.answer() == (1, str(sum(range(total))))


@pytest.mark.parametrize("how", ["overrun", "absurd", "adds up", "no credit", "no input"])
def test_a_caller_that_breaks_the_rules_fails_its_own_call_only(benches: Benches, how: str) -> None:
    def wait(call: Call) -> Answer:
        call.emit(Item(number=0))
        if how == "no input":
            for item in call.inputs():
                del item
        while True:
            call.check()
            time.sleep(0.001)

    bench = benches(wait, concurrency=2)
    bench.start(1)
    assert bench.receive().name == "item"
    if how == "overrun":
        for _ in range(INITIAL_CREDIT + 1):
            bench.send(Kind.STREAM, 1, Item(number=1), name="item")
    elif how == "absurd":
        bench.send(Kind.CREDIT, 1, Credit(-5))
    elif how == "adds up":
        bench.send(Kind.CREDIT, 1, Credit(MAX_GRANT))
        bench.send(Kind.CREDIT, 1, Credit(MAX_GRANT))
    elif how == "no credit":
        bench.send(Kind.CREDIT, 1, "x")
    else:
        bench.send(Kind.STREAM, 1, {"number": "x"}, name="item")
    assert bench.answer() == (1, Code.INVALID)
    bench.plan = lambda call: Answer(text="others go on")
    bench.start(2)
    assert bench.answer() == (2, "others go on")


# --- life -----------------------------------------------------------------------------------------


def test_a_heartbeat_tells_of_what_runs_and_only_while_it_runs(benches: Benches) -> None:
    bench = benches(_until_stopped, heartbeat=0.01)
    bench.start(7)
    beats = []
    while len(beats) < 3:
        envelope = bench.receive()
        if envelope.kind == Kind.HEARTBEAT:
            beats.append(msgspec.msgpack.decode(envelope.payload, type=Heartbeat))
    assert all(set(beat.progress) == {7} for beat in beats)
    assert beats[0].progress[7] < beats[-1].progress[7]
    assert beats[0].memory_bytes > 1 << 20
    bench.send(Kind.CANCEL, 7)
    assert bench.answer() == (7, Code.CANCELLED)
    bench.channel.set_timeout(0.1)
    with pytest.raises(TimeoutError):  # noqa: PT012 - one beat may have been on its way
        bench.receive()
        bench.receive()


def test_draining_finishes_what_there_is(benches: Benches) -> None:
    gate = threading.Event()

    def wait(call: Call) -> Answer:
        gate.wait(20)
        return Answer(text="finished")

    bench = benches(wait)
    bench.start(1)
    bench.send(Kind.DRAIN, 0)
    bench.start(2, Quick(text="was on its way"))
    assert bench.answer() == (2, "was on its way")
    gate.set()
    assert bench.answer() == (1, "finished")
    bench.thread.join()
    assert bench.ended == ["drained"]


def test_draining_without_work_is_immediate(benches: Benches) -> None:
    bench = benches()
    bench.send(Kind.DRAIN, 0)
    bench.thread.join()
    assert bench.ended == ["drained"]


def test_the_end_of_the_control_plane_ends_the_worker(benches: Benches) -> None:
    bench = benches(_until_stopped)
    bench.start(1)
    bench.receive()
    bench.channel.shutdown()
    bench.thread.join()
    assert bench.ended == ["disconnected"]


# --- descriptors ----------------------------------------------------------------------------------


def test_descriptors_of_a_call_are_closed_unless_taken(benches: Benches) -> None:
    kept: list[int] = []

    def look(call: Call) -> Answer:
        if not kept:
            kept.extend(call.take_descriptors())
        call.attach(os.dup(0))
        if len(seen) > 1:
            raise GarretError("no")
        seen.append(call.descriptors)
        return Answer(text="done")

    seen: list[tuple[int, ...]] = []
    bench = benches(look, concurrency=1)
    before = psutil.Process().num_fds()
    null = os.open("/dev/null", os.O_RDONLY)
    for number in range(4):
        frame = pack(Kind.COMMAND, number, encode_payload(Slow()), name="h.slow", descriptors=1)
        bench.channel.send(frame, (null,))
    os.close(null)
    for _ in range(4):
        for number in bench.channel.receive()[1]:
            os.close(number)
    bench.send(Kind.DRAIN, 0)
    bench.thread.join()
    assert len(kept) == 1
    os.close(kept[0])
    assert psutil.Process().num_fds() == before - 1  # the harness has closed its socket
    assert bench.ended == ["drained"]


# --- real processes that misbehave ----------------------------------------------------------------


async def misbehaves(client: Client, how: str) -> GarretError:
    with pytest.raises(GarretError) as caught:
        await call(client, c.Misbehave(how=how))
    return caught.value


async def goes_on(plane: ControlPlane, client: Client, pool: str = "wild") -> None:
    """Others never noticed, and the worker comes back."""
    assert (await call(client, c.Repeat(text="a", times=2))).text == "aa"
    if pool == "wild":
        await call(client, c.Misbehave(how="not at all"))


def test_a_worker_killed_with_calls_in_hand(home: Home) -> None:
    """Its callers get a typed error that may be tried again; those of other workers notice nothing."""

    async def test(plane: ControlPlane, client: Client) -> None:
        other = await asyncio.to_thread(Client.connect, plane.home)
        begun = asyncio.Event()
        loop = asyncio.get_running_loop()
        waiting = loop.run_in_executor(
            None, lambda: other.stream(c.Wait(), lambda item: loop.call_soon_threadsafe(begun.set))
        )
        await begun.wait()
        (victim,) = pids(plane)
        await call(client, c.Misbehave(how="not at all"))
        (bystander,) = pids(plane, "wild")
        os.kill(victim, signal.SIGKILL)
        with pytest.raises(GarretError) as caught:
            await waiting
        assert caught.value.code == Code.UNAVAILABLE
        assert caught.value.retryable
        assert caught.value.details == {"worker_lost": True}
        await call(client, c.Misbehave(how="not at all"))
        assert pids(plane, "wild") == [bystander]
        assert (await call(client, c.Echo(text="back"))).text == "back"
        assert pids(plane) != [victim]
        other.close()

    run(home, test)


def test_a_worker_that_dies_of_its_own_is_told_apart_from_an_answer(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        error = await misbehaves(client, "die")
        assert (error.code, error.retryable) == (Code.UNAVAILABLE, True)
        await goes_on(plane, client)

    run(home, test)


def test_a_handler_that_exits_or_raises_fails_its_call_and_not_the_worker(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        for how in ("exit", "raise"):
            assert (await misbehaves(client, how)).code == Code.FAILED
        (first,) = pids(plane, "wild")
        await goes_on(plane, client)
        assert pids(plane, "wild") == [first]

    run(home, test)


def test_a_worker_that_answers_with_something_else_is_replaced(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        with pytest.raises(GarretError) as caught:
            await call(client, c.Wrong())
        assert caught.value.code == Code.INVALID
        await goes_on(plane, client)

    run(home, test)


def test_a_worker_that_sends_garbage_is_replaced(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        assert (await misbehaves(client, "garbage")).code == Code.UNAVAILABLE
        await goes_on(plane, client)

    run(home, test)


def test_a_worker_that_allocates_without_end_meets_its_own_limit(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        error = await misbehaves(client, "allocate")
        assert error.code == Code.FULL
        assert "memory" in error.message
        await goes_on(plane, client)

    run(home, test)


def test_a_worker_that_stops_beating_is_killed(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        error = await misbehaves(client, "freeze")
        assert error.code == Code.UNAVAILABLE
        assert "no sign of life" in error.message
        await goes_on(plane, client)

    run(home, test)


@pytest.mark.parametrize(
    ("request_", "words"), [(c.Absent(), "nowhere"), (c.Broken(), "RuntimeError: planted")]
)
def test_a_worker_that_cannot_start_is_told_and_others_go_on(
    home: Home, request_: Command[Nothing], words: str
) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        with pytest.raises(GarretError) as caught:
            await call(client, request_)
        assert caught.value.code == Code.UNAVAILABLE
        assert words in caught.value.message
        await goes_on(plane, client, "toy")

    run(home, test)


def test_a_worker_that_prints_for_ever_costs_bounded_lines(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        lines = 0

        def count(source: str, stream: str, line: str) -> None:
            nonlocal lines
            lines += 1

        plane.workers.on_worker_line = count  # type: ignore[method-assign]
        with pytest.raises(DeadlineError):
            await call(client, c.Misbehave(how="print"), timeout=1.0)
        assert 0 < lines < 5000
        assert (await call(client, c.Repeat(text="a", times=2))).text == "aa"
        for pid in pids(plane, "wild"):
            os.kill(pid, signal.SIGKILL)

    monkeypatch.setattr(broker_module, "STOP_SECONDS", 0.05)
    run(home, test)


def test_a_worker_that_ignores_term_is_killed(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        await call(client, c.IgnoreTerm())
        (stubborn,) = pids(plane, "stubborn")
        slot = plane.pools["stubborn"].slots[0]
        slot.handle(sv.Stop(urgent=True))
        await until(lambda: not pids(plane, "stubborn"))
        assert not psutil.pid_exists(stubborn)
        assert slot._machine.statistics().kills == 1
        await goes_on(plane, client, "toy")

    run(home, test)


def test_busy_and_idle_are_told_however_many_commands_there_are(home: Home) -> None:
    """The supervisor hears of edges only; what it believes is what is so."""

    async def test(plane: ControlPlane, client: Client) -> None:
        others = [await asyncio.to_thread(Client.connect, plane.home) for _ in range(6)]
        machine = plane.pools["toy"].slots[0]._machine
        for _ in range(3):
            await asyncio.gather(*(call(other, c.Repeat(text="a", times=50)) for other in others))
        await until(lambda: machine.statistics().jobs == 0)
        assert machine.state is sv.State.READY
        assert figures(plane).running == 0
        begun = asyncio.Event()
        loop = asyncio.get_running_loop()
        waiting = loop.run_in_executor(
            None,
            lambda: others[0].stream(c.Wait(), lambda _: loop.call_soon_threadsafe(begun.set), timeout=60),
        )
        await begun.wait()
        await call(client, c.Repeat(text="a"))
        assert machine.state is sv.State.BUSY
        others[0].channel.shutdown()
        with pytest.raises((Disconnected, CancelledError)):
            await waiting
        await until(lambda: machine.state is sv.State.READY)
        for other in others:
            other.close()

    run(home, test)
