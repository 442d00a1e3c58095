"""The outbox's machine: order within a key, one probe, no loss, and no destination that holds up another."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.control.outbox.entries import Delivered, Outcome, Refused, Retry
from garret.control.outbox.machine import (
    BASE_SECONDS,
    FAILURES,
    LIMIT_SECONDS,
    OPEN_LIMIT_SECONDS,
    OPEN_SECONDS,
    PLACES,
    OutboxMachine,
    Waiting,
    open_seconds,
    retry_seconds,
)

NOW, WALL = 1_000.0, 1_700_000_000.0
LATER = WALL + 1e9


def entry(
    seq: int, destination: str = "a", key: str = "", *, handler: str = "send", until: float = LATER
) -> Waiting:
    return Waiting(seq, f"out_{seq}", "toy", handler, destination, key, 0, NOW, until, "admin")


def machine(*entries: Waiting) -> OutboxMachine:
    made = OutboxMachine()
    made.allow("toy", "send")
    for one in entries:
        made.add(one)
    return made


def take(made: OutboxMachine, now: float = NOW, wall: float = WALL) -> list[int]:
    return [one.seq for one in made.take(now, wall).ready]


def end(made: OutboxMachine, seq: int, outcome: Outcome, now: float = NOW) -> str:
    settled = made.settle(f"out_{seq}", outcome, now, WALL + now - NOW, 1.0)
    made.release(f"out_{seq}", settled.state)
    return settled.state


def test_a_line_is_delivered_one_at_a_time_in_its_order() -> None:
    made = machine(*(entry(seq, key="k") for seq in (1, 2, 3)))
    assert take(made) == [1]
    assert take(made) == []
    assert end(made, 1, Delivered()) == "delivered"
    assert take(made) == [2]
    assert end(made, 2, Retry("not now")) == "waiting"
    assert take(made) == [], "the third does not overtake the second"
    assert take(made, NOW + BASE_SECONDS) == [2]


def test_what_has_no_key_is_in_no_order() -> None:
    made = machine(*(entry(seq) for seq in range(1, PLACES + 3)))
    assert take(made) == list(range(1, PLACES + 1)), "as many as there are places"
    end(made, 3, Delivered())
    assert take(made) == [PLACES + 1]


def test_a_dead_entry_leaves_its_line_and_comes_back_to_its_old_place() -> None:
    made = machine(*(entry(seq, key="k") for seq in (1, 2, 3)))
    take(made)
    assert end(made, 1, Refused("never")) == "dead"
    assert take(made) == [2]
    made.add(entry(1, key="k"))
    assert take(made) == [], "one of the line is under way"
    end(made, 2, Retry("later"))
    assert take(made, NOW + LIMIT_SECONDS) == [1]
    end(made, 1, Delivered())
    assert take(made, NOW + LIMIT_SECONDS) == [2]


def test_nothing_is_tried_before_its_handler_is_there() -> None:
    made = machine(entry(1, handler="later"), entry(2, handler="later"), entry(3))
    assert take(made) == [3]
    made.allow("toy", "later")
    assert take(made) == [1, 2]


def test_retry_after_is_honoured() -> None:
    made = machine(entry(1))
    take(made)
    end(made, 1, Retry("busy", after=500.0))
    assert made.next_look(NOW, WALL) == NOW + 500.0
    assert take(made, NOW + 499.9) == []
    assert take(made, NOW + 500.0) == [1]


def test_an_entry_whose_time_is_over_is_given_up_also_where_nothing_is_tried() -> None:
    made = machine(entry(1, until=WALL + 10), entry(2, until=WALL + 20))
    take(made)
    end(made, 1, Retry("no"))
    assert made.take(NOW, WALL + 9.9).expired == []
    assert [one.seq for one in made.take(NOW, WALL + 10).expired] == [1]
    assert end(made, 2, Retry("no", after=30)) == "dead", "the next attempt would come after its time"
    assert len(made) == 0


def fail_until_open(made: OutboxMachine, destination: str = "a") -> float:
    """Let entries fail until the destination's breaker opens; the time it does."""
    now = NOW
    while not made.breaker(("toy", destination)).opened:
        for seq in take(made, now):
            end(made, seq, Retry("down"), now)
        now += LIMIT_SECONDS
    return now


