"""A room for tests of the control plane: workers that can be told to fail, a service that obeys.

The control plane of a test loads it like any room; its workers find it by their search path.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from garret.base.errors import Code, GarretError
from garret.protocol.contract import Command, Contract, Event, Nothing, Retry, command, event
from garret.protocol.finding import Findings, ok
from garret.protocol.manifest import CLIENT_ROLES, PROFILE_KINDS, Capability, Room, WorkerSpec
from garret.protocol.setting import Setting

ROOT: Final = (str(Path(__file__).resolve().parent.parent.parent),)


class Text(Contract, frozen=True):
    text: str


@command("toy.echo", result=Text, capability="toy.use", target="toy")
class Echo(Command[Text], frozen=True):
    """Say it again, with the setting `toy.tone` and the process that said it."""

    text: str


@command("toy.fragile", result=Text, capability="toy.use", target="fragile")
class Ask(Command[Text], frozen=True):
    """Ask the worker that cannot start while `toy.broken` is set."""

    text: str


@command("toy.leaf", result=Text, capability="chain.use", target="leaf")
class AskLeaf(Command[Text], frozen=True):
    """Ask the worker that needs `base`."""

    text: str


@command("toy.work", result=Text, capability="toy.use", job=True, timeout=None)
class Work(Command[Text], frozen=True):
    """A job of the service; `text` says what becomes of it."""

    text: str
    key: str = ""
    approval: str = ""


@command("toy.outer", result=Text, capability="toy.use", job=True, timeout=None)
class Outer(Command[Text], frozen=True):
    """A job that waits for a job of its own, `text` with one word less."""

    text: str
    key: str = ""


@command(
    "toy.narrow",
    result=Text,
    capability="toy.use",
    job=True,
    at_once=1,
    retry=Retry(within_seconds=3600.0),
    timeout=None,
)
class Narrow(Command[Text], frozen=True):
    """A job of which one runs at a time, and that is not tried again after an hour."""

    text: str
    key: str = ""


@command("toy.note", result=Text, capability="toy.use", job=True, timeout=None, retry=Retry(attempts=1))
class Note(Command[Text], frozen=True):
    """A job that writes a setting `house.NAME` together with its end; `how` it ends."""

    name: str
    how: str = "well"


@command("toy.who", result=Text, capability="toy.use")
class Who(Command[Text], frozen=True):
    """For whom this is done, as the service sees it, after `steps` calls to itself."""

    steps: int = 0


@event("toy.noted")
class Noted(Event, frozen=True):
    """Something was noted."""

    name: str


@command("toy.careful", result=Text, capability="toy.use", approval=True)
class Careful(Command[Text], frozen=True):
    """What needs an approval."""

    text: str
    approval: str = ""


@command("toy.careful_work", result=Text, capability="toy.use", job=True, approval=True, timeout=None)
class CarefulWork(Command[Text], frozen=True):
    """A job that needs an approval."""

    text: str
    key: str = ""
    approval: str = ""


@command("toy.guarded", result=Text, capability="toy.guard", approval=True)
class Guarded(Command[Text], frozen=True):
    """What needs an approval, of somebody who may do it."""

    text: str
    approval: str = ""


@command("toy.delegate", result=Text, capability="toy.use")
class Delegate(Command[Text], frozen=True):
    """Let the service ask for what needs an approval."""

    text: str


@command("toy.listen", result=Text, capability="toy.use", job=True, inputs=Text, timeout=None)
class Listen(Command[Text], frozen=True):
    """A job into which text is streamed; its result is all of it."""

    key: str = ""


@command("toy.hold", result=Nothing, capability="toy.use")
class HoldUp(Command[Nothing], frozen=True):
    """Hold the event loop up for so many milliseconds."""

    milliseconds: int


@command("toy.examine", result=Findings, capability="toy.use")
class Examine(Command[Findings], frozen=True):
    """The room's examination, by which the doctor knows it."""


