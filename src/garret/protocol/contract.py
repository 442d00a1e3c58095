"""Commands, results and events as typed structs, and the registry that knows them all.

A room's `contracts.py` declares them; the broker validates every payload against the declared type
before anything acts on it, and a typed `call` in Python knows its result type:

    @command("speak.voices", result=Voices, capability="speak.use", target="tts")
    class ListVoices(Command[Voices]):
        "The voices that can speak."
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, Final, Generic, TypeAlias, TypeVar

import msgspec

from garret.base.errors import UsageError
from garret.protocol.errors import PayloadInvalid

ResultT = TypeVar("ResultT")
CommandT = TypeVar("CommandT", bound="type[Command[Any]]")
EventT = TypeVar("EventT", bound="type[Event]")

CONTROL: Final = "control"
"""The target of commands that a service in the control plane handles."""

EVENT_CHARACTERS: Final = 50_000
"""Of a text in an event that tells of it: at four bytes each they fit an event's limit of 256 KiB."""

AnyType: TypeAlias = type[Any]
CommandType: TypeAlias = "type[Command[Any]]"
Decode: TypeAlias = Callable[[msgspec.Raw], Any]

_UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_NAME: Final = re.compile(r"[a-z]+(\.[a-z_]+)+\Z")


class Contract(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Base of every struct that crosses a process boundary: immutable, and strict about its fields."""


class Nothing(Contract, frozen=True):
    """The result of commands that answer nothing but that they are done."""


class Command(Contract, Generic[ResultT], frozen=True):
    """Base of all commands; the type parameter is the result."""

    __meta__: ClassVar[CommandMeta]


class Event(Contract, frozen=True):
    """Base of all events; named in the past tense."""

    __event__: ClassVar[str]
    __readers__: ClassVar[Readers]


class Readers(msgspec.Struct, frozen=True):
    """Who may hear of an event: `own` is the capability for what concerns one's own profile or everybody,
    `others` the further one for what concerns another profile."""

    own: str
    others: str


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """How a job is tried again after a failure that may pass.

    `attempts` None leaves the number to the setting `jobs.attempts`. The pause before the next attempt
    doubles from `base_seconds` up to `limit_seconds`. Nothing is tried again `within_seconds` or later after
    it was asked for.
    """

    attempts: int | None = None
    base_seconds: float = 0.2
    limit_seconds: float = 10.0
    within_seconds: float | None = None

    def pause(self, attempt: int) -> float:
        """Seconds to wait after attempt number `attempt`, counted from 1."""
        return min(self.limit_seconds, self.base_seconds * 2.0 ** min(attempt - 1, 60))


class CommandMeta(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """What a command is and needs.

    `capability` is what role and profile must grant. `target` is CONTROL or the name of a worker.
    `items` is the type of what streams back to the caller, `inputs` of what the caller streams in.
    `descriptors` is how many file descriptors may come with it. `timeout` is the default deadline
    in seconds; None means that it runs until done or cancelled. Of a job, `at_once` is how many of the kind
    run at a time (None: as many as of all kinds together), `retry` what becomes of one that failed, and
    `replay` how many of its last items are kept while it runs, for who comes late or reads slowly.
    """

    name: str
    type: CommandType
    result: AnyType
    capability: str
    target: str = CONTROL
    job: bool = False
    at_once: int | None = None
    retry: Retry = Retry()
    replay: int = 0
    approval: bool = False
    leaves_machine: bool = False
    timeout: float | None = 30.0
    items: AnyType | None = None
    inputs: AnyType | None = None
    descriptors: int = 0
    decode: Decode
    decode_result: Decode
    decode_item: Decode | None = None
    decode_input: Decode | None = None

    @property
    def summary(self) -> str:
        """The first sentence of the command's docstring."""
        return (self.type.__doc__ or "").strip().split("\n", 1)[0]


def command(
    name: str,
    *,
    result: type[Any],
    capability: str,
    target: str = CONTROL,
    job: bool = False,
    at_once: int | None = None,
    retry: Retry = Retry(),  # noqa: B008  it is frozen
    replay: int = 0,
    approval: bool = False,
    leaves_machine: bool = False,
    timeout: float | None = 30.0,
    items: type[Any] | None = None,
    inputs: type[Any] | None = None,
    descriptors: int = 0,
) -> Callable[[CommandT], CommandT]:
    """Declare a `Command` struct; see `CommandMeta` for the arguments."""
    if not _NAME.match(name):
        raise ValueError(f"a command is named room.verb, not {name!r}")

    def declare(kind: CommandT) -> CommandT:
        kind.__meta__ = CommandMeta(
            name=name,
            type=kind,
            result=result,
            capability=capability,
            target=target,
            job=job,
            at_once=at_once,
            retry=retry,
            replay=replay,
            approval=approval,
            leaves_machine=leaves_machine,
            timeout=timeout,
            items=items,
            inputs=inputs,
            descriptors=descriptors,
            decode=msgspec.msgpack.Decoder(kind).decode,
            decode_result=msgspec.msgpack.Decoder(result).decode,
            decode_item=None if items is None else msgspec.msgpack.Decoder(items).decode,
            decode_input=None if inputs is None else msgspec.msgpack.Decoder(inputs).decode,
        )
        return kind

    return declare


def event(name: str, *, own: str = "", others: str = "") -> Callable[[EventT], EventT]:
    """Declare an `Event` struct under its name (`room.happened`), and who may hear of it (`Readers`).

    Where nothing is said these are `room.use`, and `room.read` for what concerns other profiles.
    """
    if not _NAME.match(name):
        raise ValueError(f"an event is named room.happened, not {name!r}")

    def declare(kind: EventT) -> EventT:
        room = name.partition(".")[0]
        kind.__event__ = name
        kind.__readers__ = Readers(own or f"{room}.use", others or f"{room}.read")
        return kind

    return declare


class Registry:
    """All commands and events of the rooms that are there."""

    def __init__(
        self, commands: Iterable[type[Command[Any]]] = (), events: Iterable[type[Event]] = ()
    ) -> None:
        self._commands: dict[str, CommandMeta] = {}
        self._events: dict[str, type[Event]] = {}
        for kind in commands:
            self.add_command(kind)
        for happened in events:
            self.add_event(happened)

    def add_command(self, kind: type[Command[Any]]) -> None:
        meta = kind.__meta__
        if meta.name in self._commands:
            raise ValueError(f"two commands are named {meta.name}")
        self._commands[meta.name] = meta

    def add_event(self, kind: type[Event]) -> None:
        if kind.__event__ in self._events:
            raise ValueError(f"two events are named {kind.__event__}")
        self._events[kind.__event__] = kind

    def find(self, name: str) -> CommandMeta:
        """Raises UsageError for a command nobody registered."""
        meta = self._commands.get(name)
        if meta is None:
            raise UsageError(f"There is no command {name!r}.", details={"command": name[:100]})
        return meta

    def event_type(self, name: str) -> type[Event] | None:
        return self._events.get(name)

    def commands(self) -> Iterator[CommandMeta]:
        return iter(self._commands.values())

    def events(self) -> Iterator[tuple[str, type[Event]]]:
        return iter(self._events.items())


def check_payload(meta: CommandMeta, payload: msgspec.Raw) -> Any:
    """Decode a command's payload by its declared type. Raises PayloadInvalid."""
    try:
        return meta.decode(payload)
    except _UNDECODABLE as error:
        raise _invalid(meta, "", error) from error


def check_result(meta: CommandMeta, payload: msgspec.Raw) -> Any:
    """Decode a result by its declared type. Raises PayloadInvalid."""
    try:
        return meta.decode_result(payload)
    except _UNDECODABLE as error:
        raise _invalid(meta, "the answer to ", error) from error


def check_item(meta: CommandMeta, payload: msgspec.Raw) -> Any:
    """Decode what streams back to the caller. Raises PayloadInvalid, also where nothing may."""
    if meta.decode_item is None:
        raise PayloadInvalid(f"{meta.name} streams nothing back.", details={"command": meta.name})
    try:
        return meta.decode_item(payload)
    except _UNDECODABLE as error:
        raise _invalid(meta, "an item of ", error) from error


def check_input(meta: CommandMeta, payload: msgspec.Raw) -> Any:
    """Decode what the caller streams in. Raises PayloadInvalid, also where nothing may."""
    if meta.decode_input is None:
        raise PayloadInvalid(f"{meta.name} takes no input stream.", details={"command": meta.name})
    try:
        return meta.decode_input(payload)
    except _UNDECODABLE as error:
        raise _invalid(meta, "an input of ", error) from error


def _invalid(meta: CommandMeta, what: str, error: Exception) -> PayloadInvalid:
    return PayloadInvalid(f"{what}{meta.name}: {error}", details={"command": meta.name})
