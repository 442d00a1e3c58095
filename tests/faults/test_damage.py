"""Damage done to a home from outside, with real processes: it is told, and a way leads out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from garret.control.secrets.store import DATABASE_KEY, SecretStore
from garret.features.dictate import contracts as d
from garret.features.house import contracts as h
from garret.storage.connection import connect
from tests.e2e import speech
from tests.e2e.house import PATIENCE, House, Push, new_house, wait_until


@pytest.fixture
def house() -> Iterator[House]:
    with new_house() as mine:
        yield mine


def garret(house: House, *words: str, code: int) -> str:
    """What the command line says, on both streams."""
    done = subprocess.run(
        [sys.executable, "-m", "garret.cli", *words],
        env=house._environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, (words, done.stdout, done.stderr)
    return done.stdout + done.stderr


def cut_audit(house: House, rows: int) -> None:
    key = SecretStore.open(house.home).get(DATABASE_KEY)
    assert key is not None
    connection = connect(house.home.durable_db, key)
    connection.execute("DELETE FROM audit WHERE seq > (SELECT max(seq) FROM audit) - ?", (rows,))
    connection.close()


@pytest.mark.parametrize("how", ["deleted", "emptied", "killed, then deleted with its log"])
def test_a_lost_database_is_told_everywhere_and_a_backup_leads_out(house: House, how: str) -> None:
    house.start()
    house.set("jobs.attempts", "7")
    backup = house.call(h.Backup()).path
    house.kill() if how.startswith("killed") else house.stop()
    for path in house.home.root.glob("garret.db*" if how.startswith("killed") else "garret.db"):
        path.unlink()
    if how == "emptied":
        house.home.durable_db.touch()
    refused = house.fail_to_start()
    assert isinstance(refused, dict)
    assert (refused["code"], refused["status"]) == ("corrupt", 1)
    way = f"garret restore {backup}"
    assert way in refused["message"]
    assert way in garret(house, "status", code=1)
    assert way in garret(house, "history", code=1)
    (check,) = json.loads(garret(house, "doctor", "--json", code=1))
    assert (check["outcome"], check["name"]) == ("fail", "database")
    assert way in check["sentence"]
    assert not house.home.durable_db.exists() or how == "emptied", "nothing was made in its place"
    garret(house, "restore", "--no-passphrase", backup, code=0)
    house.start()
    assert house.call(h.ListSettings(key="jobs.attempts")).settings[0].value == "7"
    assert house.call(h.VerifyAudit()).intact


def test_a_damaged_start_is_told_by_status_until_one_succeeds(house: House) -> None:
    house.start()
    backup = house.call(h.Backup()).path
    house.stop()
    with house.home.durable_db.open("r+b") as file:
        file.write(bytes(5 * 4096))
    assert "garret up" in garret(house, "status", code=4), "nobody knows yet"
    garret(house, "up", code=1)
    told = garret(house, "status", code=4)
    assert "last start failed" in told
    assert f"garret restore {backup}" in told
    assert "Run 'garret doctor'" not in told, "it is said what the doctor would say"
    garret(house, "restore", "--no-passphrase", backup, code=0)
    garret(house, "up", code=0)
    garret(house, "down", code=0)
    assert "failed" not in garret(house, "status", code=4)


def test_a_start_that_finds_it_lost_makes_no_keys(house: House) -> None:
    house.home.create()
    (house.home.blobs / "ab" / "cd").mkdir(parents=True)
    (house.home.blobs / "ab" / "cd" / ("abcd" * 16)).write_bytes(b"sound")
    refused = house.fail_to_start()
    assert isinstance(refused, dict)
    assert "1 kept file." in refused["message"]
    assert "no backup" in refused["message"]
    assert not house.home.key_file.exists()


def test_rows_cut_off_the_audit_chain_are_told_ever_after(house: House) -> None:
    house.start()
    for number in range(10):
        house.set("jobs.attempts", str(number + 1))
    house.stop()
    cut_audit(house, 9)
    for path in house.home.root.glob("cache.db*"):
        path.unlink()
    house.start()
    for number in range(10):
        house.set("jobs.attempts", str(number + 1))
    house.restart()
    verdict = house.call(h.VerifyAudit())
    assert not verdict.intact
    assert "9 rows had been cut off the end" in verdict.problem
    assert any("audit chain" in notice for notice in house.call(h.GetStatus()).notices)
    told = [check for check in house.call(h.Diagnose()).checks if check.name == "audit"]
    assert [check.outcome for check in told] == ["fail"]
    assert "cut off" in garret(house, "audit", "verify", code=1)


def test_killed_at_any_time_the_chain_is_not_taken_for_cut(house: House) -> None:
    for number in range(4):
        house.start()
        house.set("jobs.attempts", str(number + 1))
        house.kill()
    house.start()
    verdict = house.call(h.VerifyAudit())
    assert verdict.intact, verdict.problem


def test_a_status_of_no_home_starts_nothing(house: House, tmp_path: Path) -> None:
    house.home.root.mkdir(parents=True)
    assert "not running" in garret(house, "status", code=4)
    assert list(house.home.root.iterdir()) == []


def kept_file(house: House, utterance: str) -> Path:
    """The file that holds an utterance's sound."""
    house.call(d.Audio(utterance=utterance))
    (descriptor,) = house.client.received_descriptors
    path = Path(f"/proc/self/fd/{descriptor}").readlink()
    os.close(descriptor)
    return path


