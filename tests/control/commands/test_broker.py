"""The broker: one answer to each command, whatever is cancelled, late, lost or refused at whatever stage."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import CancelledError, Code, DeadlineError, GarretError
from garret.base.paths import Home
from garret.control.access.policy import Policy, declared
from garret.control.commands import broker as broker_module
from garret.control.commands.broker import MAX_DESCRIPTORS_PER_CALLER, MAX_PENDING_PER_CALLER, Broker
from garret.control.commands.deadlines import BUCKET_SECONDS, DeadlineWheel
from garret.control.commands.request import Pending
from garret.control.errors import ControlError
from garret.control.plane import ControlPlane
from garret.control.watching.metrics import Metrics
from garret.protocol.contract import Registry
from garret.protocol.envelope import encode_payload
from garret.protocol.errors import PayloadInvalid, ProtocolError
from garret.protocol.life import Progress
from garret.protocol.streams import INITIAL_CREDIT, MAX_GRANT
from garret.transport.bulk import BulkReader, from_bytes
from garret.transport.client import Client
from tests.control.planes import inner
from tests.toy_room import contracts as c
from tests.toy_room.house import call, figures, house, pids, run, until
from tests.toy_room.manifest import ROOM

ECHO = c.Echo.__meta__
GOOD = encode_payload(c.Echo(text="a"))


class Asker:
    """A caller that notes what it is told."""

    def __init__(self, role: str = "cli") -> None:
        self.name = "asker"
        self.role = role
        self.profile = "admin"
        self.workspace = "main"
        self.told: list[tuple[Any, ...]] = []

    def on_result(self, request: int, payload: msgspec.Raw, descriptors: tuple[int, ...]) -> None:
        self.told.append((request, "result", bytes(payload)))

    def on_error(self, request: int, error: GarretError) -> None:
        self.told.append((request, error.code))

    def on_item(self, request: int, name: str, payload: msgspec.Raw) -> None:
        self.told.append((request, name))

    def on_credit(self, request: int, items: int) -> None:
        self.told.append((request, "credit", items))


class Holder:
    """A destination that holds what it gets, and stops or goes on as the test says."""

    def __init__(self, broker: Broker, *, stops: bool = True) -> None:
        self.broker = broker
        self.stops = stops
        self.held: list[Pending] = []
        self.inputs: list[Any] = []
        self.grants: list[int] = []

    def submit(self, pending: Pending) -> None:
        pending.handling = self
        self.held.append(pending)
        pending.hand_over_inputs()

    def cancel(self, pending: Pending) -> None:
        if self.stops:
            self.broker.fail(pending, CancelledError("stopped"))
        else:
            self.broker.expect_end(pending)

    def put_input(self, pending: Pending, payload: msgspec.Raw | None) -> None:
        self.inputs.append(None if payload is None else bytes(payload))

    def grant(self, pending: Pending, items: int) -> None:
        self.grants.append(items)


class Set:
    """A broker with one holder for all toy workers."""

    def __init__(self, *, stops: bool = True) -> None:
        self.denied: list[str] = []
        registry = Registry(ROOM.commands)
        self.metrics = Metrics()
        self.broker = Broker(
            registry,
            Policy(declared([ROOM])),
            self.metrics,
            refused=lambda caller, meta, reason: self.denied.append(meta.name),
        )
        self.holder = Holder(self.broker, stops=stops)
        self.broker.attach("toy", self.holder)
        self.asker = Asker()

    def ask(self, request: int, kind: Any = c.Echo, payload: msgspec.Raw = GOOD, **options: Any) -> Pending:
        return self.broker.admit(self.asker, request, kind.__meta__, payload, **options)


def on_a_loop(test: Callable[[], Any]) -> None:
    """Run a test that needs no more of the loop than that it is there."""

    async def main() -> None:
        done = test()
        if done is not None:
            await done

    asyncio.run(main())


def test_a_command_is_answered_once() -> None:
    parts = Set()
    pending = parts.ask(1)
    assert parts.broker.pending == 1
    parts.broker.finish(pending, GOOD)
    parts.broker.finish(pending, GOOD)
    parts.broker.fail(pending, GarretError("late"))
    parts.broker.cancel(parts.asker, 1)
    assert parts.asker.told == [(1, "result", bytes(GOOD))]
    assert parts.broker.pending == 0


def test_an_id_may_be_used_again_once_it_is_answered() -> None:
    parts = Set()
    pending = parts.ask(1)
    with pytest.raises(ProtocolError, match="under way"):
        parts.ask(1)
    parts.broker.finish(pending, GOOD)
    parts.ask(1)
    assert len(parts.holder.held) == 2


def test_a_wrong_payload_goes_no_further() -> None:
    parts = Set()
    with pytest.raises(PayloadInvalid):
        parts.ask(1, payload=encode_payload({"text": 1}))
    assert (parts.holder.held, parts.asker.told, parts.broker.pending) == ([], [], 0)


def test_what_policy_denies_is_told_counted_and_noted() -> None:
    parts = Set()
    parts.asker.role = "nobody"
    parts.ask(1)
    assert parts.asker.told == [(1, Code.DENIED)]
    assert parts.denied == ["toy.echo"]
    assert parts.metrics.snapshot()["counters"]["refusals"] == 1
    assert parts.holder.held == []


def test_a_target_that_is_not_there_is_told() -> None:
    parts = Set()
    parts.ask(1, c.Wrong, encode_payload(c.Wrong()))
    assert parts.asker.told == [(1, Code.UNAVAILABLE)]


def test_a_destination_that_refuses_answers_for_itself() -> None:
    parts = Set()

    def refuse(pending: Pending) -> None:
        raise ControlError("full", code=Code.BUSY)

    parts.holder.submit = refuse  # type: ignore[method-assign]
    parts.ask(1)
    assert parts.asker.told == [(1, Code.BUSY)]
    assert parts.metrics.snapshot()["counters"]["busy"] == 1


def test_one_caller_has_so_many_under_way_and_no_more() -> None:
    parts = Set()
    for number in range(MAX_PENDING_PER_CALLER + 1):
        parts.ask(number)
    assert parts.asker.told == [(MAX_PENDING_PER_CALLER, Code.BUSY)]
    other = Asker()
    parts.broker.admit(other, 1, ECHO, GOOD)
    assert other.told == []


def test_latencies_are_recorded_by_stage() -> None:
    parts = Set()
    pending = parts.ask(1)
    pending.started = pending.admitted
    parts.broker.finish(pending, GOOD)
    assert {(row.command, row.stage, row.count) for row in parts.metrics.latencies()} == {
        ("toy.echo", "total", 1),
        ("toy.echo", "queue", 1),
        ("toy.echo", "worker", 1),
    }


# --- stopping -------------------------------------------------------------------------------------


def test_a_cancel_is_what_the_caller_is_told() -> None:
    parts = Set()
    parts.ask(1)
    parts.broker.cancel(parts.asker, 1)
    parts.broker.cancel(parts.asker, 2)  # never asked: ended already, as far as anybody knows
    assert parts.asker.told == [(1, Code.CANCELLED)]


def test_a_result_that_comes_in_spite_of_the_cancel_counts() -> None:
    def test() -> None:
        parts = Set(stops=False)
        pending = parts.ask(1)
        parts.broker.cancel(parts.asker, 1)
        assert parts.asker.told == []
        parts.broker.finish(pending, GOOD)
        assert parts.asker.told == [(1, "result", bytes(GOOD))]

    on_a_loop(test)


def test_what_does_not_stop_is_answered_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        parts = Set(stops=False)
        parts.ask(1)
        parts.broker.cancel(parts.asker, 1)
        assert parts.asker.told == []
        await until(lambda: bool(parts.asker.told))
        assert parts.asker.told == [(1, Code.CANCELLED)]
        assert parts.broker.pending == 0

    monkeypatch.setattr(broker_module, "STOP_SECONDS", 0.01)
    on_a_loop(test)


def test_the_first_reason_to_stop_is_told() -> None:
    def test() -> None:
        parts = Set(stops=False)
        pending = parts.ask(1)
        parts.broker.cancel(parts.asker, 1)
        parts.broker.stop(pending, DeadlineError("too late"))
        parts.broker.fail(pending, CancelledError("stopped"))
        assert parts.asker.told == [(1, Code.CANCELLED)]

    on_a_loop(test)


def test_a_deadline_ends_what_waits() -> None:
    async def test() -> None:
        parts = Set()
        parts.ask(1, deadline=time.monotonic() + 0.01)
        await until(lambda: bool(parts.asker.told))
        assert parts.asker.told == [(1, Code.DEADLINE)]

    on_a_loop(test)


def test_a_deadline_that_was_kept_ends_nothing() -> None:
    async def test() -> None:
        parts = Set()
        deadline = time.monotonic() + 0.01
        parts.broker.finish(parts.ask(1, deadline=deadline), GOOD)
        marker = parts.ask(2, deadline=deadline)
        await until(lambda: marker.done)
        assert parts.asker.told == [(1, "result", bytes(GOOD)), (2, Code.DEADLINE)]

    on_a_loop(test)


def test_a_caller_that_is_gone_leaves_nothing_behind() -> None:
    parts = Set()
    for number in range(5):
        parts.ask(number)
    parts.broker.drop_caller(parts.asker)
    assert parts.broker.pending == 0
    assert all(pending.done for pending in parts.holder.held)
    parts.broker.drop_caller(parts.asker)


# --- streams --------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(["put", "credit"]), max_size=300), st.integers(1, 40))
def test_inputs_never_pass_what_was_allowed(steps: list[str], grant: int) -> None:
    parts = Set()
    item = encode_payload(c.Number(value=1))
    parts.ask(1, c.Sum, encode_payload(c.Sum()))
    allowed, put = INITIAL_CREDIT, 0
    for step in steps:
        if step == "credit":
            parts.broker.add_credit(parts.asker, 1, grant)
            allowed += grant
        elif put < allowed:
            parts.broker.put_input(parts.asker, 1, item)
            put += 1
        else:
            with pytest.raises(ProtocolError, match="credit"):
                parts.broker.put_input(parts.asker, 1, item)
    assert len(parts.holder.inputs) == put <= allowed


def test_inputs_are_checked_by_their_type() -> None:
    parts = Set()
    parts.ask(1, c.Sum, encode_payload(c.Sum()))
    parts.ask(2)
    for request, payload in ((1, encode_payload({"value": "x"})), (1, GOOD), (2, GOOD), (2, None)):
        with pytest.raises(ProtocolError):
            parts.broker.put_input(parts.asker, request, payload)
    parts.broker.put_input(parts.asker, 9, GOOD)  # ended while it was on its way
    assert parts.holder.inputs == []


def test_inputs_before_anybody_handles_the_command_are_kept_in_order() -> None:
    parts = Set()
    held: list[Pending] = []
    parts.holder.submit = held.append  # type: ignore[method-assign]
    pending = parts.ask(1, c.Sum, encode_payload(c.Sum()))
    items = [encode_payload(c.Number(value=number)) for number in range(INITIAL_CREDIT)]
    for item in items:
        parts.broker.put_input(parts.asker, 1, item)
    with pytest.raises(ProtocolError):
        parts.broker.put_input(parts.asker, 1, items[0])
    parts.broker.put_input(parts.asker, 1, None)
    pending.handling = parts.holder
    pending.hand_over_inputs()
    assert parts.holder.inputs == [*(bytes(item) for item in items), None]


@pytest.mark.parametrize("items", [0, -1, MAX_GRANT + 1, 2**63])
def test_absurd_grants_are_refused(items: int) -> None:
    parts = Set()
    parts.ask(1)
    with pytest.raises(ProtocolError):
        parts.broker.grant(parts.asker, 1, items)
    parts.broker.grant(parts.asker, 1, 5)
    assert parts.holder.grants == [5]


# --- descriptors ----------------------------------------------------------------------------------


def _opened(count: int) -> tuple[int, ...]:
    return tuple(os.open("/dev/null", os.O_RDONLY) for _ in range(count))


@pytest.fixture
def no_leak() -> Iterator[None]:
    before = sum(1 for _ in Path("/proc/self/fd").iterdir())
    yield
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == before


@pytest.mark.usefixtures("no_leak")
def test_descriptors_are_closed_whatever_becomes_of_their_command() -> None:
    parts = Set()
    reverse = encode_payload(c.Reverse())
    parts.broker.finish(parts.ask(1, c.Reverse, reverse, descriptors=_opened(1)), GOOD)
    parts.ask(2, c.Reverse, reverse, descriptors=_opened(1))
    parts.broker.cancel(parts.asker, 2)
    parts.ask(3, c.Reverse, reverse, descriptors=_opened(2))
    with pytest.raises(PayloadInvalid):
        parts.ask(4, c.Reverse, GOOD, descriptors=_opened(1))
    parts.ask(5, c.Reverse, reverse, descriptors=_opened(1))
    with pytest.raises(ProtocolError):
        parts.ask(5, c.Reverse, reverse, descriptors=_opened(1))
    parts.broker.drop_caller(parts.asker)
    assert [told[1] for told in parts.asker.told] == ["result", Code.CANCELLED, Code.USAGE, Code.CANCELLED]


@pytest.mark.usefixtures("no_leak")
def test_one_caller_has_so_many_descriptors_under_way_and_no_more() -> None:
    parts = Set()
    for number in range(MAX_DESCRIPTORS_PER_CALLER + 1):
        parts.ask(number, c.Reverse, encode_payload(c.Reverse()), descriptors=_opened(1))
    assert parts.asker.told == [(MAX_DESCRIPTORS_PER_CALLER, Code.BUSY)]
    parts.broker.drop_caller(parts.asker)


# --- the wheel ------------------------------------------------------------------------------------


def test_the_wheel_expires_each_once_in_time_and_rests() -> None:
    async def test() -> None:
        expired: list[tuple[int, float]] = []
        wheel = DeadlineWheel(lambda pending: expired.append((pending.key, time.monotonic())))
        start = time.monotonic()
        due = {number: start + 0.05 * number for number in range(8)}
        made = [Pending(number, Asker(), number, ECHO, GOOD) for number in range(8)]
        for number in (5, 1, 7, 0, 3, 2, 6, 4):
            wheel.add(made[number], due[number])
        wheel.discard(made[2])
        wheel.add(made[6], due[1])  # earlier than it was
        await until(lambda: len(expired) == 7)
        assert sorted(key for key, _ in expired) == [0, 1, 3, 4, 5, 6, 7]
        assert all(at >= due[key] for key, at in expired if key != 6)
        assert all(at < due[key] + 20 * BUCKET_SECONDS for key, at in expired)
        assert wheel._timer is None  # nothing to wait for, so nothing wakes up

    on_a_loop(test)


# --- with real processes --------------------------------------------------------------------------


async def begin(client: Client, request: Any, **options: Any) -> tuple[asyncio.Future[Any], asyncio.Event]:
    """Start a streaming command in a thread; the event tells of its first item."""
    loop, begun = asyncio.get_running_loop(), asyncio.Event()

    def on_item(_: Any) -> None:
        loop.call_soon_threadsafe(begun.set)

    future = loop.run_in_executor(None, lambda: client.stream(request, on_item, **options))
    return future, begun


def test_commands_of_every_kind_come_back(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        del plane
        assert (await call(client, c.Echo(text="inline"))).text == "inline"
        assert (await call(client, c.Repeat(text="ab", times=3))).text == "ababab"
        assert (await call(client, c.Greet(name="you"))).text == "hello, you"

    run(home, test)


def test_streams_back_with_a_slow_reader(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        del plane
        found: list[int] = []
        gate = threading.Semaphore(0)

        def slowly(item: c.Number) -> None:
            if item.value % 50 == 0:
                gate.release()
            found.append(item.value)

        count = 5 * INITIAL_CREDIT + 7
        total = await asyncio.to_thread(client.stream, c.Count(upto=count), slowly)
        assert found == list(range(count))
        assert total == c.Total(count=count, total=sum(range(count)))

    run(home, test)


def test_streams_in_and_both_ways_of_workers_and_services(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        del plane
        count = 4 * INITIAL_CREDIT + 3
        expected = c.Total(count=count, total=sum(range(count)))
        for request in (c.Sum(), c.Relay(), c.Tally()):
            numbers = iter(range(count))
            found: list[int] = []

            def inputs(numbers: Iterator[int] = numbers) -> c.Number | None:
                number = next(numbers, None)
                return None if number is None else c.Number(value=number)

            def keep(item: c.Number, found: list[int] = found) -> None:
                found.append(item.value)

            total = await asyncio.to_thread(client.stream, request, keep, inputs=inputs)
            assert total == expected
            assert len(found) == (0 if isinstance(request, c.Sum) else count)

    run(home, test)


def test_input_sent_with_a_job_waits_for_the_ledger(home: Home) -> None:
    """The client streams at once; the job is in the ledger, and its service asks for input, only later."""

    async def test(plane: ControlPlane, client: Client) -> None:
        del plane
        numbers = iter(range(200))

        def inputs() -> c.Number | None:
            number = next(numbers, None)
            return None if number is None else c.Number(value=number)

        answer = await asyncio.to_thread(client.stream, c.Chore(), lambda item: None, inputs=inputs)
        assert answer.text == str(sum(range(200)))

    run(home, test)


def test_bulk_data_goes_there_and_back(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        del plane
        data = bytes(range(256)) * 4000
        descriptor = from_bytes(data)
        await call(client, c.Reverse(), descriptors=(descriptor,))
        os.close(descriptor)
        (back,) = client.received_descriptors
        with BulkReader(back) as reader:
            assert bytes(reader.view) == data[::-1]

    run(home, test)


def test_a_cancel_while_running_frees_the_place(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        other = await asyncio.to_thread(Client.connect, plane.home)
        future, begun = await begin(other, c.Wait())
        await begun.wait()
        (caller,) = [found for found in plane.connections if plane.broker._by_caller.get(found)]
        plane.broker.cancel(caller, 1)
        with pytest.raises(CancelledError, match=r"toy\.wait was cancelled"):
            await future
        await until(lambda: figures(plane).running == 0)
        assert (await call(client, c.Echo(text="free"))).text == "free"
        other.close()

    run(home, test)


def test_a_cancel_while_queued_starts_nothing(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        others = [await asyncio.to_thread(Client.connect, plane.home) for _ in range(5)]
        started = [await begin(other, c.Wait(), timeout=60) for other in others[:4]]
        for _, begun in started:
            await begun.wait()
        queued, begun = await begin(others[4], c.Wait(), timeout=60)
        await until(lambda: figures(plane).waiting == 1)
        (caller,) = [
            found
            for found, own in plane.broker._by_caller.items()
            if any(pending.handling is plane.pools["toy"] for pending in own.values())
        ]
        plane.broker.cancel(caller, 1)
        with pytest.raises(CancelledError):
            await queued
        assert not begun.is_set()
        assert (figures(plane).waiting, figures(plane).running) == (0, 4)
        for other in others:
            other.channel.shutdown()
        for future, _ in started:
            with pytest.raises(GarretError):
                await future
        for other in others:
            other.close()
        del client

    run(home, test)


def test_a_deadline_while_queued_starts_nothing(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        others = [await asyncio.to_thread(Client.connect, plane.home) for _ in range(4)]
        started = [await begin(other, c.Wait(), timeout=60) for other in others]
        for _, begun in started:
            await begun.wait()
        with pytest.raises(DeadlineError):
            await call(client, c.Repeat(text="late"), timeout=0.1)
        assert (figures(plane).waiting, figures(plane).running) == (0, 4)
        for other in others:
            other.channel.shutdown()
        for future, _ in started:
            with pytest.raises(GarretError):
                await future
        for other in others:
            other.close()

    run(home, test)


def test_a_deadline_ends_what_runs(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        for request in (c.Wait(), c.Linger()):
            with pytest.raises(DeadlineError):
                await call(client, request, timeout=0.05)
        await until(lambda: figures(plane).running == 0 and plane.broker.pending == 0)

    run(home, test)


def test_a_handler_that_looks_at_nothing_is_answered_for_and_keeps_its_place(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        done = tmp_path / "done"
        await call(client, c.Misbehave(how="not at all"))  # so that the worker is there
        with pytest.raises(DeadlineError):
            await call(client, c.Ignore(until=str(done)), timeout=0.3)
        assert plane.broker.pending == 0
        assert figures(plane, "wild").running == 1
        done.touch()
        await until(lambda: figures(plane, "wild").running == 0)

    monkeypatch.setattr(broker_module, "STOP_SECONDS", 0.01)
    run(home, test)


def test_a_command_and_its_cancel_in_one_read_are_answered(home: Home) -> None:
    """A service's task that is cancelled before its first step never enters its handler."""

    async def test(plane: ControlPlane, client: Client) -> None:
        del client
        asker = Asker()
        plane.broker.admit(asker, 1, c.Linger.__meta__, encode_payload(c.Linger()))
        plane.broker.cancel(asker, 1)
        await until(lambda: bool(asker.told))
        assert asker.told == [(1, Code.CANCELLED)]
        assert plane.broker.pending == 0

    run(home, test)


