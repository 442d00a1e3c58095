"""Periods: the words of a question that speak of time, as half-open ranges of days.

"last month", "yesterday", "the last 7 days", "in March 2024", "Q1", "in the 90s", "since", "before", "after",
"until", "between" and "from ... to" with any of them. A lone year or a date written out is left to the
grammar of numbers unless a phrase here needs it. A month or quarter without a year is the latest that has
begun; weeks begin on Monday. Pure but for the day it is told; neighbours: `linking` sets periods beside
names, `dated` finds their column.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import Final

from garret.features.data.translator.words import Token

_MONTHS: Final = {
    name.lower(): at
    for names in (calendar.month_name, calendar.month_abbr)
    for at, name in enumerate(names)
    if name
} | {"sept": 9}
_UNITS: Final = {"day": 1, "week": 7, "month": 1, "quarter": 3, "year": 12}
"""Days of a day and a week, months of the others."""
_QUARTERS: Final = {"q1": 0, "q2": 1, "q3": 2, "q4": 3}
_ORDINALS: Final = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3}
_DECADES: Final = {
    "twenties": 1920, "thirties": 1930, "forties": 1940, "fifties": 1950, "sixties": 1960,
    "seventies": 1970, "eighties": 1980, "nineties": 1990,
}  # fmt: skip
_PAST: Final = frozenset(("last", "past", "previous"))
_NEXT: Final = frozenset(("next", "coming", "upcoming"))
_WITHIN: Final = frozenset(("in", "during", "over", "within", "for"))
_BEFORE_MONTH: Final = frozenset(
    ("in", "during", "since", "before", "after", "until", "till", "from", "between")
)
_AND: Final = frozenset(("and", "to", "until", "till", "through"))
_MOST: Final = 1200
"""Units that are counted back at most."""


@dataclass(frozen=True)
class Period:
    """Days from `start` up to but not `end`; None is without end on that side."""

    start: dt.date | None
    end: dt.date | None


@dataclass(frozen=True)
class Found:
    """A period over the tokens `start` to `end`."""

    start: int
    end: int
    period: Period


@dataclass(frozen=True)
class _Point:
    """One period in words that end at `end`. `weak`: a year or date, which the grammar knows without this."""

    start: dt.date
    stop: dt.date
    end: int
    weak: bool = False


def periods(tokens: list[Token], today: dt.date) -> list[Found]:
    """The periods of a question, in order and without overlap."""
    reader = _Reader(["\x00" if token.quoted else token.low for token in tokens], tokens, today)
    found: list[Found] = []
    at = 0
    while at < len(tokens):
        one = reader.phrase(at, bool(found) and found[-1].end == at - 1)
        if one is None:
            at += 1
        else:
            found.append(one)
            at = one.end
    return found


class _Reader:
    """Reads the words of one question."""

    def __init__(self, words: list[str], tokens: list[Token], today: dt.date) -> None:
        self._words = words
        self._tokens = tokens
        self._today = today

    def _low(self, at: int) -> str:
        return self._words[at] if 0 <= at < len(self._words) else ""

    def phrase(self, at: int, follows: bool) -> Found | None:
        """The period that begins at a token. `follows`: one ended a word ago."""
        low = self._low(at)
        if low in ("between", "from") and (both := self._between(at)) is not None:
            return both
        if low in ("more", "less", "over") and (ago := self._ago(at)) is not None:
            return ago
        width = 2 if low in ("prior", "up") and self._low(at + 1) in ("to", "until") else 1
        low = self._low(at + 1) if low == "up" and width == 2 else low
        if low in ("since", "after", "before", "prior", "until", "till"):
            point = self._point(at + width, prepared=True)
            if point is not None and (not point.weak or low in ("until", "till")):
                return Found(at, point.end, _opened(low, point))
            return None
        prepared = self._low(at - 1) in _BEFORE_MONTH or (follows and self._low(at - 1) in ("and", "or", ","))
        point = self._rolling(at) or self._point(at, prepared)
        if point is None or point.weak:
            return None
        return Found(at, point.end, Period(point.start, point.stop))

    def _between(self, at: int) -> Found | None:
        first = self._point(at + 1, prepared=True)
        if first is None or self._low(first.end) not in _AND:
            return None
        second = self._point(first.end + 1, prepared=True)
        if second is None or (first.weak and second.weak and self._low(at) == "between"):
            return None
        start = first.start
        if self._low(first.end - 1) in _MONTHS and start.month <= second.start.month:
            start = start.replace(year=second.start.year)  # "from March to May 2023"
        return Found(at, second.end, Period(start, second.stop)) if start < second.stop else None

    def _ago(self, at: int) -> Found | None:
        """ "more than 3 months ago", "less than a year ago"."""
        begin = at + 1 + (self._low(at + 1) == "than")
        unit = self._unit(begin + 1)
        count = self._count(begin)
        if unit is None or count is None or self._low(begin + 2) != "ago":
            return None
        day = _moved(self._today, unit, -count)
        more = self._low(at) != "less"
        return Found(at, begin + 3, Period(None, day) if more else Period(day, self._today + dt.timedelta(1)))

    def _rolling(self, at: int) -> _Point | None:
        """ "the last year" after "in", "the past month": up to today rather than by the calendar."""
        begin = at + (self._low(at) == "the")
        unit = self._unit(begin + 1)
        said = self._low(begin)
        asked = said == "past" or (begin > at and said in _PAST and self._low(at - 1) in _WITHIN)
        if unit is None or not asked or self._low(begin + 1).endswith("s"):
            return None
        after = self._today + dt.timedelta(1)
        return _Point(_moved(after, unit, -1), after, begin + 2)

    def _point(self, at: int, prepared: bool) -> _Point | None:
        if self._low(at) == "the":
            return self._counted(at + 1) or self._quarter(at + 1) or self._decade(at + 1)
        return (
            self._day(at)
            or self._counted(at)
            or self._calendar(at)
            or self._quarter(at)
            or self._month(at, prepared)
            or (self._decade(at) if prepared else None)
            or self._plain(at)
        )

    def _day(self, at: int) -> _Point | None:
        shift = {"yesterday": -1, "today": 0, "tomorrow": 1}.get(self._low(at))
        if shift is None:
            count, unit = self._count(at), self._unit(at + 1)
            if count is None or unit is None or self._low(at + 2) != "ago":
                return None
            day = _moved(self._today, unit, -count)
            return _Point(day, day + dt.timedelta(1), at + 3)
        day = self._today + dt.timedelta(shift)
        return _Point(day, day + dt.timedelta(1), at + 1)

    def _counted(self, at: int) -> _Point | None:
        """ "last 7 days": so many units that end with today; "next 2 weeks": that begin with it."""
        count, unit = self._count(at + 1), self._unit(at + 2)
        if count is None or unit is None or self._low(at + 1) in ("a", "an"):
            return None
        after = self._today + dt.timedelta(1)
        if self._low(at) in _PAST:
            return _Point(_moved(after, unit, -count), after, at + 3)
        if self._low(at) in _NEXT:
            return _Point(self._today, _moved(self._today, unit, count), at + 3)
        return None

    def _calendar(self, at: int) -> _Point | None:
        """ "last month", "this quarter", "next year": by the calendar."""
        unit, low = self._unit(at + 1), self._low(at)
        if unit is None or self._low(at + 1).endswith("s") or unit == "day" or self._low(at - 1) == "the":
            return None
        shift = -1 if low in ("last", "previous") else 0 if low in ("this", "current") else 1
        if shift == 1 and low != "next":
            return None
        start = _moved(_floor(self._today, unit), unit, shift)
        return _Point(start, _moved(start, unit, 1), at + 2)

    def _quarter(self, at: int) -> _Point | None:
        quarter, end = _QUARTERS.get(self._low(at)), at + 1
        if quarter is None and self._low(at + 1) == "quarter" and self._low(at) in _ORDINALS:
            quarter, end = _ORDINALS[self._low(at)], at + 2
        year = self._year(at)
        if quarter is None and year is not None and self._low(at + 1) in _QUARTERS:
            start = dt.date(year, 3 * _QUARTERS[self._low(at + 1)] + 1, 1)
            return _Point(start, _moved(start, "quarter", 1), at + 2)
        if quarter is None:
            return None
        year, end = self._year_after(end)
        if year is None and self._low(at) not in _QUARTERS:
            return None
        start = self._latest(year, 3 * quarter + 1)
        return _Point(start, _moved(start, "quarter", 1), end)

    def _month(self, at: int, prepared: bool) -> _Point | None:
        """ "March", "March 2024", "March 5, 2024", "5 March 2024"."""
        day = self._number(at)
        month = _MONTHS.get(self._low(at))
        end = at + 1
        if day is not None and self._low(at + 1) in _MONTHS:
            month, end = _MONTHS[self._low(at + 1)], at + 2
        elif month is not None and (day := self._number(at + 1)) is not None:
            end = at + 2
        if month is None:
            return None
        year, end = self._year_after(end)
        if year is None and not (prepared or (day is not None and self._low(at - 1) == "on")):
            return None
        first = self._latest(year, month)
        if day is None:
            return _Point(first, _moved(first, "month", 1), end)
        if day > calendar.monthrange(first.year, month)[1]:
            return None
        on = first.replace(day=day)
        return _Point(on, on + dt.timedelta(1), end)

    def _decade(self, at: int) -> _Point | None:
        low = self._low(at)
        year = _DECADES.get(low)
        if year is None and low.endswith("0s") and low[:-1].isdecimal() and len(low) in (3, 5):
            year = int(low[:-1])
            if year < 100:
                year += 2000 if year + 2000 <= self._today.year else 1900
        if year is None or not 1000 <= year <= 2090:
            return None
        return _Point(dt.date(year, 1, 1), dt.date(year + 10, 1, 1), at + 1)

    def _plain(self, at: int) -> _Point | None:
        year = self._year(at)
        if year is not None:
            return _Point(dt.date(year, 1, 1), dt.date(year + 1, 1, 1), at + 1, weak=True)
        try:
            day = dt.date.fromisoformat(self._low(at))
        except ValueError:
            return None
        return _Point(day, day + dt.timedelta(1), at + 1, weak=True) if day.year < 9999 else None

    def _latest(self, year: int | None, month: int) -> dt.date:
        """The first day of a month: of the year that was said, else of the latest that has begun."""
        if year is None:
            year = self._today.year - (month > self._today.month)
        return dt.date(year, month, 1)

    def _unit(self, at: int) -> str | None:
        low = self._low(at).removesuffix("s")
        return low if low in _UNITS else None

    def _count(self, at: int) -> int | None:
        if self._low(at) in ("a", "an"):
            return 1
        number = self._tokens[at].number if at < len(self._tokens) else None
        return int(number) if number is not None and number == int(number) and 0 < number <= _MOST else None

    def _number(self, at: int) -> int | None:
        """A day of a month, with or without its ending."""
        low = self._low(at)
        if low[-2:] in ("st", "nd", "rd", "th"):
            low = low[:-2]
        return (
            int(low) if low.isascii() and low.isdecimal() and len(low) < 3 and 1 <= int(low) <= 31 else None
        )

    def _year(self, at: int) -> int | None:
        low = self._low(at)
        return (
            int(low)
            if len(low) == 4 and low.isascii() and low.isdecimal() and 1000 <= int(low) <= 2100
            else None
        )

    def _year_after(self, at: int) -> tuple[int | None, int]:
        """A year that follows, and where what follows it begins."""
        begin = at + (self._low(at) in ("of", ",", "in"))
        year = self._year(begin)
        if year is not None:
            return year, begin + 1
        said = {"last": -1, "this": 0}.get(self._low(begin))
        if said is not None and self._low(begin + 1) == "year":
            return self._today.year + said, begin + 2
        return None, at


def _opened(word: str, point: _Point) -> Period:
    if word == "since":
        return Period(point.start, None)
    if word == "after":
        return Period(point.stop, None)
    return Period(None, point.stop if word in ("until", "till") else point.start)


def _floor(day: dt.date, unit: str) -> dt.date:
    """The first day of the unit that a day is in."""
    if unit == "week":
        return day - dt.timedelta(day.weekday())
    if unit == "day":
        return day
    months = _UNITS[unit]
    return dt.date(day.year, (day.month - 1) // months * months + 1, 1)


def _moved(day: dt.date, unit: str, count: int) -> dt.date:
    """A day so many units later; the last of the month where a month is too short."""
    if unit in ("day", "week"):
        return day + dt.timedelta(_UNITS[unit] * count)
    months = day.year * 12 + day.month - 1 + _UNITS[unit] * count
    year, month = divmod(months, 12)
    year = max(year, 1)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