def test_one_damaged_file_does_not_keep_all_others_from_being_backed_up(house: House, tmp_path: Path) -> None:
    house.start()
    first = house.dictate(speech.write(tmp_path / "a.wav", speech.greeting())).utterance
    second = house.dictate(speech.write(tmp_path / "b.wav", speech.hope())).utterance
    wait_until(lambda: not list(house.home.spool.iterdir()), "their sound is kept")
    damaged, sound = kept_file(house, first), house.kept_audio(second)
    os.truncate(damaged, damaged.stat().st_size // 2)
    archive = str(tmp_path / "a.backup")
    told = garret(house, "backup", archive, "--no-passphrase", code=0)
    assert "1 kept file is damaged and not in it" in told
    (house.home.root / "cache.db").unlink()
    house.stop()
    house.home.durable_db.unlink()
    for path in house.home.blobs.rglob("?" * 64):
        path.unlink()
    garret(house, "restore", "--no-passphrase", archive, code=0)
    house.start()
    assert house.kept_audio(second) == sound
    assert house.transcript(first).text
    assert first in house.refusal(d.Audio(utterance=first)).message


@pytest.mark.parametrize("how", ["cut short", "exchanged", "gone"])
def test_kept_sound_that_is_not_what_it_was_is_never_used_and_named(
    house: House, tmp_path: Path, how: str
) -> None:
    house.start()
    first = house.dictate(speech.write(tmp_path / "a.wav", speech.greeting())).utterance
    second = house.dictate(speech.write(tmp_path / "b.wav", speech.hope())).utterance
    wait_until(lambda: not list(house.home.spool.iterdir()), "their sound is kept")
    path, other = kept_file(house, first), kept_file(house, second)
    if how == "cut short":
        os.truncate(path, path.stat().st_size // 2)
    elif how == "exchanged":
        path.unlink()
        path.write_bytes(other.read_bytes())
    else:
        path.unlink()
    refused = house.refusal(d.Audio(utterance=first))
    assert refused.code == "corrupt"
    assert first in refused.message
    told = garret(house, "history", "export", "--audio", "-o", str(tmp_path / "out"), code=1)
    assert first in told
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        [f"{first}.txt", f"{second}.txt", f"{second}.flac"]
    )
    assert first in garret(house, "history", "retry", first, code=1)
    checks = {check.name: check for check in house.call(h.Diagnose()).checks}
    assert checks["dictation recordings"].outcome == "fail"
    assert first in checks["dictation recordings"].sentence
    assert second not in checks["dictation recordings"].sentence
    assert (checks["kept files"].outcome == "fail") == (how != "gone")
    assert any("kept file" in notice for notice in house.call(h.GetStatus()).notices) == (how != "gone")
    assert house.transcript(first).text, "its text is as it was"


@pytest.mark.soak
def test_a_backup_made_amid_a_dictation_leaves_nothing_under_way(house: House, tmp_path: Path) -> None:
    house.start()
    house.call(d.ListEngines())
    push = Push(np.concatenate([speech.greeting(), speech.silence(120.0)]), pace=1.0)
    heard = threading.Event()
    running = threading.Thread(target=dictate_live, args=(house, push, heard))
    running.start()
    assert heard.wait(PATIENCE)
    backup = house.call(h.Backup(path=str(tmp_path / "amid.backup"), passphrase="a long passphrase")).path
    push.stopped.set()
    running.join()
    with new_house() as other:
        other.home.root.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [sys.executable, "-m", "garret.daemon", "--restore", backup],
            input=b"a long passphrase\n",
            env=other._environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        other.start()
        (row,) = other.call(d.History()).utterances
        ended = wait_until(lambda: other.utterance(row.id).error, "it is ended")
        assert other.utterance(row.id).state == "captured"
        assert ended


def dictate_live(house: House, push: Push, heard: threading.Event) -> None:
    with house.another_client() as client:

        def note(item: d.DictationItem) -> None:
            if item.kind == "final":
                heard.set()

        client.stream(d.Listen(source="push", key="amid"), note, inputs=push)
