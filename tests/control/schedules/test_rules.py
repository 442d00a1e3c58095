"""The moments of rules, beside a slow calendar that looks at every minute; and rules that make no sense."""

from __future__ import annotations

import itertools
import subprocess
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.base.errors import UsageError
from garret.control.schedules.local_time import machine_zone, moment_of, moments, zone_of
from garret.control.schedules.rules import (
    LATEST,
    After,
    At,
    Cron,
    Every,
    Recurrence,
    Rule,
    latest,
    timetable,
    told,
)
from tests.control.schedules import calendars

ZONES = (
    "UTC",
    "Europe/Vienna",
    "America/New_York",
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Apia",  # left out a whole day in 2011
    "Asia/Kathmandu",
    "America/St_Johns",
    "Africa/Casablanca",
)
# Around days on which clocks of these zones are changed, and some on which none is.
BEGINS = [
    int(datetime.fromisoformat(f"{day}T00:00+00:00").timestamp())
    for day in (
        "2026-03-28", "2026-10-24", "2026-03-07", "2026-10-31", "2026-04-03", "2026-10-02",
        "2011-12-28", "2026-06-10", "2026-02-13", "2026-03-20", "2028-02-27",
    )
]  # fmt: skip
CRONS = (
    "30 2 * * *", "0 2 * * *", "0,15,30,45 2 * * *", "15 1,2,3 * * *", "59 1 * * *", "0 0 * * *",
    "* * * * *", "*/20 * * * *", "*/15 2 * * *", "30 */2 * * *", "5-50/15 1-3 * * *", "0 12 * * 1-5",
    "0 12 29 2 *", "0 0 1 * 1", "45 23 30 12 *", "0 3 * 3,10 7",
)  # fmt: skip


def show(rule: Rule, zone: str, begin: str, count: int) -> list[str]:
    """The next moments after a local time, as the zone's clock shows them."""
    where = zone_of(zone)
    after = timetable(rule, zone).after(moment_of(datetime.fromisoformat(begin), where))
    return [datetime.fromtimestamp(at, where).strftime("%d %H:%M%z") for at in itertools.islice(after, count)]


@settings(max_examples=150)
@given(st.sampled_from(CRONS), st.sampled_from(ZONES), st.sampled_from(BEGINS), st.integers(0, 2 * 86_400))
def test_cron_is_what_a_calendar_says_minute_by_minute(text: str, zone: str, begin: int, later: int) -> None:
    begin += later
    end = begin + 2 * 86_400
    often = any(part.startswith("*") for part in text.split()[:2])
    slow = calendars.moments(calendars.cron(text), ZoneInfo(zone), begin + 1, end, often=often)
    table = timetable(Cron(text), zone)
    assert list(itertools.takewhile(lambda at: at <= end, table.after(begin))) == slow
    if slow:
        for most in (1, 3, 1_000):
            assert latest(table, slow[0], end, most) == slow[-most:]


@settings(max_examples=30)
@given(st.sampled_from(ZONES), st.sampled_from(BEGINS), st.sampled_from([(2, 30), (2, 0), (0, 0), (1, 45)]))
def test_a_daily_recurrence_is_what_a_calendar_says(zone: str, begin: int, at: tuple[int, int]) -> None:
    rule = Recurrence("FREQ=DAILY", f"2010-01-01T{at[0]:02}:{at[1]:02}")
    end = begin + 3 * 86_400
    slow = calendars.moments(calendars.daily(*at), ZoneInfo(zone), begin + 1, end, often=False)
    table = timetable(rule, zone)
    assert list(itertools.takewhile(lambda moment: moment <= end, table.after(begin))) == slow


def test_a_monthly_recurrence_is_what_a_calendar_says() -> None:
    begin = BEGINS[0]
    end = begin + 100 * 86_400
    slow = calendars.moments(calendars.last_friday, ZoneInfo("Europe/Vienna"), begin + 1, end, often=False)
    table = timetable(Recurrence("RRULE:FREQ=MONTHLY;BYDAY=-1FR", "2020-01-01T09:00"), "Europe/Vienna")
    assert len(slow) == 3
    assert list(itertools.takewhile(lambda moment: moment <= end, table.after(begin))) == slow


def test_a_time_that_does_not_exist_is_when_the_clock_went_on() -> None:
    begin = "2026-03-28T12:00"
    assert show(Cron("30 2 * * *"), "Europe/Vienna", begin, 2) == ["29 03:00+0200", "30 02:30+0200"]
    assert show(Cron("0,15,30 2 * * *"), "Europe/Vienna", begin, 2) == ["29 03:00+0200", "30 02:00+0200"]
    assert show(Cron("30 2 * * *"), "Pacific/Apia", "2011-12-29T00:00", 2) == [
        "29 02:30-1000",
        "31 00:00+1400",
    ]


def test_a_time_that_exists_twice_is_the_first_of_both() -> None:
    begin = "2026-10-24T12:00"
    assert show(Cron("30 2 * * *"), "Europe/Vienna", begin, 2) == ["25 02:30+0200", "26 02:30+0100"]


