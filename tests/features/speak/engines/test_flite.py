"""flite is run as a program: the real one where installed, and stand-ins for every way it can fail."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from garret.base.errors import Code
from garret.features.speak.engines import flite
from garret.features.speak.engines.contract import (
    EmptyTextError,
    EngineMissingError,
    SpeechOptions,
    Spoken,
    SynthesisError,
    UnknownVoiceError,
)
from garret.features.speak.engines.flite import Flite

PROGRAM = shutil.which("flite")
installed = pytest.mark.skipif(PROGRAM is None, reason="the program flite is not installed")


def speak(engine: Flite, text: str, options: SpeechOptions | None = None) -> tuple[Spoken, bytes]:
    pieces: list[bytes] = []

    def sink(piece: bytes) -> bool:
        pieces.append(piece)
        return True

    spoken = engine.speak(text, options or SpeechOptions(), lambda _: None, sink, lambda: False)
    return spoken, b"".join(pieces)


def stand_in(folder: Path, body: str) -> Path:
    """A program that lists one voice as flite does, and speaks as `body` says."""
    program = folder / "flite"
    program.write_text(f'#!/bin/sh\n[ "$1" = -lv ] && {{ echo "Voices available: slt "; exit 0; }}\n{body}\n')
    program.chmod(0o755)
    return program


@pytest.fixture(scope="module")
def real() -> Flite:
    return Flite(Path(PROGRAM or ""))


@installed
def test_voices_say_how_they_sound(real: Flite) -> None:
    voices = {voice.id: voice for voice in real.voices()}
    assert voices["flite/slt"].quality == "clear"
    assert voices["flite/kal16"].quality == "robotic"
    assert "flite/awb_time" not in voices  # it can only tell the time


@installed
def test_sound_is_whole_and_options_change_it(real: Flite) -> None:
    text = "The train leaves in ten minutes. Please hurry."
    plain, sound = speak(real, text)
    assert plain.finished
    assert plain.format.sample_rate == 16_000
    assert 1.5 < plain.seconds < 6
    assert len(sound) == plain.samples * 2
    assert speak(real, text)[1] == sound
    assert speak(real, text, SpeechOptions(rate=350))[0].seconds < plain.seconds * 0.6
    assert speak(real, text, SpeechOptions(pitch=80))[1] != sound
    quiet = speak(real, text, SpeechOptions(volume=0))[1]
    assert len(quiet) == len(sound)
    assert not any(quiet)


@installed
def test_every_voice_speaks(real: Flite) -> None:
    for voice in real.voices():
        assert speak(real, "Hello.", SpeechOptions(voice.id))[0].seconds > 0.2


@installed
def test_an_unknown_voice_names_the_near_ones(real: Flite) -> None:
    with pytest.raises(UnknownVoiceError) as caught:
        speak(real, "hello", SpeechOptions("flite/stl"))
    assert "flite/slt" in caught.value.details["near"]


@installed
def test_text_without_latin_letters_is_refused_with_the_reason(real: Flite) -> None:
    with pytest.raises(EmptyTextError, match="Latin"):
        speak(real, "\u65e5\u672c")


@installed
def test_a_sink_that_refuses_gets_nothing_more(real: Flite) -> None:
    taken: list[bytes] = []

    def sink(piece: bytes) -> bool:
        taken.append(piece)
        return len(taken) < 2

    spoken = real.speak("Several words to say. " * 9, SpeechOptions(), lambda _: None, sink, lambda: False)
    assert len(taken) == 2
    assert not spoken.finished


def test_text_is_spelled_in_ascii_where_it_keeps_its_sound() -> None:
    assert flite.to_ascii("caf\u00e9 \u201cna\u00efve\u201d \u2026") == 'cafe "naive" ...'
    assert flite.to_ascii("5\u20ac") == "5 euro "


def test_an_absent_program_is_unavailable(tmp_path: Path) -> None:
    for program in (None, tmp_path / "nothing"):
        with pytest.raises(EngineMissingError) as caught:
            Flite(program)
        assert caught.value.code is Code.UNAVAILABLE
        assert "espeak-ng" in caught.value.message


def test_a_program_without_voices_is_unavailable(tmp_path: Path) -> None:
    program = tmp_path / "flite"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(EngineMissingError):
        Flite(program)


@pytest.mark.parametrize(
    "body",
    [
        "exit 3",
        "kill -9 $$",
        "cat > /dev/null",  # leaves no sound
        'while [ "$1" != -o ]; do shift; done; echo garbage > "$2"',
        'while [ "$1" != -o ]; do shift; done; printf "RIFF\\377\\377\\377\\377WAVEfmt " > "$2"',
    ],
)
def test_a_program_that_fails_is_a_typed_error(tmp_path: Path, body: str) -> None:
    with pytest.raises(SynthesisError):
        speak(Flite(stand_in(tmp_path, body)), "hello")


def test_cancel_kills_the_program(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    engine = Flite(stand_in(tmp_path, f"echo $$ > {mark}.new; mv {mark}.new {mark}; exec sleep 600"))
    spoken = engine.speak("hello", SpeechOptions(), lambda _: None, lambda _: True, mark.exists)
    assert not spoken.finished
    assert not Path(f"/proc/{mark.read_text().strip()}").exists()


def test_the_text_is_never_an_argument(tmp_path: Path) -> None:
    seen = tmp_path / "arguments"
    engine = Flite(stand_in(tmp_path, f'echo "$@" > {seen}; exit 1'))
    with pytest.raises(SynthesisError):
        speak(engine, "my secret sentence")
    assert "secret" not in seen.read_text()
    assert "-voice slt" in seen.read_text()


@installed
def test_threads_may_speak_at_once(real: Flite) -> None:
    alone = speak(real, "At the same time.")[1]
    sounds: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: sounds.append(speak(real, "At the same time.")[1])) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sounds == [alone] * 3
