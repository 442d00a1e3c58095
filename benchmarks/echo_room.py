"""The room that the protocol's benchmarks run: an echo of a 200-byte typed payload, and bulk data.

Loaded by the control plane that `benchmarks.echo_house` starts and by its worker, which finds it by
its search path. `MESSAGE` is what every peer carries too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from garret.protocol.contract import Command, Contract, Nothing, command
from garret.protocol.manifest import CLIENT_ROLES, PROFILE_KINDS, Capability, Room, WorkerSpec
from garret.transport.bulk import BulkReader
from garret.worker.call import Call
from garret.worker.harness import Handlers


class Echoed(Contract, frozen=True):
    """What was sent, sent back."""

    session: str
    sequence: int
    at: float
    final: bool
    words: tuple[str, ...]
    text: str


@command("echo.say", result=Echoed, capability="echo.use", target="echo")
class Say(Command[Echoed], frozen=True):
    """Say it again: about what a partial result of dictation looks like."""

    session: str
    sequence: int
    at: float
    final: bool
    words: tuple[str, ...]
    text: str


class Received(Contract, frozen=True):
    """How many bytes came, and the first and the last of them."""

    size: int
    first: int
    last: int


@command("echo.take", result=Received, capability="echo.use", target="echo", descriptors=1)
class Take(Command[Received], frozen=True):
    """Take bulk data that comes beside the command."""


@command("echo.nothing", result=Nothing, capability="echo.use", target="echo")
class DoNothing(Command[Nothing], frozen=True):
    """Answer that nothing was done."""


@command("echo.flow", result=Nothing, capability="echo.use", target="echo", items=Echoed, timeout=None)
class Flow(Command[Nothing], frozen=True):
    """Stream what was said `count` times."""

    count: int


MESSAGE: Final = Say(
    session="utt_0190c2f4a1d37c5e8b21f60d9a7e4c13",
    sequence=41,
    at=1042.625,
    final=False,
    words=("the", "quick", "brown", "fox", "jumps"),
    text="the quick brown fox jumps over the la",
)
"""A payload whose command envelope, framed as a client sends it, has 200 bytes of body or a little more."""


ITEM: Final = msgspec.structs.replace(MESSAGE, text=MESSAGE.text.ljust(83, "."))
"""What is streamed: its payload has 200 bytes."""


def say(request: Say, call: Call) -> Echoed:
    """Answer with what was said."""
    del call
    return Echoed(
        session=request.session,
        sequence=request.sequence,
        at=request.at,
        final=request.final,
        words=request.words,
        text=request.text,
    )


def take(request: Take, call: Call) -> Received:
    """Map what came and look at both ends of it."""
    del request
    (descriptor,) = call.take_descriptors()
    with BulkReader(descriptor) as bulk:
        return Received(size=bulk.size, first=bulk.view[0], last=bulk.view[-1])


def flow(request: Flow, call: Call) -> Nothing:
    """Stream as fast as there is credit."""
    item = say(ITEM, call)
    call.emit_many(item for _ in range(request.count))
    return Nothing()


def nothing(request: DoNothing, call: Call) -> Nothing:
    """Do nothing."""
    del request, call
    return Nothing()


def build(boot: object) -> Handlers:
    """The handlers; what does not stream is quick enough to run where it is read."""
    del boot
    handlers = {Say: say, Take: take, DoNothing: nothing, Flow: flow}
    return Handlers(handlers, inline=frozenset({Say, Take, DoNothing}))


ROOM: Final = Room(
    name="echo",
    summary="An echo, for measuring what the way there and back costs.",
    commands=(Say, Take, DoNothing, Flow),
    capabilities=(Capability("echo.use", "Be echoed.", CLIENT_ROLES, PROFILE_KINDS),),
    workers=(
        WorkerSpec(
            name="echo",
            entry="benchmarks.echo_room:build",
            concurrency=256,
            queue_limit=8192,
            search_path=(str(Path(__file__).resolve().parent.parent),),
        ),
    ),
)
