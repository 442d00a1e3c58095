"""The event bus: everybody hears what they asked for, and nobody holds anybody up."""

from __future__ import annotations

import logging
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import UsageError
from garret.control.access.patterns import matches
from garret.control.clients.bus import EventBus, Happened, Lagged, Subscription


def names_of(subscription: Subscription) -> list[str]:
    return [item.name for item in subscription.take() if isinstance(item, Happened)]


def test_a_subscription_hears_the_names_it_asked_for_in_order() -> None:
    bus = EventBus()
    subscription = bus.subscribe(("dictate.*", "job.done"))
    for number, name in enumerate(["dictate.partial", "speak.begun", "job.done", "dictate.final"]):
        bus.publish(name, number)
    assert subscription.take() == [
        Happened("dictate.partial", 0),
        Happened("job.done", 2),
        Happened("dictate.final", 3),
    ]
    assert subscription.take() == []


def test_overlapping_patterns_deliver_once() -> None:
    bus = EventBus()
    subscription = bus.subscribe(("*", "a.*", "a.b"))
    assert bus.publish("a.b", None) == 1
    assert len(subscription) == 1


def test_a_reader_that_never_reads_loses_the_oldest_and_is_told_how_many() -> None:
    bus = EventBus()
    lazy, keen = bus.subscribe("*", limit=3), bus.subscribe("*", limit=3)
    heard = []
    for number in range(10):
        bus.publish("a.b", number)
        heard += keen.take()
    assert lazy.take() == [Lagged(7), *(Happened("a.b", number) for number in (7, 8, 9))]
    assert heard == [Happened("a.b", number) for number in range(10)]
    bus.publish("a.b", 10)
    assert lazy.take() == [Happened("a.b", 10)]
    assert bus.statistics().lost == 7


def test_taking_a_few_at_a_time_tells_of_losses_first() -> None:
    bus = EventBus()
    subscription = bus.subscribe("*", limit=2)
    for number in range(5):
        bus.publish("a.b", number)
    assert subscription.take(1) == [Lagged(3)]
    assert subscription.take(0) == []
    assert subscription.take(1) == [Happened("a.b", 3)]
    assert subscription.take(9) == [Happened("a.b", 4)]


def test_a_reader_is_woken_once_until_it_has_read() -> None:
    bus = EventBus()
    woken: list[int] = []
    subscription = bus.subscribe("*", limit=2, wake=lambda: woken.append(1))
    for number in range(5):
        bus.publish("a.b", number)
    assert len(woken) == 1
    subscription.take()
    bus.publish("a.b", 5)
    assert len(woken) == 2


def test_a_reader_that_cannot_be_woken_keeps_nothing_from_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bus = EventBus()
    logging.getLogger("garret").propagate = True
    broken = bus.subscribe("*", wake=lambda: 1 / 0)
    other = bus.subscribe("*")
    with caplog.at_level(logging.ERROR, logger="garret"):
        assert bus.publish("a.b", 1) == 2
    assert len(other) == len(broken) == 1
    assert "could not be woken" in caplog.text


def test_a_closed_subscription_hears_nothing_more_and_keeps_what_it_had() -> None:
    bus = EventBus()
    subscription = bus.subscribe("*")
    bus.publish("a.b", 1)
    subscription.close()
    subscription.close()
    assert subscription.closed
    assert bus.publish("a.b", 2) == 0
    assert subscription.take() == [Happened("a.b", 1)]
    assert bus.statistics().subscriptions == ()


def test_a_subscription_may_be_closed_while_an_event_is_told() -> None:
    bus = EventBus()
    later: list[Subscription] = []
    bus.subscribe("*", wake=lambda: later[0].close())
    later.append(bus.subscribe("*"))
    assert bus.publish("a.b", 1) == 1
    assert later[0].take() == []


def test_a_subscription_made_after_a_name_was_routed_hears_it_too() -> None:
    bus = EventBus()
    bus.publish("a.b", 1)
    subscription = bus.subscribe(("a.*",))
    bus.publish("a.b", 2)
    assert subscription.take() == [Happened("a.b", 2)]


def test_what_a_subscriber_may_not_hear_is_not_heard() -> None:
    bus = EventBus()
    everything = bus.subscribe("*")
    guest = bus.subscribe("*", hears=lambda name, scope: scope in (None, "guest") and name != "keys.made")
    bus.publish("keys.made", "of another room")
    bus.publish("dictate.final", "private", scope="user")
    bus.publish("dictate.final", "own", scope="guest")
    bus.publish("system.ready", "all")
    assert [item.payload for item in guest.take() if isinstance(item, Happened)] == ["own", "all"]
    assert len(everything) == 4


@pytest.mark.parametrize(("patterns", "limit"), [((), 1), (("a b",), 1), (("a.b",), 0)])
def test_a_subscription_that_makes_no_sense_is_refused(patterns: tuple[str, ...], limit: int) -> None:
    with pytest.raises(UsageError):
        EventBus().subscribe(patterns, limit=limit)


def test_what_the_bus_remembers_of_names_is_bounded() -> None:
    bus = EventBus()
    subscription = bus.subscribe("*", limit=1)
    for number in range(10_000):
        bus.publish(f"a.n{number}", number)
    assert len(bus._routes) <= 4096
    assert subscription.take()[-1] == Happened("a.n9999", 9999)


NAMES = ("a.b", "a.c", "b.c", "b.c.d")
PATTERNS = ("*", "a.*", "b.*", "b.c", "a.b", "b.c.*")


@given(st.data())
def test_whatever_happens_each_hears_what_it_asked_for_or_learns_how_much_it_lost(
    data: st.DataObject,
) -> None:
    bus = EventBus()
    wanted = data.draw(st.lists(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3), max_size=4))
    limits = [data.draw(st.integers(1, 5)) for _ in wanted]
    readers = [bus.subscribe(tuple(one), limit=limit) for one, limit in zip(wanted, limits, strict=True)]
    published: list[Counter[int]] = [Counter() for _ in wanted]
    heard: list[list[int]] = [[] for _ in wanted]
    lost = [0] * len(wanted)
    for number in range(data.draw(st.integers(0, 30))):
        name = data.draw(st.sampled_from(NAMES))
        bus.publish(name, number)
        for index, one in enumerate(wanted):
            published[index][number] += any(matches(pattern, name) for pattern in one)
        if readers and data.draw(st.booleans()):
            index = data.draw(st.integers(0, len(readers) - 1))
            read(readers[index], heard[index], lost, index)
    for index, reader in enumerate(readers):
        read(reader, heard[index], lost, index)
        assert heard[index] == sorted(heard[index])
        assert len(heard[index]) + lost[index] == sum(published[index].values())
        assert all(published[index][number] for number in heard[index])


def read(reader: Subscription, heard: list[int], lost: list[int], index: int) -> None:
    for item in reader.take():
        if isinstance(item, Lagged):
            lost[index] += item.count
        else:
            heard.append(item.payload)
