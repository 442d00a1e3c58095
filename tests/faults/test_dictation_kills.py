"""Processes of a dictating house are killed at random, again and again; nothing acknowledged is lost.

Files are dictated one after another while sound is pushed in real time beside them, and a killer takes
a random process of the house, its control plane included, every few tenths of a second. GARRET_KILLS
sets how many, GARRET_KILL_GAP the longest pause between two, in seconds: short pauses are as frequent as long
ones of the same ratio. Most kills are spent on an engine with a tiny model, which starts in a moment.
"""

from __future__ import annotations

import io
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import soundfile

from garret.base.errors import GarretError
from garret.base.ids import new_id
from garret.features.dictate import contracts as d
from garret.features.dictate.client.held_sound import HeldSound
from garret.features.house import contracts as h
from garret.transport.client import Client
from garret.transport.errors import TransportError
from tests.e2e import speech
from tests.e2e.house import House, Push, running_house, wait_until
from tests.features.dictate.engines import models

KILLS = int(os.environ.get("GARRET_KILLS", "100"))
LONGEST_GAP = float(os.environ.get("GARRET_KILL_GAP", "0.6"))
SHORTEST_GAP = 0.05
PER_HOUSE = 50  # kills after which everything is examined and a new house begun
_KINDS = ("control plane", "audio", "stt", "text")
_PATIENT = {
    "supervisor.restart_limit": "100",
    "supervisor.restart_window": "1",
    "supervisor.backoff_first": "0.01",
    "supervisor.backoff_limit": "0.05",
    "dictate.workers": "2",
}


@dataclass
class Said:
    """One utterance that was begun: what was asked, and what became of it."""

    request: d.Transcribe | d.Listen
    source: speech.Samples
    push: Push | None = None
    held: HeldSound | None = None
    utterance: str = ""
    acknowledged: bool = False
    done: d.Dictated | None = None
    error: GarretError | None = None


@dataclass
class Life:
    """What goes on in the house until the killer is done."""

    house: House
    over: threading.Event = field(default_factory=threading.Event)
    said: list[Said] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    # ---- speaking

    def dictate_files(self, path: Path, source: speech.Samples) -> None:
        while not self.over.is_set():
            taken = self._persistently(lambda client: _take(client, path))
            said = Said(
                d.Transcribe(utterance=taken, key=new_id("ask")), source, utterance=taken, acknowledged=True
            )
            self.said.append(said)
            self._ask(said)
            self.over.wait(LONGEST_GAP / 20)  # all of a house's utterances are to fit one list

    def push_speech(self, source: speech.Samples) -> None:
        while not self.over.is_set():
            push = Push(source, pace=1.0, chunk=320)
            order = d.Listen(source="push", key=new_id("ask"), resumes=True)
            said = Said(order, source, push, HeldSound(push))
            self.said.append(said)
            self._ask(said)

    def _ask(self, said: Said) -> None:
        """Ask, and after a lost connection join the same run again, as the command line does."""
        held = said.held

        def note(item: d.DictationItem) -> None:
            said.acknowledged = True
            if held is not None and item.kind == "kept":
                held.kept(item.kept)

        def once(client: Client) -> None:
            said.done = client.stream(said.request, note, inputs=None if held is None else held.reader())

        try:
            self._persistently(once)
        except GarretError as error:
            said.error = error
        finally:
            if said.push is not None:
                said.push.stopped.set()

    def _persistently(self, do: Callable[[Client], Any]) -> Any:
        end = time.monotonic() + 120
        pause = threading.Event()
        while True:
            try:
                client = Client.connect(self.house.home)
                try:
                    return do(client)
                finally:
                    client.close()
            except TransportError:
                if time.monotonic() > end:
                    raise
                pause.wait(0.02)

    # ---- dying

    def kill(self, count: int, seed: int) -> None:
        dice = random.Random(seed)
        pause = threading.Event()
        for _ in range(count):
            pause.wait(SHORTEST_GAP * (LONGEST_GAP / SHORTEST_GAP) ** dice.random())
            kind, pid = self._victim(dice)
            self.kills[kind] += 1
            if kind != "control plane":
                os.kill(pid, signal.SIGKILL)
                continue
            self.house.kill()
            self.house.start()

    def _victim(self, dice: random.Random) -> tuple[str, int]:
        """Mostly a worker; every sixth time the control plane, which takes all of them with it."""
        if dice.random() < 1 / 6:
            return _KINDS[0], self.house.pid
        try:
            rows = self.house.call(h.ListWorkers()).workers
        except GarretError as error:
            self.problems.append(error.message)
            return _KINDS[0], self.house.pid
        running = [(row.name, row.pid) for row in rows if row.pid and row.name in _KINDS]
        running = [(name, pid) for name, pid in running if psutil.pid_exists(pid)]
        return dice.choice(running) if running else (_KINDS[0], self.house.pid)


