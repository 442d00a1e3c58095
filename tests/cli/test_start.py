"""Starts that fail, told at once by the real program: the control plane's own reason, and its exit code."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from garret.base.errors import Code
from garret.cli import launch
from garret.cli.errors import StartFailed
from garret.control.foundation import open_store
from garret.control.secrets.store import DATABASE_KEY, SecretStore
from garret.storage.connection import connect
from tests.cli.test_real import Garret, made


@pytest.fixture
def fresh() -> Iterator[Garret]:
    yield from made()


@pytest.fixture
def there(fresh: Garret, monkeypatch: pytest.MonkeyPatch) -> Garret:
    """A home with a database, that this process may start as well."""
    monkeypatch.setenv("GARRET_HOME", str(fresh.home.root))
    monkeypatch.setenv("GARRET_KEYCHAIN", "off")
    monkeypatch.delenv("GARRET_PASSPHRASE_FILE", raising=False)
    fresh.home.create()
    open_store(fresh.home, (), SecretStore.open(fresh.home)).close()
    return fresh


def refused(garret: Garret, code: int) -> str:
    """What `garret up` says where it cannot start; never that nobody answered."""
    told = garret.run("up", code=code).stderr
    assert "did not answer" not in told
    assert told.startswith("garret: ")
    assert launch.running_process(garret.home) is None
    return told


def migrate_further(garret: Garret) -> None:
    """Make the home one of a newer program."""
    key = SecretStore.open(garret.home).get(DATABASE_KEY)
    assert key is not None
    connection = connect(garret.home.durable_db, key)
    connection.execute(
        "INSERT INTO schema_migrations VALUES ('storage', 4711, 'from_the_future', zeroblob(32), 0)"
    )
    connection.close()


def test_a_home_of_a_newer_program_is_told_as_that(there: Garret) -> None:
    migrate_further(there)
    assert "newer version of Garret" in refused(there, 1)
    done = there.run("up", "--foreground", code=1)
    assert done.stderr.splitlines()[-1].startswith("garret: This home was used by a newer version")


def test_a_damaged_file_leads_to_what_can_be_done(there: Garret) -> None:
    with there.home.durable_db.open("r+b") as file:
        file.write(b"\xa5" * 64)
    told = refused(there, 1)
    assert "damaged" in told
    assert "garret restore FILE" in told


def test_a_wrong_passphrase_is_denied(there: Garret, tmp_path: Path) -> None:
    SecretStore.open(there.home).reseal("correct horse battery")
    assert "sealed by a passphrase and nobody is there" in refused(there, 3)
    (tmp_path / "pass").write_text("wrong horse battery\n")
    there.environment["GARRET_PASSPHRASE_FILE"] = str(tmp_path / "pass")
    assert "does not open your secrets" in refused(there, 3)
    with pytest.raises(StartFailed) as caught:
        launch.launch(there.home, "another wrong one")
    assert (caught.value.code, caught.value.details["reason"]) == (Code.DENIED, "sealed")


def test_a_home_that_became_read_only_is_told(there: Garret) -> None:
    root = str(there.home.root)
    if subprocess.run(["mount", "--bind", root, root], capture_output=True, check=False).returncode != 0:
        pytest.skip("READ-ONLY DISK NOT TESTED: mounting is not allowed here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", root], check=True)
        assert "Read-only file system" in refused(there, 1)
    finally:
        subprocess.run(["umount", "-l", root], check=True)


def test_a_log_that_cannot_be_written_is_told(there: Garret) -> None:
    launch.log_of(there.home).mkdir()
    assert "daemon.log cannot be written" in refused(there, 1)


def test_a_home_that_is_worked_on_is_busy_at_once(there: Garret) -> None:
    with there.home.lock.open("w") as lock:
        holder = subprocess.Popen(
            ["flock", "-x", "-F", str(there.home.lock), "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.write(b"\n")
        holder.stdin.flush()
        holder.stdout.readline()
        lock.write(f"{holder.pid:<32}{'salvaged':<32}")
    try:
        for words in (["up"], ["down"], ["jobs"]):
            assert f"is being salvaged (process {holder.pid})" in there.run(*words, code=4).stderr
        assert holder.poll() is None, "nobody ended it"
    finally:
        holder.communicate(b"")


def test_losers_join_the_winner_and_learn_what_hindered_it(there: Garret) -> None:
    started = [there.start("up", "--json") for _ in range(3)]
    assert [process.wait() for process in started] == [0] * 3
    for process in started:
        process.communicate()
    there.run("down")
    migrate_further(there)
    begin = time.monotonic()
    started = [there.start("up") for _ in range(3)]
    told = [process.communicate()[1] for process in started]
    assert all("newer version of Garret" in each for each in told), told
    assert [process.returncode for process in started] == [1] * 3
    assert time.monotonic() - begin < launch.START_SECONDS * len(started), "none waited for an answer"


def test_lines_of_others_that_started_at_the_same_moment_do_not_count(tmp_path: Path) -> None:
    log = tmp_path / "daemon.log"
    log.write_text(
        '{"code": "conflict", "message": "Newer.", "reason": "", "pid": 10}\n'
        '{"code": "conflict", "message": "Taken.", "reason": "taken", "pid": 11}\n'
    )
    assert launch.failure(log, 0, 1, 10).details["reason"] == ""
    assert launch.failure(log, 0, 4, 11).details["reason"] == "taken"
    assert "status 1" in launch.failure(log, 0, 1, 12).message


def test_a_stranger_in_the_way_of_the_log_is_left_alone(there: Garret) -> None:
    launch.log_of(there.home).symlink_to(there.home.root / "elsewhere" / "log")
    assert "daemon.log cannot be written" in refused(there, 1)
    shutil.rmtree(there.home.root / "elsewhere", ignore_errors=True)


def test_one_that_is_killed_while_it_starts_is_started_again(
    there: Garret, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GARRET_HOME", str(there.home.root))
    real, started = launch.daemon_command, list[int]()

    def command(*arguments: str) -> list[str]:
        started.append(1)
        if len(started) < 4:
            return [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
        return real(*arguments)

    monkeypatch.setattr(launch, "daemon_command", command)
    launch.launch(there.home).close()
    assert len(started) == 4


def test_a_start_that_takes_long_is_waited_for_and_told_of_once(
    there: Garret, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "START_SECONDS", 0.0)
    told: list[str] = []
    launch.launch(there.home, tell=told.append).close()
    assert len(told) == 1
    assert "still starting" in told[0]
