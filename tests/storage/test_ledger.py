"""The ledger on a real file: state and event together, fencing, replay, retention, and its story."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import apsw
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from garret.base.clock import ManualClock
from garret.base.errors import UsageError
from garret.storage import ledger_machine as machine
from garret.storage import ledger_rows as rows
from garret.storage import ledger_story, migrations
from garret.storage.errors import Conflict, Invalid, NotFound
from garret.storage.ledger import Ledger, Retention
from garret.storage.ledger_machine import Kind, State
from garret.storage.ledger_types import Event, Job, JobError, Request
from garret.storage.store import Store
from tests.storage.databases import KEYS

T = TypeVar("T")
OOPS = JobError("failed", "the engine fell over", True)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return store.ledger


def test_a_job_from_request_to_result(ledger: Ledger, clock: ManualClock) -> None:
    request = Request("dictate.file", b"payload", priority=2, role="cli", profile="user")
    job = run(ledger.enqueue(request)).job
    assert ledger.get(job.id) == job
    assert (job.state, job.priority, job.role, job.profile) == (State.QUEUED, 2, "cli", "user")
    clock.advance(1)
    lease = run(ledger.lease(job.id, "stt-1"))
    assert (lease.epoch, lease.attempt, lease.command, lease.payload) == (1, 1, "dictate.file", b"payload")
    run(ledger.progress(job.id, lease.epoch, 0.5, "half"))
    halfway = ledger.get(job.id)
    assert (halfway.state, halfway.owner, halfway.fraction, halfway.note) == (
        State.RUNNING,
        "stt-1",
        0.5,
        "half",
    )
    assert ledger.result(job.id) == b""
    run(ledger.finish(job.id, lease.epoch, b"text"))
    done = ledger.get(job.id)
    assert (done.state, done.owner, done.fraction) == (State.DONE, None, 1.0)
    assert ledger.result(job.id) == b"text"
    assert done.updated == clock.wall()
    assert done.created == clock.wall() - 1


def test_the_same_idempotency_key_is_the_same_job_per_command(ledger: Ledger) -> None:
    first = run(ledger.enqueue(Request("a.b", b"1", idempotency="k")))
    second = run(ledger.enqueue(Request("a.b", b"2", idempotency="k")))
    other = run(ledger.enqueue(Request("a.c", b"3", idempotency="k")))
    assert first.new
    assert not second.new
    assert other.new
    assert second.job.id == first.job.id != other.job.id
    assert run(ledger.lease(first.job.id, "w")).payload == b"1"


def test_a_stale_worker_changes_nothing(ledger: Ledger) -> None:
    job = run(ledger.enqueue(Request("a.b"))).job.id
    old = run(ledger.lease(job, "w1"))
    run(ledger.requeue(job, old.epoch, "the worker was drained"))
    new = run(ledger.lease(job, "w2"))
    assert new.epoch > old.epoch
    for stale in (
        ledger.finish(job, old.epoch, b"wrong"),
        ledger.fail(job, old.epoch, OOPS, retry=True),
        ledger.progress(job, old.epoch, 0.9),
        ledger.requeue(job, old.epoch, "x"),
    ):
        with pytest.raises(Conflict, match="stale"):
            run(stale)
    assert ledger.get(job).owner == "w2"
    assert ledger.get(job).fraction == 0
    run(ledger.finish(job, new.epoch, b"right"))
    assert ledger.result(job) == b"right"


def test_failing_uses_up_the_attempts(ledger: Ledger) -> None:
    job = run(ledger.enqueue(Request("a.b", max_attempts=2))).job.id
    states = []
    for _ in range(2):
        states.append(run(ledger.fail(job, run(ledger.lease(job, "w")).epoch, OOPS, retry=True)))
    assert states == [State.QUEUED, State.FAILED]
    assert ledger.get(job).error == OOPS
    run(ledger.retry(job, "owner"))
    again = ledger.get(job)
    assert (again.state, again.attempts, again.error) == (State.QUEUED, 0, None)


def test_cancelling_fences_the_worker_and_can_be_repeated(ledger: Ledger) -> None:
    job = run(ledger.enqueue(Request("a.b"))).job.id
    lease = run(ledger.lease(job, "w"))
    assert run(ledger.cancel(job, "owner")) is True
    assert run(ledger.cancel(job, "owner")) is False
    with pytest.raises(Conflict):
        run(ledger.finish(job, lease.epoch, b"late"))
    assert ledger.get(job).state is State.CANCELLED
    done = run(ledger.enqueue(Request("a.b"))).job.id
    run(ledger.finish(done, run(ledger.lease(done, "w")).epoch))
    with pytest.raises(Conflict):
        run(ledger.cancel(done, "owner"))


def test_replay_queues_what_ran_and_a_restart_is_no_attempt(store: Store, clock: ManualClock) -> None:
    ledger = store.ledger
    again = run(ledger.enqueue(Request("a.b", max_attempts=2))).job.id
    only = run(ledger.enqueue(Request("a.b", max_attempts=1))).job.id
    waiting = run(ledger.enqueue(Request("a.b"))).job.id
    for job in (again, only):
        run(ledger.lease(job, "w"))
    store.close()
    clock.advance(60)
    reopened = Store.open(store.home, KEYS, clock=clock)
    ledger = reopened.ledger
    replayed = run(ledger.replay())
    assert [(one.job.id, one.restarts) for one in replayed] == [(again, 1), (only, 1)]
    for job in (again, only, waiting):
        assert (ledger.get(job).state, ledger.get(job).attempts) == (State.QUEUED, 0)
    assert run(ledger.replay()) == []
    for restarts in range(2, 8):
        assert run(ledger.lease(only, "w")).attempt == 1
        assert [one.restarts for one in run(ledger.replay())] == [restarts]
    run(ledger.lease(again, "w"))
    assert run(ledger.fail(again, 2, JobError("failed", "No.", True), retry=True)) is State.QUEUED
    run(ledger.lease(again, "w"))
    assert [one.restarts for one in run(ledger.replay())] == [1]
    reopened.close()


def test_a_job_kept_by_an_earlier_version_is_read_as_before(tmp_path: Path) -> None:
    files = migrations.load("storage", "garret.storage.migrations.durable")
    old = apsw.Connection(str(tmp_path / "old.db"))
    migrations.apply(old, [files[:4]])
    old.execute(
        "INSERT INTO jobs VALUES (1, 'job_1', 'a.b', 'k', 'queued', 2, 1, 3, 4, NULL, 2, 0.5, 'half', NULL, "
        "NULL, NULL, 'cli', 'user', 1.0, 'job_0', 5.0, 6.0)"
    )
    migrations.apply(old, [files])
    job = rows.get(old, "job_1")
    assert (job.idempotency, job.priority, job.attempts, job.epoch, job.note) == ("k", 2, 1, 4, "half")
    assert (job.role, job.profile, job.created, job.updated) == ("cli", "user", 5.0, 6.0)
    assert rows.replay(old, 7.0) == []
    assert (job.workspace, job.parent, job.due) == ("main", None, None)
    assert rows.lease(old, "job_1", "w", 7.0).attempt == 2
    old.close()


def test_a_listing_is_newest_first_and_continues_where_it_stopped(ledger: Ledger) -> None:
    ids = [run(ledger.enqueue(Request("a.b" if i % 2 else "a.c"))).job.id for i in range(9)]
    run(ledger.cancel(ids[3], "owner"))
    assert [job.id for job in ledger.jobs(limit=4)] == ids[:-5:-1]
    assert [job.id for job in ledger.jobs(limit=4, before=ids[5])] == ids[4:0:-1]
    assert [job.id for job in ledger.jobs(states=[State.CANCELLED])] == [ids[3]]
    assert [job.id for job in ledger.jobs(command="a.b", states=[State.QUEUED])] == [ids[7], ids[5], ids[1]]


def test_queued_jobs_come_by_priority_then_by_arrival(ledger: Ledger) -> None:
    ids = {p: [run(ledger.enqueue(Request("a.b", priority=p))).job.id for _ in range(2)] for p in (3, 0, 1)}
    assert [job.id for job in ledger.next_queued()] == ids[0] + ids[1] + ids[3]


def test_pruning_keeps_what_is_active_new_or_few(ledger: Ledger, clock: ManualClock) -> None:
    def finished() -> str:
        job = run(ledger.enqueue(Request("a.b", b"x", idempotency=str(clock.wall())))).job.id
        run(ledger.finish(job, run(ledger.lease(job, "w")).epoch, b"y"))
        return job

    active = run(ledger.enqueue(Request("a.b"))).job.id
    old = finished()
    clock.advance(100 * 86_400)
    recent = []
    for _ in range(4):
        clock.advance(1)
        recent.append(finished())
    assert run(ledger.prune(Retention(days=90, jobs=100), None)) == 0, "nobody knows what time it is"
    assert run(ledger.prune(Retention(days=90, jobs=100), clock.wall())) == 1
    assert run(ledger.prune(Retention(days=90, jobs=3), clock.wall())) == 1
    with pytest.raises(NotFound):
        ledger.get(old)
    assert [job.id for job in ledger.jobs()] == [*recent[:0:-1], active]
    assert run(ledger.prune(Retention(days=90, jobs=3), clock.wall())) == 0


@pytest.mark.parametrize(
    "request_", [Request("a.b", priority=4), Request("a.b", priority=-1), Request("a.b", max_attempts=0)]
)
def test_a_wrong_request_is_refused(ledger: Ledger, request_: Request) -> None:
    with pytest.raises(UsageError):
        run(ledger.enqueue(request_))
    assert ledger.jobs() == []


def test_what_is_too_large_is_refused(ledger: Ledger) -> None:
    with pytest.raises(Invalid, match="blob"):
        run(ledger.enqueue(Request("a.b", bytes(rows.PAYLOAD_LIMIT + 1))))
    job = run(ledger.enqueue(Request("a.b", bytes(rows.PAYLOAD_LIMIT)))).job.id
    lease = run(ledger.lease(job, "w"))
    with pytest.raises(Invalid):
        run(ledger.finish(job, lease.epoch, bytes(rows.PAYLOAD_LIMIT + 1)))
    with pytest.raises(UsageError):
        run(ledger.progress(job, lease.epoch, 1.5))
    assert ledger.get(job).state is State.RUNNING


def test_a_room_changes_its_table_and_a_job_together_or_not_at_all(store: Store) -> None:
    job = run(store.ledger.enqueue(Request("a.b"))).job.id
    lease = run(store.ledger.lease(job, "w"))

    def both(connection: apsw.Connection, epoch: int) -> None:
        connection.execute("INSERT INTO settings VALUES ('room', '1', 0)")
        rows.finish(connection, job, epoch, b"ok", 1.0)

    with pytest.raises(Conflict):
        store.writer.submit(lambda connection: both(connection, lease.epoch + 1)).result()
    assert store.settings.get("room") is None
    store.writer.submit(lambda connection: both(connection, lease.epoch)).result()
    assert store.settings.get("room") is not None
    assert store.ledger.get(job).state is State.DONE


def test_the_story_tells_how_a_job_came_to_its_state(ledger: Ledger, clock: ManualClock) -> None:
    job = run(ledger.enqueue(Request("a.b", max_attempts=2, role="cli"))).job.id
    clock.advance(1.5)
    run(ledger.fail(job, run(ledger.lease(job, "stt-1")).epoch, OOPS, retry=True))
    run(ledger.lease(job, "stt-2"))
    run(ledger.replay())
    run(ledger.cancel(job, "cli"))
    run(ledger.retry(job, "owner"))
    run(ledger.cancel(job, "owner"))
    told = [line.split("  ", 1)[-1] for line in ledger.story(job)]
    assert told == [
        "cli asked for it, and it was queued.",
        "stt-1 started it: attempt 1, lease epoch 1.",
        "Attempt 1 failed: the engine fell over (failed). It was queued again.",
        "stt-2 started it: attempt 2, lease epoch 2.",
        "Garret had been stopped while stt-2 ran it. It was queued again, and no attempt counted.",
        "cli cancelled it.",
        "owner asked to try it again.",
        "owner cancelled it.",
        "It is cancelled. 'garret jobs retry' starts it again.",
    ]
    assert ledger_story.local_time(clock.wall()) in ledger.story(job)[1]


def test_every_kind_of_event_has_its_sentence() -> None:
    job = Job(1, "j", "a.b", None, State.DONE, 1, 1, 3, 1, None, 1.0, "", None, "o", "p", 0, 0)
    for kind in Kind:
        event = Event(1, 0.0, kind, State.DONE, 1, 1, "w", "because")
        assert len(ledger_story.tell(job, [event])) == 2


class LedgerAgainstModel(RuleBasedStateMachine):
    """Random actions on rows and on a model of them; they agree on the state and on what is refused."""

    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.connection = apsw.Connection(":memory:")
        self.connection.pragma("foreign_keys", 1)
        migrations.apply(self.connection, [migrations.load("storage", "garret.storage.migrations.durable")])
        self.model: dict[str, machine.Standing] = {}
        self.transitions: dict[str, int] = {}
        self.now = 1_000.0

    def teardown(self) -> None:
        self.connection.close()

    def both(self, job: str, action: machine.Action, call: Any) -> None:
        """Take one transition in the model and in the rows; they succeed or are refused together."""
        if job not in self.model:
            with pytest.raises(NotFound):
                call()
            return
        try:
            after, _ = machine.step(self.model[job], action)
        except Conflict:
            with pytest.raises(Conflict):
                call()
            return
        call()
        self.model[job] = after
        self.transitions[job] += 1

    def epoch(self, job: str) -> int:
        return self.model[job].epoch if job in self.model else 0

    @rule(target=jobs, attempts=st.integers(1, 3), priority=st.integers(0, 3))
    def enqueue(self, attempts: int, priority: int) -> str:
        request = Request("a.b", b"p", max_attempts=attempts, priority=priority)
        job = rows.enqueue(self.connection, request, self.now).job.id
        self.model[job] = machine.queued(attempts)
        self.transitions[job] = 1
        return job

    @rule(job=jobs)
    def lease(self, job: str) -> None:
        self.both(job, machine.Lease("w"), lambda: rows.lease(self.connection, job, "w", self.now))

    @rule(job=jobs, stale=st.integers(0, 1))
    def finish(self, job: str, stale: int) -> None:
        epoch = self.epoch(job) - stale
        self.both(
            job, machine.Finish(epoch), lambda: rows.finish(self.connection, job, epoch, b"r", self.now)
        )

    @rule(job=jobs, stale=st.integers(0, 1), retry=st.booleans())
    def fail(self, job: str, stale: int, retry: bool) -> None:
        epoch = self.epoch(job) - stale
        self.both(
            job,
            machine.Fail(epoch, retry),
            lambda: rows.fail(self.connection, job, epoch, OOPS, retry, self.now),
        )

    @rule(job=jobs, stale=st.integers(0, 1))
    def requeue(self, job: str, stale: int) -> None:
        epoch = self.epoch(job) - stale
        self.both(
            job, machine.Requeue(epoch), lambda: rows.requeue(self.connection, job, epoch, "x", self.now)
        )

    @rule(job=jobs)
    def cancel(self, job: str) -> None:
        if job in self.model and self.model[job].state is State.CANCELLED:
            assert rows.cancel(self.connection, job, "o", self.now) is False
            return
        self.both(job, machine.Cancel(), lambda: rows.cancel(self.connection, job, "o", self.now))

    @rule(job=jobs)
    def retry(self, job: str) -> None:
        self.both(job, machine.Retry(), lambda: rows.retry(self.connection, job, "o", self.now))

    @rule()
    def crash_and_replay(self) -> None:
        replayed = rows.replay(self.connection, self.now)
        running = {job for job, standing in self.model.items() if standing.state is State.RUNNING}
        assert {one.job.id for one in replayed} == running
        for job in running:
            self.model[job], _ = machine.step(self.model[job], machine.Replay())
            self.transitions[job] += 1

    @rule(job=consumes(jobs))
    def prune_it(self, job: str) -> None:
        if job not in self.model or self.model[job].state in machine.ACTIVE:
            return
        over = [j for j, standing in self.model.items() if standing.state in machine.FINAL]
        assert rows.prune(self.connection, before=self.now + 1, keep=0) == len(over)
        for gone in over:
            del self.model[gone], self.transitions[gone]

    @rule(seconds=st.floats(0, 10))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def rows_and_model_agree(self) -> None:
        listed = {job.id: job for job in rows.select(self.connection, limit=1_000)}
        assert set(listed) == set(self.model)
        for job, standing in self.model.items():
            row = listed[job]
            assert (
                machine.Standing(row.state, row.attempts, row.max_attempts, row.epoch, row.owner) == standing
            )
            events = rows.events(self.connection, job)
            assert [event.number for event in events] == list(range(1, self.transitions[job] + 1))
            assert events[-1].state is standing.state


LedgerAgainstModel.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestLedgerAgainstModel = LedgerAgainstModel.TestCase


def test_what_is_part_of_a_jobs_work_is_found_while_it_is_not_over(store: Store) -> None:
    ledger = store.ledger
    root = run(ledger.enqueue(Request("a.b"))).job.id
    child = run(ledger.enqueue(Request("a.b", parent=root))).job.id
    grandchild = run(ledger.enqueue(Request("a.b", parent=child))).job.id
    run(ledger.enqueue(Request("a.b")))
    assert ledger.descendants(root) == [child, grandchild]
    run(ledger.cancel(child, "me"))
    assert ledger.descendants(root) == [grandchild]
    assert ledger.get(grandchild).parent == child


def test_a_job_ends_together_with_what_it_wrote_or_not_at_all(store: Store) -> None:
    ledger = store.ledger
    job = run(ledger.enqueue(Request("a.b"))).job.id
    lease = run(ledger.lease(job, "w"))

    def write(connection: apsw.Connection) -> None:
        connection.execute("INSERT INTO settings VALUES ('made', '1', 0.0)")

    def fail(connection: apsw.Connection) -> None:
        raise Invalid("This cannot be written.")

    with pytest.raises(Invalid):
        run(ledger.finish(job, lease.epoch, b"r", writes=(write, fail)))
    assert (ledger.get(job).state, store.settings.get("made")) == (State.RUNNING, None)
    with pytest.raises(Conflict):
        run(ledger.finish(job, lease.epoch - 1, b"r", writes=(write,)))
    assert store.settings.get("made") is None
    run(ledger.finish(job, lease.epoch, b"r", writes=(write,)))
    assert (ledger.get(job).state, store.settings.get("made") is not None) == (State.DONE, True)
