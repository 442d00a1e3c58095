"""A real control plane in a home of its own, as the tests that go through all of it use it.

`House.start` returns once the process says that it is ready; what it says is kept. Nothing here waits
by sleeping: processes are watched by their descriptors, jobs by the events of the house.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil

from garret.base.errors import GarretError
from garret.base.ids import new_id
from garret.base.paths import Home
from garret.features.dictate import contracts as d
from garret.features.house import contracts as h
from garret.protocol.contract import Command, ResultT
from garret.protocol.subscription import Lost
from garret.transport.client import Client

PATIENCE = 120.0
"""Seconds after which a wait is given up, so that a defect ends a test and not its run."""

CHUNK = 1600
"""Samples in a pushed chunk: a tenth of a second."""


class House:
    """One home, its control plane while it runs, and a client of it."""

    def __init__(self, root: Path, *, environment: dict[str, str] | None = None) -> None:
        self.home = Home(root)
        self.said: list[str] = []
        self.program = ["-m", "garret.daemon"]
        """What this interpreter is to run as the control plane."""
        self.process: subprocess.Popen[bytes] | None = None
        self._environment = {
            **os.environ,
            "GARRET_HOME": str(root),
            "GARRET_KEYCHAIN": "off",
            **(environment or {}),
        }
        self._client: Client | None = None

    # ---- life

    def start(self, **limits: Any) -> House:
        """Start the control plane; raises AssertionError with what it said when it ends instead."""
        self.home.root.parent.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, *self.program],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd="/",
            **limits,
        )
        ready = threading.Event()
        threading.Thread(target=self._read, args=(self.process, ready), daemon=True).start()
        assert ready.wait(PATIENCE), "the control plane neither got ready nor ended"
        assert "ready after" in self.said[-1] or self.process.poll() is None, "\n".join(self.said)
        return self

    def _read(self, process: subprocess.Popen[bytes], ready: threading.Event) -> None:
        assert process.stderr is not None
        with process.stderr as lines:
            for line in lines:
                self.said.append(line.decode(errors="replace").rstrip())
                if "ready after" in self.said[-1]:
                    ready.set()
        process.wait()
        ready.set()

    def fail_to_start(self, **limits: Any) -> h.ApprovalToken | dict[str, Any]:
        """Start where that has to fail; returns the error it told, with its exit code as `status`."""
        process = subprocess.run(
            [sys.executable, "-m", "garret.daemon"],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            timeout=PATIENCE,
            check=False,
            **limits,
        )
        last = process.stderr.decode().strip().splitlines()[-1]
        return {**msgspec.json.decode(last), "status": process.returncode}

    @property
    def pid(self) -> int:
        assert self.process is not None, "not started"
        return self.process.pid

    def stop(self) -> None:
        """End it as `garret down` does, and wait until all of it is gone."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL the control plane, and wait until all of it is gone."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        self.forget_client()
        if self.process is None:
            return
        below = family(self.process.pid)
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(PATIENCE)
        gone(below)
        self.process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    # ---- asking

    @property
    def client(self) -> Client:
        if self._client is None:
            self._client = Client.connect(self.home)
        return self._client

    def forget_client(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    @contextmanager
    def another_client(self, role: str = "cli", service: str = "garret-cli") -> Iterator[Client]:
        client = Client.connect(self.home, role=role, service=service)
        try:
            yield client
        finally:
            client.close()

    def call(self, command: Command[ResultT], **options: Any) -> ResultT:
        return self.client.call(command, **options)

    def refusal(self, command: Command[Any], **options: Any) -> GarretError:
        """The error that a command is answered with."""
        try:
            self.client.call(command, **options)
        except GarretError as error:
            return error
        raise AssertionError(f"{command.__meta__.name} was not refused")

    def set(self, key: str, value: str | None) -> None:
        self.call(h.SetSetting(key=key, value=value))

    def approved(self, command: Any) -> Any:
        """The same command with an approval for exactly it."""
        answer = self.call(h.Approve(command=command.__meta__.name, payload=msgspec.msgpack.encode(command)))
        return msgspec.structs.replace(command, approval=answer.token)

    def workers(self, name: str) -> list[h.WorkerStatus]:
        return [worker for worker in self.call(h.ListWorkers()).workers if worker.name == name]

    def pids(self, name: str) -> list[int]:
        return [worker.pid for worker in self.workers(name) if worker.pid]

    def logs(self, **filters: Any) -> list[str]:
        return [line.message for line in self.call(h.ReadLogs(limit=1000, **filters)).lines]

    # ---- dictating

    def take(self, path: Path) -> str:
        """Import a file; the utterance."""
        descriptor = os.open(path, os.O_RDONLY)
        try:
            return self.call(d.Import(name=path.name), descriptors=(descriptor,)).utterance
        finally:
            os.close(descriptor)

    def dictate(self, path: Path, **options: Any) -> d.Transcript:
        """Dictate a file, and fetch its text."""
        done = self.call(d.Transcribe(utterance=self.take(path), key=new_id("ask"), **options))
        return self.transcript(done.utterance)

    def transcript(self, utterance: str) -> d.Transcript:
        return self.call(d.Get(utterance=utterance))

    def utterance(self, identity: str) -> d.Utterance:
        found = [row for row in self.call(d.History(limit=1000)).utterances if row.id == identity]
        assert len(found) == 1, f"{identity} is {len(found)} times in the history"
        return found[0]

    def kept_audio(self, utterance: str) -> bytes:
        """The FLAC file that is kept."""
        self.call(d.Audio(utterance=utterance))
        (descriptor,) = self.client.received_descriptors
        with os.fdopen(descriptor, "rb") as file:
            return file.read()

    def wait_event(self, pattern: str, wanted: Callable[[Any], bool]) -> threading.Event:
        """Begin to watch; the event is set when one that is `wanted` came. For calls that follow."""
        found = threading.Event()
        registry = _registry()
        client = Client.connect(self.home)
        events = client.subscribe(h.Subscribe(pattern=pattern), registry)

        def watch() -> None:
            try:
                for event in events:
                    if not isinstance(event, Lost) and wanted(event):
                        found.set()
                        return
            except GarretError:
                return
            finally:
                client.close()

        threading.Thread(target=watch, daemon=True).start()
        return found


def _registry() -> Any:
    from garret.app import rooms
    from garret.protocol.contract import Registry

    return Registry(
        (command for room in rooms() for command in room.commands),
        (event for room in rooms() for event in room.events),
    )


@contextmanager
def new_house(**options: Any) -> Iterator[House]:
    """A house in a home of its own, not started; ended and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="g-", dir="/tmp"))
    house = House(folder / "h", **options)
    try:
        yield house
    finally:
        house.kill()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_house(settings: dict[str, str] | None = None, **options: Any) -> Iterator[House]:
    """A house that runs, with `settings` in force from its start."""
    with new_house(**options) as house:
        house.start()
        if settings:
            for key, value in settings.items():
                house.set(key, value)
            house.restart()
        yield house


def family(pid: int) -> list[psutil.Process]:
    """A process's descendants."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def gone(processes: list[psutil.Process]) -> float:
    """Wait until all of them have ended; the seconds that took."""
    began = time.monotonic()
    for process in processes:
        wait_for_end(process.pid)
    return time.monotonic() - began


def wait_for_end(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ended, _, _ = select.select([descriptor], [], [], PATIENCE)
        assert ended, f"process {pid} did not end"
    finally:
        os.close(descriptor)


def wait_until(condition: Callable[[], Any], what: str) -> Any:
    """For what tells of itself by no event: look again and again, with a pause."""
    pause = threading.Event()
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < end, f"in vain waited until {what}"
        pause.wait(0.02)
    return value


class Push:
    """Live audio for `dictate.listen`: chunks of a tenth of a second, in time or as fast as they go."""

    def __init__(self, samples: Any, *, pace: float | None = None, chunk: int = CHUNK) -> None:
        """`pace` 1.0 is real time; None as fast as the house takes it. `chunk` in samples."""
        self._chunk = chunk
        self.pushed = 0
        self.started = 0.0
        self.stopped = threading.Event()
        self._data = samples.astype("<i2").tobytes()
        self._pace = pace

    def __call__(self) -> d.AudioChunk | None:
        self.started = self.started or time.monotonic()
        start = self.pushed * 2
        if start >= len(self._data) or self.stopped.is_set():
            return None
        data = self._data[start : start + self._chunk * 2]
        if self._pace is not None:
            due = self.started + (self.pushed + len(data) // 2) / 16_000 / self._pace
            self.stopped.wait(max(0.0, due - time.monotonic()))
        self.pushed += len(data) // 2
        return d.AudioChunk(data=data)
