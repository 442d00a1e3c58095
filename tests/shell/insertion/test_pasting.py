"""Insertion into real programs on a real X server: what arrives, what is said, what the clipboard holds."""

from __future__ import annotations

import asyncio
import signal

import pytest

from garret.shell.insertion import paste
from garret.shell.insertion.content import CONVERTED
from garret.shell.insertion.reasons import Reason
from tests.shell.insertion.hosts import Host, host
from tests.shell.screens import Program, run, until

pytest.importorskip(
    "PySide6.QtWidgets",
    reason="PySide6 is not installed; the extra 'desktop' brings it",
    exc_type=ImportError,
)

TEXT = "Grüße an alle – 漢字 🙂, it's “done”."


async def edit(here: Host, *options: str, name: str = "edit") -> Program:
    """The text program, with the focus."""
    program = await here.start("edit.py", "--name", name, *options)
    await here.focused(name)
    return program


def test_a_text_arrives_and_the_clipboard_is_as_it_was(display: str) -> None:
    async def story() -> None:
        async with host(display) as here:
            other = await edit(here, name="other")
            await other.ask("picture", "copied")
            before = await other.ask("clip", "clip")
            program = await edit(here)
            outcome = await here.insert(TEXT)
            assert (outcome.outcome, outcome.target, outcome.reason) == ("inserted", "edit", "")
            assert await program.hear("text") == TEXT
            await here.settled()
            after = await other.ask("clip", "clip")
            assert before["owned"]
            assert not after["owned"]
            # A picture is offered in many forms; what is kept is what it was, to the byte.
            kept = {name: digest for name, digest in before["forms"].items() if name not in CONVERTED}
            assert {"picture", "text/plain", "application/x-of-its-own"} <= set(kept)
            assert {name: after["forms"].get(name) for name in kept} == kept
            assert after["text"] == "a picture"

    run(story)


def test_after_the_persons_next_key_the_program_has_their_clipboard_too(display: str) -> None:
    async def story() -> None:
        async with host(display) as here, host(display) as hand:
            other = await edit(here, name="other")
            await other.ask("copy mine", "copied")
            program = await edit(here)
            assert (await here.insert("text")).outcome == "inserted"
            await here.settled()
            # Nobody touched anything: what it asks for belongs to the paste that was.
            assert (await program.ask("clip", "clip"))["text"] == "text"
            assert (await other.ask("clip", "clip"))["text"] == "mine"
            hand.keyboard.press(38, ())
            hand.server.drain()
            await until(lambda: here.x11._work is None)
            assert (await program.ask("clip", "clip"))["text"] == "mine"

    run(story)


def test_an_empty_clipboard_is_empty_again(display: str) -> None:
    async def story() -> None:
        async with host(display) as here:
            program = await edit(here)
            assert (await here.insert("one")).outcome == "inserted"
            assert await program.hear("text") == "one"
            await here.settled()
            other = await edit(here, name="other")
            assert (await other.ask("clip", "clip"))["text"] == ""

    run(story)


def test_a_large_text_arrives_whole(display: str) -> None:
    async def story() -> None:
        async with host(display) as here:
            program = await edit(here)
            text = "".join(f"{number} ä, " for number in range(100_000))
            assert (await here.insert(text)).outcome == "inserted"
            assert await program.hear("text") == text

    run(story)


def test_texts_go_one_after_the_other(display: str) -> None:
    async def story() -> None:
        async with host(display) as here:
            program = await edit(here)
            outcomes = await asyncio.gather(*(here.insert(f"{number} ") for number in range(5)))
            assert [each.outcome for each in outcomes] == ["inserted"] * 5
            assert await program.ask("show", "show") == "0 1 2 3 4 "

    run(story)


def test_a_clipboard_manager_never_sees_the_text(display: str) -> None:
    async def story() -> None:
        async with host(display) as here:
            other = await edit(here, name="other")
            manager = await here.start("manager.py")
            await manager.hear("ready")
            await other.ask("copy mine", "copied")
            assert await manager.hear("seen") == "mine"
            program = await edit(here)
            assert (await here.insert(TEXT)).outcome == "inserted"
            assert await program.hear("text") == TEXT
            assert await manager.hear("seen") == "mine"
            await here.settled()
            await other.ask("copy next", "copied")
            assert await manager.hear("seen") == "next"

    run(story)