def _take(client: Client, path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return client.call(d.Import(name=path.name), descriptors=(descriptor,)).utterance
    finally:
        os.close(descriptor)


def live_through(house: House, kills: int, path: Path, spoken: speech.Samples, seed: int) -> Life:
    """Files and pushed speech side by side while `kills` processes are killed."""
    life = Life(house)
    speakers = [
        threading.Thread(target=life.dictate_files, args=(path, spoken)),
        threading.Thread(target=life.push_speech, args=(spoken,)),
    ]
    for speaker in speakers:
        speaker.start()
    life.kill(kills, seed)
    life.over.set()
    for speaker in speakers:
        speaker.join(300)
        assert not speaker.is_alive(), "a dictation neither ended nor failed"
    return life


def kept_samples(house: House, utterance: str) -> speech.Samples:
    def flac() -> bytes:
        try:
            return house.kept_audio(utterance)
        except GarretError:
            return b""

    samples, _ = soundfile.read(io.BytesIO(wait_until(flac, "the sound is kept")), dtype="int16")
    return np.asarray(samples, np.int16)


def check(life: Life) -> dict[str, float]:
    """Everything that was acknowledged is there, once and whole; returns the figures."""
    house = life.house
    files = [said for said in life.said if isinstance(said.request, d.Transcribe)]
    lives = [said for said in life.said if said.push is not None and said.acknowledged]
    failed = [said.error for said in life.said if said.error is not None]
    assert not failed, "nothing fails that nobody cancelled"
    for said in files:
        assert said.done is not None
        row = house.utterance(said.utterance)
        assert row.state == "cleaned", row
        assert row.error == ""
    for said in lives:
        assert said.done is not None
        assert said.push is not None
        samples = kept_samples(house, said.done.utterance)
        assert np.array_equal(samples, said.source[: len(samples)]), "what is kept is what was said"
        assert len(samples) == len(said.source), "whatever died, not a sample is missing"
    asked = len({said.request.key for said in life.said})
    jobs = [job for job in house.call(h.ListJobs(limit=1000)).jobs if job.command.startswith("dictate.")]
    assert len(jobs) == asked, "every ask is one job, however often it was repeated"
    assert {job.state for job in jobs} == {"done"}
    assert asked < 1000, "the lists below are whole"
    rows = house.call(d.History(limit=1000)).utterances
    assert len(rows) == len({row.id for row in rows})
    return {
        "files": len(files),
        "live": len(lives),
        "attempts": max((job.attempts for job in jobs), default=0),
    }


def run(settings: dict[str, str], kills: int, folder: Path, source: speech.Samples, seed: int) -> Life:
    path = speech.write(folder / "file.flac", source)
    with running_house({**_PATIENT, **settings}) as house:
        life = live_through(house, kills, path, source, seed)
        figures = check(life)
        assert house.call(h.VerifyAudit()).intact
    print(f"\n{dict(life.kills)} {figures}")
    return life


def test_nothing_is_lost_while_processes_are_killed(tmp_path: Path) -> None:
    model = models.offline_ctc_model(tmp_path / "model")
    settings = {
        "dictate.sherpa_model": str(model),
        "dictate.engine": "sherpa",
        "dictate.language": "de",  # no grammar of English commands beside the tiny model
    }
    count = KILLS - KILLS // 10
    kills: Counter[str] = Counter()
    texts: set[int] = set()
    for seed, begun in enumerate(range(0, count, PER_HOUSE), start=1):
        life = run(settings, min(PER_HOUSE, count - begun), tmp_path, speech.greeting(), seed)
        kills += life.kills
        texts |= {
            said.done.segments for said in life.said if isinstance(said.request, d.Transcribe) and said.done
        }
    assert sum(kills.values()) == count
    assert set(kills) == set(_KINDS)
    assert len(texts) == 1, "a file gives the same, whoever died meanwhile"


def test_nothing_is_lost_with_the_engine_that_comes_along(tmp_path: Path) -> None:
    life = run({}, max(KILLS // 10, 1), tmp_path, speech.hope(), seed=2)
    house_heard = {
        said.done.segments for said in life.said if isinstance(said.request, d.Transcribe) and said.done
    }
    assert house_heard == {1}