def test_a_breaker_opens_and_lets_one_probe_through() -> None:
    made = machine(*(entry(seq) for seq in range(1, 9)))
    now = fail_until_open(made) + OPEN_LIMIT_SECONDS
    probes = take(made, now)
    assert len(probes) == 1
    assert take(made, now) == []
    following = made.next_look(now, WALL)
    assert following is not None
    assert following > now, "only the probe's outcome changes anything"
    end(made, probes[0], Retry("still down"), now)
    assert made.breaker(("toy", "a")).opened == 2
    assert made.breaker(("toy", "a")).open_until == now + 2 * OPEN_SECONDS
    assert take(made, now + 2 * OPEN_SECONDS - 1) == []
    later = now + LIMIT_SECONDS
    (probe,) = take(made, later)
    end(made, probe, Delivered(), later)
    assert made.breaker(("toy", "a")).opened == 0
    assert len(take(made, later)) == PLACES


def test_what_was_under_way_when_the_breaker_opened_does_not_open_it_again() -> None:
    made = machine(*(entry(seq) for seq in range(1, 9)))
    for _ in range(FAILURES):
        made.breaker(("toy", "a")).failures += 1
    made.breaker(("toy", "a")).failures = FAILURES - 1
    first, second, *_ = take(made)
    end(made, first, Retry("down"))
    until = made.breaker(("toy", "a")).open_until
    end(made, second, Retry("down"), NOW + 1)
    assert made.breaker(("toy", "a")).opened == 1
    assert made.breaker(("toy", "a")).open_until == until


def test_an_answer_that_refuses_shows_that_the_destination_is_there() -> None:
    made = machine(*(entry(seq) for seq in range(1, 9)))
    now = fail_until_open(made) + LIMIT_SECONDS
    (probe,) = take(made, now)
    end(made, probe, Refused("never"), now)
    assert made.breaker(("toy", "a")).opened == 0


def test_a_probe_that_could_not_be_tried_makes_room_for_the_next() -> None:
    made = machine(*(entry(seq) for seq in range(1, 9)))
    now = fail_until_open(made) + LIMIT_SECONDS
    (probe,) = take(made, now)
    made.put_back(f"out_{probe}", now + 1)
    assert len(take(made, now + 1)) == 1


def test_a_breaker_that_was_kept_holds_after_a_restart() -> None:
    made = machine()
    made.set_breaker(("toy", "a"), 5, 1, NOW + 30)
    made.add(entry(1))
    assert take(made) == []
    assert made.next_look(NOW, WALL) == NOW + 30
    assert take(made, NOW + 30) == [1]


def test_a_person_who_wants_it_now_gets_it_tried_now() -> None:
    made = machine(*(entry(seq) for seq in range(1, 9)))
    now = fail_until_open(made)
    waiting = made.get("out_8")
    assert waiting is not None
    made.breaker(("toy", "a")).open_until = now + 1e6
    made.hasten("out_8", now)
    assert take(made, now) == [8], "it is the probe"


def test_one_under_way_cannot_be_called_back() -> None:
    made = machine(entry(1), entry(2))
    assert made.withdraw("out_2")
    assert take(made) == [1]
    assert not made.withdraw("out_1")
    assert made.get("out_2") is None


def test_a_dead_destination_delays_no_other() -> None:
    hanging = [entry(seq, "dead") for seq in range(1, 500)]
    made = machine(*hanging, entry(1_000, "well"))
    assert take(made) == [1, 2, 3, 4, 1_000]
    end(made, 1_000, Delivered())
    made.add(entry(1_001, "well"))
    assert take(made) == [1_001], "while all of the other's places hang"


@given(st.integers(1, 60), st.floats(0, 1))
def test_pauses_grow_and_are_bounded(attempts: int, random: float) -> None:
    whole = min(LIMIT_SECONDS, BASE_SECONDS * 2.0 ** (attempts - 1))
    assert whole / 2 <= retry_seconds(attempts, random) <= whole
    assert OPEN_SECONDS / 2 <= open_seconds(attempts, random) <= OPEN_LIMIT_SECONDS


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 2), st.integers(0, 2)),
        st.tuples(st.just("end"), st.integers(0, 30), st.sampled_from(["yes", "retry", "never"])),
        st.tuples(st.just("pass"), st.floats(0, 5_000), st.just(0)),
        st.tuples(st.just("revive"), st.integers(0, 30), st.just(0)),
        st.tuples(st.just("withdraw"), st.integers(0, 30), st.just(0)),
        st.tuples(st.just("restart"), st.just(0), st.just(0)),
    ),
    max_size=120,
)


