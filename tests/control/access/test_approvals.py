"""Approvals: bound to the exact command, short-lived, spent once by whoever comes first."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.control.access import approvals
from garret.control.access.approvals import (
    LIFETIME_SECONDS,
    SENTENCES,
    Moment,
    Request,
    Verdict,
    check,
    consume,
    digest_of,
    explain,
    issue,
    store,
    sweep,
    token_hash,
)

NOW = Moment(1000.0, 1_700_000_000.0, "boot-1")
REQUEST = Request("data.run", b"\x81\xa3sql\xa8SELECT 1", "cli-7", "user", "main")
SCHEMA = (files("garret.control") / "migrations" / "0001_approvals.sql").read_text()


def later(seconds: float, *, wall: float | None = None, boot: str = NOW.boot) -> Moment:
    return Moment(NOW.monotonic + seconds, NOW.wall + (seconds if wall is None else wall), boot)


def connect(path: Path | str) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(30_000)
    return connection


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "durable.db"
    connection = connect(path)
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute(SCHEMA)
    connection.close()
    return path


@pytest.fixture
def connection(database: Path) -> Iterator[apsw.Connection]:
    opened = connect(database)
    yield opened
    opened.close()


# --- what it is bound to ----------------------------------------------------------------------


def test_a_fresh_approval_is_good_for_its_own_command() -> None:
    approval = issue(REQUEST, NOW)
    assert check(approval, approval.token, REQUEST, NOW) is Verdict.GOOD


words = st.text(max_size=6)


@given(
    st.builds(Request, words, st.binary(max_size=6), words, words, words),
    st.builds(Request, words, st.binary(max_size=6), words, words, words),
)
def test_no_two_commands_have_the_same_digest(one: Request, other: Request) -> None:
    assert (digest_of(one) == digest_of(other)) is (one == other)


def test_bytes_cannot_wander_from_one_part_to_the_next() -> None:
    parts = [
        Request("ab", b"c", "d", "", ""),
        Request("a", b"bc", "d", "", ""),
        Request("ab", b"cd", "", "", ""),
        Request("ab", b"c", "", "d", ""),
        Request("ab", b"c", "", "", "d"),
    ]
    assert len({digest_of(part) for part in parts}) == len(parts)


@pytest.mark.parametrize(
    "other",
    [
        Request("data.erase", REQUEST.payload, "cli-7", "user", "main"),
        Request("data.run", REQUEST.payload + b"\0", "cli-7", "user", "main"),
        Request("data.run", REQUEST.payload, "cli-8", "user", "main"),
        Request("data.run", REQUEST.payload, "cli-7", "admin", "main"),
        Request("data.run", REQUEST.payload, "cli-7", "user", "work"),
    ],
)
def test_an_approval_is_not_good_for_another_command(other: Request, connection: apsw.Connection) -> None:
    approval = issue(REQUEST, NOW)
    assert check(approval, approval.token, other, NOW) is Verdict.OTHER_COMMAND
    store(connection, approval)
    assert not consume(connection, approval.token_hash, digest_of(other), NOW)
    assert explain(connection, approval.token_hash, digest_of(other)) is Verdict.OTHER_COMMAND
    assert consume(connection, approval.token_hash, digest_of(REQUEST), NOW)


def test_tokens_are_random_and_long() -> None:
    tokens = {issue(REQUEST, NOW).token for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) >= 43 for token in tokens)


def test_the_token_is_neither_stored_nor_shown(connection: apsw.Connection, database: Path) -> None:
    approval = issue(REQUEST, NOW)
    store(connection, approval)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert approval.token.encode() not in database.read_bytes()
    assert approval.token_hash in database.read_bytes()
    assert approval.token not in repr(approval)


# --- time -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "good"),
    [
        (later(LIFETIME_SECONDS - 0.1), True),
        (later(LIFETIME_SECONDS), False),
        (later(LIFETIME_SECONDS + 1, wall=-86_400.0), False),  # the wall clock was set back
        (later(1, wall=-86_400.0), True),
        (later(1, wall=86_400.0), False),  # the wall clock was set forward
        (Moment(5.0, NOW.wall + 30, "boot-2"), False),  # the machine was started again
        (Moment(5.0, NOW.wall - 86_400, "boot-2"), False),
    ],
)
def test_an_approval_ends_when_either_clock_says_so(
    moment: Moment, good: bool, connection: apsw.Connection
) -> None:
    approval = issue(REQUEST, NOW)
    assert check(approval, approval.token, REQUEST, moment) is (Verdict.GOOD if good else Verdict.EXPIRED)
    store(connection, approval)
    assert consume(connection, approval.token_hash, approval.digest, moment) is good
    if not good:
        assert explain(connection, approval.token_hash, approval.digest) is Verdict.EXPIRED
        assert sweep(connection, moment) == 1


def test_sweeping_leaves_what_is_still_good(connection: apsw.Connection) -> None:
    old, new = issue(REQUEST, NOW), issue(REQUEST, later(60))
    store(connection, old)
    store(connection, new)
    assert sweep(connection, later(LIFETIME_SECONDS + 1)) == 1
    assert consume(connection, new.token_hash, new.digest, later(LIFETIME_SECONDS + 1))


# --- once -------------------------------------------------------------------------------------


def test_an_approval_is_spent_once(connection: apsw.Connection) -> None:
    approval = issue(REQUEST, NOW)
    store(connection, approval)
    assert consume(connection, token_hash(approval.token), digest_of(REQUEST), NOW)
    assert not consume(connection, token_hash(approval.token), digest_of(REQUEST), NOW)
    assert explain(connection, approval.token_hash, approval.digest) is Verdict.UNKNOWN


def test_a_made_up_token_spends_nothing(connection: apsw.Connection) -> None:
    store(connection, issue(REQUEST, NOW))
    assert not consume(connection, token_hash("x" * 5_000_000), digest_of(REQUEST), NOW)
    assert check(issue(REQUEST, NOW), "x", REQUEST, NOW) is Verdict.UNKNOWN
    assert all(SENTENCES[verdict] for verdict in Verdict)


def test_a_consent_spent_in_a_transaction_that_is_undone_is_not_spent(connection: apsw.Connection) -> None:
    approval = issue(REQUEST, NOW)
    store(connection, approval)
    connection.execute("BEGIN IMMEDIATE")
    assert consume(connection, approval.token_hash, approval.digest, NOW)
    connection.execute("ROLLBACK")
    assert consume(connection, approval.token_hash, approval.digest, NOW)


def test_of_many_threads_that_race_for_a_token_exactly_one_wins(
    connection: apsw.Connection, database: Path
) -> None:
    tokens = [issue(REQUEST, NOW) for _ in range(25)]
    for approval in tokens:
        store(connection, approval)
    racers = 8
    gate = threading.Barrier(racers)
    wins: list[bytes] = []

    def race() -> None:
        own = connect(database)
        gate.wait()
        for approval in tokens:
            if consume(own, approval.token_hash, approval.digest, NOW):
                wins.append(approval.token_hash)
        own.close()

    threads = [threading.Thread(target=race) for _ in range(racers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(wins) == sorted(approval.token_hash for approval in tokens)


@pytest.mark.soak
def test_of_a_million_racing_tries_each_token_is_spent_once(
    connection: apsw.Connection, database: Path
) -> None:
    """Ten thousand consents, tried a hundred times each by four threads that begin in different places."""
    connection.execute("PRAGMA synchronous = OFF").fetchall()
    tokens = [issue(REQUEST, NOW) for _ in range(10_000)]
    connection.execute("BEGIN")
    for approval in tokens:
        store(connection, approval)
    connection.execute("COMMIT")
    racers, rounds = 4, 25
    gate = threading.Barrier(racers)
    wins: list[bytes] = []
    tries: list[int] = []

    def race(start: int) -> None:
        own = connect(database)
        own.execute("PRAGMA synchronous = OFF").fetchall()
        count = 0
        gate.wait()
        for each in range(rounds):
            shift = (start + each) * len(tokens) // racers % len(tokens)
            for approval in tokens[shift:] + tokens[:shift]:
                count += 1
                if consume(own, approval.token_hash, approval.digest, NOW):
                    wins.append(approval.token_hash)
        tries.append(count)
        own.close()

    threads = [threading.Thread(target=race, args=(start,)) for start in range(racers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(tries) == 1_000_000
    assert sorted(wins) == sorted(approval.token_hash for approval in tokens)


RACER = """
import sys
import apsw
from garret.control.access.approvals import Moment, consume

connection = apsw.Connection(sys.argv[1])
connection.set_busy_timeout(30_000)
print("ready", flush=True)
sys.stdin.readline()
for line in sys.argv[2].split(","):
    token, digest = (bytes.fromhex(part) for part in line.split(":"))
    if consume(connection, token, digest, Moment(1000.0, 1_700_000_000.0, "boot-1")):
        print(token.hex(), flush=True)
"""


def test_of_many_processes_that_race_for_a_token_exactly_one_wins(
    connection: apsw.Connection, database: Path
) -> None:
    tokens = [issue(REQUEST, NOW) for _ in range(25)]
    for approval in tokens:
        store(connection, approval)
    listed = ",".join(f"{approval.token_hash.hex()}:{approval.digest.hex()}" for approval in tokens)
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(database), listed],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    wins = [line for racer in racers for line in racer.communicate()[0].split()]
    assert all(racer.returncode == 0 for racer in racers)
    assert sorted(wins) == sorted(approval.token_hash.hex() for approval in tokens)


def test_spending_is_one_statement() -> None:
    statement = approvals._CONSUME.strip()
    assert statement.startswith("DELETE FROM approvals")
    assert ";" not in statement
