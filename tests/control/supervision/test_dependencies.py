"""The order of starting and stopping."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import Code
from garret.control.supervision.dependencies import (
    DependencyCycle,
    Shutdown,
    Startup,
    UnknownDependency,
    dependents_of,
    start_order,
)

HOUSE = {"stt": ["models"], "typing": ["stt"], "models": [], "tts": ["models"], "tools": []}


def test_things_start_after_what_they_need() -> None:
    assert start_order(HOUSE) == (("models", "tools"), ("stt", "tts"), ("typing",))
    assert start_order({}) == ()


def test_a_circle_is_refused_and_named() -> None:
    with pytest.raises(DependencyCycle) as caught:
        start_order({"a": ["b"], "b": ["c"], "c": ["a"], "d": []})
    cycle = caught.value.cycle
    assert cycle[0] == cycle[-1]
    assert set(cycle) == {"a", "b", "c"}
    assert "b needs c" in caught.value.message
    assert caught.value.code is Code.USAGE
    assert caught.value.details["cycle"] == list(cycle)


def test_a_thing_that_needs_itself_is_a_circle() -> None:
    with pytest.raises(DependencyCycle) as caught:
        Startup({"a": ["a"]})
    assert caught.value.cycle == ("a", "a")


def test_a_need_that_does_not_exist_is_refused() -> None:
    for build in (start_order, Startup, Shutdown):
        with pytest.raises(UnknownDependency) as caught:
            build({"a": ["ghost"]})
        assert "a needs ghost" in caught.value.message


def test_what_needs_one_thing_near_or_far() -> None:
    assert dependents_of("models", HOUSE) == {"stt", "tts", "typing"}


def test_a_slow_part_holds_up_only_what_needs_it() -> None:
    startup = Startup(HOUSE)
    assert startup.begin() == ("models", "tools")
    assert startup.ready("tools") == ()
    assert startup.ready("models") == ("stt", "tts")
    assert startup.ready("models") == ()  # it was restarted meanwhile
    assert startup.ready("stt") == ("typing",)


def test_a_failed_part_blocks_those_that_need_it_until_it_is_ready_after_all() -> None:
    startup = Startup(HOUSE)
    startup.begin()
    startup.ready("models")
    assert startup.failed("stt") == {"typing"}
    assert startup.failed("stt") == frozenset()
    assert startup.ready("stt") == ("typing",)


def test_nothing_is_stopped_before_what_needs_it() -> None:
    shutdown = Shutdown(HOUSE)
    assert shutdown.begin() == ("tools", "tts", "typing")
    assert shutdown.stopped("tts") == ()
    assert shutdown.stopped("typing") == ("stt",)
    assert shutdown.stopped("stt") == ("models",)


@given(st.lists(st.lists(st.integers(0, 30), max_size=4), min_size=1, max_size=12), st.randoms())
def test_whatever_needs_what_all_start_and_stop_in_order(raw: list[list[int]], chance: object) -> None:
    # Everything needs only what came before it, so there is no circle.
    needs = {str(n): {str(one % n) for one in its} if n else set() for n, its in enumerate(raw)}
    startup, ready = Startup(needs), set[str]()
    waiting = list(startup.begin())
    while waiting:
        name = chance.choice(waiting)  # type: ignore[attr-defined]
        waiting.remove(name)
        assert needs[name] <= ready
        ready.add(name)
        waiting += startup.ready(name)
    assert ready == set(needs)
    shutdown = Shutdown(needs)
    waiting = list(shutdown.begin())
    while waiting:
        name = chance.choice(waiting)  # type: ignore[attr-defined]
        waiting.remove(name)
        ready.remove(name)
        assert not any(name in needs[other] for other in ready)
        waiting += shutdown.stopped(name)
    assert not ready
