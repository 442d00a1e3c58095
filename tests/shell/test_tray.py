"""The tray icon in a real tray: seen, clicked, and telling each state by its shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from garret.shell.tray_state import TrayState
from tests.shell.conftest import Waiting


class Done:
    """What the menu had done."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def act(self, name: str) -> Callable[..., None]:
        return lambda *given: self.calls.append(" ".join([name, *map(str, given)]))


@pytest.fixture
def done() -> Done:
    return Done()


@pytest.fixture
def tray(application: Any, done: Done) -> Iterator[Any]:
    from garret.shell.tray import Actions, Tray

    names = ("show", "dictate", "pause", "approvals", "disturb", "start", "quit")
    made = Tray(application, Actions(**{name: done.act(name) for name in names}))
    made.show()
    yield made
    made.hide()


def test_it_is_there_as_soon_as_there_is_a_tray(tray: Any, panel: None, qt: Waiting) -> None:
    qt.until(lambda: tray.there and tray.icon.geometry().width() > 8)


def test_a_click_shows_the_window(tray: Any, panel: None, done: Done, qt: Waiting, screen: Any) -> None:
    import subprocess

    def clicked() -> bool:
        """The panel may still move its icons: click wherever ours is, until it is felt."""
        place = tray.icon.geometry().center()
        subprocess.run(
            ["xdotool", "mousemove", str(place.x()), str(place.y()), "click", "1"],
            env=screen.environment,
            check=True,
        )
        return bool(done.calls)

    qt.until(clicked)
    assert set(done.calls) == {"show"}


def test_the_states_differ_in_shape_not_only_in_colour(application: Any) -> None:
    """In grey, at the size of a tray, any two of them differ in many places."""
    from garret.shell.icons import SIZES, state_icon

    def grey(state: TrayState) -> list[int]:
        picture = state_icon(state).pixmap(22, 22).toImage()
        return [picture.pixelColor(x, y).lightness() for y in range(22) for x in range(22)]

    pictures = {state: grey(state) for state in TrayState}
    for one in TrayState:
        assert {size.width() for size in state_icon(one).availableSizes()} == set(SIZES)
        for other in TrayState:
            if one != other:
                apart = sum(abs(a - b) > 60 for a, b in zip(pictures[one], pictures[other], strict=True))
                assert apart > 40, (one, other, apart)


@pytest.mark.parametrize("state", list(TrayState))
def test_the_menu_fits_the_state(tray: Any, state: TrayState) -> None:
    tray.tell(state, "A sentence.")
    assert tray.icon.toolTip() == "Garret: A sentence."
    assert ("Start Garret" in tray.entries) == (state == TrayState.OFFLINE)
    assert ("Show what waits for consent" in tray.entries) == (state == TrayState.NEEDS_YOU)
    dictating = state in (TrayState.LISTENING, TrayState.PAUSED)
    assert ("Stop listening" in tray.entries) == dictating
    assert ("Dictate" in tray.entries) == (state != TrayState.OFFLINE and not dictating)
    assert ("Pause dictating" in tray.entries) == (state == TrayState.LISTENING)
    assert ("Go on dictating" in tray.entries) == (state == TrayState.PAUSED)
    assert {"Open Garret", "Quit", "Do not disturb"} <= tray.entries.keys()


def test_each_entry_does_what_it_says(tray: Any, done: Done) -> None:
    for state in (TrayState.OFFLINE, TrayState.LISTENING, TrayState.NEEDS_YOU):
        tray.tell(state, "A sentence.")
        for text, action in tray.entries.items():
            done.calls.clear()
            action.trigger()
            assert len(done.calls) == 1, text
    tray.tell_quiet(True)
    done.calls.clear()
    tray.entries["Do not disturb"].trigger()
    assert done.calls == ["disturb False"]
