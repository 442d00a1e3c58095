"""The spool holds whole samples, goes on where it was, and keeps what it has when the disk is full."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from garret.base.errors import Code
from garret.features.dictate.capture import spool
from garret.features.dictate.capture.errors import SpoolError, SpoolFullError
from garret.features.dictate.capture.spool import SpoolWriter, recover


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    opened = os.open(tmp_path / "spool", os.O_RDWR | os.O_CREAT, 0o600)
    yield opened
    os.close(opened)


def content(descriptor: int) -> bytes:
    return os.pread(descriptor, 1 << 20, 0)


def test_what_is_appended_is_in_the_file_at_once_and_durable_at_the_end(descriptor: int) -> None:
    reported: list[int] = []
    writer = SpoolWriter(descriptor, reported.append)
    for number in range(50):
        writer.append(bytes([number, 0]) * 10)
        assert len(content(descriptor)) == writer.length == 20 * (number + 1)
    assert writer.close() == 1000
    assert reported[-1] == 1000
    assert reported == sorted(reported)
    assert content(descriptor) == b"".join(bytes([number, 0]) * 10 for number in range(50))


def test_syncing_happens_off_the_appending_thread_and_no_oftener_than_told(
    descriptor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs: list[str] = []
    twice = threading.Event()

    def sync(_: int) -> None:
        syncs.append(threading.current_thread().name)
        if len(syncs) == 2:
            twice.set()

    monkeypatch.setattr(spool, "_sync", sync)
    writer = SpoolWriter(descriptor, sync_seconds=3600)
    for _ in range(200):
        writer.append(bytes(2))
    writer.close()
    assert 1 <= len(syncs) <= 2  # the first at once, the last at the close
    assert set(syncs) == {"spool-sync"}


def test_durable_length_is_never_ahead_of_the_sync(descriptor: int, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, release = threading.Event(), threading.Event()

    def sync(_: int) -> None:
        entered.set()
        release.wait()

    monkeypatch.setattr(spool, "_sync", sync)
    writer = SpoolWriter(descriptor, sync_seconds=0)
    writer.append(bytes(4))
    entered.wait()
    writer.append(bytes(4))
    assert (writer.length, writer.durable) == (8, 0)
    release.set()
    assert writer.close() == 8


@given(st.binary(max_size=99), st.binary(max_size=20).map(lambda data: data[: len(data) // 2 * 2]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_an_existing_spool_is_continued_after_its_last_whole_sample(
    descriptor: int, before: bytes, more: bytes
) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, before, 0)
    whole = before[: len(before) // 2 * 2]
    assert recover(descriptor) == len(whole)
    writer = SpoolWriter(descriptor)
    writer.append(more)
    writer.close()
    assert content(descriptor) == whole + more


def test_half_a_sample_is_refused(descriptor: int) -> None:
    writer = SpoolWriter(descriptor)
    with pytest.raises(ValueError):
        writer.append(b"x")
    assert writer.close() == 0


def test_a_full_disk_keeps_whole_samples_and_says_how_much(tmp_path: Path) -> None:
    # A file size limit makes the kernel write short and then refuse, as a full disk does.
    program = textwrap.dedent(
        """
        import os, resource, signal, sys
        from garret.features.dictate.capture.errors import SpoolFullError
        from garret.features.dictate.capture.spool import SpoolWriter
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        descriptor = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4001, 4001))
        writer = SpoolWriter(descriptor)
        writer.append(bytes(3000))
        try:
            writer.append(bytes(3000))
        except SpoolFullError as error:
            print(error.code.value, error.details["kept_bytes"], writer.close())
        """
    )
    path = tmp_path / "spool"
    done = subprocess.run(
        (sys.executable, "-c", program, str(path)), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["full", "4000", "4000"]
    assert path.stat().st_size == 4000


def test_a_device_without_room_is_full() -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    writer = SpoolWriter(descriptor)
    with pytest.raises(SpoolFullError) as caught:
        writer.append(bytes(2))
    assert caught.value.code is Code.FULL
    assert "0.0 s of it are kept" in caught.value.message
    writer.close()
    os.close(descriptor)


def test_a_failed_sync_stops_the_recording_and_is_not_forgotten(
    descriptor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()

    def sync(_: int) -> None:
        failed.set()
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(spool, "_sync", sync)
    writer = SpoolWriter(descriptor)
    writer.append(bytes(2))
    failed.wait()
    with pytest.raises(SpoolError):
        writer.close()
    with pytest.raises(SpoolError):
        writer.append(bytes(2))
    assert writer.durable == 0


def test_a_closed_descriptor_is_a_typed_error(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "gone", os.O_RDWR | os.O_CREAT, 0o600)
    os.close(descriptor)
    with pytest.raises(SpoolError):
        SpoolWriter(descriptor)


def test_a_killed_process_loses_nothing_that_was_appended(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import os, signal, sys
        from garret.features.dictate.capture.spool import SpoolWriter
        writer = SpoolWriter(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600))
        for _ in range(300):
            writer.append(b"\\1\\2" * 320)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    path = tmp_path / "spool"
    done = subprocess.run((sys.executable, "-c", program, str(path)), check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.stat().st_size == 300 * 640
