"""A person whose database is damaged is led through it, with the real program and a really damaged file."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import select
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from garret.app import rooms
from garret.cli import launch
from garret.control.secrets.store import SecretStore
from garret.features.house import contracts as c
from garret.storage.ledger_types import Request
from tests.cli.test_real import Garret, made
from tests.control.planes import Client, open_plane
from tests.test_restoring import damage, damage_a_table

PASSPHRASE = "a long passphrase"


@pytest.fixture
def garret(monkeypatch: pytest.MonkeyPatch) -> Iterator[Garret]:
    """A home with many jobs and a backup, not running."""
    monkeypatch.setenv("GARRET_KEYCHAIN", "off")
    for program in made():
        program.environment.pop("GARRET_PASSPHRASE_FILE", None)
        asyncio.run(_fill(program))
        yield program


async def _fill(program: Garret) -> None:
    plane = await open_plane(program.home, [room for room in rooms() if room.name != "house"])
    try:
        for number in range(60):
            queued = await plane.store.ledger.enqueue(
                Request("speak.say", b"\x80", role="cli", profile="admin")
            )
            await plane.jobs.cancel(queued.job.id, f"test {number}")
        await Client(plane).call(c.Backup(passphrase=PASSPHRASE))
    finally:
        await plane.stop()


def typed(garret: Garret, words: list[str], answer: str) -> tuple[int, str]:
    """Run it in a terminal of its own and answer its question; its status and what it showed."""
    process, terminal = pty.fork()
    if process == 0:
        os.execve(sys.executable, [sys.executable, "-m", "garret.cli", *words], garret.environment)
    shown, asked = b"", False
    while True:
        select.select([terminal], [], [])
        try:
            data = os.read(terminal, 4096)
        except OSError:  # the other side is closed
            break
        shown += data
        if not asked and b"[y/N]" in shown:
            asked = True
            os.write(terminal, answer.encode() + b"\n")
        if not data:
            break
    status = os.waitpid(process, 0)[1]
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), " ".join(shown.decode(errors="replace").split())


def test_whoever_starts_a_damaged_home_is_led_to_what_saves_it(garret: Garret) -> None:
    damage_a_table(garret.home)
    started = garret.run("jobs", "--json")
    assert len(json.loads(started.stdout)) == 50, "what can be read is shown"
    assert "garret restore --salvage" in started.stderr
    assert "garret restore --salvage" in garret.run("up").stderr, "also where it runs already"
    assert "garret restore --salvage" in garret.run("doctor", code=1).stdout
    assert "takes no writes" in garret.run("settings", "set", "jobs.attempts", "4", code=1).stderr
    assert "`garret down`" in garret.run("restore", "--salvage", "--yes", code=1).stderr
    garret.run("down")
    told = garret.json("restore", "--salvage", "--yes")
    assert told["damaged"] == ["job_events"]
    assert (Path(told["set_aside"]) / "garret.db").exists()
    assert "damaged" not in garret.run("jobs").stderr
    garret.run("settings", "set", "jobs.attempts", "4")


def test_in_a_pipe_it_takes_a_yes_and_tells_what_was_kept(garret: Garret) -> None:
    damage_a_table(garret.home)
    before = garret.home.durable_db.read_bytes()
    assert "--yes" in garret.run("restore", "--salvage", code=2).stderr
    assert garret.home.durable_db.read_bytes() == before
    done = garret.run("restore", "--salvage", "-y")
    assert "rows could not be read: job_events" in done.stdout
    assert "set-aside-" in done.stdout
    assert "found sound" in garret.run("restore", "--salvage", "-y", code=1).stderr


def test_at_a_terminal_it_says_what_is_damaged_and_asks(garret: Garret) -> None:
    damage_a_table(garret.home)
    before = garret.home.durable_db.read_bytes()
    status, shown = typed(garret, ["restore", "--salvage"], "n")
    assert (status, "Nothing was changed" in shown) == (1, True), shown
    assert "is damaged:" in shown
    assert garret.home.durable_db.read_bytes() == before
    status, shown = typed(garret, ["restore", "--salvage"], "y")
    assert status == 0, shown
    assert "new database" in shown


def test_a_sealed_home_is_salvaged_with_its_passphrase(garret: Garret, tmp_path: Path) -> None:
    damage_a_table(garret.home)
    SecretStore.open(garret.home).reseal(PASSPHRASE)
    assert "sealed by a passphrase" in garret.run("restore", "--salvage", "-y", code=3).stderr
    (tmp_path / "pass").write_text(PASSPHRASE + "\n")
    garret.environment["GARRET_PASSPHRASE_FILE"] = str(tmp_path / "pass")
    assert garret.json("restore", "--salvage", "-y")["damaged"] == ["job_events"]


def test_where_nothing_opens_the_newest_backup_is_named_and_comes_back(garret: Garret) -> None:
    damage(garret.home)
    told = garret.run("restore", "--salvage", "-y", code=1).stderr
    backup = next(garret.home.backups.iterdir())
    assert f"garret restore {backup}" in told
    done = garret.run("restore", str(backup), said=PASSPHRASE + "\n")
    assert "set-aside-" in done.stdout
    assert len(garret.json("jobs")) == 50


@pytest.mark.parametrize("words", [[], ["x.backup", "--salvage"]])
def test_it_is_either_a_backup_or_salvage(garret: Garret, words: list[str]) -> None:
    assert "FILE" in garret.run("restore", *words, code=2).stderr


def test_a_home_that_is_none_is_not_made_one(garret: Garret, tmp_path: Path) -> None:
    told = garret.run("--home", str(tmp_path / "none"), "restore", "--salvage", "-y", code=1).stderr
    assert "There is no database" in told
    assert not (tmp_path / "none").exists()
    assert launch.running_process(garret.home) is None
