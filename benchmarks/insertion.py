"""Insertion: a thousand texts into programs that answer a paste after 0 to 2 seconds, while others copy.

Every text is pasted into a real text field that is slow in one of two ways: it stops altogether, or goes
on and reads the clipboard late. Before each, another program copies something else, and a clipboard
manager reads whatever it is told of. What the field then holds is compared with what was said of each text:

    stale   something else than the text was pasted
    double  the text was pasted twice
    false   "inserted" was said and the text is not there, or "held" and it is

The peer is what programs do that know nothing of who reads: put the text on the clipboard, press Ctrl+V, and
put the old content back after 250 ms.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.report import Row, row
from garret.shell.hotkeys.accelerator import parse
from garret.shell.insertion.content import content_of
from garret.shell.insertion.paste import Answer
from tests.shell.insertion.hosts import Host, host
from tests.shell.screens import Program, screen

PASTES = int(os.environ.get("GARRET_BENCH_PASTES", "1000"))
SCREENS = 8
PEER_PASTES = 10  # on each screen
QUICK_PASTES = 40


@dataclass
class Tally:
    """What went wrong, and what did not."""

    inserted: int = 0
    held: int = 0
    stale: int = 0
    double: int = 0
    false: int = 0

    def count(self, text: str, shown: str, said: str) -> None:
        """One text: what the field holds of it, and what was said."""
        there = shown.count(text)
        self.inserted += said == "inserted"
        self.held += said == "held"
        self.double += there > 1
        self.stale += bool(shown.replace(text, ""))
        self.false += (there > 0) != (said == "inserted")


async def copied(other: Program, text: str) -> None:
    await other.ask(f"copy {text}", "copied")


async def slow(display: str, seed: int, pastes: int) -> tuple[Tally, Tally]:
    """Texts into a slow field on one screen, Garret's way and the peer's."""
    tally, peer = Tally(), Tally()
    async with host(display) as here:
        other = await here.start("edit.py", "--name", "other")
        await here.focused("other")
        manager = await here.start("manager.py")
        await manager.hear("ready")
        way = "--slow" if seed % 2 else "--later"
        field_ = await here.start("edit.py", "--name", "slow", way, str(seed))
        await here.focused("slow")
        for number in range(pastes):
            await copied(other, f"stale {number}")
            text = f"Text {seed}-{number}."
            outcome = await here.insert(text)
            await here.settled()
            tally.count(text, await field_.ask("show", "show"), outcome.outcome)
            await field_.ask("clear", "cleared")
        for number in range(PEER_PASTES):
            await copied(other, f"stale {number}")
            text = f"Peer {seed}-{number}."
            await on_a_timer(here, text, f"stale {number}")
            await asyncio.sleep(2.5)  # longer than the field is slow
            peer.count(text, await field_.ask("show", "show"), "inserted")
            await field_.ask("clear", "cleared")
    return tally, peer


async def on_a_timer(here: Host, text: str, before: str) -> None:
    """The peer: everybody gets the text for 250 ms, and then what was there."""
    selection = here.x11._selections["CLIPBOARD"]
    kept = content_of(here.server, before)
    selection.lend(content_of(here.server, text), kept, lambda _requestor: Answer.TEXT)
    chord = parse("Ctrl+V")
    keycode = here.keyboard.layout.keycode(chord.symbol, 0)
    assert keycode is not None
    here.keyboard.press(keycode, chord.modifiers)
    here.server.drain()
    await asyncio.sleep(0.25)
    selection.end()
    here.server.drain()


async def quick(display: str) -> list[float]:
    """Seconds from a text to the word that it is there, into a field that is not slow."""
    found: list[float] = []
    async with host(display) as here:
        await here.start("edit.py", "--name", "quick")
        await here.focused("quick")
        for number in range(QUICK_PASTES):
            begun = time.perf_counter()
            assert (await here.insert(f"Text {number}. ")).outcome == "inserted"
            found.append(time.perf_counter() - begun)
            await here.settled()
    return found


async def measure(displays: list[str]) -> tuple[list[tuple[Tally, Tally]], list[float]]:
    seconds = await quick(displays[0])
    share = -(-PASTES // len(displays))
    pairs = await asyncio.gather(*(slow(display, index, share) for index, display in enumerate(displays)))
    return list(pairs), seconds


def run() -> list[Row]:
    with ExitStack() as stack:
        displays = [stack.enter_context(screen()) for _ in range(SCREENS)]
        pairs, seconds = asyncio.run(measure(displays))
    ours, peers = [each for each, _ in pairs], [each for _, each in pairs]
    pastes = sum(each.inserted + each.held for each in ours)
    scale = pastes / (PEER_PASTES * len(displays))

    def figure(name: str, of: str) -> Row:
        peer = sum(getattr(each, of) for each in peers) * scale
        return row(
            name,
            sum(getattr(each, of) for each in ours),
            f"of {pastes} slow pastes",
            budget=0,
            peers={"restored after 250 ms (scaled)": peer},
        )

    return [
        figure("insertion: something else pasted", "stale"),
        figure("insertion: pasted twice", "double"),
        figure("insertion: wrong word about it", "false"),
        row("insertion: held back", sum(each.held for each in ours), f"of {pastes} slow pastes"),
        row("insertion: text to proof p50", statistics.median(seconds) * 1000, "ms"),
    ]
