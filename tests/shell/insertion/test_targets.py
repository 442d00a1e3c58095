"""Insertion into what people write in: a browser's field, a terminal, a line; and with other layouts."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from garret.shell.insertion import paste
from garret.shell.insertion.reasons import Reason
from garret.shell.x11.focus import Target
from garret.shell.x11.server import Server
from tests.shell.insertion.hosts import Host, host
from tests.shell.insertion.test_pasting import edit
from tests.shell.screens import run, until

TEXT = "Grüße, “quoted” – 漢字 🙂"


def needs(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"INTO {name} NOT TESTED: it is not installed")
    return found


def set_layout(display: str, layout: str) -> None:
    subprocess.run(["setxkbmap", "-layout", layout], env={**os.environ, "DISPLAY": display}, check=True)


async def program(here: Host, *command: str) -> None:
    """Start a program on the host's display; it ends with the host."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, "DISPLAY": here.display, "LC_ALL": "C.UTF-8"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    here.others.append(process)


def test_a_terminal_gets_it_by_its_own_key_and_keeps_the_primary_selection(
    display: str, tmp_path: Path
) -> None:
    xterm = needs("xterm")
    received, ready = tmp_path / "received", tmp_path / "ready"
    # Without line discipline, so that what arrives is seen as it arrives.
    script = f"stty raw -echo; : > {ready}; exec cat > {received}"

    async def story() -> None:
        async with host(display) as here:
            await program(here, xterm, "-u8", "-e", "sh", "-c", script)
            target = await here.focused("xterm")
            await until(ready.exists)
            assert not target.pings
            assert (await here.insert(TEXT + "\n")).outcome == "inserted"
            await here.settled()
            await until(lambda: received.read_text(encoding="utf-8") == TEXT)  # without the line's end
            outcome = await here.insert("one\ntwo")
            assert outcome.reason == Reason.SEVERAL_LINES.sentence
            assert received.read_text(encoding="utf-8") == TEXT

    run(story)


PAGE = """<!doctype html><title>empty</title>FIELD<script>
  const ready = () => document.title = 'ready';
  window.onload = () => requestAnimationFrame(() => requestAnimationFrame(ready));
</script>"""
FIELD = """<textarea autofocus rows=5 cols=40 oninput="document.title = 'got ' + this.value"></textarea>"""


async def titled(server: Server, target: Target, title: str) -> None:
    """Wait until a window is called so."""
    name = server.atom("_NET_WM_NAME")
    window = server.window_of(target.top)
    await until(lambda: (window.get_full_text_property(name) or "").startswith(title))


async def browse(here: Host, folder: Path, field: str) -> Target:
    """A browser that shows a page with `field` on it, once that takes keys."""
    page = folder / "page.html"
    page.write_text(PAGE.replace("FIELD", field), encoding="utf-8")
    await program(
        here, needs("chromium"), f"--user-data-dir={folder}/profile", "--no-sandbox", "--no-first-run",
        "--disable-gpu", "--disable-background-networking", "--password-store=basic",
        f"--app={page.as_uri()}",
    )  # fmt: skip
    target = await here.focused("chromium")
    await titled(here.server, target, "ready")
    return target


def test_a_field_in_a_browser(display: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with host(display) as here:
            other = await edit(here, name="other")
            await other.ask("copy mine", "copied")
            target = await browse(here, tmp_path, FIELD)
            assert (await here.insert(TEXT)).outcome == "inserted"
            await titled(here.server, target, f"got {TEXT}")
            assert (await here.insert(" and more")).outcome == "inserted"
            await titled(here.server, target, f"got {TEXT} and more")
            await here.settled()
            assert (await other.ask("clip", "clip"))["text"] == "mine"

    run(story)


def test_a_page_without_a_field(display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chromium reads the clipboard all the same, which must not be taken for a paste."""
    monkeypatch.setattr(paste, "AFTER_PONG", 0.5)

    async def story() -> None:
        async with host(display) as here:
            await browse(here, tmp_path, "<p>Nothing to write in.</p>")
            outcome = await here.insert(TEXT)
            assert (outcome.outcome, outcome.reason) == ("held", Reason.READ_ONLY.sentence)

    run(story)


def test_a_line_and_a_field_for_a_password(display: str) -> None:
    async def story() -> None:
        async with host(display) as here:
            line = await edit(here, "--face", "line", name="line")
            assert (await here.insert("in a line")).outcome == "inserted"
            assert await line.hear("text") == "in a line"
            # A program that is known to ask for passwords is left alone.
            await edit(here, "--face", "secret", name="pinentry-qt")
            outcome = await here.insert("no password")
            assert (outcome.outcome, outcome.reason) == ("held", Reason.SECRET.sentence)

    run(story)


@pytest.mark.parametrize("layout", ["de", "fr", "us(dvorak)", "us,ru", "ru,us", "ru"])
def test_other_layouts_have_the_chord_on_other_keys(display: str, layout: str) -> None:
    needs("setxkbmap")

    async def story() -> None:
        async with host(display) as here:
            set_layout(display, layout)
            here.keyboard.refresh()
            program = await edit(here)
            assert (await here.insert(TEXT)).outcome == "inserted"
            assert await program.hear("text") == TEXT

    try:
        run(story)
    finally:
        set_layout(display, "us")


def test_typed_with_the_keys_of_the_layout(display: str) -> None:
    needs("setxkbmap")

    async def story() -> None:
        async with host(display) as here:
            set_layout(display, "fr")
            here.keyboard.refresh()
            here.hands.apply("type", {})
            program = await edit(here)
            assert (await here.insert("Azerty 123, où ça ?")).outcome == "inserted"
            assert await program.ask("show", "show") == "Azerty 123, où ça ?"

    try:
        run(story)
    finally:
        set_layout(display, "us")


def test_with_qts_own_loop(display: str, tmp_path: Path) -> None:
    """The same as the window has it: driven by Qt, in a process of its own."""
    script = Path(__file__).parent / "programs" / "window.py"

    async def story() -> None:
        async with host(display) as here:
            program = await edit(here)
            window = await asyncio.create_subprocess_exec(
                sys.executable, str(script), TEXT,
                env={**os.environ, "DISPLAY": display}, stdout=subprocess.PIPE,
            )  # fmt: skip
            said, _ = await window.communicate()
            assert said.decode().split() == ["inserted", "settled"]
            assert await program.ask("show", "show") == TEXT

    run(story)