def test_a_manager_that_takes_the_clipboard_causes_no_false_word(display: str) -> None:
    """Whether it comes before the target is chance. What is said to be inserted is; nothing is twice."""

    async def story() -> None:
        async with host(display) as here:
            other = await edit(here, name="other")
            await other.ask("copy mine", "copied")
            manager = await here.start("manager.py", "--keep")
            await manager.hear("ready")
            program = await edit(here)
            inserted: list[str] = []
            texts = [f"text {number} " for number in range(10)]
            for text in texts:
                outcome = await here.insert(text)
                if outcome.outcome == "inserted":
                    inserted.append(text)
                else:
                    assert outcome.reason == Reason.CLIPBOARD_TAKEN.value
                await here.settled()
            shown = await program.ask("show", "show")
            assert shown.replace("mine", "") == "".join(inserted)

    run(story)


def test_a_window_without_a_field_gets_nothing(display: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paste, "AFTER_PONG", 0.2)

    async def story() -> None:
        async with host(display) as here:
            other = await edit(here, name="other")
            await other.ask("copy mine", "copied")
            await edit(here, "--face", "button")
            outcome = await here.insert(TEXT)
            assert (outcome.outcome, outcome.reason) == ("held", Reason.NOT_TAKEN.value)
            assert here.held == [TEXT]
            assert here.hands.held == TEXT
            assert (await other.ask("clip", "clip"))["text"] == "mine"
            # What was held is one call away, wherever the focus is by then.
            field = await edit(here, name="field")
            done: asyncio.Future[object] = asyncio.get_running_loop().create_future()
            assert here.hands.insert_held(done.set_result)
            await done
            assert await field.hear("text") == TEXT
            assert here.hands.held == ""
            assert not here.hands.insert_held(done.set_result)

    run(story)


def test_who_never_answers_gets_nothing_when_it_wakes(display: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paste, "UNANSWERED", 0.3)

    async def story() -> None:
        async with host(display) as here:
            program = await edit(here)
            other = await edit(here, name="other")
            await other.ask("copy mine", "copied")
            program.tell("focus")
            await here.focused("edit")
            program.process.send_signal(signal.SIGSTOP)
            outcome = await here.insert("held")
            assert (outcome.outcome, outcome.reason) == ("held", Reason.NO_ANSWER.value)
            again = await here.insert("again")
            assert again.reason == Reason.STILL_WAITED_FOR.value
            # Others have their clipboard meanwhile.
            other.process.send_signal(signal.SIGCONT)
            assert (await other.ask("clip", "clip"))["text"] == "mine"
            program.process.send_signal(signal.SIGCONT)
            assert await program.ask("show", "show") == ""

    run(story)


def test_the_focus_has_to_be_where_it_was_aimed(display: str) -> None:
    async def story() -> None:
        async with host(display) as here:
            first = await edit(here, name="first")
            aimed = here.hands.aim()
            assert aimed is not None
            second = await edit(here, name="second")
            outcome = await here.insert("for the first", aimed)
            assert (outcome.outcome, outcome.reason) == ("held", Reason.FOCUS_MOVED.value)
            first.tell("focus")
            await here.focused("first")
            assert (await here.insert("for the first", aimed)).outcome == "inserted"
            assert await first.hear("text") == "for the first"
            assert await second.ask("show", "show") == ""

    run(story)


def test_it_waits_for_the_hotkeys_own_modifiers(display: str) -> None:
    async def story() -> None:
        async with host(display) as here:
            program = await edit(here)
            alt = here.keyboard.layout.keycode(0xFFE9, 0)
            assert alt is not None
            here.keyboard._fake(here.server.x.KeyPress, alt)
            here.server.drain()
            waiting = asyncio.create_task(here.insert("after the key"))
            for _ in range(5):  # rounds of the loop's looks
                await asyncio.sleep(0.02)
                assert not waiting.done()
            here.keyboard._fake(here.server.x.KeyRelease, alt)
            here.server.drain()
            assert (await waiting).outcome == "inserted"
            assert await program.hear("text") == "after the key"

    run(story)