def test_a_job_given_up_before_the_ledger_has_it_is_cancelled(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        del client
        asker = Asker()
        plane.broker.admit(asker, 1, c.Chore.__meta__, encode_payload(c.Chore()))
        plane.broker.cancel(asker, 1)
        assert asker.told == [(1, Code.CANCELLED)]
        await until(lambda: [job.state for job in plane.store.ledger.jobs(limit=5)] == ["cancelled"])

    run(home, test)


def test_a_job_whose_client_went_before_the_ledger_had_it_goes_on(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        del client
        asker = Asker()
        plane.broker.admit(asker, 1, c.Chore.__meta__, encode_payload(c.Chore()))
        plane.broker.put_input(asker, 1, encode_payload(c.Number(value=5)))
        plane.broker.drop_caller(asker)
        await until(lambda: [job.state for job in plane.store.ledger.jobs(limit=5)] == ["done"])
        assert asker.told == []

    run(home, test)


def test_inner_calls_drop_what_nobody_reads(home: Home) -> None:
    """A service that only wants the result is not stuck behind a stream it does not look at."""

    async def test(plane: ControlPlane, client: Client) -> None:
        del client
        calls = inner(plane)
        count = 3 * INITIAL_CREDIT
        assert (await calls.call(c.Count(upto=count))).count == count
        async with calls.start(c.Count(upto=count)) as running:
            found = [item.value async for item in running.items() if not isinstance(item, Progress)]
        assert found == list(range(count))

    run(home, test)


@pytest.mark.usefixtures("no_leak")
def test_inner_calls_close_what_nobody_takes(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        del client
        calls = inner(plane)
        descriptor = from_bytes(b"abc")
        await calls.call(c.Reverse(), descriptors=(descriptor,))
        async with calls.start(c.Reverse(), descriptors=(descriptor,)) as left:
            await left.result()
        async with calls.start(c.Reverse(), descriptors=(descriptor,)) as taken:
            await taken.result()
            (back,) = taken.take_descriptors()
        calls.start(c.Reverse(), descriptors=(descriptor,)).cancel()
        with BulkReader(back) as reader:
            assert bytes(reader.view) == b"cba"
        os.close(descriptor)
        await until(lambda: plane.broker.pending == 0)

    run(home, test)


def test_leaving_an_inner_call_cancels_it(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        del client
        calls = inner(plane)
        async with calls.start(c.Wait()) as running:
            async for _ in running.items():
                break
        assert not running.ended or plane.broker.pending == 0
        await until(lambda: plane.broker.pending == 0)
        with pytest.raises(CancelledError):
            await running.result()

    run(home, test)


def test_the_room_needed_nothing_but_its_folder(home: Home) -> None:
    """No module of the house knows the toy room; its commands, events and workers are there all the same."""
    source = Path(broker_module.__file__).parent.parent
    assert not [path for path in source.rglob("*.py") if "toy_room" in path.read_text(encoding="utf-8")]

    async def test(plane: ControlPlane, client: Client) -> None:
        heard: list[Any] = []
        subscription = plane.bus.subscribe(["toy.*"], wake=lambda: heard.extend(subscription.take()))
        await call(client, c.Greet(name="you"))
        assert [item.name for item in heard] == ["toy.greeted"]
        assert len(pids(plane)) == 1
        assert {meta.name for meta in plane.registry.commands()} == {k.__meta__.name for k in ROOM.commands}

    run(home, test)


def test_the_same_on_the_plain_loop(home: Home) -> None:
    """Where there is no uvloop, asyncio's own loop carries everything."""

    async def main() -> None:
        async with house(home) as plane:
            assert (await inner(plane).call(c.Repeat(text="a", times=2))).text == "aa"

    asyncio.run(main())
