"""The queue of consents: in whatever order is asked, decided and cut off, one consent is one command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib.resources import files

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.control.access import approval_requests as queue
from garret.control.access.approval_requests import State, Wanted
from garret.control.access.approvals import Moment, Request

SCHEMA = (files("garret.control") / "migrations" / "0002_approval_requests.sql").read_text()
NOW = Moment(1_000.0, 2_000_000_000.0, "boot")
NOBODY: frozenset[str] = frozenset()


def database() -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    connection.execute(SCHEMA)
    connection.execute("CREATE TABLE jobs (id TEXT PRIMARY KEY, state TEXT)")
    return connection


@pytest.fixture
def connection() -> Iterator[apsw.Connection]:
    with database() as made:
        yield made


def wanted(text: str = "a", *, profile: str = "user", job: str | None = None) -> Wanted:
    return Wanted(Request("notes.erase", text.encode(), "cli:me", profile, "main"), "cli", "me", job)


def later(seconds: float, *, wall: float | None = None, boot: str = "boot") -> Moment:
    return Moment(NOW.monotonic + seconds, NOW.wall + (seconds if wall is None else wall), boot)


def ask(
    connection: apsw.Connection, whose: Wanted, moment: Moment = NOW, **options: frozenset[str]
) -> queue.Asked:
    present = options.get("present", NOBODY)
    return queue.ask(connection, whose, moment, moment.wall + 600.0, present=present)


def decide(connection: apsw.Connection, request: str, *, granted: bool = True, moment: Moment = NOW) -> bool:
    row = queue.decide(connection, request, moment, 120.0, granted=granted, present=NOBODY)
    return row is not None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ask", "grant", "deny", "take", "withdraw", "hour"]),
            st.sampled_from(["a", "b"]),
            st.sampled_from(["user", "admin"]),
            st.integers(0, 5),
        ),
        max_size=40,
    )
)
def test_no_more_is_done_than_was_granted_and_for_nobody_else(
    steps: list[tuple[str, str, str, int]],
) -> None:
    """A model beside it: what was granted, by whose command; each step as any client could bring it about."""
    made: list[tuple[str, Wanted]] = []
    granted: Counter[tuple[bytes, str]] = Counter()
    done: Counter[tuple[bytes, str]] = Counter()
    seconds = 0.0
    with database() as connection:
        for step, text, profile, which in steps:
            moment, whose = later(seconds), wanted(text, profile=profile)
            key = (whose.request.payload, profile)
            if step == "ask":
                asked = ask(connection, whose, moment)
                done[key] += asked.state is State.GRANTED
                if asked.new:
                    made.append((asked.id, whose))
            elif step == "hour":
                seconds += 3600.0
            elif made:
                number, whose = made[which % len(made)]
                key = (whose.request.payload, whose.request.profile)
                if step == "take":
                    done[key] += queue.take(connection, number, moment)
                elif step == "withdraw":
                    queue.withdraw(connection, number)
                else:
                    granted[key] += decide(connection, number, granted=step == "grant", moment=moment) and (
                        step == "grant"
                    )
            assert all(done[key] <= granted[key] for key in done)


@pytest.mark.parametrize(
    ("moment", "good"),
    [
        (later(119.9), True),
        (later(120.0), False),
        (later(1.0, wall=121.0), False),
        (later(121.0, wall=-3600.0), False),
        (later(1.0, boot="another"), False),
    ],
)
def test_a_grant_ends_when_either_clock_says_so(
    connection: apsw.Connection, moment: Moment, good: bool
) -> None:
    first = ask(connection, wanted())
    assert (first.state, first.new) == (State.WAITING, True)
    assert decide(connection, first.id)
    assert ask(connection, wanted(), moment).state is (State.GRANTED if good else State.WAITING)
    assert ask(connection, wanted(), moment).state is State.WAITING, "once"


def test_a_request_ends_with_its_command_and_can_then_not_be_decided(connection: apsw.Connection) -> None:
    first = ask(connection, wanted())
    assert [row.id for row in queue.waiting(connection, later(599.0), NOBODY)] == [first.id]
    assert queue.waiting(connection, later(600.0), NOBODY) == []
    assert not decide(connection, first.id, moment=later(600.0))
    assert ask(connection, wanted(), later(601.0)).id != first.id


def test_who_asks_again_waits_on_unless_somebody_waits_there(connection: apsw.Connection) -> None:
    first = ask(connection, wanted())
    again = ask(connection, wanted())
    assert (again.id, again.new) == (first.id, False)
    second = ask(connection, wanted(), present=frozenset({first.id}))
    assert second.new
    assert decide(connection, first.id)
    assert ask(connection, wanted(), present=frozenset({first.id, second.id})).state is State.WAITING
    assert queue.take(connection, first.id, NOW)
    assert not queue.take(connection, first.id, NOW)
    assert not queue.take(connection, second.id, NOW)


def test_a_jobs_consent_is_kept_until_it_is_over_and_is_no_other_jobs(
    connection: apsw.Connection,
) -> None:
    connection.execute("INSERT INTO jobs VALUES ('j1', 'running'), ('j2', 'queued')")
    first = ask(connection, wanted(job="j1"))
    assert decide(connection, first.id)
    assert ask(connection, wanted(job="j2")).state is State.WAITING
    assert ask(connection, wanted()).state is State.WAITING
    assert ask(connection, wanted(job="j1")).state is State.GRANTED
    assert ask(connection, wanted(job="j1"), later(86_400.0, boot="another")).state is State.GRANTED
    connection.execute("UPDATE jobs SET state = 'failed' WHERE id = 'j1'")
    assert ask(connection, wanted(job="j1")).state is State.WAITING


def test_a_consent_that_was_brought_along_is_kept_for_the_job(connection: apsw.Connection) -> None:
    connection.execute("INSERT INTO jobs VALUES ('j1', 'running')")
    queue.keep_spent(connection, wanted(job="j1"), NOW)
    assert queue.waiting(connection, NOW, NOBODY) == []
    assert ask(connection, wanted(job="j1")).state is State.GRANTED
    assert ask(connection, wanted("b", job="j1")).state is State.WAITING