class ToyService:
    """Does what its commands say. `log` holds what was begun, by text; `health` how its examination goes."""

    def __init__(self, door: Any) -> None:
        self.door = door
        self.log: list[str] = []
        self.health = "well"
        self.given_up = asyncio.Event()
        self.release = asyncio.Event()
        self.begun = asyncio.Event()
        self.handlers: Mapping[type[Command[Any]], Any] = {
            Work: self.work,
            Careful: self.careful,
            CarefulWork: self.work,
            Guarded: self.careful,
            Delegate: self.delegate,
            Listen: self.listen,
            Outer: self.outer,
            Narrow: self.work,
            Note: self.note,
            Who: self.who,
            HoldUp: self.hold_up,
            Examine: self.examine,
        }

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def work(self, order: Work | CarefulWork, request: Any) -> Text:
        self.log.append(order.text)
        self.begun.set()
        match order.text.partition(" ")[0]:
            case "fail":
                raise GarretError("It did not work. Nothing was kept.", code=Code.FAILED)
            case "again" if self.log.count(order.text) < 2:
                raise GarretError("Not yet.", code=Code.UNAVAILABLE)
            case "never":
                raise GarretError("Not now.", code=Code.UNAVAILABLE)
            case "odd":
                raise ZeroDivisionError("odd")
            case "wait":
                request.progress(0.5, "half")
                await self.release.wait()
            case "deaf":
                while not self.release.is_set():
                    with contextlib.suppress(asyncio.CancelledError):
                        await self.release.wait()
            case "large":
                return Text(text="x" * (2 << 20))
            case _:
                pass
        return Text(text=f"done {order.text}")

    async def outer(self, order: Outer, request: Any) -> Text:
        self.log.append(order.text)
        first, _, rest = order.text.partition(" ")
        inner: Command[Text] = Outer(text=rest) if " " in rest else Work(text=rest)
        return Text(text=f"{first} {(await request.calls.call(inner)).text}")

    async def note(self, order: Note, request: Any) -> Text:
        def write(connection: Any) -> None:
            connection.execute("INSERT INTO settings VALUES (?, '1', 0.0)", (f"house.{order.name}",))
            if order.how == "odd":
                raise ZeroDivisionError("odd")

        request.finish(write, lambda: self.door.publish(Noted(name=order.name)))
        if order.how == "fail":
            raise GarretError("It did not work.", code=Code.FAILED)
        return Text(text=order.name)

    async def who(self, order: Who, request: Any) -> Text:
        if order.steps:
            return Text(text=(await request.calls.call(Who(steps=order.steps - 1))).text)
        caller, identity = request.caller, request.calls.identity
        whom = f"{caller.name} {caller.role} {caller.profile}"
        return Text(text=f"{whom} {request.workspace} {identity.job} {request.trace}")

    async def careful(self, order: Careful | Guarded, request: Any) -> Text:
        del request
        return Text(text=order.text)

    async def delegate(self, order: Delegate, request: Any) -> Text:
        answer: Text = await request.calls.call(Careful(text=order.text))
        return answer

    async def listen(self, order: Listen, request: Any) -> Text:
        del order
        self.begun.set()
        return Text(text="".join([item.text async for item in request.inputs()]))

    async def hold_up(self, order: HoldUp, request: Any) -> Nothing:
        del request
        hold_the_loop(order.milliseconds / 1000)
        return Nothing()

    async def examine(self, order: Examine, request: Any) -> Findings:
        del order, request
        if self.health == "ill":
            raise GarretError("The toys are broken. Nothing was lost.")
        if self.health == "silent":
            try:
                await self.release.wait()
            except asyncio.CancelledError:
                self.given_up.set()
                raise
        return Findings(findings=(ok("toys", "All toys are there."),))


def hold_the_loop(seconds: float) -> None:
    """Block the thread, as a mistake in a service would."""
    threading.Event().wait(seconds)


# ---- in the workers


def build_toy(boot: Any) -> Any:
    from garret.worker.harness import Handlers

    tone = boot.settings["toy.tone"]
    return Handlers({Echo: lambda order, call: Text(text=f"{order.text} {tone} {os.getpid()}")})


def build_fragile(boot: Any) -> Any:
    from garret.worker.harness import Handlers

    if boot.settings["toy.broken"]:
        print("about to break", flush=True)
        os._exit(3)
    return Handlers({Ask: lambda order, call: Text(text=order.text)})


def build_base(boot: Any) -> Any:
    from garret.worker.harness import Handlers

    if boot.settings["toy.base_broken"]:
        os._exit(3)
    return Handlers({})


def build_leaf(boot: Any) -> Any:
    from garret.worker.harness import Handlers

    del boot
    return Handlers({AskLeaf: lambda order, call: Text(text=order.text)})


def _flag(key: str) -> Setting:
    return Setting(key=key, type="bool", default=False, sentence="A switch for tests.")


ROOM: Final = Room(
    name="toy",
    summary="A room for tests.",
    commands=(
        Echo,
        Ask,
        Work,
        Careful,
        CarefulWork,
        Guarded,
        Delegate,
        Outer,
        Narrow,
        Note,
        Who,
        Listen,
        HoldUp,
        Examine,
    ),
    capabilities=(
        Capability("toy.use", "Play with the toys.", CLIENT_ROLES, PROFILE_KINDS),
        Capability("toy.guard", "Guard the toys.", CLIENT_ROLES, ("admin",)),
    ),
    events=(Noted,),
    settings=(
        Setting(
            key="toy.tone", type="text", default="plain", sentence="A word for tests.", profile_scoped=True
        ),
        _flag("toy.broken"),
    ),
    workers=(
        WorkerSpec(
            name="toy",
            entry="tests.control.toy_room:build_toy",
            settings=("toy.tone",),
            search_path=ROOT,
        ),
        WorkerSpec(
            name="fragile",
            entry="tests.control.toy_room:build_fragile",
            settings=("toy.broken",),
            search_path=ROOT,
        ),
    ),
    service="tests.control.toy_room:ToyService",
    examination=Examine,
)

CHAIN_USE: Final = Capability("chain.use", "Pull the chain.", CLIENT_ROLES, PROFILE_KINDS)

CHAIN: Final = Room(
    name="chain",
    summary="Two workers, one of which needs the other.",
    commands=(AskLeaf,),
    capabilities=(CHAIN_USE,),
    settings=(_flag("toy.base_broken"),),
    workers=(
        WorkerSpec(
            name="leaf",
            entry="tests.control.toy_room:build_leaf",
            on_demand=False,
            depends_on=("base",),
            search_path=ROOT,
        ),
        WorkerSpec(
            name="base",
            entry="tests.control.toy_room:build_base",
            on_demand=False,
            settings=("toy.base_broken",),
            search_path=ROOT,
        ),
    ),
)
