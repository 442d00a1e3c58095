"""Dictating live: pushed sound, partial text, spoken commands, stopping, cancelling, lost workers."""

from __future__ import annotations

import io
import os
import signal
import threading
from typing import Any

import numpy as np
import soundfile

from garret.base.errors import Code, GarretError
from garret.base.ids import new_id
from garret.features.dictate import contracts as d
from garret.features.house import contracts as h
from tests.e2e import speech
from tests.e2e.house import PATIENCE, House, Push, wait_until


def listen(
    house: House, push: Push, items: list[d.DictationItem] | None = None, **options: Any
) -> d.Dictated:
    request = d.Listen(source="push", key=new_id("ask"), **options)
    return house.client.stream(request, (items if items is not None else []).append, inputs=push)


def kept(house: House, utterance: str) -> speech.Samples:
    """The samples that are kept, once they are."""

    def flac() -> bytes:
        try:
            return house.kept_audio(utterance)
        except GarretError:
            return b""

    samples, _ = soundfile.read(io.BytesIO(wait_until(flac, "the sound is kept")), dtype="int16")
    return np.asarray(samples, np.int16)


def test_pushed_speech_gives_partials_while_it_is_spoken_and_text_at_the_end(house: House) -> None:
    source = speech.two_sentences()
    items: list[d.DictationItem] = []
    push = Push(source, pace=2.0)
    shown = threading.Event()

    def note(item: d.DictationItem) -> None:
        items.append(item)
        if item.kind == "partial":
            shown.set()

    def until_shown() -> d.AudioChunk | None:
        """The last fifth is not said before some text was shown, however slow the machine is."""
        if push.pushed > 0.8 * len(source):
            assert shown.wait(PATIENCE), "partial text comes before the speaker has ended"
        return push()

    done = house.client.stream(d.Listen(source="push", key=new_id("ask")), note, inputs=until_shown)
    found = house.transcript(done.utterance)
    assert any(item.kind == "state" and item.text == "listening" for item in items)
    assert any(item.kind == "level" and -60.0 < item.level < 0.0 for item in items)
    assert [item.text for item in items if item.kind == "final"] == [s.raw for s in found.segments]
    assert found.text.startswith("Good morning")
    assert "weekend" in found.text
    assert done.audio_seconds == len(source) / speech.RATE
    assert np.array_equal(kept(house, done.utterance), source)


def test_live_and_file_hear_the_same(house: House, tmp_path: Any) -> None:
    source = speech.hope()
    live = house.transcript(listen(house, Push(source)).utterance)
    file = house.dictate(speech.write(tmp_path / "same.wav", source))
    assert live.raw == file.raw
    assert live.raw.split()[:3] == ["i", "hope", "that"]


def test_silence_gives_no_text_and_says_so(house: House) -> None:
    done = listen(house, Push(speech.silence(2.0)))
    assert done.segments == 0
    assert "No speech" in done.note
    assert house.transcript(done.utterance).text == ""


def test_stop_ends_the_listening_and_keeps_what_was_said(house: House) -> None:
    source = np.concatenate([speech.greeting(), speech.silence(60.0)])
    push = Push(source, pace=1.0)
    told: list[str] = []
    with house.another_client() as other:

        def note(item: d.DictationItem) -> None:
            if item.kind == "final" and not told:
                told.append(item.text)
                other.call(d.Stop())

        done = house.client.stream(d.Listen(source="push", key=new_id("ask")), note, inputs=push)
        push.stopped.set()
    assert told == ["good morning"]
    assert house.transcript(done.utterance).raw == "good morning"
    assert done.audio_seconds < 30
    assert house.refusal(d.Stop()).code == Code.NOT_FOUND


