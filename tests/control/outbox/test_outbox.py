"""The outbox's driver: with a real store, whatever handlers answer and whenever it ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import apsw
import pytest

from garret.base.clock import ManualClock
from garret.base.errors import Code, GarretError, UsageError
from garret.base.paths import Home
from garret.control.access.owner import Owner
from garret.control.outbox import rows
from garret.control.outbox.entries import (
    PAYLOAD_LIMIT,
    Delivered,
    Entry,
    Kept,
    Letter,
    OutboxError,
    OutboxFull,
    Outcome,
    Refused,
    Retry,
)
from garret.control.outbox.machine import FAILURES
from garret.control.outbox.outbox import Outbox, RoomOutbox
from garret.storage.errors import DiskFull, QueueFull, StorageError
from garret.storage.store import RoomTables, Store
from tests.storage.databases import KEYS

OWNER = Owner("cli", "admin", "main")
TABLES = [RoomTables("outbox", durable="garret.control.outbox.migrations")]


def letter_to(destination: str = "there", **fields: object) -> Entry:
    settings: dict[str, object] = {
        "handler": "send",
        "destination": destination,
        "payload": b"x",
        "owner": OWNER,
    }
    return Entry(**{**settings, **fields})  # type: ignore[arg-type]


class Post:
    """A store with an outbox whose handler answers what a test says, and notes what it was given."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store = store
        self.clock = clock
        self.letters: list[Letter] = []
        self.changes: list[tuple[str, ...]] = []
        self.answer: Callable[[Letter], Awaitable[Outcome]] = self.deliver
        self.outbox = self.open()

    def open(self) -> Outbox:
        self.outbox = Outbox(
            self.store,
            asyncio.get_running_loop(),
            changed=self.note,
            clock=self.clock,
        )
        self.room = self.outbox.room("toy")
        self.room.handle("send", self.take)
        return self.outbox

    room: RoomOutbox

    def note(self, *words: str) -> None:
        self.changes.append(words)

    async def take(self, letter: Letter) -> Outcome:
        self.letters.append(letter)
        return await self.answer(letter)

    async def deliver(self, letter: Letter) -> Outcome:
        return Delivered()

    def says(self, outcome: Outcome | Exception) -> None:
        async def answer(letter: Letter) -> Outcome:
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        self.answer = answer

    async def restart(self) -> None:
        await self.outbox.stop()
        self.open()
        await self.outbox.start()

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.002)

    async def until_changed(self, count: int) -> None:
        await self.until(lambda: len(self.changes) >= count)


@contextlib.asynccontextmanager
async def post(home: Home) -> AsyncIterator[Post]:
    home.create()
    clock = ManualClock()
    store = Store.open(home, KEYS, TABLES, clock=clock)
    opened = Post(store, clock)
    await opened.outbox.start()
    try:
        yield opened
    finally:
        await opened.outbox.stop()
        store.close()


def run(home: Home, test: Callable[[Post], Awaitable[None]]) -> None:
    async def main() -> None:
        async with post(home) as opened:
            await test(opened)

    asyncio.run(main())


def test_an_entry_is_kept_with_what_caused_it_or_not_at_all(home: Home) -> None:
    async def test(post: Post) -> None:
        def cause(connection: apsw.Connection) -> str:
            return post.room.enqueue(connection, letter_to(payload=b"kept", cause="job_1"))

        def fail(connection: apsw.Connection) -> None:
            post.room.enqueue(connection, letter_to(payload=b"lost"))
            raise UsageError("planted")

        with pytest.raises(UsageError, match="planted"):
            await post.store.writer.write(fail)
        number = await post.store.writer.write(cause)
        await post.until_changed(1)
        (letter,) = post.letters
        assert (letter.id, letter.payload, letter.owner, letter.cause) == (number, b"kept", OWNER, "job_1")
        assert post.changes == [(number, "toy", "there", "delivered", "admin")]
        (kept,) = await post.outbox.entries(state="delivered")
        assert (kept.id, kept.attempts) == (number, 1)
        assert await post.outbox.entries() == []

    run(home, test)


def test_what_was_not_delivered_is_delivered_after_a_restart_with_the_same_id(home: Home) -> None:
    async def test(post: Post) -> None:
        reached = asyncio.Event()

        async def hang(letter: Letter) -> Outcome:
            reached.set()
            await asyncio.Event().wait()
            return Delivered()

        post.answer = hang
        number = await post.room.put(letter_to())
        await reached.wait()
        post.answer = post.deliver
        await post.restart()
        await post.until_changed(1)
        assert [letter.id for letter in post.letters] == [number, number]
        await post.restart()
        assert len(post.letters) == 2, "what was delivered is not delivered again"

    run(home, test)


