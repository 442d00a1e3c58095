"""A subscription's numbers and types, as its reader checks them."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.protocol.contract import Event, Registry, event
from garret.protocol.envelope import encode_payload
from garret.protocol.errors import ProtocolError
from garret.protocol.subscription import BEGUN, Lost, SubscriptionReader, Told


@event("play.pinged")
class Pinged(Event, frozen=True):
    """Somebody pinged."""

    count: int


def told(sequence: int, count: int, name: str = "play.pinged") -> Told:
    return Told(sequence=sequence, name=name, event=encode_payload({"count": count}))


def begun() -> SubscriptionReader:
    reader = SubscriptionReader(Registry((), [Pinged]))
    assert reader.take(BEGUN) == []
    assert reader.begun
    return reader


@given(st.lists(st.integers(1, 1000), unique=True).map(sorted))
def test_every_event_is_told_or_counted_as_lost(numbers: list[int]) -> None:
    reader = begun()
    heard = [found for number in numbers for found in reader.take(told(number, number))]
    assert [found.count for found in heard if isinstance(found, Pinged)] == numbers
    lost = sum(found.count for found in heard if isinstance(found, Lost))
    assert lost + len(numbers) == (numbers[-1] if numbers else 0)


@pytest.mark.parametrize("sequence", [0, 1, 2])
def test_numbers_that_do_not_rise_are_refused(sequence: int) -> None:
    reader = begun()
    reader.take(told(2, 0))
    with pytest.raises(ProtocolError, match="came after"):
        reader.take(told(sequence, 0))


def test_the_first_item_says_that_it_has_begun() -> None:
    reader = SubscriptionReader(Registry((), [Pinged]))
    with pytest.raises(ProtocolError, match="begun"):
        reader.take(told(1, 0))


def test_an_event_of_another_type_is_refused_and_an_unknown_one_passed_over() -> None:
    reader = begun()
    assert reader.take(told(1, 0, "play.unheard_of")) == []
    with pytest.raises(ProtocolError, match="form"):
        reader.take(Told(sequence=2, name="play.pinged", event=msgspec.Raw(b"\x05")))
