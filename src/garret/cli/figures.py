"""How times, durations, sizes and text look: for people on a terminal, for programs in a pipe."""

from __future__ import annotations

import time
from typing import Final

from garret.base import visible

_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")


def one_line(value: object) -> str:
    """A cell of a table: nothing hidden in it, no line breaks or tabs."""
    return "" if value is None else visible.one_line(str(value))


def moment(seconds: float, now: float | None) -> str:
    """A time since 1970. With `now`, for people in local time: the clock alone where it was today.

    Without `now`, for programs: RFC 3339 in UTC, whole seconds. Empty for 0 and for times that no
    calendar holds.
    """
    if not seconds:
        return ""
    try:
        if now is None:
            return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
        there, here = time.localtime(seconds), time.localtime(now)
    except (OverflowError, OSError, ValueError):
        return ""
    today = (there.tm_year, there.tm_yday) == (here.tm_year, here.tm_yday)
    return time.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M", there)


def duration(seconds: float) -> str:
    """ "0.4 s", "12.0 s", "3 min 05 s", "2 h 07 min", "4 d 3 h"."""
    if seconds < 60:
        return f"{max(seconds, 0.0):.1f} s"
    whole = int(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def size(count: int) -> str:
    """Bytes in binary units, one decimal: "512 B", "3.5 MiB"."""
    value, unit = float(count), _UNITS[0]
    for unit in _UNITS:
        if value < 1024 or unit == _UNITS[-1]:
            break
        value /= 1024
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"