def test_a_retry_waits_its_pause_and_counts(home: Home) -> None:
    async def test(post: Post) -> None:
        post.says(Retry("busy", after=600.0))
        number = await post.room.put(letter_to())
        await post.until_changed(1)
        kept = await post.outbox.entry(number)
        assert (kept.state, kept.attempts, kept.reason) == ("waiting", 1, "busy")
        assert kept.due == pytest.approx(post.clock.wall() + 600.0)
        post.says(Delivered())
        await post.restart()
        post.clock.advance(599.0)
        await post.room.put(letter_to("elsewhere"))
        await post.until_changed(2)
        assert [letter.id for letter in post.letters].count(number) == 1, "not before its time"
        post.clock.advance(2.0)
        await post.restart()
        await post.until_changed(3)
        assert post.letters[-1].id == number
        assert post.letters[-1].attempt == 2

    run(home, test)


@pytest.mark.parametrize(
    ("raised", "state"),
    [
        (GarretError("gone for now", code=Code.UNAVAILABLE), "waiting"),
        (GarretError("never", code=Code.DENIED), "dead"),
        (ValueError("a defect"), "waiting"),
        (Refused("no such person"), "dead"),
    ],
)
def test_what_a_handler_raises_is_an_outcome(home: Home, raised: Outcome | Exception, state: str) -> None:
    async def test(post: Post) -> None:
        post.says(raised)
        number = await post.room.put(letter_to())
        await post.until_changed(1)
        kept = await post.outbox.entry(number)
        assert kept.state == state
        words = raised.reason if isinstance(raised, Refused) else str(raised)
        assert words in kept.reason

    run(home, test)


def test_a_handler_that_does_not_answer_is_given_up_for_this_time(home: Home) -> None:
    async def test(post: Post) -> None:
        await post.outbox.stop()
        impatient = Outbox(
            post.store,
            asyncio.get_running_loop(),
            changed=post.note,
            clock=post.clock,
            attempt_seconds=0.01,
        )
        ended = asyncio.Event()

        async def hang(letter: Letter) -> Outcome:
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
            return Delivered()

        impatient.room("toy").handle("send", hang)
        await impatient.start()
        number = await impatient.room("toy").put(letter_to())
        await ended.wait()
        await post.until_changed(1)
        assert "no answer" in (await impatient.entry(number)).reason
        await impatient.stop()

    run(home, test)


def test_an_open_breaker_is_kept_over_a_restart_and_delays_no_other(home: Home) -> None:
    async def test(post: Post) -> None:
        async def answer(letter: Letter) -> Outcome:
            return Retry("down") if letter.destination == "down" else Delivered()

        post.answer = answer
        for _ in range(FAILURES):
            await post.room.put(letter_to("down"))
        await post.until_changed(FAILURES)
        tried = len(post.letters)
        await post.restart()
        assert post.outbox.breaker(await post.outbox.entry(post.letters[0].id)).opened == 1
        post.clock.advance(2.0)  # past the pauses of the entries, within that of the breaker
        number = await post.room.put(letter_to("well"))
        await post.until_changed(FAILURES + 1)
        assert [letter.id for letter in post.letters[tried:]] == [number]
        post.clock.advance(3_600.0)
        answered = post.answer = post.deliver
        assert answered is not None
        await post.restart()
        await post.until_changed(2 * FAILURES + 1)
        assert await post.outbox.entries() == []
        with post.store.readers.read() as connection:
            assert rows.breakers(connection) == [], "one that is well again needs no row"

    run(home, test)


def test_the_same_once_is_the_same_entry(home: Home) -> None:
    async def test(post: Post) -> None:
        first = await post.room.put(letter_to(once="month 11"))
        await post.until_changed(1)
        assert await post.room.put(letter_to(once="month 11")) == first
        other = post.outbox.room("other")
        assert await other.put(letter_to(once="month 11")) != first, "rooms do not share them"
        await post.room.put(letter_to())
        await post.until_changed(2)
        assert [letter.id for letter in post.letters].count(first) == 1

    run(home, test)


def test_a_dead_letter_is_tried_again_or_discarded(home: Home) -> None:
    async def test(post: Post) -> None:
        post.says(Refused("no"))
        one, two = [await post.room.put(letter_to()) for _ in range(2)]
        await post.until_changed(2)
        assert {kept.state for kept in await post.outbox.entries()} == {"dead"}
        post.says(Delivered())
        revived = await post.outbox.retry(one)
        assert (revived.state, revived.attempts) == ("waiting", 0)
        await post.until_changed(3)
        assert (await post.outbox.entry(one)).state == "delivered"
        assert (await post.outbox.discard(two)).id == two
        with pytest.raises(OutboxError) as caught:
            await post.outbox.entry(two)
        assert caught.value.code == Code.NOT_FOUND
        with pytest.raises(OutboxError) as caught:
            await post.outbox.retry(one)
        assert caught.value.code == Code.CONFLICT

    run(home, test)