def test_what_runs_every_so_often_runs_in_both_hours_and_not_in_none() -> None:
    assert show(Cron("*/30 * * * *"), "Europe/Vienna", "2026-10-25T01:30", 6) == [
        "25 02:00+0200", "25 02:30+0200", "25 02:00+0100", "25 02:30+0100", "25 03:00+0100", "25 03:30+0100",
    ]  # fmt: skip
    assert show(Cron("*/30 * * * *"), "Europe/Vienna", "2026-03-29T01:00", 3) == [
        "29 01:30+0100", "29 03:00+0200", "29 03:30+0200",
    ]  # fmt: skip


def test_recurrences_end_by_count_and_until() -> None:
    table = timetable(Recurrence("FREQ=DAILY;COUNT=3", "2026-03-28T02:30"), "Europe/Vienna")
    assert len(list(table.after(0.0))) == 3
    # 00:30 in UTC is 02:30 on the clock there, which is the last one.
    table = timetable(Recurrence("FREQ=DAILY;UNTIL=20260330T003000Z", "2026-03-28T02:30"), "Europe/Vienna")
    assert len(list(table.after(0.0))) == 3


@given(st.floats(1.0, 1e6), st.floats(0.0, 2e9), st.floats(0.0, 2e9))
def test_an_interval_is_a_grid_through_its_anchor(seconds: float, anchor: float, moment: float) -> None:
    first, second = itertools.islice(timetable(Every(seconds, anchor), "UTC").after(moment), 2)
    assert moment < first <= moment + seconds * (1 + 1e-6)
    assert second - first == pytest.approx(seconds, rel=1e-3, abs=1e-5)
    assert abs((first - anchor) / seconds - round((first - anchor) / seconds)) < 1e-3


def test_once_is_once() -> None:
    assert list(timetable(At(100.0), "UTC").after(99.0)) == [100.0]
    assert list(timetable(At(100.0), "UTC").after(100.0)) == []
    assert list(timetable(After("toy.greeted"), "UTC").after(0.0)) == []


@pytest.mark.parametrize(
    "rule",
    [
        At(float("nan")),
        At(-1.0),
        At(2 * LATEST),
        Every(0.5),
        Every(float("inf")),
        Every(60.0, float("nan")),
        Cron("@daily"),
        Cron("* * * *"),
        Cron("60 * * * *"),
        Cron("0 0 30 2 *"),
        Recurrence("FREQ=NEVER", "2026-01-01T00:00"),
        Recurrence("FREQ=HOURLY", "2026-01-01T00:00"),
        Recurrence("FREQ=DAILY;INTERVAL=0", "2026-01-01T00:00"),
        Recurrence("FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=" + ",".join(map(str, range(60))), "2026-01-01T00:00"),
        Recurrence("FREQ=DAILY\nRRULE:FREQ=MINUTELY", "2026-01-01T00:00"),
        Recurrence("FREQ=DAILY", "2026-01-01T00:00+01:00"),
        Recurrence("FREQ=DAILY", "tomorrow"),
        Recurrence("FREQ=DAILY", "1066-10-14T09:00"),
        Recurrence("", "2026-01-01T00:00"),
        After(""),
        After("toy.greeted", -1.0),
    ],
)
def test_rules_that_make_no_sense_are_refused(rule: Rule) -> None:
    with pytest.raises(UsageError):
        timetable(rule, "Europe/Vienna")


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "x" * 300])
def test_only_zones_that_exist_are_taken(name: str) -> None:
    with pytest.raises(UsageError):
        timetable(Every(60.0), name)


def test_a_rule_that_no_day_fits_names_no_moment() -> None:
    table = timetable(Recurrence("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01T00:00"), "UTC")
    assert list(table.after(0.0)) == []


def test_the_machines_zone_is_one_that_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":America/New_York")
    assert machine_zone() == "America/New_York"
    monkeypatch.setenv("TZ", "nonsense")
    assert zone_of(machine_zone())
    monkeypatch.delenv("TZ")
    assert zone_of(machine_zone())


def test_a_local_time_exists_once_twice_or_never() -> None:
    vienna = ZoneInfo("Europe/Vienna")
    assert len(moments(datetime(2026, 6, 1, 2, 30), vienna)) == 1  # noqa: DTZ001
    assert len(moments(datetime(2026, 10, 25, 2, 30), vienna)) == 2  # noqa: DTZ001
    assert len(moments(datetime(2026, 3, 29, 2, 30), vienna)) == 0  # noqa: DTZ001


def test_rules_are_told_in_a_few_words() -> None:
    assert told(Cron("30 7 * * 1-5"), "Europe/Vienna") == "cron 30 7 * * 1-5 in Europe/Vienna"
    assert told(Every(90.0), "UTC") == "every 90 s"
    assert told(At(1.0), "UTC") == "once"
    assert (
        told(After("toy.greeted", 5.0, {"name": "Ada"}), "UTC") == "5 s after toy.greeted where name is Ada"
    )
    assert "FREQ=DAILY" in told(Recurrence("FREQ=DAILY", "2026-01-01T00:00"), "UTC")


def test_recurrences_cost_nothing_before_one_is_used() -> None:
    code = (
        "import sys; from garret.control.schedules.rules import *; "
        "timetable(Cron('* * * * *'), 'UTC'); assert 'dateutil' not in sys.modules; "
        "timetable(Recurrence('FREQ=DAILY', '2026-01-01T00:00'), 'UTC'); assert 'dateutil' in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
