"""Programs of other makers, declared in the settings: order, health, restarts, the open circuit."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from garret.base.errors import Code
from garret.features.house import contracts as h
from tests.e2e import programs
from tests.e2e.house import House, gone, running_house, wait_until


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with running_house() as running:
        yield running


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str, port: int, log: Path, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "command": [sys.executable, programs.__file__, name, str(port), str(log)],
        "checks": [
            {"type": "http", "url": f"http://127.0.0.1:{port}/health"},
            {"type": "websocket", "url": f"ws://127.0.0.1:{port}/socket"},
        ],
        "interval": 0.2,
        "start_interval": 0.05,
        "failures": 2,
        "restart": {"limit": 2, "window": 60.0, "backoff_first": 0.05, "backoff_limit": 0.2},
        **more,
    }


@contextlib.contextmanager
def declared(house: House, *declarations: dict[str, Any]) -> Iterator[None]:
    house.set("outside.programs", json.dumps(declarations))
    try:
        yield
    finally:
        house.set("outside.programs", "[]")
        wait_until(lambda: not any(row.outside for row in house.call(h.ListWorkers()).workers), "they end")


def state(house: House, name: str) -> str:
    rows = house.workers(name)
    return rows[0].state if rows else ""


def ready(house: House, name: str) -> h.WorkerStatus:
    wait_until(lambda: state(house, name) == "ready", f"{name} is ready")
    return house.workers(name)[0]


def notes(log: Path) -> list[str]:
    return [" ".join(line.split()[:2]) for line in log.read_text().splitlines()]


def ask(port: int, path: str) -> None:
    with contextlib.suppress(urllib.error.URLError, ConnectionError, OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).close()


def test_programs_start_after_what_they_need_and_stop_before_it(house: House, tmp_path: Path) -> None:
    log, ports = tmp_path / "log", (free_port(), free_port())
    with declared(
        house,
        program("front", ports[0], log, depends_on=["back"]),
        program("back", ports[1], log),
    ):
        ready(house, "front")
    told = notes(log)
    assert told.index("back listens") < told.index("front starts"), "front waits until back is healthy"
    assert told.index("front ends") < told.index("back starts") if told.count("back starts") > 1 else True
    assert told.index("front ends") < told.index("back ends")


def test_what_it_prints_is_in_the_log_under_its_name(house: House, tmp_path: Path) -> None:
    port = free_port()
    with declared(house, program("talker", port, tmp_path / "log")):
        ready(house, "talker")
        wait_until(lambda: f"talker listens on {port}" in house.logs(worker="talker"), "it is logged")
        assert "talker warns" in house.logs(worker="talker", level="warning")


def test_one_that_dies_is_started_again(house: House, tmp_path: Path) -> None:
    with declared(house, program("mortal", free_port(), tmp_path / "log")):
        first = ready(house, "mortal").pid
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: house.pids("mortal") not in ([], [first]), "there is another process")
        again = ready(house, "mortal")
        assert again.pid != first
        assert again.restarts == 1


def test_one_that_answers_badly_is_replaced(house: House, tmp_path: Path) -> None:
    port = free_port()
    with declared(house, program("ailing", port, tmp_path / "log")):
        first = ready(house, "ailing").pid
        ask(port, "/sick")
        wait_until(lambda: house.pids("ailing") not in ([], [first]), "there is another process")
        ready(house, "ailing")


def test_one_that_keeps_dying_is_left_stopped_and_reset_starts_it(house: House, tmp_path: Path) -> None:
    port = free_port()
    with declared(house, program("doomed", port, tmp_path / "log")):
        ready(house, "doomed")

        def dead() -> bool:
            ask(port, "/die")
            return state(house, "doomed") == "failed"

        wait_until(dead, "its circuit is open")
        (row,) = house.workers("doomed")
        assert "doomed" in row.sentence
        assert "restart" in row.sentence
        house.call(h.RestartWorker(name="doomed"))
        ready(house, "doomed")


def test_one_that_cannot_be_started_says_why_and_its_followers_wait(house: House, tmp_path: Path) -> None:
    missing = {"name": "ghost", "command": [str(tmp_path / "no-such-program")]}
    follower = program("follower", free_port(), tmp_path / "log", depends_on=["ghost"])
    with declared(house, missing, follower):
        wait_until(lambda: state(house, "ghost") == "failed", "it is given up")
        assert state(house, "follower") == "stopped"
        wait_until(lambda: any("needs ghost" in line for line in house.logs(level="error")), "it is told")
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        "[{}]",
        '[{"name": "a", "command": []}]',
        '[{"name": "a", "command": ["/bin/true"], "depends_on": ["b"]}]',
        '[{"name": "a", "command": ["/bin/true"], "variables": {"API_TOKEN": "x"}}]',
        '[{"name": "a", "command": ["/bin/true"], "checks": [{"type": "http", "url": "file:///etc"}]}]',
        "not json",
    ],
)
def test_a_declaration_that_cannot_be_right_is_refused(house: House, wrong: str) -> None:
    refused = house.refusal(h.SetSetting(key="outside.programs", value=wrong))
    assert refused.code == Code.USAGE
    assert house.call(h.ListSettings(key="outside.programs")).settings[0].value == "[]"


def test_programs_die_with_a_killed_control_plane(own_house: House, tmp_path: Path) -> None:
    house = own_house.start()
    house.set("outside.programs", json.dumps([program("left", free_port(), tmp_path / "log")]))
    ready(house, "left")
    below = psutil.Process(house.pid).children(recursive=True)
    assert len(below) >= 2, "the program runs under a guardian"
    os.kill(house.pid, signal.SIGKILL)
    assert gone(below) < 5.0
