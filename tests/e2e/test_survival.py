"""Jobs outlive their control plane: killed or stopped, it goes on where it was, and tells how."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import numpy as np
import psutil
import pytest

from garret.base.errors import GarretError
from garret.features.dictate import contracts as d
from garret.features.house import contracts as h
from tests.e2e import speech
from tests.e2e.house import House, Push, gone, wait_until
from tests.e2e.test_live import kept
from tests.features.dictate.rooms import leave_job, utterance_of


def finished(house: House, job: str) -> h.Job:
    def over() -> h.Job | None:
        found = house.call(h.GetJob(job=job))
        return found if found.state in ("done", "failed", "cancelled") else None

    found: h.Job = wait_until(over, f"{job} is over")
    return found


def begin(house: House, request: d.Transcribe) -> threading.Thread:
    """Ask in the background; returns when the first segment was heard, which the job survives."""
    heard = threading.Event()

    def run() -> None:
        with house.another_client() as client:
            try:
                client.stream(request, lambda item: heard.set() if item.kind == "final" else None)
            except GarretError:
                heard.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert heard.wait(120)
    return thread


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_a_transcription_goes_on_after_the_control_plane_ended(
    own_house: House, tmp_path: Path, number: signal.Signals
) -> None:
    house = own_house.start()
    taken = house.take(speech.write(tmp_path / "long.wav", speech.cut(0.0, 17.9)))
    thread = begin(house, d.Transcribe(utterance=taken, key="ask"))
    (job,) = house.call(h.ListJobs()).jobs
    house.kill() if number == signal.SIGKILL else house.stop()
    thread.join()
    house.start()
    assert finished(house, job.id).state == "done"
    found = house.transcript(taken)
    assert found.text.startswith("Good morning. I am writing")
    assert found.total == 4
    assert len({segment.start for segment in found.segments}) == 4, "no segment is there twice"
    figures = {row.name: row.count for row in house.call(h.GetStatus()).latencies if row.stage == "total"}
    assert figures["stt.recognize"] < 4, "what had been heard was not heard again"
    story = house.call(h.JobStory(job=job.id)).lines
    assert "attempt 1" in story[1]
    assert "stopped" in story[2], "it tells what came between"
    assert any("lease epoch 2" in line for line in story[3:])
    assert "done" in story[-1]


def test_a_live_dictation_that_was_cut_off_becomes_text(own_house: House) -> None:
    house = own_house.start()
    source = np.concatenate([speech.two_sentences(), speech.silence(60.0)])
    push = Push(source, pace=1.0)
    heard = threading.Event()

    def run() -> None:
        with house.another_client() as client:
            try:
                client.stream(
                    d.Listen(source="push", key="ask"),
                    lambda item: heard.set() if item.kind == "final" else None,
                    inputs=push,
                )
            except GarretError:
                return

    thread = threading.Thread(target=run)
    thread.start()
    assert heard.wait(60)
    pushed = push.pushed
    house.kill()
    push.stopped.set()
    thread.join()
    house.start()
    with house.another_client() as client:
        done = client.call(d.Listen(source="push", key="ask"))
    found = house.transcript(done.utterance)
    assert found.raw.startswith("good morning")
    assert "cut off" in found.note
    samples = kept(house, done.utterance)
    assert len(samples) >= pushed - speech.RATE // 10, "at most a tenth of a second is lost"
    assert np.array_equal(samples, source[: len(samples)])


def test_a_live_dictation_goes_on_as_text_after_a_clean_stop(own_house: House) -> None:
    house = own_house.start()
    push = Push(np.concatenate([speech.greeting(), speech.silence(60.0)]), pace=1.0)
    heard = threading.Event()
    told: list[GarretError] = []

    def run() -> None:
        with house.another_client() as client:
            try:
                client.stream(
                    d.Listen(source="push", key="ask"),
                    lambda item: heard.set() if item.kind == "final" else None,
                    inputs=push,
                )
            except GarretError as error:
                told.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert heard.wait(60)
    house.stop()
    push.stopped.set()
    thread.join()
    assert told
    house.start()
    with house.another_client() as client:
        done = client.call(d.Listen(source="push", key="ask"))
    assert house.transcript(done.utterance).raw == "good morning"
    wait_until(lambda: house.utterance(done.utterance).has_audio, "its sound is kept")


def test_a_live_dictation_that_had_not_begun_goes_on_with_who_comes_back(own_house: House) -> None:
    own_house.start()
    own_house.stop()
    order = d.Listen(source="push", key="ask")
    job = leave_job(own_house.home, order)
    house = own_house.start()
    done = house.client.stream(order, lambda item: None, inputs=Push(speech.greeting()))
    assert (done.utterance, done.note) == (utterance_of(job), "")
    assert house.transcript(done.utterance).raw == "good morning"
    assert np.array_equal(kept(house, done.utterance), speech.greeting())


def test_nothing_is_left_of_a_killed_house(own_house: House, tmp_path: Path) -> None:
    house = own_house.start()
    house.dictate(speech.write(tmp_path / "a.wav", speech.greeting()))
    below = psutil.Process(house.pid).children(recursive=True)
    assert {"audio", "stt", "text"} <= {row.name for row in house.call(h.ListWorkers()).workers if row.pid}
    assert len(below) >= 3
    os.kill(house.pid, signal.SIGKILL)
    assert gone(below) < 1.0, "workers end with it, not when somebody looks for them"


def test_events_of_a_job_reach_who_subscribed(own_house: House, tmp_path: Path) -> None:
    house = own_house.start()
    finished_event = house.wait_event("dictate.finished", lambda event: event.text.startswith("Good morning"))
    done_event = house.wait_event("house.job_changed", lambda event: event.state == "done")
    house.dictate(speech.write(tmp_path / "a.wav", speech.greeting()))
    assert finished_event.wait(30)
    assert done_event.wait(30)
