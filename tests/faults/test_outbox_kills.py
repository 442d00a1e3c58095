"""SIGKILL amid enqueuing, delivering and acknowledging: nothing of the outbox is lost or changes its id."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from garret.base.paths import Home
from garret.control.outbox import rows
from tests.faults.outbox_victim import LINES, open_store

KILLS = int(os.environ.get("GARRET_KILLS", "12"))
MOST_LINES = 120  # a victim is killed after at most so many


def live(home: Home, life: str, after: int | None) -> list[list[str]]:
    """What one victim told, killed after `after` lines; None lets it end by itself."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.outbox_victim", str(home.root), life],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    told: list[list[str]] = []
    with process, process.stdout:
        for line in process.stdout:
            if line.endswith(b"\n"):
                told.append(line.decode().split())
            if len(told) == after:
                process.send_signal(signal.SIGKILL)
    assert process.returncode == (0 if after is None else -signal.SIGKILL)
    return told


def test_everything_arrives_in_order_under_one_id_whenever_it_is_killed(home: Home) -> None:
    home.create()
    chance = random.Random(7)
    told: list[list[str]] = []
    for life in range(KILLS):
        told += live(home, str(life), chance.randint(1, MOST_LINES))
    told += live(home, "last", None)
    store = open_store(home)
    try:
        with store.readers.read() as connection:
            causes = {str(number): entry for number, entry in connection.execute("SELECT * FROM causes")}
            left = rows.select(connection)
    finally:
        store.close()
    assert left == []
    deliveries: dict[str, list[str]] = defaultdict(list)
    for kind, number, identifier in told:
        assert causes[number] == identifier, "told, and not kept, or kept under another id"
        if kind == "D":
            deliveries[number].append(identifier)
    assert deliveries.keys() == causes.keys(), "what was caused is delivered, and nothing else"
    for line in range(2 * LINES):
        firsts = [int(number) for number in deliveries if int(number) % (2 * LINES) == line]
        assert firsts == sorted(firsts), "the receiver saw a line out of order"
