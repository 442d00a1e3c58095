"""Outside programs: what a person has Garret start, watch and stop for them, as data.

They are declared in the setting `outside.programs` and supervised by the same machine as workers; this
module decodes the declarations, refuses what cannot be right, and says what a program's environment,
life and layers of health checks are. Pure: it starts nothing and connects nowhere.

Neighbours: `health` performs the checks, `supervision.events.Life` is what the supervisor takes,
`dependencies` orders them, `addresses` judges their URLs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta

from garret.base.errors import Code, GarretError
from garret.control.errors import ControlError
from garret.control.outside.addresses import Address, parse_address
from garret.control.supervision.dependencies import start_order
from garret.control.supervision.events import Life

Name: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,39}\Z")]
Seconds: TypeAlias = Annotated[float, Meta(gt=0, le=86_400)]
Count: TypeAlias = Annotated[int, Meta(ge=1, le=100)]

ALWAYS_PASSED: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "USER", "XDG_RUNTIME_DIR")
"""What almost every program needs of the environment; everything else must be named."""

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET_VARIABLE: Final = re.compile(r"PASS(WORD|PHRASE|WD)?|SECRET|TOKEN|API_?KEY|CREDENTIAL", re.IGNORECASE)


class OutsideInvalid(ControlError):
    """A declaration of outside programs will not do; what was declared before holds."""

    code = Code.USAGE


class ProcessCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="process"):
    """The process is there. Always the first layer, whether declared or not."""


class HttpCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="http"):
    """A GET of `url` answers with one of `statuses` (any below 400 where none is named)."""

    url: str
    statuses: tuple[Annotated[int, Meta(ge=100, le=599)], ...] = ()
    timeout: Seconds = 2.0


class WebSocketCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="websocket"):
    """`url` takes a WebSocket connection."""

    url: str
    timeout: Seconds = 2.0


Check: TypeAlias = ProcessCheck | HttpCheck | WebSocketCheck


class Restart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often a program is started again, and after how long (seconds). As for workers."""

    limit: Annotated[int, Meta(ge=0, le=100)] = 3
    window: Seconds = 60.0
    backoff_first: Seconds = 0.2
    backoff_limit: Seconds = 10.0


