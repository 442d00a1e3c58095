"""A recording from end to end: source, session, spool and listener together."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from miniaudio import Backend

from garret.base.clock import ManualClock
from garret.features.dictate.capture.errors import NoMicrophoneError, SpoolFullError
from garret.features.dictate.capture.level import Level
from garret.features.dictate.capture.microphone import Microphone
from garret.features.dictate.capture.recorder import Ended, Notice, Recorder
from garret.features.dictate.capture.session import (
    Finished,
    Keep,
    Listening,
    Muted,
    Options,
    Reason,
    State,
    Tail,
)
from garret.features.dictate.capture.source import Ending, PushSource
from garret.features.dictate.capture.spool import SpoolWriter

SPEECH = bytes(range(1, 251)) * 128  # 32,000 bytes: one second


@pytest.fixture
def spool_file(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "spool", os.O_RDWR | os.O_CREAT, 0o600)
    yield descriptor
    os.close(descriptor)


class Script:
    """A live source that delivers given pieces, then ends as told."""

    live = True
    name = "script"
    dropped = 0

    def __init__(
        self, pieces: list[bytes], ending: Ending | None, error: NoMicrophoneError | None = None
    ) -> None:
        self._pieces = list(pieces)
        self._ending = ending
        self._error = error
        self.closed = False
        self._wake: Callable[[], None] = lambda: None

    def open(self, wake: Callable[[], None]) -> None:
        if self._error:
            raise self._error
        self._wake = wake
        wake()

    def read(self) -> bytes:
        self._wake()
        return self._pieces.pop(0) if self._pieces else b""

    def ending(self) -> Ending | None:
        return None if self._pieces else self._ending

    def close(self) -> None:
        self.closed = True


def test_pushed_sound_is_spooled_heard_and_finished(spool_file: int) -> None:
    source = PushSource()
    source.push(SPEECH)
    source.finish()
    notices: list[Notice] = []

    def listen(notice: Notice) -> None:
        if isinstance(notice, Keep):  # the spool has it before anybody hears of it
            assert os.fstat(spool_file).st_size >= notice.position * 2 + len(notice.pcm)
        notices.append(notice)

    writer = SpoolWriter(spool_file)
    finished = Recorder(source, writer, listen, Options(tail=0.5)).run()
    assert finished == Finished(Reason.SOURCE_ENDED, 16_000)
    assert os.pread(spool_file, 1 << 20, 0) == SPEECH
    assert writer.durable == len(SPEECH)
    assert len([notice for notice in notices if isinstance(notice, Level)]) == 20
    rest = [notice for notice in notices if not isinstance(notice, Level)]
    assert isinstance(rest[0], Listening)
    assert rest[-3:] == [Tail(8_000), Ended(finished), finished]
    assert b"".join(notice.pcm for notice in rest if isinstance(notice, Keep)) == SPEECH


def test_a_stop_from_another_thread_ends_the_recording_after_what_had_arrived(spool_file: int) -> None:
    source = PushSource()
    recorder = Recorder(source, SpoolWriter(spool_file), lambda _: None)
    source.push(SPEECH)
    thread = threading.Thread(target=recorder.run)
    thread.start()
    recorder.stop()
    thread.join()
    assert recorder.state is State.ENDED
    assert os.fstat(spool_file).st_size == len(SPEECH)


def test_a_trigger_keeps_the_pre_roll(spool_file: int) -> None:
    source = PushSource()
    recorder: Recorder

    def listen(notice: Notice) -> None:
        if isinstance(notice, Listening):
            recorder.trigger()
            recorder.stop()

    recorder = Recorder(
        source, SpoolWriter(spool_file), listen, Options(wait_for_trigger=True, pre_roll=0.25)
    )
    source.push(SPEECH)
    assert recorder.run().samples == 4_000
    assert os.pread(spool_file, 1 << 20, 0) == SPEECH[-8_000:]


def test_a_microphone_that_vanishes_leaves_its_recording(spool_file: int) -> None:
    source = Script([bytes(640), SPEECH], Ending(lost=True, reason="The headset was disconnected"))
    notices: list[Notice] = []
    finished = Recorder(source, SpoolWriter(spool_file), notices.append).run()
    assert finished.reason is Reason.DEVICE_LOST
    assert "are kept" in finished.message
    assert finished.samples == 16_320
    assert os.fstat(spool_file).st_size == 640 + len(SPEECH)
    assert source.closed
    assert any(isinstance(notice, Tail) for notice in notices)


def test_a_microphone_that_cannot_be_opened_is_told(spool_file: int) -> None:
    source = Script([], None, NoMicrophoneError("No microphone could be opened."))
    recorder = Recorder(source, SpoolWriter(spool_file), lambda _: None)
    assert recorder.run() == Finished(Reason.NO_SOURCE, 0, "No microphone could be opened.")
    assert recorder.state is State.FAILED


def test_a_full_disk_ends_the_recording_and_keeps_what_was_written(
    spool_file: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = SpoolWriter(spool_file)
    append = writer.append

    def refuse_the_second(pcm: bytes) -> None:
        if writer.length:
            raise SpoolFullError("The disk is full.")
        append(pcm)

    monkeypatch.setattr(writer, "append", refuse_the_second)
    source = Script([SPEECH, SPEECH], None)
    notices: list[Notice] = []
    finished = Recorder(source, writer, notices.append).run()
    assert finished == Finished(Reason.SPOOL_FULL, 16_000, "The disk is full.")
    assert len([notice for notice in notices if isinstance(notice, Keep)]) == 1
    assert source.closed


def test_a_recovered_spool_is_continued_and_counted_apart(spool_file: int) -> None:
    os.write(spool_file, b"\x01\x02\x03")
    source = PushSource()
    source.push(SPEECH)
    source.finish()
    assert Recorder(source, SpoolWriter(spool_file), lambda _: None).run().samples == 16_000
    assert os.pread(spool_file, 1 << 20, 0) == b"\x01\x02" + SPEECH


def test_a_listener_that_fails_closes_source_and_spool(spool_file: int) -> None:
    class Broken(Exception):
        pass

    def listen(_: Notice) -> None:
        raise Broken

    source = Script([SPEECH], None)
    writer = SpoolWriter(spool_file)
    with pytest.raises(Broken):
        Recorder(source, writer, listen).run()
    assert source.closed


def test_the_null_microphone_is_opened_but_never_listened_to(spool_file: int) -> None:
    clock = ManualClock()
    notices: list[Notice] = []
    recorder: Recorder

    def listen(notice: Notice) -> None:
        notices.append(notice)
        if isinstance(notice, Level):
            clock.advance(1.0)
        if isinstance(notice, Muted):
            recorder.stop()

    recorder = Recorder(Microphone(backends=[Backend.NULL]), SpoolWriter(spool_file), listen, clock=clock)
    assert recorder.run() == Finished(Reason.STOPPED, 0)
    assert not any(isinstance(notice, Listening | Keep) for notice in notices)
    assert os.fstat(spool_file).st_size == 0
