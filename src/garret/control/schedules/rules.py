"""When something is to be done: the rules a schedule may have, and the moments that they name.

    At(moment)            once, at that moment
    Every(seconds)        again and again, on a grid that `anchor` is a point of
    Cron("30 7 * * 1-5")  five fields, on the clock of the schedule's zone, as Debian's cron reads them
    Recurrence("FREQ=MONTHLY;BYDAY=-1FR", start)   an RRULE of RFC 5545, from a local time on
    After("dictate.finished", delay, where)        so long after each such event

Cron and RRULE name local times. Where clocks change, one that does not exist stands for the moment the clock
went on, and one that exists twice for the first (`local_time`). A cron rule whose minute or hour begins with
`*` means "every so often" and not a time of day: it runs in both hours, and not in one that is not there.

Pure: a rule gives moments after a moment, and has no clock. Neighbours: `machine` decides, `schedules` drives
it.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

import msgspec
from cronsim import CronSim, CronSimError

from garret.base.errors import UsageError
from garret.control.schedules.local_time import moment_of, moments, shift, shown, zone_of

SHORTEST_SECONDS: Final = 1.0
"""No rule runs more often."""
LATEST: Final = 4e9
"""No rule names a moment later than this (in the year 2096)."""
_RUNS_A_DAY: Final = 96
_BELOW_A_DAY: Final = ("HOURLY", "MINUTELY", "SECONDLY")
_INTERVAL: Final = re.compile(r"[1-9]\d{0,3}")
_FIRST_YEAR: Final = 2000  # each run since the start is enumerated once: some microseconds a run
_LAST_YEAR: Final = 2096
_LAST_DAY: Final = "20961001T000000"
_UNTIL: Final = re.compile(r"(?i)\bUNTIL=(\d{8}T\d{6})Z")
_SHORT_STRETCH: Final = 900.0  # seconds: whoever wants the next minute need not enumerate hours
_LONG_STRETCH: Final = 6 * 3_600.0
_MARGIN: Final = timedelta(minutes=1)


class At(msgspec.Struct, frozen=True, tag="at"):
    """Once, at a moment."""

    moment: float


class Every(msgspec.Struct, frozen=True, tag="every"):
    """Every so many seconds; `anchor` is a moment that counts, 0 the beginning of 1970."""

    seconds: float
    anchor: float = 0.0


class Cron(msgspec.Struct, frozen=True, tag="cron"):
    """Five fields: minute, hour, day of month, month, day of week."""

    fields: str


class Recurrence(msgspec.Struct, frozen=True, tag="rrule"):
    """An RRULE, daily or rarer; `start` is a local time (ISO 8601 without zone), and the first."""

    rule: str
    start: str


class After(msgspec.Struct, frozen=True, tag="after"):
    """So long after each event of a name whose fields equal those in `where`."""

    event: str
    delay: float = 0.0
    where: dict[str, str | int | bool | None] = {}


Rule = At | Every | Cron | Recurrence | After


class Timetable(Protocol):
    """The moments that a rule names."""

    def after(self, moment: float) -> Iterator[float]:
        """Those later than `moment`, in order, each once; may never end."""
        ...


def timetable(rule: Rule, zone: str) -> Timetable:
    """The moments of a rule on the clocks of a zone. Raises UsageError where rule or zone make no sense."""
    where = zone_of(zone)
    match rule:
        case At():
            return _Once(_moment(rule.moment))
        case Every():
            if not SHORTEST_SECONDS <= rule.seconds <= LATEST:
                raise UsageError(
                    f"A schedule runs every {SHORTEST_SECONDS:g} s at most, not every {rule.seconds:g} s."
                )
            return _Grid(rule.seconds, _moment(rule.anchor))
        case Cron():
            return _cron(rule.fields, where)
        case Recurrence():
            return _recurrence(rule, where)
        case After():
            if not rule.event or not 0.0 <= rule.delay <= LATEST:
                raise UsageError("A schedule after an event names the event, and seconds from 0 on.")
            return _Never()


def told(rule: Rule, zone: str) -> str:
    """A rule in a few words, for people."""
    match rule:
        case At():
            return "once"
        case Every():
            return f"every {rule.seconds:g} s"
        case Cron():
            return f"cron {rule.fields} in {zone}"
        case Recurrence():
            return f"{rule.rule} from {rule.start} in {zone}"
        case After():
            where = " and ".join(f"{name} is {value}" for name, value in rule.where.items())
            return f"{rule.delay:g} s after {rule.event}" + (f" where {where}" if where else "")


def latest(table: Timetable, first: float, until: float, most: int) -> list[float]:
    """The last `most` moments from `first` to `until`, both included, in order; `first` is one itself.

    Looked for in ever longer stretches back from `until`, so that a year without a run costs no year's
    enumeration.
    """
    stretch = 3_600.0
    while True:
        begin = max(until - stretch, first)
        found = deque(itertools.takewhile(lambda at: at <= until, table.after(begin)), most)
        if begin == first and len(found) < most:
            found.appendleft(first)
        if begin == first or len(found) == most:
            return list(found)
        stretch *= 2


def _moment(value: float) -> float:
    if not 0.0 <= value <= LATEST:  # also refuses what is no number
        raise UsageError(f"{value:g} is no moment that a schedule can name (seconds since 1970).")
    return value


class _Never:
    """Of a rule that waits for events."""

    def after(self, moment: float) -> Iterator[float]:
        del moment
        return iter(())


class _Once:
    def __init__(self, moment: float) -> None:
        self._moment = moment

    def after(self, moment: float) -> Iterator[float]:
        if moment < self._moment:
            yield self._moment


class _Grid:
    def __init__(self, seconds: float, anchor: float) -> None:
        self._seconds = seconds
        self._anchor = anchor

    def after(self, moment: float) -> Iterator[float]:
        for number in itertools.count(math.floor((moment - self._anchor) / self._seconds)):
            found = self._anchor + number * self._seconds
            if found > LATEST:
                return
            if found > moment:
                yield found


class _Locals(Protocol):
    """The local times of a rule."""

    def from_(self, local: datetime) -> Iterator[datetime]:
        """Those from `local` on, in order."""
        ...


class _TimesOfDay:
    """Moments of a rule that names local times.

    `both` makes it an "every so often": a time that exists twice counts twice, and one that never does not.
    """

    def __init__(self, locals_: _Locals, zone: ZoneInfo, *, both: bool = False) -> None:
        self._locals = locals_
        self._zone = zone
        self._both = both

    def after(self, moment: float) -> Iterator[float]:
        last, stretch = moment, _SHORT_STRETCH
        while True:
            # A stretch at a time, each put in order: where an hour exists twice, local times are not in it.
            end = last + stretch
            stretch = min(2 * stretch, _LONG_STRETCH)
            found = self._between(last, end)
            yield from found
            if not found:
                following = next(self._locals.from_(shown(end, self._zone) - shift(end, self._zone)), None)
                if following is None or (start := moment_of(following, self._zone)) > LATEST:
                    return
                end = max(end, start - 1.0)
            last = end

    def _between(self, begin: float, end: float) -> list[float]:
        """The moments later than `begin` and not later than `end`."""
        margin = max(shift(begin, self._zone), shift(end, self._zone)) + _MARGIN
        first = shown(begin, self._zone) - margin
        stop = shown(end, self._zone) + margin
        found: set[float] = set()
        for local in itertools.takewhile(lambda one: one <= stop, self._locals.from_(first)):
            times = moments(local, self._zone) if self._both else (moment_of(local, self._zone),)
            found.update(at for at in times if begin < at <= end)
        return sorted(found)


class _CronLocals:
    def __init__(self, fields: str) -> None:
        self._fields = fields

    def from_(self, local: datetime) -> Iterator[datetime]:
        whole = local.replace(second=0, microsecond=0) - timedelta(minutes=1)
        return iter(CronSim(self._fields, whole))


def _cron(fields: str, zone: ZoneInfo) -> Timetable:
    parts = fields.split()
    if len(parts) != 5:
        raise UsageError(
            f"A cron rule has five fields (minute, hour, day, month, weekday), not {fields[:80]!r}."
        )
    try:
        first = next(iter(CronSim(fields, shown(0.0, zone))), None)
    except CronSimError as error:
        raise UsageError(f"{fields[:80]!r} is no cron rule: {error}.") from error
    if first is None:
        raise UsageError(f"No day fits the cron rule {fields[:80]!r}.")
    often = parts[0].startswith("*") or parts[1].startswith("*")
    return _TimesOfDay(_CronLocals(fields), zone, both=often)


class _RuleLocals:
    def __init__(self, rule: Any) -> None:
        self._rule = rule

    def from_(self, local: datetime) -> Iterator[datetime]:
        found: Iterator[datetime] = self._rule.xafter(local, inc=True)
        return found


def _recurrence(rule: Recurrence, zone: ZoneInfo) -> Timetable:
    # Costs some milliseconds, which those who use none of these rules need not spend at every start.
    from dateutil.rrule import rrulestr

    text = rule.rule.upper().removeprefix("RRULE:")
    parts = {name: value for name, _, value in (part.partition("=") for part in text.split(";"))}
    if "\n" in text or parts.get("FREQ") in _BELOW_A_DAY:
        raise UsageError(
            "A recurrence rule is one RRULE that is daily or rarer; `every` or cron say what is more often."
        )
    runs = math.prod(len(parts.get(name, "0").split(",")) for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    if runs > _RUNS_A_DAY:
        raise UsageError(f"A recurrence rule runs {_RUNS_A_DAY} times a day at most, not {runs} times.")
    if not _INTERVAL.fullmatch(parts.get("INTERVAL", "1")):
        raise UsageError("The INTERVAL of a recurrence rule is a whole number from 1 to 9999.")
    if "COUNT" not in parts and "UNTIL" not in parts:
        text += f";UNTIL={_LAST_DAY}"  # or one that no day fits is looked through up to the year 9999
    text = _UNTIL.sub(lambda until: f"UNTIL={_local_until(until[1], zone)}", text)
    try:
        start = datetime.fromisoformat(rule.start)
        if start.tzinfo is not None:
            raise ValueError("its start is a local time, without a zone")
        if not _FIRST_YEAR <= start.year <= _LAST_YEAR:
            raise ValueError(f"its start is in a year from {_FIRST_YEAR} to {_LAST_YEAR}")
        parsed = rrulestr(text, dtstart=start, cache=True)
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError(f"{rule.rule[:200]!r} is no recurrence rule: {error}.") from error
    return _TimesOfDay(_RuleLocals(parsed), zone)


def _local_until(text: str, zone: ZoneInfo) -> str:
    """RFC 5545 wants UNTIL in UTC where the start is in a zone; here all is local."""
    moment = datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp()
    return shown(moment, zone).strftime("%Y%m%dT%H%M%S")
