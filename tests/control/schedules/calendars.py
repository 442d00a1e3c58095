"""What rules mean, said slowly: minute by minute, without a library. For the tests of the schedules."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

MINUTE = 60

Fits = Callable[[datetime], bool]


def field(text: str, low: int, high: int) -> set[int]:
    """The numbers that a field of a cron rule stands for."""
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        begin = low if span == "*" else int(first)
        end = high if span == "*" or (step and not last) else int(last or first)
        found.update(range(begin, end + 1, int(step or 1)))
    return found


def cron(text: str) -> Fits:
    """Whether a local time is one of a cron rule's."""
    minutes, hours, days, months, weekdays = text.split()
    wanted = (field(minutes, 0, 59), field(hours, 0, 23), field(months, 1, 12))
    dates, week = field(days, 1, 31), {day % 7 for day in field(weekdays, 0, 7)}

    def fits(local: datetime) -> bool:
        if local.minute not in wanted[0] or local.hour not in wanted[1] or local.month not in wanted[2]:
            return False
        date, day = local.day in dates, local.isoweekday() % 7 in week
        return (date and day) if days.startswith("*") or weekdays.startswith("*") else (date or day)

    return fits


def last_friday(local: datetime) -> bool:
    """What FREQ=MONTHLY;BYDAY=-1FR from 09:00 means."""
    last = calendar.monthrange(local.year, local.month)[1]
    return (local.hour, local.minute) == (9, 0) and local.isoweekday() == 5 and local.day > last - 7


def daily(hour: int, minute: int) -> Fits:
    return lambda local: (local.hour, local.minute) == (hour, minute)


@cache
def transitions(zone: ZoneInfo, begin: int, end: int) -> tuple[tuple[int, timedelta], ...]:
    """When clocks of a zone are changed, found minute by minute within hours that differ, and by how much."""
    found: list[tuple[int, timedelta]] = []
    for hour in range(begin, end, 3_600):
        if offset(zone, hour) != offset(zone, hour + 3_600):
            for minute in range(hour, hour + 3_600, MINUTE):
                change = offset(zone, minute + MINUTE) - offset(zone, minute)
                if change:
                    found.append((minute + MINUTE, change))
    return tuple(found)


def offset(zone: ZoneInfo, moment: int) -> timedelta:
    found = datetime.fromtimestamp(moment, UTC).astimezone(zone).utcoffset()
    assert found is not None
    return found


def moments(fits: Fits, zone: ZoneInfo, begin: int, end: int, *, often: bool) -> list[int]:
    """Every moment of a rule from `begin` to `end`, by looking at what the clock shows in each minute.

    With `often`, whatever the clock shows counts. Otherwise a time that it shows again after it was put back
    does not, and what it passed over when it was put forward counts as the moment it went on.
    """
    found: list[int] = []
    changes = transitions(zone, begin - begin % 3_600 - 2 * 86_400, end)
    back = [(at, at - change.total_seconds()) for at, change in changes if change < timedelta(0)]
    on = {at: change for at, change in changes if change > timedelta(0)}
    for moment in range(begin - begin % MINUTE, end + 1, MINUTE):
        local = datetime.fromtimestamp(moment, UTC).astimezone(zone).replace(tzinfo=None)
        hit = fits(local)
        if not often:
            again = any(at <= moment < until for at, until in back)
            hit = (hit and not again) or any(map(fits, passed(local, on.get(moment, timedelta(0)))))
        if hit and moment >= begin:
            found.append(moment)
    return found


def passed(local: datetime, change: timedelta) -> list[datetime]:
    """The minutes that a clock never showed which shows `local` just after it was put forward."""
    count = int(change.total_seconds()) // MINUTE
    return [local - timedelta(minutes=number) for number in range(1, count + 1)]