class World:
    """A machine with what is kept of its entries, and what has to hold of both."""

    def __init__(self) -> None:
        self.kept: dict[int, Waiting] = {}
        self.dead: dict[int, Waiting] = {}
        self.running: list[int] = []
        self.now = NOW
        self.count = 0
        self.ends: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.machine = machine()

    def take(self) -> None:
        taken = self.machine.take(self.now, WALL)
        assert not taken.expired
        for one in taken.ready:
            breaker = self.machine.breaker(one.place)
            assert one.due <= self.now
            assert not breaker.opened or (breaker.probe == one.id and breaker.open_until <= self.now)
            if one.key:
                older = [seq for seq, other in self.kept.items() if other.line == one.line and seq < one.seq]
                assert not older, "an older one of its line waits"
            self.running.append(one.seq)
        for place in {one.place for one in self.kept.values()}:
            under_way = [seq for seq in self.running if self.kept[seq].place == place]
            assert len(under_way) <= PLACES
        lines = [self.kept[seq].line for seq in self.running]
        assert len(lines) == len(set(lines)), "two of one line at once"

    def add(self, destination: int, key: int) -> None:
        self.count += 1
        one = entry(self.count, f"d{destination}", f"k{key}" if key else "")
        one.due = self.now
        self.kept[self.count] = one
        self.machine.add(one)

    def end(self, which: int, how: str) -> None:
        if not self.running:
            return
        seq = self.running.pop(which % len(self.running))
        outcome: Outcome = {"yes": Delivered(), "retry": Retry("no"), "never": Refused("no")}[how]
        settled = self.machine.settle(f"out_{seq}", outcome, self.now, WALL, 0.5)
        self.machine.release(f"out_{seq}", settled.state)
        if settled.state != "waiting":
            over = self.kept.pop(seq)
            if settled.state == "dead":
                self.dead[seq] = over

    def revive(self, which: int) -> None:
        if self.dead:
            seq = sorted(self.dead)[which % len(self.dead)]
            one = self.dead.pop(seq)
            one.due, one.attempts = self.now, 0
            self.kept[seq] = one
            self.machine.add(one)

    def withdraw(self, which: int) -> None:
        if self.kept:
            seq = sorted(self.kept)[which % len(self.kept)]
            assert self.machine.withdraw(f"out_{seq}") == (seq not in self.running)
            if seq not in self.running:
                del self.kept[seq]

    def restart(self) -> None:
        fresh = machine()
        for place in {one.place for one in self.kept.values()}:
            old = self.machine.breaker(place)
            fresh.set_breaker(place, old.failures, old.opened, old.open_until)
        for one in self.kept.values():
            one.running = False
            fresh.add(one)
        self.machine, self.running = fresh, []

    def finish(self) -> None:
        """Let every destination take everything: whatever was kept is delivered, so nothing was lost."""
        for _ in range(10_000):
            self.take()
            while self.running:
                self.end(0, "yes")
            following = self.machine.next_look(self.now, WALL)
            if following is None or not self.kept:
                break
            self.now = max(self.now, following)
        assert not self.kept
        assert len(self.machine) == 0


@settings(max_examples=300)
@given(ACTIONS)
def test_any_history_keeps_order_and_probes_and_loses_nothing(actions: list[tuple[str, int, int]]) -> None:
    world = World()
    for name, first, second in actions:
        if name == "add":
            world.add(first, second)
        elif name == "end":
            world.end(first, str(second))
        elif name == "pass":
            world.now += first
        elif name == "restart":
            world.restart()
        else:
            getattr(world, name)(first)
        world.take()
    world.finish()


def test_a_thousand_entries_of_one_line_cost_no_more_than_their_number() -> None:
    made = machine(*(entry(seq, key="k") for seq in range(1, 1_001)))
    for seq in range(1, 1_001):
        assert take(made) == [seq]
        end(made, seq, Delivered())
    assert len(made) == 0


@pytest.mark.parametrize("outcome", [Delivered(), Retry("x"), Refused("x")])
def test_an_outcome_counts_as_an_attempt(outcome: Outcome) -> None:
    made = machine(entry(1))
    take(made)
    assert made.settle("out_1", outcome, NOW, WALL, 0.0).attempts == 1
