"""The real espeak-ng library speaks, stops when told and survives hostile text."""

from __future__ import annotations

import threading

import pytest

from garret.base.errors import GarretError
from garret.features.speak.engines.contract import (
    EmptyTextError,
    SpeechFormat,
    SpeechOptions,
    Spoken,
    SynthesisError,
    TextTooLongError,
    UnknownVoiceError,
)
from garret.features.speak.engines.espeak import Espeak


@pytest.fixture(scope="module")
def espeak() -> Espeak:
    return Espeak()


def speak(engine: Espeak, text: str, options: SpeechOptions | None = None) -> tuple[Spoken, bytes]:
    pieces: list[bytes] = []

    def sink(piece: bytes) -> bool:
        pieces.append(piece)
        return True

    spoken = engine.speak(text, options or SpeechOptions(), lambda _: None, sink, lambda: False)
    return spoken, b"".join(pieces)


def test_voices_are_many_unique_and_called_robotic(espeak: Espeak) -> None:
    voices = espeak.voices()
    assert len(voices) > 100
    assert len({voice.id for voice in voices}) == len(voices)
    assert voices[0].id == "espeak-ng/en-us"
    assert voices[0].engine == "espeak-ng"
    assert {voice.quality for voice in voices} == {"robotic"}
    assert {"en-us", "en-gb", "de", "fr-fr"} <= {voice.language for voice in voices}


def test_format_comes_before_the_first_sound(espeak: Espeak) -> None:
    events: list[object] = []

    def sink(piece: bytes) -> bool:
        events.append(len(piece))
        return True

    spoken = espeak.speak("Good morning.", SpeechOptions(), events.append, sink, lambda: False)
    assert isinstance(events[0], SpeechFormat)
    sizes = [event for event in events[1:] if isinstance(event, int)]
    assert len(sizes) == len(events) - 1
    assert sum(sizes) == spoken.samples * 2
    assert 0.4 < spoken.seconds < 3
    assert max(sizes) <= spoken.format.sample_rate * 0.1 * 2


def test_a_sink_that_refuses_gets_nothing_more(espeak: Espeak) -> None:
    taken: list[bytes] = []

    def sink(piece: bytes) -> bool:
        taken.append(piece)
        return len(taken) < 3

    spoken = espeak.speak("A long sentence. " * 50, SpeechOptions(), lambda _: None, sink, lambda: False)
    assert len(taken) == 3
    assert not spoken.finished
    assert spoken.samples == sum(map(len, taken)) // 2


def test_cancel_stops_within_a_tenth_of_a_second_of_audio(espeak: Espeak) -> None:
    cancelled = threading.Event()
    after: list[int] = []

    def sink(piece: bytes) -> bool:
        if cancelled.is_set():
            after.append(len(piece))
        cancelled.set()
        return True

    spoken = espeak.speak("word " * 500, SpeechOptions(), lambda _: None, sink, cancelled.is_set)
    assert not spoken.finished
    assert sum(after) <= spoken.format.sample_rate * 0.1 * 2


def test_rate_pitch_volume_and_voice_change_the_sound(espeak: Espeak) -> None:
    text = "The weather is fine today."
    plain, sound = speak(espeak, text)
    fast, _ = speak(espeak, text, SpeechOptions(rate=350))
    assert fast.samples < plain.samples * 0.7
    _, quiet = speak(espeak, text, SpeechOptions(volume=0))
    assert not any(quiet)
    assert any(sound)
    for options in (SpeechOptions(pitch=90), SpeechOptions(voice="espeak-ng/de")):
        assert speak(espeak, text, options)[1] != sound
    # Nothing of the other options stays behind; the library varies its noise and timing a little itself.
    again, _ = speak(espeak, text)
    assert again.samples == pytest.approx(plain.samples, rel=0.03)


