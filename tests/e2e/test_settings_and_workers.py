"""Settings reach the workers that need them; workers are replaced, watched, told of and bounded."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from garret.base.errors import Code
from garret.base.ids import new_id
from garret.features.dictate import contracts as d
from garret.features.house import contracts as h
from tests.e2e import speech
from tests.e2e.house import House, Push, wait_until
from tests.features.dictate.engines import models
from tests.models import made


def test_a_changed_engine_setting_swaps_the_worker_without_losing_a_dictation(house: House) -> None:
    source = speech.two_sentences()
    before: list[int] = []
    with house.another_client() as other:
        lookup = House(house.home.root)
        lookup._client = other

        def note(item: d.DictationItem) -> None:
            if item.kind == "partial" and item.segment == 1 and not before:
                before.extend(lookup.pids("stt"))
                lookup.set("dictate.threads", "1")

        done = house.client.stream(
            d.Listen(source="push", key=new_id("ask")), note, inputs=Push(source, pace=1.5)
        )
    try:
        assert before
        assert "weekend" in house.transcript(done.utterance).raw
        wait_until(lambda: set(house.pids("stt")).isdisjoint(before), "the old process has left")
        assert house.workers("stt")[0].restarts == 0, "it was replaced, not lost"
    finally:
        house.set("dictate.threads", None)


def test_another_engine_is_used_from_the_next_dictation_on(house: House, tmp_path: Path) -> None:
    folder = models.whisper_model(tmp_path / "whisper")
    path = speech.write(tmp_path / "engine.wav", speech.greeting())
    house.set("dictate.whisper_model", str(folder))
    house.set("dictate.engine", "whisper")
    try:
        found = house.dictate(path)
        assert found.engine == "whisper"
        assert "draft" not in found.quality
        again = house.dictate(path, engine="pocketsphinx")
        assert (again.engine, again.raw) == ("pocketsphinx", "good morning")
    finally:
        house.set("dictate.engine", None)
        house.set("dictate.whisper_model", None)


def test_an_engine_that_does_not_exist_is_refused_with_those_that_do(house: House, tmp_path: Path) -> None:
    taken = house.take(speech.write(tmp_path / "which.wav", speech.greeting()))
    refused = house.refusal(d.Transcribe(utterance=taken, key=new_id("ask"), engine="parrot"))
    assert refused.code in (Code.USAGE, Code.NOT_FOUND)
    assert "pocketsphinx" in refused.message
    assert house.refusal(h.SetSetting(key="dictate.engine", value="parrot")).code == Code.USAGE


def test_a_wrong_model_folder_is_told_and_the_sound_is_kept(house: House, tmp_path: Path) -> None:
    taken = house.take(speech.write(tmp_path / "model.wav", speech.greeting()))
    made.folder_of(made.ONE, tmp_path / "whisper")
    (tmp_path / "sherpa").mkdir()
    for name in ("tokens.txt", "model.onnx"):
        (tmp_path / "sherpa" / name).touch()
    for engine, lost in (("whisper", "model.bin"), ("sherpa", "tokens.txt")):
        key = f"dictate.{engine}_model"
        assert "holds no" in house.refusal(h.SetSetting(key=key, value=str(tmp_path))).message
        house.set(key, str(tmp_path / engine))
        (tmp_path / engine / lost).unlink()
        try:
            refused = house.refusal(d.Transcribe(utterance=taken, key=new_id("ask"), engine=engine))
        finally:
            house.set(key, None)
        assert str(tmp_path / engine) in refused.message
        assert not refused.retryable
    assert house.utterance(taken).state == "captured"
    house.call(d.Transcribe(utterance=taken, key=new_id("ask")))
    assert house.transcript(taken).raw == "good morning"


def test_restarting_a_worker_puts_a_new_process_in_its_place(house: House, tmp_path: Path) -> None:
    path = speech.write(tmp_path / "again.wav", speech.greeting())
    house.dictate(path)
    before = house.pids("stt")
    house.call(h.RestartWorker(name="stt"))
    wait_until(lambda: house.pids("stt") and set(house.pids("stt")).isdisjoint(before), "it is replaced")
    assert house.dictate(path).raw == "good morning"
    assert house.refusal(h.RestartWorker(name="nobody")).code == Code.USAGE


def test_a_worker_that_keeps_dying_is_left_stopped_with_a_message_until_reset(own_house: House) -> None:
    house = own_house.start()
    house.set("supervisor.restart_limit", "1")
    house.restart()
    push = Push(np.concatenate([speech.greeting(), speech.silence(60.0)]), pace=1.0)
    request = d.Listen(source="push", key=new_id("ask"))
    killed: set[int] = set()
    with house.another_client() as other:
        lookup = House(house.home.root)
        lookup._client = other

        def note(item: d.DictationItem) -> None:
            if not killed and item.kind not in ("partial", "final"):
                return  # nothing would be there yet to make text of; a slow engine may tell no partial first
            for pid in set(lookup.pids("audio")) - killed:
                killed.add(pid)
                os.kill(pid, signal.SIGKILL)

        done = house.client.stream(request, note, inputs=push)
    push.stopped.set()
    assert len(killed) == 2
    assert "restarts" in done.note, "the dictation ended with what it had, and says why"
    (worker,) = house.workers("audio")
    assert worker.state == "failed"
    assert "garret workers restart audio" in worker.sentence
    assert any("audio" in check.name and check.outcome == "fail" for check in house.call(h.Diagnose()).checks)
    house.call(h.RestartWorker(name="audio"))
    again = house.client.stream(
        d.Listen(source="push", key=new_id("ask")), lambda item: None, inputs=Push(speech.greeting())
    )
    assert house.transcript(again.utterance).raw == "good morning"


@pytest.mark.parametrize("key", ["jobs.attempts", "dictate.longest_hours"])
def test_a_setting_out_of_range_is_refused_and_the_old_one_holds(house: House, key: str) -> None:
    before = house.call(h.ListSettings(key=key)).settings[0].value
    refused = house.refusal(h.SetSetting(key=key, value="100000"))
    assert refused.code == Code.USAGE
    assert house.call(h.ListSettings(key=key)).settings[0].value == before
