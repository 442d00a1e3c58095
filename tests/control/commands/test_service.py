"""Services at their end: what runs is cancelled, and one that takes no cancelling holds nobody up."""

from __future__ import annotations

import asyncio

import pytest

from garret.base.errors import Code
from garret.base.paths import Home
from garret.control import plane as plane_module
from garret.protocol.manifest import Room
from garret.storage.ledger_machine import State
from tests.control.planes import Client, open_plane, plane_of, run, toy_service, until
from tests.control.toy_room import ToyService, Work


def test_a_handler_that_takes_no_cancelling_is_named_and_its_job_goes_back(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        toy, client = toy_service(plane), Client(plane)
        request = client.ask(Work(text="deaf"))
        await toy.begun.wait()
        await plane.jobs.stop(lambda: plane.services.stop(0.05))
        error = await client.error(request)
        assert error.code == Code.UNAVAILABLE
        assert plane.store.ledger.get(error.details["job"]).state == State.QUEUED
        assert "the handler of toy.work did not end" in caplog.text
        toy.release.set()
        await until(lambda: not plane.services._running)
        assert plane.store.ledger.get(error.details["job"]).state == State.QUEUED
        await plane.stop()

    run(story())


def test_what_ends_when_it_is_cancelled_is_waited_for_and_not_named(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            request = client.ask(Work(text="wait"))
            await toy_service(plane).begun.wait()
            await plane.jobs.stop(plane.services.stop)
            assert not plane.services._running
            assert (await client.error(request)).code == Code.UNAVAILABLE
        assert "did not end" not in caplog.text

    run(story())


class Stubborn(ToyService):
    """A service that does not stop when it is told to."""

    let_go = asyncio.Event()

    async def stop(self) -> None:
        while not self.let_go.is_set():
            try:
                await self.let_go.wait()
            except asyncio.CancelledError:
                self.let_go.set()


class Failing(ToyService):
    async def stop(self) -> None:
        raise ZeroDivisionError


class Last(ToyService):
    stopped: bool = False

    async def stop(self) -> None:
        Last.stopped = True


def test_a_service_that_does_not_stop_or_fails_to_holds_up_no_other(
    home: Home, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plane_module, "STOP_SECONDS", 0.05)
    monkeypatch.setattr(Last, "stopped", False)
    kinds = (Last, Failing, Stubborn)
    rooms = [
        Room(name=f"room{number}", summary="", service=f"{__name__}:{kind.__name__}")
        for number, kind in enumerate(kinds)
    ]
    for kind in kinds:
        monkeypatch.setattr(kind, "__init__", _without_handlers)

    async def story() -> None:
        Stubborn.let_go = asyncio.Event()
        plane = await open_plane(home, rooms)
        await plane.stop()
        assert Last.stopped
        assert "Failing failed to stop" in caplog.text
        assert "Stubborn did not stop" in caplog.text

    run(story())


def _without_handlers(self: ToyService, context: object) -> None:
    self.context, self.handlers = context, {}
