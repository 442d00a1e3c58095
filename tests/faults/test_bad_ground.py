"""A home that will not do: full, read-only, taken, with a stale socket, under a clock that jumps."""

from __future__ import annotations

import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from garret.base.errors import Code, GarretError
from garret.base.ids import new_id
from garret.features.dictate import contracts as d
from garret.features.house import contracts as h
from tests.e2e import speech
from tests.e2e.house import House, Push, new_house, wait_for_end

ROOT = os.geteuid() == 0


@pytest.fixture
def house() -> Iterator[House]:
    with new_house() as mine:
        yield mine


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MiB."""
    if not ROOT:
        pytest.skip("FULL DISK NOT TESTED: mounting a file system takes root")
    folder = Path(tempfile.mkdtemp(prefix="g-", dir="/tmp"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "garret-test", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        shutil.rmtree(folder)
        pytest.skip(f"FULL DISK NOT TESTED: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def fill(folder: Path) -> Path:
    """Fill a file system to the last byte."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            while True:
                try:
                    file.write(bytes(size))
                except OSError:
                    break
    return path


def test_a_full_disk_is_told_and_work_goes_on_when_there_is_room(small_disk: Path, tmp_path: Path) -> None:
    house = House(small_disk / "h")
    try:
        house.start()
        before = house.dictate(speech.write(tmp_path / "before.wav", speech.greeting()))
        taken = house.take(speech.write(tmp_path / "waiting.wav", speech.hope()))
        filler = fill(small_disk)
        with pytest.raises(GarretError) as caught:
            house.take(speech.write(tmp_path / "big.wav", speech.passage()))
        assert caught.value.code in (Code.FULL, Code.READ_ONLY)
        refused = house.refusal(d.Transcribe(utterance=taken, key="ask"))
        assert refused.code in (Code.FULL, Code.READ_ONLY), refused
        assert "full" in refused.message
        assert house.transcript(before.utterance).text == before.text, "reading goes on"
        assert "read" in house.call(h.GetStatus()).storage or refused.code == Code.FULL
        filler.unlink()
        done = _again_and_again(house, d.Transcribe(utterance=taken, key=new_id("ask")))
        assert done.segments == 1
        assert house.transcript(taken).raw.startswith("i hope")
        assert house.call(h.VerifyAudit()).intact
    finally:
        house.kill()


def _again_and_again(house: House, request: d.Transcribe) -> d.Dictated:
    """The house looks now and then whether there is room again."""
    pause = threading.Event()
    for _ in range(200):
        try:
            return house.call(request)
        except GarretError as error:
            if error.code not in (Code.FULL, Code.READ_ONLY):
                raise
            pause.wait(0.1)
    raise AssertionError("it did not recover")


def test_sound_that_no_longer_fits_is_kept_as_far_as_it_does(small_disk: Path) -> None:
    house = House(small_disk / "h")
    try:
        house.start()
        house.call(d.ListEngines())
        source = np.concatenate([speech.greeting(), speech.silence(30.0)])
        push = Push(source, pace=2.0)
        filled: list[Path] = []

        def note(item: d.DictationItem) -> None:
            if item.kind == "final" and not filled:
                filled.append(fill(small_disk))

        result: list[d.Dictated] = []
        errors: list[GarretError] = []
        request = d.Listen(source="push", key=new_id("ask"))
        try:
            result.append(house.client.stream(request, note, inputs=push))
        except GarretError as error:
            errors.append(error)
        push.stopped.set()
        filled[0].unlink()
        if errors:
            assert errors[0].code in (Code.FULL, Code.READ_ONLY), errors
        else:
            assert "full" in result[0].note
        rows = [row for row in house.call(d.History()).utterances if row.source == "push"]
        assert len(rows) == 1
        if errors:
            _again_and_again(house, d.Transcribe(utterance=rows[0].id, key=new_id("ask")))
        assert house.transcript(rows[0].id).raw == "good morning"
    finally:
        house.kill()


def test_a_file_that_may_not_grow_is_an_error_and_not_the_end(house: House, tmp_path: Path) -> None:
    limit = 1 << 20

    def shrink() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    house.start(preexec_fn=shrink)
    small = house.dictate(speech.write(tmp_path / "small.wav", speech.greeting()))
    with pytest.raises(GarretError) as caught:
        house.take(speech.write(tmp_path / "big.wav", speech.passage()))
    assert caught.value.code == Code.FULL
    assert house.transcript(small.utterance).raw == "good morning"
    assert house.call(h.GetStatus()).pid == house.pid, "the signal of the limit ended nobody"