@pytest.mark.parametrize(
    "text",
    [
        "before \x00 after",
        "\x01s400 quick \x0198P high",
        "<speak><audio src='file:///etc/passwd'/>hello</speak>",
        "[[h@l'oU]] hello",
        "\U0001f600 \U0001f469\u200d\U0001f4bb \ufe0f",
        "\ud800 lonely \udfff",
        "e" + "\u0301" * 5_000,
        "x" * 20_000,
        "((((" * 500 + "1" * 3_000,
        "\u202etxet\u202c \ufeff\ufffd",
    ],
)
def test_hostile_text_is_spoken_or_refused_and_the_engine_lives(espeak: Espeak, text: str) -> None:
    count = 0

    def sink(piece: bytes) -> bool:
        nonlocal count
        count += len(piece)
        return count < 2_000_000

    espeak.speak(text, SpeechOptions(), lambda _: None, sink, lambda: False)
    assert count > 0
    assert speak(espeak, "still here")[0].finished


def test_markup_is_read_out_not_obeyed(espeak: Espeak) -> None:
    plain, _ = speak(espeak, "hello")
    marked, _ = speak(espeak, "<break time='1ms'/>hello")
    assert marked.samples > plain.samples * 1.5


@pytest.mark.parametrize(
    ("text", "voice", "error"),
    [
        ("", "", EmptyTextError),
        ("\x00\x02 \n", "", EmptyTextError),
        ("a" * 1_048_576, "", TextTooLongError),
        ("hello", "espeak-ng/en-uss", UnknownVoiceError),
        ("hello", "../../etc/passwd", UnknownVoiceError),
    ],
)
def test_wrong_requests_are_typed_errors_without_sound(
    espeak: Espeak, text: str, voice: str, error: type[GarretError]
) -> None:
    pieces: list[bytes] = []
    with pytest.raises(error):
        espeak.speak(
            text,
            SpeechOptions(voice),
            lambda _: None,
            lambda piece: bool(pieces.append(piece)),
            lambda: False,
        )  # type: ignore[func-returns-value]
    assert pieces == []


def test_an_exception_of_the_sink_comes_out_and_the_engine_lives(espeak: Espeak) -> None:
    class Broken(Exception):
        pass

    def sink(_: bytes) -> bool:
        raise Broken

    with pytest.raises(Broken):
        espeak.speak("hello there", SpeechOptions(), lambda _: None, sink, lambda: False)
    assert speak(espeak, "hello")[0].finished


def test_speech_inside_a_sink_is_refused_instead_of_hanging(espeak: Espeak) -> None:
    def sink(_: bytes) -> bool:
        espeak.speak("nested", SpeechOptions(), lambda _: None, lambda _: True, lambda: False)
        return True

    with pytest.raises(SynthesisError):
        espeak.speak("outer", SpeechOptions(), lambda _: None, sink, lambda: False)


def test_threads_speak_one_after_another_without_mixing(espeak: Espeak) -> None:
    texts = ["one two three", "Guten Morgen", "a longer text, with a comma in it"]
    alone = {text: speak(espeak, text)[0].samples for text in texts}
    together: dict[str, int] = {}

    def run(text: str) -> None:
        together[text] = speak(Espeak(), text)[0].samples

    threads = [threading.Thread(target=run, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == pytest.approx(alone, rel=0.03)


def test_a_waiting_request_can_be_cancelled(espeak: Espeak) -> None:
    speaking, release = threading.Event(), threading.Event()

    def sink(_: bytes) -> bool:
        speaking.set()
        release.wait()
        return False

    holder = threading.Thread(
        target=lambda: espeak.speak("hold the line", SpeechOptions(), lambda _: None, sink, lambda: False)
    )
    holder.start()
    speaking.wait()
    spoken = espeak.speak("me too", SpeechOptions(), lambda _: None, lambda _: True, lambda: True)
    release.set()
    holder.join()
    assert spoken.samples == 0
    assert not spoken.finished