class OutsideProgram(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One program. Times in seconds.

    `command` is the program and its arguments; no shell reads them. `environment` names variables that
    it gets from Garret's own beside ALWAYS_PASSED, `variables` gives some fixed values. Healthy is what
    passes every check, in order; `failures` failed checks in a row make it unhealthy, `successes` good
    ones healthy again.
    """

    name: Name
    command: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=4096)], ...], Meta(min_length=1)]
    cwd: str | None = None
    environment: tuple[str, ...] = ()
    variables: dict[str, str] = {}
    depends_on: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    interval: Seconds = 10.0
    start_interval: Seconds = 0.5
    start_timeout: Seconds = 30.0
    stop_timeout: Seconds = 5.0
    failures: Count = 3
    successes: Count = 1
    restart: Restart = Restart()
    enabled: bool = True

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the checks beyond the process, in order: `http`, `websocket`, `http-2`."""
        names: list[str] = []
        for check in self.checks:
            kind = _kind(check)
            if kind == "process":
                continue
            number = sum(name.split("-")[0] == kind for name in names) + 1
            names.append(kind if number == 1 else f"{kind}-{number}")
        return tuple(names)

    def check(self, layer: str) -> HttpCheck | WebSocketCheck:
        """The check behind a name of `layers`. Raises KeyError."""
        probes = [check for check in self.checks if not isinstance(check, ProcessCheck)]
        return dict(zip(self.layers, probes, strict=True))[layer]

    def life(self) -> Life:
        """How the supervisor runs it: started at once, no handshake, no drain, checked by layers."""
        return Life(
            handshakes=False,
            silence_seconds=None,
            stall_seconds=None,
            start_seconds=self.start_timeout,
            term_seconds=self.stop_timeout,
            max_restarts=self.restart.limit,
            window_seconds=self.restart.window,
            backoff_floor=self.restart.backoff_first,
            backoff_ceiling=self.restart.backoff_limit,
            health_layers=self.layers,
            health_seconds=self.interval,
            health_start_seconds=self.start_interval,
            health_failures=self.failures,
        )


def decode_programs(value: Any) -> tuple[OutsideProgram, ...]:
    """The programs that the value of `outside.programs` declares, in the order of their starting.

    Raises OutsideInvalid, which names the program and what is wrong with it. Suits `Settings(checks=...)`.
    """
    try:
        programs = msgspec.convert(value, tuple[OutsideProgram, ...])
    except msgspec.ValidationError as error:
        raise OutsideInvalid(
            f"The outside programs cannot be read: {error}. Nothing was changed. "
            'For example: [{"name": "n8n", "command": ["n8n", "start"], '
            '"checks": [{"type": "http", "url": "http://127.0.0.1:5678/healthz"}]}]'
        ) from None
    names = [program.name for program in programs]
    for program in programs:
        if names.count(program.name) > 1:
            raise OutsideInvalid(f"Two outside programs are named {program.name}. Nothing was changed.")
        _check_program(program)
    groups = _order(programs)
    by_name = {program.name: program for program in programs}
    return tuple(by_name[name] for group in groups for name in group)


def held_back(programs: Iterable[OutsideProgram]) -> dict[str, str]:
    """The enabled ones that need, near or far, a disabled one: for each by name a sentence that says so.

    `programs` in the order of their starting, as `decode_programs` gives them.
    """
    disabled: set[str] = set()
    roots: dict[str, str] = {}  # of those held back, the disabled one behind it
    sentences: dict[str, str] = {}
    for program in programs:
        if not program.enabled:
            disabled.add(program.name)
            continue
        missing = next((name for name in program.depends_on if name in disabled or name in roots), None)
        if missing is None:
            continue
        root = roots[program.name] = roots.get(missing, missing)
        needs = (
            f"it needs {missing}, which needs {root}, and {root}"
            if root != missing
            else f"it needs {root}, which"
        )
        sentences[program.name] = (
            f"{program.name} is not started, because {needs} is disabled. "
            f"Enable {root} in the setting outside.programs, or take away that need."
        )
    return sentences


def environment_of(program: OutsideProgram, own: Mapping[str, str]) -> dict[str, str]:
    """The whole environment `program` is started with, out of Garret's `own`."""
    passed = (*ALWAYS_PASSED, *program.environment)
    return {name: own[name] for name in passed if name in own} | program.variables


def _order(programs: Sequence[OutsideProgram]) -> tuple[tuple[str, ...], ...]:
    try:
        return start_order({program.name: program.depends_on for program in programs})
    except GarretError as error:
        raise OutsideInvalid(error.message, details=error.details) from None


def _check_program(program: OutsideProgram) -> None:
    if any("\0" in word for word in program.command):
        raise _invalid(program, "its command holds a NUL character")
    for name in (*program.environment, *program.variables):
        if not _VARIABLE.fullmatch(name) or name.startswith("GARRET_"):
            raise _invalid(program, f"it cannot be given the variable {name[:60]!a}")
    for name, text in program.variables.items():
        if "\0" in text:
            raise _invalid(program, f"the variable {name} holds a NUL character")
        if _SECRET_VARIABLE.search(name):
            # Settings are neither sealed nor redacted, and an environment can be read in /proc.
            raise _invalid(program, f"the variable {name} looks like a secret, which settings do not keep")
    if program.restart.backoff_first > program.restart.backoff_limit:
        raise _invalid(program, "its first backoff is longer than its longest")
    for check in program.checks:
        if not isinstance(check, ProcessCheck):
            _check_url(program, check)


def _check_url(program: OutsideProgram, check: HttpCheck | WebSocketCheck) -> None:
    try:
        address_of(check)
    except GarretError as error:
        raise _invalid(program, error.message.rstrip(".")) from None


def address_of(check: HttpCheck | WebSocketCheck) -> Address:
    """Where a check connects to. Raises AddressRefused."""
    schemes = ("http", "https") if isinstance(check, HttpCheck) else ("ws", "wss")
    return parse_address(check.url, schemes)


def _invalid(program: OutsideProgram, problem: str) -> OutsideInvalid:
    return OutsideInvalid(
        f"The outside program {program.name} cannot be run: {problem}. Nothing was changed.",
        details={"program": program.name},
    )


def _kind(check: Check) -> str:
    return str(type(check).__struct_config__.tag)
