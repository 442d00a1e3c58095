"""Outside programs as real processes: order, health, restarts, changes, what a person reads."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from garret.control.outside.driver import OutsidePrograms
from garret.control.settings.core import CORE_SETTINGS
from garret.control.settings.settings import Settings
from garret.control.supervision.events import State, Statistics
from tests.control.outside.dialling import Dialler
from tests.control.planes import run, until

SERVE = """
import http.server, os, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if os.path.exists(sys.argv[2]) else 503)
        self.end_headers()
        with open(sys.argv[2] + ".asked", "a") as file:
            file.write("x")
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


class NoStore:
    """Settings that are kept nowhere."""

    async def put(self, key: str, profile: str, text: str) -> None:
        return

    async def delete(self, key: str, profile: str) -> None:
        return


class House:
    """Remembers what the programs' news were."""

    def __init__(self) -> None:
        self.states: list[tuple[str, str]] = []
        self.lines: list[tuple[str, str]] = []
        self.egress = Dialler()
        self._tasks: set[asyncio.Task[Any]] = set()

    def on_worker_state(self, name: str, slot: int, state: str, sentence: str) -> None:
        self.states.append((name, str(state)))

    def on_worker_line(self, source: str, stream: str, line: str) -> None:
        self.lines.append((source, line))

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Wait until changes under way are carried out."""
        await asyncio.gather(*self._tasks)


def sleeper(name: str, *needs: str, **more: Any) -> dict[str, Any]:
    command = [sys.executable, "-c", "import signal; print('here', flush=True); signal.pause()"]
    return {"name": name, "command": command, "depends_on": list(needs), **more}


def server(name: str, port: int, sign: Path, *needs: str, **more: Any) -> dict[str, Any]:
    """A program that answers well over HTTP while the file `sign` is there."""
    return {
        "name": name,
        "command": [sys.executable, "-c", SERVE, str(port), str(sign)],
        "checks": [{"type": "http", "url": f"http://127.0.0.1:{port}/"}],
        "depends_on": list(needs),
        "start_interval": 0.05,
        "interval": 0.05,
        **more,
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def running(
    programs: Sequence[dict[str, Any]],
) -> AsyncIterator[tuple[OutsidePrograms, House, Settings]]:
    settings = Settings(CORE_SETTINGS, NoStore())
    await settings.set("outside.programs", list(programs))
    house = House()
    outside = OutsidePrograms(house, settings)
    outside.start()
    try:
        yield outside, house, settings
    finally:
        await house.settled()
        await outside.stop()


def of(outside: OutsidePrograms, name: str) -> Statistics:
    (found,) = [figures for figures, _ in outside.statistics() if figures.name == name]
    return found


def state(outside: OutsidePrograms, name: str) -> State:
    return of(outside, name).state


def test_they_start_in_the_order_of_their_needs_and_stop_in_the_reverse() -> None:
    async def story() -> House:
        async with running([sleeper("web", "base"), sleeper("base")]) as (outside, house, _):
            await until(lambda: state(outside, "web") is State.READY)
            await until(lambda: ("web", "here") in house.lines)
            assert len(outside.pids()) == 2
        assert outside.pids() == []
        return house

    async def check() -> None:
        house = await story()
        order = house.states
        assert order.index(("base", "ready")) < order.index(("web", "starting"))
        assert order.index(("web", "stopped")) < order.index(("base", "draining"))

    run(check())


def test_one_is_ready_after_as_many_good_answers_as_it_asks_for(tmp_path: Path) -> None:
    sign, asked = tmp_path / "sign", tmp_path / "sign.asked"

    async def story() -> None:
        programs = [server("web", free_port(), sign, successes=3), sleeper("after", "web")]
        async with running(programs) as (outside, _, _settings):
            await until(asked.exists)
            assert state(outside, "web") is State.STARTING
            assert state(outside, "after") is State.STOPPED
            asked.unlink()
            sign.touch()
            await until(lambda: state(outside, "after") is State.READY)
            assert len(asked.read_text()) >= 3

    run(story())


def test_one_that_stops_answering_is_replaced(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    sign.touch()

    async def story() -> None:
        program = server("web", free_port(), sign, failures=2, restart={"backoff_first": 0.01})
        async with running([program]) as (outside, _, _settings):
            await until(lambda: state(outside, "web") is State.READY)
            first = of(outside, "web").pid
            sign.unlink()
            await until(lambda: of(outside, "web").failures == 1)
            sign.touch()
            await until(lambda: state(outside, "web") is State.READY and of(outside, "web").pid != first)

    run(story())


def test_one_that_keeps_ending_is_left_alone_and_what_needs_it_says_why() -> None:
    async def story() -> None:
        broken = {
            "name": "base",
            "command": [sys.executable, "-c", "raise SystemExit(7)"],
            "restart": {"limit": 2, "backoff_first": 0.01, "backoff_limit": 0.01},
            "checks": [{"type": "http", "url": "http://127.0.0.1:9/"}],
        }
        async with running([broken, sleeper("web", "base")]) as (outside, _, _settings):
            await until(lambda: state(outside, "base") is State.FAILED)
            assert of(outside, "base").restarts == 2
            assert "7" in of(outside, "base").sentence
            assert of(outside, "web").sentence.startswith("web is not started, because it needs base.")

    run(story())


def test_a_program_that_is_not_there_is_named_and_not_tried_again() -> None:
    async def story() -> None:
        async with running([{"name": "gone", "command": ["no-such-program"]}]) as (outside, _, _settings):
            await until(lambda: state(outside, "gone") is State.FAILED)
            assert "there is no program 'no-such-program'" in of(outside, "gone").sentence
            assert of(outside, "gone").restarts == 0

    run(story())


def test_a_restart_ends_the_old_process_before_the_new_one_starts(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    sign.touch()

    async def story() -> None:
        async with running([server("web", free_port(), sign)]) as (outside, _, _settings):
            await until(lambda: state(outside, "web") is State.READY)
            first = of(outside, "web").pid
            assert outside.restart("web")
            # With two at a time the new one could not have its port, and would fail.
            await until(lambda: state(outside, "web") is State.READY and of(outside, "web").pid != first)
            assert of(outside, "web").failures == 0
            assert len(outside.pids()) == 1
            assert not outside.restart("nobody")

    run(story())


def test_a_restart_by_hand_closes_an_open_circuit(tmp_path: Path) -> None:
    flag = tmp_path / "mended"
    program = f"import os, signal; os.path.exists({str(flag)!r}) or exit(3); signal.pause()"

    async def story() -> None:
        declared = {"name": "web", "command": [sys.executable, "-c", program], "restart": {"limit": 0}}
        async with running([declared]) as (outside, _, _settings):
            await until(lambda: state(outside, "web") is State.FAILED)
            flag.touch()
            outside.restart("web")
            await until(lambda: state(outside, "web") is State.READY)

    run(story())


def test_a_change_concerns_only_what_it_changes_and_what_needs_that() -> None:
    async def story() -> None:
        before = [sleeper("base"), sleeper("web", "base"), sleeper("other"), sleeper("old")]
        async with running(before) as (outside, house, settings):
            await until(lambda: all(state(outside, name) is State.READY for name in outside.names()))
            pids = {name: of(outside, name).pid for name in outside.names()}
            base = sleeper("base", variables={"LEVEL": "2"})
            await settings.set(
                "outside.programs", [base, sleeper("web", "base"), sleeper("other"), sleeper("new", "other")]
            )
            await house.settled()
            await until(lambda: all(state(outside, name) is State.READY for name in outside.names()))
            assert sorted(outside.names()) == ["base", "new", "other", "web"]
            assert of(outside, "other").pid == pids["other"]
            assert of(outside, "base").pid != pids["base"]
            assert of(outside, "web").pid != pids["web"]
            assert len(outside.pids()) == 4

    run(story())


def test_the_flag_stops_them_all_and_starts_them_again() -> None:
    async def story() -> None:
        async with running([sleeper("web")]) as (outside, house, settings):
            await settings.set("features.outside_programs", False)
            await house.settled()
            assert outside.pids() == []
            await settings.set("features.outside_programs", True)
            await house.settled()
            await until(lambda: state(outside, "web") is State.READY)

    run(story())


def test_one_that_becomes_ready_during_a_stop_starts_nothing(tmp_path: Path) -> None:
    sign = tmp_path / "sign"

    async def story() -> None:
        programs = [server("web", free_port(), sign), sleeper("after", "web"), sleeper("slow")]
        async with running(programs) as (outside, house, _settings):
            await until(Path(f"{sign}.asked").exists)
            stopping = asyncio.create_task(outside.stop())
            sign.touch()
            await stopping
            assert outside.pids() == []
            assert ("after", "starting") not in house.states

    run(story())


def test_one_that_needs_a_disabled_one_says_so_and_keeps_no_other_from_running(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        others = [sleeper("web", "off"), sleeper("top", "web"), sleeper("alone")]
        async with running([*others, sleeper("off", enabled=False)]) as (outside, house, settings):
            await until(lambda: state(outside, "alone") is State.READY)
            assert sorted(outside.names()) == ["alone", "top", "web"]
            assert len(outside.pids()) == 1
            assert of(outside, "web").state is State.STOPPED
            assert (
                "web is not started, because it needs off, which is disabled" in of(outside, "web").sentence
            )
            assert "needs web, which needs off, and off is disabled" in of(outside, "top").sentence
            assert ("web", "stopped") in house.states
            assert outside.restart("web")
            assert len(outside.pids()) == 1
            alone = of(outside, "alone").pid

            await settings.set("outside.programs", [*others, sleeper("off")])
            await house.settled()
            await until(lambda: all(state(outside, name) is State.READY for name in outside.names()))
            assert len(outside.pids()) == 4
            assert of(outside, "web").sentence == "web is ready."
            assert of(outside, "alone").pid == alone

            await settings.set("outside.programs", [*others, sleeper("off", enabled=False)])
            await house.settled()
            assert len(outside.pids()) == 1
            assert "off is disabled" in of(outside, "top").sentence

    run(story())
    assert "web is not started" in caplog.text


def test_a_declaration_that_cannot_be_read_is_no_reason_not_to_start(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        settings = Settings(CORE_SETTINGS, NoStore())
        await settings.set("outside.programs", [{"name": "No Name"}])
        outside = OutsidePrograms(House(), settings)
        outside.start()
        assert outside.names() == []
        await outside.stop()

    run(story())
    assert "outside programs are not run" in caplog.text
