"""Local times and moments: what a wall clock in a time zone shows, and when it does.

A local time may exist once, twice (a clock was put back) or never (it was put forward). One that never exists
stands for the moment at which the clock went on; one that exists twice for the first of the two. That is how
cron of Debian runs jobs of a fixed time of day, and here it holds for every rule that names times of day.

Moments are seconds since 1970. Pure, but for `machine_zone`. Neighbour: `rules`.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from garret.base.errors import UsageError

_ZONES: Final = "zoneinfo/"
_DAY: Final = timedelta(days=1, hours=1)
"""No clock was ever put forward or back by more than a day (Samoa, 30 December 2011)."""


def zone_of(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises UsageError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            f"There is no time zone {name[:80]!r}; one is named like Europe/Vienna. Nothing was changed."
        ) from error


def machine_zone() -> str:
    """The IANA name of the zone that this machine is set to; UTC where it does not say."""
    named = os.environ.get("TZ", "").removeprefix(":")
    try:
        linked = str(Path("/etc/localtime").readlink())
    except OSError:
        linked = ""
    for name in (named, linked.rpartition(_ZONES)[2]):
        try:
            if name:
                return zone_of(name).key
        except UsageError:
            continue
    return "UTC"


def shown(moment: float, zone: ZoneInfo) -> datetime:
    """What a clock in `zone` shows at a moment, without its zone."""
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).replace(tzinfo=None)


def shift(moment: float, zone: ZoneInfo) -> timedelta:
    """By how much clocks are put forward or back within a day of a moment; nothing on nearly every day."""
    around = datetime.fromtimestamp(moment, UTC)
    before = (around - _DAY).astimezone(zone).utcoffset()
    after = (around + _DAY).astimezone(zone).utcoffset()
    assert before is not None
    assert after is not None
    return abs(after - before)


def moments(local: datetime, zone: ZoneInfo) -> tuple[float, ...]:
    """When a clock in `zone` shows `local`: once, twice, or never."""
    first = local.replace(tzinfo=zone, fold=0).timestamp()
    second = local.replace(tzinfo=zone, fold=1).timestamp()
    if first == second:
        return (first,)
    return (first, second) if second > first else ()


def moment_of(local: datetime, zone: ZoneInfo) -> float:
    """The moment that a local time stands for; where it never exists, that at which the clock went on."""
    found = moments(local, zone)
    if found:
        return found[0]
    # Within a gap, fold=1 counts from the offset after it and so lands before the change, fold=0 behind it
    # (PEP 495). Between the two lies the change itself, to be found to the second.
    low = int(local.replace(tzinfo=zone, fold=1).timestamp())
    high = int(local.replace(tzinfo=zone, fold=0).timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if shown(middle, zone) > local:
            high = middle
        else:
            low = middle
    return float(high)
