"""The toy room's commands, streams and event: one of each kind that the house can carry."""

from __future__ import annotations

from garret.protocol.contract import Command, Contract, Event, Nothing, command, event


class Text(Contract, frozen=True):
    """A text."""

    text: str


class Number(Contract, frozen=True):
    """A number, streamed either way."""

    value: int


class Total(Contract, frozen=True):
    """What was counted: how many, and their sum."""

    count: int
    total: int


@command("toy.echo", result=Text, capability="toy.use", target="toy")
class Echo(Command[Text], frozen=True):
    """Say it again, at once."""

    text: str


@command("toy.repeat", result=Text, capability="toy.use", target="toy")
class Repeat(Command[Text], frozen=True):
    """Say it again, from a thread of its own; `times` over."""

    text: str
    times: int = 1


@command("toy.wait", result=Nothing, capability="toy.use", target="toy", items=Number, timeout=None)
class Wait(Command[Nothing], frozen=True):
    """Stream a number to say that it has begun, then wait for a cancel or the deadline."""


@command("toy.ignore", result=Nothing, capability="toy.use", target="wild", items=Number, timeout=None)
class Ignore(Command[Nothing], frozen=True):
    """Stream a number, then look at nothing until the named file is there."""

    until: str


@command("toy.count", result=Total, capability="toy.use", target="toy", items=Number)
class Count(Command[Total], frozen=True):
    """Stream the numbers from 0 up to `upto`."""

    upto: int


@command("toy.sum", result=Total, capability="toy.use", target="toy", inputs=Number)
class Sum(Command[Total], frozen=True):
    """Add up what is streamed in."""


@command("toy.relay", result=Total, capability="toy.use", target="toy", items=Number, inputs=Number)
class Relay(Command[Total], frozen=True):
    """Stream back what is streamed in."""


@command("toy.reverse", result=Total, capability="toy.use", target="toy", descriptors=1)
class Reverse(Command[Total], frozen=True):
    """Take bulk data and hand it back in reverse."""


@command("toy.wrong", result=Total, capability="toy.use", target="wild")
class Wrong(Command[Total], frozen=True):
    """Answer with something else than declared."""


@command("toy.misbehave", result=Nothing, capability="toy.use", target="wild", timeout=60.0)
class Misbehave(Command[Nothing], frozen=True):
    """Do what a worker must not: `die`, `print`, `allocate`, `freeze`, `exit`, `raise` or `garbage`."""

    how: str


@command("toy.ignore_term", result=Nothing, capability="toy.use", target="stubborn")
class IgnoreTerm(Command[Nothing], frozen=True):
    """Ignore SIGTERM and the end of the work from now on."""


@command("toy.absent", result=Nothing, capability="toy.use", target="absent")
class Absent(Command[Nothing], frozen=True):
    """Ask a worker whose code is not there."""


@command("toy.broken", result=Nothing, capability="toy.use", target="broken")
class Broken(Command[Nothing], frozen=True):
    """Ask a worker that cannot be built."""


@command("toy.greet", result=Text, capability="toy.use")
class Greet(Command[Text], frozen=True):
    """The service's own: ask the worker for an echo, tell everybody, answer."""

    name: str


@command("toy.tally", result=Total, capability="toy.use", items=Number, inputs=Number)
class Tally(Command[Total], frozen=True):
    """The service's own: add up what is streamed in and stream back each sum."""


@command("toy.chore", result=Text, capability="toy.use", job=True, inputs=Number, timeout=None)
class Chore(Command[Text], frozen=True):
    """A job: its inputs added up by the service."""

    key: str = ""


@command(
    "toy.steps",
    result=Total,
    capability="toy.use",
    job=True,
    replay=4,
    items=Number,
    inputs=Number,
    timeout=None,
)
class Steps(Command[Total], frozen=True):
    """A job: stream back what is streamed in; the last four are kept for who comes late."""

    key: str = ""


@command("toy.linger", result=Nothing, capability="toy.use", items=Number, timeout=None)
class Linger(Command[Nothing], frozen=True):
    """The service's own: stream a number, then wait for ever."""


@command("toy.secret", result=Nothing, capability="secrets.toy")
class Secret(Command[Nothing], frozen=True):
    """What only a user who may see secrets is told."""


@event("toy.greeted")
class Greeted(Event, frozen=True):
    """Somebody was greeted."""

    name: str
