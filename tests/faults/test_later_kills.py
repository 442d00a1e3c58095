"""A house that is killed in the worst moments: what is to be delivered and done later is, and once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from garret.base.paths import Home
from garret.features.house import contracts as h
from garret.transport.client import Client
from garret.transport.errors import TransportError
from tests.e2e.house import wait_until
from tests.toy_room import later

HOUR = 3_600.0


def begin(home: Home, offset: float) -> subprocess.Popen[bytes]:
    """A house with the room, whose wall clock is wrong by `offset` seconds."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.toy_room.later", str(home.root), str(offset)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )


@contextmanager
def house(home: Home, offset: float = 0.0) -> Iterator[Client]:
    """A client of a house, which is killed afterwards if it has not ended before."""
    process = begin(home, offset)
    assert process.stdout is not None
    with process, process.stdout:
        assert process.stdout.readline() == b"ready\n"
        client = Client.connect(home)
        try:
            yield client
        finally:
            client.close()
            process.kill()


def die(home: Home, where: str, offset: float = 0.0) -> None:
    """A house that ends by its own hand in what it finds to do at its start."""
    tell_to_die(home, where)
    process = begin(home, offset)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def tell_to_die(home: Home, where: str) -> None:
    home.root.mkdir(parents=True, exist_ok=True)
    (home.root / f"die-{where}").touch()


def lines(home: Home, name: str) -> list[list[str]]:
    path = home.root / name
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def wait_for_entries(client: Client, state: str, count: int) -> tuple[h.OutboxEntry, ...]:
    wait_until(lambda: len(client.call(h.ListOutbox(state=state)).entries) >= count, f"{count} {state}")
    return client.call(h.ListOutbox(state=state)).entries


def wait_for_jobs(client: Client, state: str, count: int) -> tuple[h.Job, ...]:
    wait_until(lambda: len(client.call(h.ListJobs(state=state)).jobs) >= count, f"{count} {state}")
    return client.call(h.ListJobs(state=state)).jobs


def test_what_a_job_causes_is_delivered_once_by_its_id_whenever_the_house_dies(home: Home) -> None:
    tell_to_die(home, "send")  # all is said, and nothing of it kept
    with house(home) as client:
        with pytest.raises(TransportError):
            client.call(later.Send(text="one", key="a"))
    die(home, "deliver")  # behind the delivery, before it is acknowledged
    with house(home) as client:
        (job,) = wait_for_jobs(client, "done", 1)
        (entry,) = wait_for_entries(client, "delivered", 1)
        assert entry.cause == job.id
        client.call(later.Send(text="two", key="b"))
        wait_for_entries(client, "delivered", 2)
        assert client.call(h.ListOutbox()).entries == ()
    with house(home) as client:
        assert len(client.call(h.ListOutbox(state="delivered")).entries) == 2
    told = lines(home, later.DELIVERED)
    assert [text for _, text in told if text == "two"] == ["two"]
    assert [words for words in told if words[1] == "one"] == [[entry.id, "one"]] * 2, "twice, under one id"


def test_what_was_planned_is_done_once_after_restarts_and_kills(home: Home) -> None:
    with house(home) as client:
        client.call(later.PlanNote(text="soon", moment=time.time() + HOUR))
        (planned,) = client.call(h.ListSchedules()).schedules
        assert planned.state == "active"
    with house(home) as client:
        assert client.call(h.ListJobs()).jobs == ()
    die(home, "note", 2 * HOUR)  # the job has begun, and nobody was told that it is done
    with house(home, 2 * HOUR) as client:
        (job,) = wait_for_jobs(client, "done", 1)
        shown = client.call(h.GetSchedule(schedule=planned.id))
        assert shown.state == "done"
        assert [(run.state, run.job, run.due) for run in shown.runs] == [("done", job.id, planned.due)]
    with house(home, 4 * HOUR) as client:
        assert [one.id for one in client.call(h.ListJobs()).jobs] == [job.id]
    assert lines(home, later.NOTED) == [[job.id, "soon"]] * 2, "two attempts of one job"
