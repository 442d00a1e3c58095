"""A wall clock that jumps under a house that works: nothing is lost, done twice or late."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from garret.base.errors import Code
from garret.base.ids import new_id
from garret.features.dictate import contracts as d
from garret.features.house import contracts as h
from tests.e2e import speech
from tests.e2e.house import House, Push, new_house, wait_until
from tests.faults.jumping_daemon import jump

DAY = 86_400.0


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    path = tmp_path / "clock"
    path.write_bytes(bytes(8))
    return path


@pytest.fixture
def house(clock: Path) -> Iterator[House]:
    with new_house() as mine:
        mine.program = [str(Path(__file__).with_name("jumping_daemon.py")), str(clock)]
        yield mine.start()


@pytest.mark.parametrize("days", [400.0, -400.0], ids=["forward", "back"])
def test_a_dictation_goes_through_a_jump(house: House, clock: Path, days: float) -> None:
    jumped: list[float] = []
    killed: list[int] = []
    with house.another_client() as other:
        lookup = House(house.home.root)
        lookup._client = other

        def note(item: d.DictationItem) -> None:
            if item.kind == "partial" and item.segment == 1 and not jumped:
                jumped.append(days * DAY)
                jump(clock, days * DAY)
                killed.extend(lookup.pids("audio"))
                os.kill(killed[0], signal.SIGKILL)  # its restart must not wait for the clock either

        push = Push(speech.two_sentences(), pace=1.5)
        request = d.Listen(source="push", key=new_id("ask"))
        done = house.client.stream(request, note, inputs=push)
    assert jumped
    found = house.transcript(done.utterance)
    assert "weekend" in found.raw
    assert found.audio_seconds == pytest.approx(6.7)
    assert all(seconds < 60 for seconds in found.stages.values()), "times spent are no clock times"
    status = house.call(h.GetStatus())
    assert status.uptime_seconds < 600
    assert all(row.p99_ms < 120_000 for row in status.latencies)
    (job,) = house.call(h.ListJobs()).jobs
    assert (job.state, job.attempts) == ("done", 1)
    assert house.call(h.VerifyAudit()).intact


def test_an_approval_does_not_outlive_a_jump_forward_nor_live_longer_after_one_back(
    house: House, clock: Path, tmp_path: Path
) -> None:
    path = speech.write(tmp_path / "a.wav", speech.greeting())
    taken = [house.take(path) for _ in range(2)]
    late = house.approved(d.Delete(utterance=taken[0]))
    jump(clock, DAY)
    assert house.refusal(late).code == Code.DENIED
    jump(clock, 0.0)
    early = house.approved(d.Delete(utterance=taken[1]))
    jump(clock, -DAY)
    house.call(early)
    assert house.refusal(early).code == Code.DENIED, "it was used"
    assert house.transcript(taken[0]).utterance == taken[0]


def test_jobs_keep_their_order_and_story_over_a_jump_back(house: House, clock: Path, tmp_path: Path) -> None:
    path = speech.write(tmp_path / "a.wav", speech.greeting())
    first = house.dictate(path)
    jump(clock, -DAY)
    second = house.dictate(path)
    jobs = [job for job in house.call(h.ListJobs()).jobs if job.command == "dictate.transcribe"]
    assert [job.state for job in jobs] == ["done", "done"]
    assert jobs[0].created < jobs[1].created, "the newest first, though its clock says it is older"
    assert {row.id for row in house.call(d.History()).utterances} == {first.utterance, second.utterance}
    assert len(house.call(h.JobStory(job=jobs[0].id)).lines) >= 3
    house.restart()
    assert house.transcript(second.utterance) == second


def test_a_killed_house_comes_back_under_another_time(house: House, clock: Path, tmp_path: Path) -> None:
    taken = house.take(speech.write(tmp_path / "a.wav", speech.greeting()))
    house.kill()
    jump(clock, -10 * DAY)
    house.start()
    house.call(d.Transcribe(utterance=taken, key=new_id("ask")))
    assert house.transcript(taken).raw == "good morning"
    wait_until(lambda: house.utterance(taken).has_audio, "its sound is kept")