def test_a_cancelled_dictation_keeps_its_sound(house: House) -> None:
    push = Push(np.concatenate([speech.greeting(), speech.silence(60.0)]), pace=1.0)
    begun = threading.Event()
    failed: list[GarretError] = []
    key = new_id("ask")

    def run() -> None:
        with house.another_client() as client:
            try:
                client.stream(
                    d.Listen(source="push", key=key),
                    lambda item: begun.set() if item.kind == "final" else None,
                    inputs=push,
                )
            except GarretError as error:
                failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(60)
    job = next(j for j in house.call(h.ListJobs(state="running")).jobs if j.command == "dictate.listen")
    assert house.call(h.CancelJob(job=job.id)).state == "cancelled"
    thread.join()
    push.stopped.set()
    assert failed[0].code == Code.CANCELLED
    utterance = f"utt_{job.id.rpartition('_')[2]}"
    row = house.utterance(utterance)
    assert (row.state, row.error) == ("captured", "It was cancelled; its sound is kept.")
    samples = kept(house, utterance)
    assert np.array_equal(samples[: 2 * speech.RATE], speech.greeting())
    house.call(d.Transcribe(utterance=utterance, key=new_id("ask")))
    assert house.transcript(utterance).raw == "good morning"


def test_a_lost_audio_worker_loses_no_sound_and_no_word(house: House) -> None:
    source = speech.two_sentences()
    push = Push(source, pace=1.5)
    killed: list[int] = []

    with house.another_client() as other:
        lookup = House(house.home.root)
        lookup._client = other

        def note(item: d.DictationItem) -> None:
            if item.kind == "partial" and item.segment == 1 and not killed:
                killed.extend(lookup.pids("audio"))
                os.kill(killed[0], signal.SIGKILL)

        done = house.client.stream(d.Listen(source="push", key=new_id("ask")), note, inputs=push)
    assert killed
    assert house.pids("audio") != killed
    found = house.transcript(done.utterance)
    assert np.array_equal(kept(house, done.utterance), source), "every sample is there, once"
    assert found.raw.split()[:2] == ["good", "morning"]
    assert "weekend" in found.raw


def test_a_lost_recogniser_costs_a_moment_only(house: House) -> None:
    source = speech.two_sentences()
    killed: list[int] = []
    with house.another_client() as other:
        lookup = House(house.home.root)
        lookup._client = other

        def note(item: d.DictationItem) -> None:
            if item.kind == "partial" and item.segment == 1 and not killed:
                killed.extend(lookup.pids("stt"))
                os.kill(killed[0], signal.SIGKILL)

        done = house.client.stream(
            d.Listen(source="push", key=new_id("ask")), note, inputs=Push(source, pace=1.5)
        )
    assert killed
    assert "weekend" in house.transcript(done.utterance).raw
    restarts = [worker.restarts for worker in house.workers("stt")]
    assert sum(restarts) >= 1


def test_spoken_commands_are_carried_out(house: House) -> None:
    source = speech.joined(
        speech.spoken("I will call you tomorrow morning."),
        speech.spoken("new paragraph"),
        speech.spoken("The weather is very cold today."),
        speech.spoken("scratch that"),
        speech.spoken("We will leave early."),
    )
    items: list[d.DictationItem] = []
    done = listen(house, Push(source), items)
    found = house.transcript(done.utterance)
    told = [item.text for item in items if item.kind == "command"]
    assert told == ["new paragraph", "scratch that"]
    assert len(found.text.split("\n\n")) == 2, found.text
    assert "weather" not in found.text
    assert "weather" in found.raw, "the raw text keeps what was said"


def test_stop_dictation_is_understood(house: House) -> None:
    source = speech.joined(speech.spoken("Please call me tomorrow."), speech.spoken("stop dictation"))
    push = Push(np.concatenate([source, speech.silence(60.0)]), pace=1.0)
    done = listen(house, push)
    push.stopped.set()
    assert done.audio_seconds < 30, "it ended long before the sound did"
    assert "dictation" not in house.transcript(done.utterance).text.lower()


def test_the_same_listening_is_not_done_twice(house: House) -> None:
    key = new_id("ask")
    request = d.Listen(source="push", key=key)
    first = house.client.stream(request, lambda item: None, inputs=Push(speech.greeting()))
    again = house.client.stream(request, lambda item: None, inputs=Push(speech.hope()))
    assert again == first
    assert house.transcript(first.utterance).raw == "good morning"
