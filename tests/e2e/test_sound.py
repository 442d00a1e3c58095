"""Microphone and loudspeaker for real: caged workers, a real sound server, sound at the pace of a device."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from garret.base.errors import Code, GarretError
from garret.base.ids import new_id
from garret.cli import launch
from garret.features.dictate import contracts as d
from garret.features.house import contracts as h
from garret.features.speak import contracts as s
from garret.transport.bulk import BulkReader
from tests.e2e import speech
from tests.e2e.house import PATIENCE, House, new_house, running_house, wait_until
from tests.e2e.sound_server import HEADSET, MICROPHONE, SPEAKER, PipeWireServer, SoundServer, sound_server
from tests.e2e.test_live import kept


@pytest.fixture(scope="module")
def server() -> Iterator[SoundServer]:
    """A sound server for the tests that leave it as it is."""
    with sound_server() as running:
        yield running


@pytest.fixture(scope="module")
def house(server: SoundServer) -> Iterator[House]:
    """A house whose control plane was started in the session of that server."""
    with running_house(environment=server.environment) as running:
        yield running


@pytest.fixture
def own(request: pytest.FixtureRequest) -> Iterator[tuple[SoundServer, House]]:
    """A server that the test may break, and a house in its session."""
    del request
    with sound_server() as mine, running_house(environment=mine.environment) as running:
        yield mine, running


# A shell that runs its children in the background has them ignore Ctrl-C, which exec passes on.
_HEARING_INTERRUPTS = (
    sys.executable,
    "-c",
    "import os, signal as s, sys; s.signal(s.SIGINT, s.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])",
)


class Cli:
    """A `garret` command under way."""

    def __init__(self, house: House, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [*_HEARING_INTERRUPTS, sys.executable, "-m", "garret.cli", *arguments],
            env={
                **os.environ,
                **(environment or {}),
                "GARRET_HOME": str(house.home.root),
                "GARRET_KEYCHAIN": "off",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.notes: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.notes.append(line.decode().rstrip())

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> tuple[int, str]:
        """Its exit code and what it wrote to standard output, once it has ended."""
        assert self._process.stdout is not None
        out = self._process.stdout.read().decode()
        code = self._process.wait(PATIENCE)
        self._reader.join()
        self._process.stdout.close()
        assert self._process.stderr is not None
        self._process.stderr.close()
        return code, out

    def noted(self, what: str) -> bool:
        return any(what in line for line in self.notes)


class Dictation:
    """A microphone dictation under way, by a client of its own."""

    def __init__(self, house: House, **options: Any) -> None:
        self.items: list[d.DictationItem] = []
        self.error: GarretError | None = None
        self._done: d.Dictated | None = None
        self._house = house
        self._over = threading.Event()
        self._options = options
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        request = d.Listen(source="microphone", key=new_id("ask"), **self._options)
        try:
            with self._house.another_client() as client:
                self._done = client.stream(request, self.items.append, inputs=self._wait)
        except GarretError as error:
            self.error = error
        finally:
            self._over.set()

    def _wait(self) -> None:
        """An input stream that carries nothing ends when the speaker is to be heard no more."""
        self._over.wait(PATIENCE)

    def stop(self) -> None:
        self._over.set()

    def result(self) -> d.Dictated:
        self._thread.join(PATIENCE)
        if self.error is not None:
            raise self.error
        assert self._done is not None, "the dictation does not end"
        return self._done


def words(text: str) -> list[str]:
    return text.lower().replace(".", " ").replace(",", " ").split()


def heard_share(text: str, said: str) -> float:
    """The share of the words said that are in the text."""
    return len(set(words(said)) & set(words(text))) / len(set(words(said)))


def lag_and_likeness(part: speech.Samples, whole: speech.Samples) -> tuple[int, float]:
    """Where in `whole` `part` is found, in samples, and how alike they are there, 1.0 being the same."""
    a, b = part.astype(np.float64), whole.astype(np.float64)
    size = 1 << (len(a) + len(b)).bit_length()
    match = np.fft.irfft(np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size)), size)[: len(b)]
    lag = int(np.argmax(match))
    there = b[lag : lag + len(a)]
    here = a[: len(there)]
    return lag, float(here @ there / np.sqrt((here @ here) * (there @ there)))


# ---------------------------------------------------------------- devices


def test_devices_are_listed_from_inside_the_cage(house: House) -> None:
    code, out = Cli(house, "devices").end()
    rows = [line.split("\t") for line in out.splitlines()]
    assert code == 0
    assert [row[0] for row in rows if row[2] == MICROPHONE and row[3] == "default"] == ["microphone"]
    assert [row[0] for row in rows if row[2] == SPEAKER and row[3] == "default"] == ["speaker"]
    assert any(row[0] == "microphone" and row[2] == HEADSET for row in rows)
    speakers = {each.id for each in house.call(s.ListSpeakers()).speakers}
    assert {row[1] for row in rows if row[0] == "speaker"} == speakers


# ---------------------------------------------------------------- dictation


def test_the_microphone_is_dictated_from_the_command_line(house: House, server: SoundServer) -> None:
    cli = Cli(house, "dictate", "--mic", "--partials")
    wait_until(server.recorders, "the microphone is open")
    assert not cli.noted("Listening"), "nothing but silence has come from the microphone yet"
    # Somebody who speaks on until the text is there, however late an engine on a busy machine begins with it.
    playing = server.begin_to_play(np.tile(speech.two_sentences(), 20))
    wait_until(lambda: cli.noted("..."), "partial text is shown")
    wait_until(lambda: cli.noted("weekend"), "the second sentence is heard")
    assert playing.poll() is None, "it is shown while the person still speaks"
    playing.kill()
    playing.wait()
    cli.interrupt()
    code, out = cli.end()
    assert code == 0
    assert cli.notes[0] == "Listening."
    assert heard_share(out, "good morning writing this note to tell you about plans for the weekend") >= 0.8


def test_a_microphone_is_chosen_by_name_and_stopped_by_another_client(
    house: House, server: SoundServer
) -> None:
    dictation = Dictation(house, device="second head")
    wait_until(server.recorders, "the microphone is open")
    server.play(speech.hope(), into="feed2")
    house.call(d.Stop())
    done = dictation.result()
    levels = [item.level for item in dictation.items if item.kind == "level"]
    assert heard_share(house.transcript(done.utterance).text, "i hope that you can come with us") >= 0.8
    assert min(levels) < -60 < -40 < max(levels), "levels follow the sound"
    _, likeness = lag_and_likeness(speech.hope()[8_000:40_000], kept(house, done.utterance))
    assert likeness > 0.98, "what was kept is what sounded"


def test_an_unknown_microphone_is_unavailable_and_names_the_others(house: House) -> None:
    with pytest.raises(GarretError) as caught:
        Dictation(house, device="nobody's").result()
    assert caught.value.code is Code.UNAVAILABLE
    assert MICROPHONE in caught.value.message
    assert "Nothing was recorded" in caught.value.message


def test_a_microphone_that_vanishes_leaves_what_it_heard(own: tuple[SoundServer, House]) -> None:
    server, house = own
    for lose in (partial(server.unload, "mic2"), server.kill):
        dictation = Dictation(house, device=HEADSET if "mic2" in server.microphones() else MICROPHONE)
        wait_until(server.recorders, "the microphone is open")
        server.play(speech.hope(), into="feed2" if "mic2" in server.microphones() else "feed")
        lose()
        done = dictation.result()
        assert "recorded so far are kept" in done.note
        assert heard_share(house.transcript(done.utterance).text, "i hope that you can come with us") >= 0.8
        _, likeness = lag_and_likeness(speech.hope()[8_000:40_000], kept(house, done.utterance))
        assert likeness > 0.98


def test_a_killed_microphone_worker_costs_a_moment_only(house: House, server: SoundServer) -> None:
    source = np.random.default_rng(1).normal(0, 3_000, 7 * speech.RATE).astype(np.int16)
    dictation = Dictation(house)
    wait_until(server.recorders, "the microphone is open")
    playing = server.begin_to_play(source)
    wait_until(lambda: _ready(house) == 2, "another worker stands by")
    wait_until(lambda: _spooled(house) > 1.5, "its beginning is on disk")
    os.kill(server.recorders()[0], signal.SIGKILL)
    playing.wait()
    dictation.stop()
    kept_sound = kept(house, dictation.result().utterance)
    first, likeness_before = lag_and_likeness(source[: speech.RATE // 2], kept_sound)
    last, likeness_after = lag_and_likeness(source[-speech.RATE :], kept_sound)
    lost = len(source) - speech.RATE - (last - first)
    # Noise that went through two resamplers is alike by 0.9 and more, other noise by 0.05.
    assert min(likeness_before, likeness_after) > 0.5, "it was recorded before, and after"
    # 50 to 100 ms on two busy cores; without another worker that stands by, it was a second and more.
    assert 0 <= lost <= 0.5 * speech.RATE


def test_the_microphone_goes_on_when_the_control_plane_was_killed(own: tuple[SoundServer, House]) -> None:
    server, house = own
    cli = Cli(house, "dictate", "--mic", "--partials", environment=server.environment)
    wait_until(server.recorders, "the microphone is open")
    server.play(speech.two_sentences())
    wait_until(lambda: cli.noted("weekend"), "it is heard")
    house.kill()
    wait_until(lambda: cli.noted("joining again"), "the command starts Garret anew")
    wait_until(server.recorders, "the microphone is open again")
    server.play(speech.hope())
    cli.interrupt()
    code, out = cli.end()
    house.call(h.Shutdown())
    house.forget_client()
    wait_until(lambda: launch.running_process(house.home) is None, "Garret has stopped")
    assert code == 0
    assert heard_share(out, "good morning writing this note to tell you about plans for the weekend") >= 0.8
    assert heard_share(out, "i hope that you can come with us") >= 0.8
    assert cli.noted("were not recorded"), "it says that something is missing"


def _spooled(house: House) -> float:
    """Seconds of the newest dictation that are on disk."""
    spools = sorted(house.home.spool.glob("*.pcm"))
    return spools[-1].stat().st_size / 2 / speech.RATE if spools else 0.0


def _ready(house: House) -> int:
    return sum(worker.state in ("ready", "busy") for worker in house.workers("microphone"))


# ---------------------------------------------------------------- speech


def rendered(house: House, text: str) -> speech.Samples:
    """The speech as a file would have it, at 16 kHz."""
    import soxr

    done = house.call(s.Render(text=text))
    (descriptor,) = house.client.received_descriptors
    with BulkReader(descriptor) as wav:
        samples = np.frombuffer(bytes(wav.view)[44:], "<i2")
    return np.asarray(soxr.resample(samples, done.sample_rate, speech.RATE), np.int16)


def test_speech_sounds_from_the_loudspeaker(house: House, server: SoundServer) -> None:
    text = "My sister is going to meet us there with her children."
    with server.recording() as heard:
        code, _ = Cli(house, "speak", text).end()
    assert code == 0
    expected = rendered(house, text)
    _, likeness = lag_and_likeness(expected, heard[0])
    assert likeness > 0.95, "what sounded, from the first to the last sample, is the speech"
    assert server.players() == [], "a loudspeaker that nobody uses is let go"


def test_two_texts_sound_one_after_the_other(house: House, server: SoundServer) -> None:
    texts = ("This is the first of two.", "And that was the second.")
    with server.recording() as heard:
        first = Cli(house, "speak", texts[0])
        wait_until(server.players, "the first is played")
        second = Cli(house, "speak", texts[1])
        assert (first.end()[0], second.end()[0]) == (0, 0)
    found = [lag_and_likeness(rendered(house, text), heard[0]) for text in texts]
    assert all(likeness > 0.95 for _, likeness in found)
    assert found[0][0] + len(rendered(house, texts[0])) <= found[1][0] + 160


LONG = "This is a text that goes on and on until somebody has heard enough of it. " * 20


@pytest.mark.parametrize("how", ["interrupt", "stop"])
def test_a_long_text_can_be_stopped(house: House, server: SoundServer, how: str) -> None:
    cli = Cli(house, "speak", LONG)
    wait_until(server.players, "it is played")
    cli.interrupt() if how == "interrupt" else Cli(house, "speak", "--stop").end()
    code, _ = cli.end()
    assert code == (-signal.SIGINT if how == "interrupt" else 1)
    assert cli.noted("Stopped")
    wait_until(lambda: not server.players(), "the loudspeaker is let go")


def test_a_loudspeaker_that_vanishes_is_told(own: tuple[SoundServer, House]) -> None:
    server, house = own
    # A stream to the system's own choice would be moved to another device by the sound server.
    for device, lose in ((SPEAKER, partial(server.unload, "out")), ("", server.kill)):
        cli = Cli(house, "speak", "--device", device, LONG)
        wait_until(server.players, "it is played")
        lose()
        code, _ = cli.end()
        assert code == 4
        assert cli.noted("The loudspeaker went away after")


def test_pipewire_hears_and_speaks_too() -> None:
    text = "My sister is going to meet us."
    with sound_server(PipeWireServer) as server, running_house(environment=server.environment) as house:
        dictation = Dictation(house, device=HEADSET)
        wait_until(server.recorders, "the microphone is open")
        server.play(speech.hope(), into="feed2")
        dictation.stop()
        found = house.transcript(dictation.result().utterance).text
        assert heard_share(found, "i hope that you can come with us") >= 0.8
        with server.recording() as heard:
            assert Cli(house, "speak", text).end()[0] == 0
        assert lag_and_likeness(rendered(house, text), heard[0])[1] > 0.9


# ---------------------------------------------------------------- without


def test_without_a_sound_server_both_rooms_say_what_was_kept_until_one_comes(tmp_path: Path) -> None:
    with sound_server() as server, new_house(environment=server.environment) as house:
        server.kill()
        house.start()
        answers: dict[str, Callable[[], Cli]] = {
            "Nothing was recorded": lambda: Cli(house, "dictate", "--mic"),
            "Nothing was played": lambda: Cli(house, "speak", "hello"),
        }
        for kept_words, run in answers.items():
            cli = run()
            code, out = cli.end()
            assert (code, out) == (4, "")
            assert cli.noted(kept_words)
            assert cli.noted("no sound server answers")
        assert Cli(house, "devices").end() == (0, "")
        server.start()
        assert Cli(house, "speak", "hello").end()[0] == 0
        assert MICROPHONE in Cli(house, "devices").end()[1]