def test_a_key_that_stays_down_holds_the_text(display: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paste, "KEYS_WITHIN", 0.1)

    async def story() -> None:
        async with host(display) as here:
            program = await edit(here)
            await program.ask("copy mine", "copied")
            control = here.keyboard.layout.keycode(0xFFE3, 0)
            assert control is not None
            here.keyboard._fake(here.server.x.KeyPress, control)
            here.server.drain()
            outcome = await here.insert("text")
            here.keyboard._fake(here.server.x.KeyRelease, control)
            here.server.drain()
            assert outcome.reason == Reason.KEYS_HELD.value
            # The clipboard was not even touched.
            assert (await program.ask("clip", "clip"))["owned"]
            assert await program.ask("show", "show") == ""

    run(story)


def test_an_owner_that_hangs_keeps_its_clipboard(display: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paste, "KEEP_WITHIN", 0.2)

    async def story() -> None:
        async with host(display) as here:
            owner = await edit(here, name="owner")
            await owner.ask("copy precious", "copied")
            program = await edit(here)
            owner.process.send_signal(signal.SIGSTOP)
            outcome = await here.insert("text")
            assert outcome.reason == Reason.CLIPBOARD_UNSAVED.value
            owner.process.send_signal(signal.SIGCONT)
            assert (await program.ask("clip", "clip"))["text"] == "precious"
            assert await program.ask("show", "show") == ""

    run(story)


def test_nothing_goes_where_a_program_has_taken_the_keyboard(display: str) -> None:
    async def story() -> None:
        async with host(display) as here, host(display) as locker:
            await edit(here)
            x = locker.server.x
            grabbed = locker.server.root.grab_keyboard(True, x.GrabModeAsync, x.GrabModeAsync, x.CurrentTime)
            assert grabbed == x.GrabSuccess
            outcome = await here.insert("text")
            assert outcome.reason == Reason.KEYBOARD_TAKEN.value
            locker.server.display.ungrab_keyboard(x.CurrentTime)
            locker.server.drain()
            assert (await here.insert("text")).outcome == "inserted"

    run(story)


def test_nobody_has_the_focus(display: str) -> None:
    async def story() -> None:
        async with host(display) as here:
            x = here.server.x
            here.server.display.set_input_focus(x.NONE, x.RevertToNone, x.CurrentTime)
            outcome = await here.insert("text")
            assert (outcome.outcome, outcome.reason) == ("held", Reason.NO_FOCUS.value)

    run(story)


def test_a_program_that_is_typed_into(display: str) -> None:
    async def story() -> None:
        async with host(display) as here:
            here.hands.apply("auto", {"Viewer": "type"})
            program = await edit(here, name="viewer")
            await program.ask("copy mine", "copied")
            assert (await here.insert("Hello, World! 1 + 1\n")).outcome == "inserted"
            assert await program.ask("show", "show") == "Hello, World! 1 + 1\n"
            outcome = await here.insert("漢字")
            assert outcome.reason == Reason.NOT_ON_KEYBOARD.value
            assert await program.ask("show", "show") == "Hello, World! 1 + 1\n"
            assert (await program.ask("clip", "clip"))["owned"]

    run(story)


@pytest.mark.parametrize(("way", "seed"), [("--slow", 1), ("--later", 2)])
def test_a_slow_program_gets_each_text_once(display: str, way: str, seed: int) -> None:
    """What the benchmark does a thousand times: nothing stale, nothing twice, no false word."""

    async def story() -> None:
        async with host(display) as here:
            other = await edit(here, name="other")
            program = await edit(here, way, str(seed), name="slow")
            expected = ""
            for number in range(12):
                await other.ask(f"copy stale {number}", "copied")
                outcome = await here.insert(f"text {number}. ")
                assert outcome.outcome == "inserted"
                expected += f"text {number}. "
                assert await program.ask("show", "show") == expected
                assert (await other.ask("clip", "clip"))["text"] == f"stale {number}"

    run(story)
