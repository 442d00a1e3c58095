"""The steps of the demonstration, each through the control socket like any client's."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import soundfile

from garret.base.errors import GarretError
from garret.base.ids import new_id
from garret.base.paths import Home
from garret.cli import launch
from garret.demo.questions import ask_the_shop
from garret.demo.screen import Screen
from garret.features.dictate import contracts as c
from garret.features.dictate.text.words import word_error_rate
from garret.features.house import contracts as house
from garret.transport.client import Client
from garret.transport.errors import TransportError

_RATE: Final = 16_000
_CHUNK: Final = 1_600  # samples: a tenth of a second, as a microphone would deliver them
_JOINS: Final = 10
_BETWEEN_KILLS: Final = 0.5  # seconds; another engine takes longer to be ready


class Demonstration:
    """Dictates `audio` twice: live in peace, then as a file while processes are killed."""

    def __init__(self, home: Home, screen: Screen, audio: Path, text: Path) -> None:
        self._home = home
        self._screen = screen
        self._audio = audio
        self._passage = text.read_text()

    def run(self) -> bool:
        """All steps; True when nothing was lost."""
        screen = self._screen
        screen.say(
            "Garret: a private assistant on this machine. No network, no ports, nothing downloaded.", "head"
        )
        began = time.monotonic()
        client = launch.connect(self._home)
        screen.say(f"A fresh home and its control plane are up after {time.monotonic() - began:.2f} s.")
        screen.say(
            "The passage is synthetic: it was spoken by the free voice `rms` of CMU flite, so that what "
            "was said is known word for word."
        )
        screen.say(_engine_sentence(client.call(c.ListModels()).models))
        live = self._dictate_live(client)
        self._show(client, live)
        whole = self._dictate_under_fire(client)
        with closing(launch.connect(self._home)) as again:
            screen.head("4. Questions about data")
            answered = ask_the_shop(again, screen)
            self._show_house(again)
        return whole and answered

    # ---- live, in peace

    def _dictate_live(self, client: Client) -> str:
        self._screen.head("1. Dictation as it is spoken")
        samples, rate = soundfile.read(self._audio, dtype="int16")
        assert rate == _RATE, "the passage is at 16 kHz"
        pcm = samples.tobytes()
        position = 0
        began = time.monotonic()

        def next_chunk() -> c.AudioChunk | None:
            nonlocal position
            data = pcm[position * 2 : (position + _CHUNK) * 2]
            if not data:
                return None
            position += _CHUNK
            time.sleep(max(0.0, began + position / _RATE - time.monotonic()))  # the pace of speech
            return c.AudioChunk(data=data)

        request = c.Listen(source="push", key=new_id("demo"), name="the passage")
        done = client.stream(request, self._show_item, inputs=next_chunk)
        behind = time.monotonic() - began - len(pcm) / 2 / _RATE
        self._screen.say(f"The whole text stood {behind:.2f} s after the last sound.", "good")
        return done.utterance

    def _show_item(self, item: c.DictationItem) -> None:
        if item.kind == "partial":
            self._screen.partial(item.text)
        elif item.kind == "final":
            self._screen.final(item.start, item.text)

    def _show(self, client: Client, utterance: str) -> None:
        found = client.call(c.Get(utterance=utterance))
        screen = self._screen
        screen.head("2. What came of it")
        screen.wrapped("raw:    ", found.raw)
        screen.wrapped("cleaned:", found.text)
        errors = word_error_rate(self._passage, found.raw)
        screen.say(
            f"Word error rate {errors.rate:.1%}: {errors.substitutions} wrong, {errors.deletions} missing, "
            f"{errors.insertions} too many of {errors.words} words ({found.engine}, quality {found.quality})."
        )
        stages = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in found.stages.items())
        screen.say(
            f"{found.audio_seconds:.1f} s of audio; the engine computed {found.decode_seconds:.1f} s. "
            f"Stages: {stages}."
        )

    # ---- as a file, under fire

    def _dictate_under_fire(self, client: Client) -> bool:
        self._screen.head("3. The same passage, while its processes are killed")
        descriptor = os.open(self._audio, os.O_RDONLY)
        try:
            imported = client.call(c.Import(name=self._audio.name), descriptors=(descriptor,))
        finally:
            os.close(descriptor)
        self._screen.say(f"The recording is in the store as {imported.utterance}.", "dim")
        request = c.Transcribe(utterance=imported.utterance, key=new_id("demo"))
        killer = _Killer(self._home, self._screen)
        done = self._until_done(client, request, killer)
        text = self._text_of(done)
        errors = word_error_rate(self._passage, text)
        self._screen.say(
            f"The text arrived all the same: {len(text.split())} words, word error rate {errors.rate:.1%}, "
            f"after {killer.count} killed processes.",
            "good",
        )
        return killer.count == 2 and len(text.split()) > 0.9 * len(self._passage.split())

    def _until_done(self, client: Client, request: c.Transcribe, killer: _Killer) -> c.Dictated:
        """Ask, and after a lost connection ask again with the same key: that joins the same job."""
        finals = 0

        def show(item: c.DictationItem) -> None:
            nonlocal finals
            self._show_item(item)
            finals += item.kind == "final"
            killer.after(finals)

        for _ in range(_JOINS):
            try:
                with closing(client):
                    return client.stream(request, show)
            except TransportError:
                self._screen.say("  The connection is gone; joining the job again.", "dim")
                client = launch.connect(self._home)
        raise GarretError("The job could not be joined again.")

    def _text_of(self, done: c.Dictated) -> str:
        with closing(launch.connect(self._home)) as client:
            return client.call(c.Get(utterance=done.utterance)).raw

    # ---- the house

    def _show_house(self, client: Client) -> None:
        screen = self._screen
        job = next(job for job in client.call(house.ListJobs()).jobs if job.command == "dictate.transcribe")
        screen.head("5. The story of that job, from the ledger")
        for line in client.call(house.JobStory(job=job.id)).lines:
            screen.say(f"  {line}")
        screen.head("6. The workers")
        rows = [("worker", "state", "restarts", "memory", "not enforced by this kernel")]
        for worker in client.call(house.ListWorkers()).workers:
            memory = f"{worker.memory_bytes / 1e6:.0f} MB" if worker.memory_bytes else ""
            missing = ", ".join(part.partition(":")[0] for part in worker.unenforced) or "-"
            rows.append((worker.name, worker.state, str(worker.restarts), memory, missing))
        screen.table(rows)
        verdict = client.call(house.VerifyAudit())
        words = "intact" if verdict.intact else f"BROKEN: {verdict.problem}"
        screen.head("7. The audit chain")
        screen.say(f"  {verdict.entries} entries, {words}; its head is {verdict.head[:16]}…")


def _engine_sentence(models: Sequence[c.ModelInfo]) -> str:
    """What turns the passage into text here, which depends on whether a model could be installed."""
    used = next((model for model in models if model.used), None)
    if used is None:
        return (
            "No speech model is installed here, so PocketSphinx does it, which calls its text a draft; "
            "`make setup` tries to get the model."
        )
    return f"{used.engine.capitalize()} turns it into text, with the model {used.name} ({used.licence})."


class _Killer:
    """Kills the engine after the first final segment, and the control plane while another engine starts."""

    def __init__(self, home: Home, screen: Screen) -> None:
        self.count = 0
        self._home = home
        self._screen = screen
        self._begun = False

    def after(self, finals: int) -> None:
        """Called with the number of final segments seen since the demonstration asked."""
        if finals and not self._begun:
            self._begun = True
            self._kill("the speech engine's worker", self._engine())
            threading.Timer(_BETWEEN_KILLS, self._kill_control_plane).start()

    def _kill_control_plane(self) -> None:
        self._kill("the control plane", launch.running_process(self._home))

    def _kill(self, what: str, process: int | None) -> None:
        if process is None:
            return
        os.kill(process, signal.SIGKILL)
        self.count += 1
        self._screen.say(f"  kill -9 {process}: {what}", "bad")

    def _engine(self) -> int | None:
        with closing(launch.connect(self._home)) as client:
            workers = client.call(house.ListWorkers()).workers
        busy = [worker.pid for worker in workers if worker.name == "stt" and worker.pid]
        return busy[0] if busy else None
