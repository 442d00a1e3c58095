"""Files become text: words, times, parallel segments, retries, delivery, what is kept of the sound."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from garret.base.errors import Code
from garret.base.ids import new_id
from garret.features.dictate import contracts as d
from garret.features.dictate.text.words import word_error_rate
from garret.features.house import contracts as h
from tests.e2e import speech
from tests.e2e.house import House, wait_until


@pytest.fixture(scope="module")
def two(house: House, tmp_path_factory: pytest.TempPathFactory) -> d.Transcript:
    """Two sentences, dictated once for the tests that only look at the result."""
    path = speech.write(tmp_path_factory.mktemp("files") / "two.wav", speech.two_sentences())
    return house.dictate(path)


def test_a_file_gives_raw_and_clean_text_from_a_named_engine(two: d.Transcript) -> None:
    assert two.raw.split()[:2] == ["good", "morning"]
    assert "weekend" in two.raw
    assert two.text.startswith("Good morning")
    assert two.engine == "pocketsphinx"
    assert "draft" in two.quality
    assert two.state == "cleaned"
    assert two.audio_seconds == pytest.approx(6.7, abs=0.01)


def test_every_word_has_its_place_in_time(two: d.Transcript) -> None:
    words = [word for segment in two.segments for word in segment.words]
    assert " ".join(word.word for word in words) == two.raw
    assert all(0.0 <= word.start < word.end <= two.audio_seconds for word in words)
    assert [word.start for word in words] == sorted(word.start for word in words)
    assert all(0.0 <= word.confidence <= 1.0 for word in words)
    morning = next(word for word in words if word.word == "morning")
    assert 0.4 < morning.start < 1.8, "it is said in the first two seconds"


def test_segments_are_cut_at_silences_and_stay_in_order(two: d.Transcript) -> None:
    assert two.total == len(two.segments) == 2
    first, second = two.segments
    assert 0.0 <= first.start < first.end <= second.start < second.end <= two.audio_seconds
    assert first.raw == "good morning"


def test_each_stage_is_timed(two: d.Transcript) -> None:
    assert set(two.stages) >= {"decode", "recognise", "clean"}
    assert all(seconds >= 0 for seconds in two.stages.values())
    assert two.decode_seconds > 0


@pytest.mark.parametrize(("suffix", "options"), [("flac", {}), ("ogg", {}), ("mp3", {}), ("aiff", {})])
def test_other_kinds_of_file_give_the_same_words(
    house: House, tmp_path: Path, suffix: str, options: dict[str, str]
) -> None:
    found = house.dictate(speech.write(tmp_path / f"hello.{suffix}", speech.greeting(), **options))
    assert found.raw == "good morning"


def test_stereo_of_another_rate_gives_the_same_words(house: House, tmp_path: Path) -> None:
    import soxr

    high = soxr.resample(speech.greeting(), speech.RATE, 44_100)
    soundfile.write(tmp_path / "stereo.wav", np.stack([high, high], axis=1), 44_100, subtype="PCM_24")
    assert house.dictate(tmp_path / "stereo.wav").raw == "good morning"


def test_partial_and_final_text_stream_while_it_runs(house: House, tmp_path: Path) -> None:
    taken = house.take(speech.write(tmp_path / "two.wav", speech.two_sentences()))
    items: list[d.DictationItem] = []
    fractions: list[float] = []
    request = d.Transcribe(utterance=taken, key=new_id("ask"), partials=True)
    house.client.stream(
        request, items.append, on_progress=lambda progress: fractions.append(progress.fraction)
    )
    assert any(item.kind == "partial" and item.text for item in items)
    finals = {item.segment: item.text for item in items if item.kind == "final"}
    assert finals[0] == "good morning"
    assert len(finals) == 2
    assert "draft" in next(item.quality for item in items if item.kind == "final")
    assert fractions == sorted(fractions)


def test_a_long_file_is_recognised_by_several_workers_at_once(tmp_path: Path) -> None:
    from tests.e2e.house import running_house

    with running_house({"dictate.workers": "2"}) as house:
        found = house.dictate(speech.write(tmp_path / "long.wav", speech.cut(0.0, 12.4)))
        assert len(house.pids("stt")) == 2
        pids = set(house.pids("stt"))
        figures = {row.name: row.count for row in house.call(h.GetStatus()).latencies if row.stage == "total"}
        assert figures["stt.recognize"] == found.total == 3
        assert len(pids) == 2
        assert found.text.startswith("Good morning. I am writing")
        assert [segment.start for segment in found.segments] == sorted(s.start for s in found.segments)


def test_asking_again_with_the_same_key_does_nothing_twice(house: House, tmp_path: Path) -> None:
    taken = house.take(speech.write(tmp_path / "once.wav", speech.greeting()))
    request = d.Transcribe(utterance=taken, key=new_id("ask"))
    first = house.call(request)
    before = len(house.call(h.ListJobs(limit=1000)).jobs)
    assert house.call(request) == first
    assert len(house.call(h.ListJobs(limit=1000)).jobs) == before


def test_retry_from_the_sound_with_spelling(house: House, two: d.Transcript) -> None:
    again = d.Transcribe(utterance=two.utterance, key=new_id("ask"), mode="spelling")
    house.call(again)
    spelled = house.transcript(two.utterance)
    assert spelled.raw != two.raw, "the spelling grammar hears letters"
    house.call(d.Transcribe(utterance=two.utterance, key=new_id("ask")))
    assert house.transcript(two.utterance).raw == two.raw


def test_retry_from_what_was_heard_cleans_again_without_hearing(house: House, tmp_path: Path) -> None:
    first = house.dictate(speech.write(tmp_path / "again.wav", speech.greeting()))
    counted = _recognitions(house)
    house.set("dictate.vocabulary", '{"good morning": "Salutations"}')
    try:
        done = house.call(
            d.Transcribe(utterance=first.utterance, key=new_id("ask"), start_from="transcribed")
        )
        after = house.transcript(first.utterance)
    finally:
        house.set("dictate.vocabulary", None)
    assert after.raw == first.raw
    assert after.text.startswith("Salutations")
    assert done.state == "cleaned"
    assert _recognitions(house) == counted, "nothing was recognised anew"


def test_pauses_end_the_sentences_of_the_passage_and_a_retry_ends_the_same(
    house: House, tmp_path: Path
) -> None:
    written = speech.passage_text()
    first = house.dictate(speech.write(tmp_path / "passage.wav", speech.passage()))
    assert [segment.text[-1] for segment in first.segments] == ["."] * written.count(".")
    assert all(segment.text[0].isupper() and segment.text.count(".") == 1 for segment in first.segments)
    assert " ".join(segment.text for segment in first.segments) == first.text
    assert "." not in first.raw
    assert word_error_rate(written, first.text) == word_error_rate(written, first.raw)
    again = d.Transcribe(utterance=first.utterance, key=new_id("ask"), start_from="transcribed")
    house.call(again)
    assert house.transcript(first.utterance).text == first.text
    house.set("dictate.sentence_pause", "0")
    try:
        house.call(msgspec.structs.replace(again, key=new_id("ask")))
        bare = house.transcript(first.utterance).text
        assert bare.lower() == first.text.replace(".", "").lower()
        assert bare.startswith("Good morning I am writing")
    finally:
        house.set("dictate.sentence_pause", None)


def _recognitions(house: House) -> int:
    rows = house.call(h.GetStatus()).latencies
    return sum(row.count for row in rows if row.name == "stt.recognize" and row.stage == "total")


def test_the_sound_is_kept_as_flac_equal_to_its_source(house: House, tmp_path: Path) -> None:
    source = speech.hope()
    found = house.dictate(speech.write(tmp_path / "kept.wav", source))

    def flac() -> bytes:
        data = house.kept_audio(found.utterance)
        return data if data.startswith(b"fLaC") else b""

    samples, rate = soundfile.read(io.BytesIO(wait_until(flac, "the sound is FLAC")), dtype="int16")
    assert rate == speech.RATE
    assert np.array_equal(samples, source)
    assert not list(house.home.spool.iterdir()), "the spool is let go of once the sound is kept"


def test_retrying_at_once_never_spoils_the_sound_that_is_being_kept(house: House, tmp_path: Path) -> None:
    source = speech.greeting()
    found = house.dictate(speech.write(tmp_path / "fast.wav", source))
    for _ in range(3):
        house.call(d.Transcribe(utterance=found.utterance, key=new_id("ask")))
    wait_until(lambda: not list(house.home.spool.iterdir()), "the sound is kept")
    samples, _ = soundfile.read(io.BytesIO(house.kept_audio(found.utterance)), dtype="int16")
    assert np.array_equal(samples, source)


def test_two_runs_over_one_utterance_take_turns(house: House, tmp_path: Path) -> None:
    taken = house.take(speech.write(tmp_path / "turns.wav", speech.two_sentences()))
    requests = [d.Transcribe(utterance=taken, key=new_id("ask")) for _ in range(3)]
    results: list[d.Dictated] = []

    def ask(request: d.Transcribe) -> None:
        with house.another_client() as client:
            results.append(client.call(request))

    threads = [threading.Thread(target=ask, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.segments for result in results] == [2, 2, 2]
    found = house.transcript(taken)
    assert found.total == 2
    assert all(segment.words for segment in found.segments)


def test_what_is_no_sound_leaves_nothing_behind(house: House, tmp_path: Path) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(b"RIFF\x00\x00\x00\x00WAVEjunk" + bytes(200))
    taken = house.take(path)
    assert house.refusal(d.Transcribe(utterance=taken)).code == Code.INVALID
    assert taken not in {row.id for row in house.call(d.History(limit=1000)).utterances}
    assert house.refusal(d.Audio(utterance=taken)).code == Code.NOT_FOUND
    assert not list(house.home.spool.iterdir())


def test_delivered_and_held(house: House, tmp_path: Path) -> None:
    path = speech.write(tmp_path / "deliver.wav", speech.greeting())
    found = house.dictate(path)
    problem = "The disk of notes.txt is full."
    house.call(d.Delivered(utterance=found.utterance, where="notes.txt", problem=problem))
    held = house.utterance(found.utterance)
    assert (held.state, held.text) == ("held", found.text)
    house.call(d.Delivered(utterance=found.utterance, where="notes.txt"))
    assert house.utterance(found.utterance).state == "delivered"


def test_engines_say_whether_they_can_be_used(house: House) -> None:
    found = house.call(d.ListEngines()).engines
    assert {engine.name for engine in found} == {"pocketsphinx", "sherpa", "whisper"}
    default = next(engine for engine in found if engine.name == "pocketsphinx")
    assert default.available
    missing = [engine for engine in found if not engine.available]
    assert all(engine.reason for engine in missing), "what cannot be used says why"