def test_a_second_control_plane_is_refused_and_the_first_goes_on(house: House) -> None:
    house.start()
    refused = house.fail_to_start()
    assert refused["code"] == Code.CONFLICT
    assert refused["status"] == 4
    assert str(house.pid) in refused["message"]
    assert house.call(h.GetStatus()).pid == house.pid


def test_many_started_at_once_leave_one(house: House) -> None:
    house.home.root.parent.mkdir(parents=True, exist_ok=True)
    starting = [
        subprocess.Popen(
            [sys.executable, "-m", "garret.daemon"],
            env=house._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    running = {os.pidfd_open(process.pid): process for process in starting}
    while len(running) > 1:
        for ended in select.select(list(running), [], [])[0]:
            assert running.pop(ended).wait() == 4
            os.close(ended)
    ((descriptor, winner),) = running.items()
    os.close(descriptor)
    assert winner.stderr is not None
    while b"ready after" not in winner.stderr.readline():
        assert winner.poll() is None
    assert house.call(h.GetStatus()).pid == winner.pid
    house.forget_client()
    winner.terminate()
    winner.wait(60)
    for process in starting:
        assert process.stderr is not None
        process.stderr.close()


@pytest.mark.parametrize("stale", ["socket of a dead process", "a file", "a link to nowhere"])
def test_a_stale_socket_is_replaced(house: House, stale: str) -> None:
    house.home.create()
    path = house.home.socket
    if stale == "a file":
        path.write_text("not a socket")
    elif stale == "a link to nowhere":
        path.symlink_to("/nowhere/at/all")
    else:
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(str(path))
        dead.close()
    house.start()
    assert house.call(h.GetStatus()).pid == house.pid


def test_a_lock_of_a_dead_process_holds_nobody_up(house: House) -> None:
    house.start()
    os.kill(house.pid, signal.SIGKILL)
    wait_for_end(house.pid)
    house.kill()
    assert house.home.lock.exists()
    assert house.home.socket.exists()
    house.start()
    assert house.call(h.GetStatus()).pid == house.pid


def test_a_home_on_a_read_only_disk_is_told(tmp_path: Path) -> None:
    if not ROOT:
        pytest.skip("READ-ONLY DISK NOT TESTED: mounting a file system takes root")
    folder = Path(tempfile.mkdtemp(prefix="g-", dir="/tmp"))
    options = ["mount", "-t", "tmpfs", "-o", "size=1m,ro", "garret-test", str(folder)]
    if subprocess.run(options, capture_output=True, check=False).returncode != 0:
        shutil.rmtree(folder)
        pytest.skip("READ-ONLY DISK NOT TESTED: mounting is not allowed here")
    try:
        refused = House(folder / "h").fail_to_start()
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()
    assert refused["code"] == Code.READ_ONLY
    assert "GARRET_HOME" in refused["message"]


def test_a_home_that_became_read_only_is_told_and_left_as_it_was(house: House) -> None:
    if not ROOT:
        pytest.skip("READ-ONLY DISK NOT TESTED: mounting a file system takes root")
    house.start()
    house.set("jobs.attempts", "7")
    house.stop()
    root = str(house.home.root)
    bound = subprocess.run(["mount", "--bind", root, root], capture_output=True, check=False)
    if bound.returncode != 0:
        pytest.skip("READ-ONLY DISK NOT TESTED: mounting is not allowed here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", root], check=True)
        refused = house.fail_to_start()
    finally:
        subprocess.run(["umount", "-l", root], check=True)
    assert refused["code"] == Code.READ_ONLY
    house.start()
    assert house.call(h.ListSettings(key="jobs.attempts")).settings[0].value == "7"


def test_a_home_that_is_a_file_is_told(house: House) -> None:
    house.home.root.parent.mkdir(parents=True, exist_ok=True)
    house.home.root.write_text("I am a file")
    refused = house.fail_to_start()
    assert refused["code"] == Code.READ_ONLY
    assert str(house.home.root) in refused["message"]