def test_a_waiting_entry_is_tried_at_once_when_a_person_says_so(home: Home) -> None:
    async def test(post: Post) -> None:
        post.says(Retry("busy", after=9_000.0))
        number = await post.room.put(letter_to())
        await post.until_changed(1)
        post.says(Delivered())
        await post.outbox.retry(number)
        await post.until_changed(2)
        assert post.changes[-1][3] == "delivered"

    run(home, test)


def test_one_that_is_being_delivered_can_be_neither_discarded_nor_hastened(home: Home) -> None:
    async def test(post: Post) -> None:
        reached, go = asyncio.Event(), asyncio.Event()

        async def slow(letter: Letter) -> Outcome:
            reached.set()
            await go.wait()
            return Delivered()

        post.answer = slow
        number = await post.room.put(letter_to())
        await reached.wait()
        for change in (post.outbox.discard, post.outbox.retry):
            with pytest.raises(OutboxError) as caught:
                await change(number)
            assert caught.value.code == Code.BUSY
        go.set()
        await post.until_changed(1)
        assert (await post.outbox.entry(number)).state == "delivered"

    run(home, test)


def test_an_entry_that_could_not_be_discarded_goes_on(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(post: Post) -> None:
        post.says(Retry("busy", after=9_000.0))
        number = await post.room.put(letter_to())
        await post.until_changed(1)
        post.says(Delivered())

        def full(connection: apsw.Connection, entry: str) -> None:
            raise DiskFull("planted")

        with monkeypatch.context() as patch:
            patch.setattr(rows, "discard", full)
            with pytest.raises(StorageError):
                await post.outbox.discard(number)
        assert len(post.outbox) == 1
        await post.outbox.retry(number)
        await post.until_changed(2)
        assert post.changes[-1][3] == "delivered"

    run(home, test)


def test_what_was_delivered_is_not_delivered_again_while_the_disk_is_full(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("garret.control.outbox.outbox._AGAIN_SECONDS", 0.005)
    refused = 0
    kept = rows.delivered

    def full(connection: apsw.Connection, entry: str, attempts: int, now: float) -> None:
        nonlocal refused
        refused += 1
        if refused < 4:
            raise DiskFull("planted")
        kept(connection, entry, attempts, now)

    monkeypatch.setattr(rows, "delivered", full)

    async def test(post: Post) -> None:
        await post.room.put(letter_to(key="k"))
        await post.room.put(letter_to(key="k"))
        await post.until_changed(2)
        assert len(post.letters) == 2
        assert refused == 5

    run(home, test)


def test_an_entry_whose_time_is_over_becomes_a_dead_letter(home: Home) -> None:
    async def test(post: Post) -> None:
        post.says(Retry("busy", after=50.0))
        number = await post.room.put(letter_to(until_seconds=100.0))
        await post.until_changed(1)
        await post.outbox.stop()
        post.clock.advance(101.0)
        post.open()
        await post.outbox.start()
        await post.until_changed(2)
        kept = await post.outbox.entry(number)
        assert (kept.state, len(post.letters)) == ("dead", 1)
        assert "in the time that it had" in kept.reason

    run(home, test)


def test_a_wall_clock_that_went_back_holds_nothing_up_for_years(home: Home) -> None:
    async def test(post: Post) -> None:
        post.says(Retry("busy", after=60.0))
        await post.room.put(letter_to())
        await post.until_changed(1)
        post.says(Delivered())
        post.clock.jump_wall(-5 * 365 * 86_400.0)
        await post.restart()
        assert len(post.letters) == 1
        post.clock.advance(61.0)
        await post.room.put(letter_to("elsewhere"))  # whatever makes it look at the clock
        await post.until_changed(3)
        assert [change[3] for change in post.changes] == ["waiting", "delivered", "delivered"]

    run(home, test)


def test_only_sound_entries_are_taken(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "WAITING_LIMIT", 2)

    async def test(post: Post) -> None:
        for wrong in (
            letter_to(""),
            letter_to(handler=""),
            letter_to(until_seconds=0.0),
            letter_to(until_seconds=float("nan")),
            letter_to(payload=bytes(PAYLOAD_LIMIT + 1)),
        ):
            with pytest.raises(UsageError):
                await post.room.put(wrong)
        for _ in range(2):
            await post.room.put(letter_to("full", handler="nobody"))
        with pytest.raises(OutboxFull):
            await post.room.put(letter_to("full", handler="nobody"))
        await post.room.put(letter_to("other", handler="nobody"))
        assert len(await post.outbox.entries()) == 3
        await post.until(lambda: len(post.outbox) == 3)

    run(home, test)


def test_entries_are_listed_by_profile_and_state_newest_first(home: Home) -> None:
    async def test(post: Post) -> None:
        numbers = [
            await post.room.put(letter_to(handler="nobody", owner=Owner("cli", profile, "main")))
            for profile in ("admin", "guest", "guest")
        ]
        assert [kept.id for kept in await post.outbox.entries()] == numbers[::-1]
        assert [kept.id for kept in await post.outbox.entries(profile="guest")] == numbers[:0:-1]
        assert [kept.id for kept in await post.outbox.entries(limit=1)] == numbers[2:]
        assert await post.outbox.entries(state="dead") == []

    run(home, test)


def test_the_oldest_delivered_entries_are_forgotten(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "DELIVERED_KEPT", 3)

    async def test(post: Post) -> None:
        numbers = [await post.room.put(letter_to(key="k")) for _ in range(5)]
        await post.until_changed(5)
        assert [kept.id for kept in await post.outbox.entries(state="delivered")] == numbers[:1:-1]

    run(home, test)


def test_two_handlers_of_one_name_are_a_defect(home: Home) -> None:
    async def test(post: Post) -> None:
        with pytest.raises(ValueError, match="two handlers"):
            post.room.handle("send", post.deliver)
        post.outbox.room("other").handle("send", post.deliver)

    run(home, test)


def test_what_was_taken_up_is_not_looked_for_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been delivered and let go of between the look and what follows from it."""
    asked: list[int] = []
    look = rows.waiting_after

    def noted(connection: apsw.Connection, seq: int) -> list[Kept]:
        asked.append(seq)
        return look(connection, seq)

    monkeypatch.setattr(rows, "waiting_after", noted)

    async def test(post: Post) -> None:
        for count in range(1, 4):
            number = await post.room.put(letter_to(handler="nobody"))
            await post.until(lambda count=count: len(post.outbox) == count)  # type: ignore[misc]
            kept = await post.outbox.entry(number)
            await post.room.put(letter_to())
            await post.until_changed(count)
            assert asked[-1] >= kept.seq

    run(home, test)


def test_the_loop_wakes_up_by_itself_for_the_next_attempt(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("garret.control.outbox.machine.BASE_SECONDS", 0.01)

    async def test(post: Post) -> None:
        await post.outbox.stop()
        outbox = Outbox(post.store, asyncio.get_running_loop(), changed=post.note)

        async def send(letter: Letter) -> Outcome:
            return Retry("busy") if letter.attempt < 3 else Delivered()

        outbox.room("toy").handle("send", send)
        await outbox.start()
        await outbox.room("toy").put(letter_to())
        await post.until_changed(3)
        assert [change[3] for change in post.changes] == ["waiting", "waiting", "delivered"]
        await outbox.stop()

    run(home, test)


def test_a_breaker_holds_for_no_longer_because_the_clock_went_back(home: Home) -> None:
    async def test(post: Post) -> None:
        post.says(Retry("down"))
        for _ in range(FAILURES):
            await post.room.put(letter_to("down"))
        await post.until_changed(FAILURES)
        post.says(Delivered())
        post.clock.jump_wall(-365 * 86_400.0)
        await post.restart()
        post.clock.advance(2.0)  # past the pauses of the entries
        await post.room.put(letter_to("elsewhere"))  # whatever makes it look at the clock
        await post.until_changed(2 * FAILURES + 1)
        assert await post.outbox.entries() == []

    run(home, test)


def raising(error: Exception, times: int, real: Callable[..., Any]) -> Callable[..., Any]:
    """`real`, after it has failed so many times."""
    left = times

    def attempt(*arguments: Any) -> Any:
        nonlocal left
        left -= 1
        if left >= 0:
            raise error
        return real(*arguments)

    return attempt


@pytest.mark.parametrize(("error", "resumed"), [(DiskFull("planted"), True), (QueueFull("planted"), False)])
def test_what_could_not_be_taken_up_is_when_storage_is_back(
    home: Home, monkeypatch: pytest.MonkeyPatch, error: StorageError, resumed: bool
) -> None:
    monkeypatch.setattr("garret.control.outbox.outbox._AGAIN_SECONDS", 0.005)

    async def test(post: Post) -> None:
        await post.outbox.stop()
        post.open()
        await post.room.put(letter_to())
        monkeypatch.setattr(rows, "waiting_after", raising(error, 1, rows.waiting_after))
        await post.outbox.start()
        assert len(post.outbox) == 0
        if resumed:
            post.outbox.resume()
        await post.until_changed(1)
        assert post.changes[0][3] == "delivered"

    run(home, test)


def test_an_entry_that_cannot_be_read_now_is_read_later(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("garret.control.outbox.outbox._AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(rows, "letter", raising(StorageError("planted"), 2, rows.letter))

    async def test(post: Post) -> None:
        await post.room.put(letter_to())
        await post.until_changed(1)
        assert [letter.attempt for letter in post.letters] == [1], "what was not tried is no attempt"

    run(home, test)
