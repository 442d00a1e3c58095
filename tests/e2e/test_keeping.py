"""Backups taken while the house works, restored elsewhere; tables rebuilt; the audit; what is secret."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import apsw
import pytest

from garret.base.ids import new_id
from garret.base.paths import Home
from garret.control.secrets.store import DATABASE_KEY, SecretStore
from garret.features.dictate import contracts as d
from garret.features.dictate.projection import PROJECTION
from garret.features.house import contracts as h
from garret.storage.connection import connect
from garret.storage.projections import digest
from tests.e2e import speech
from tests.e2e.house import PATIENCE, House, new_house, wait_until

PASSPHRASE = "a rather long passphrase of nobody"
PLANTED = "hunter2-Zx9planted"


def database(home: Home, *, cache: bool = False) -> Any:
    """A connection to a home's own database, opened with its key as its owner could."""
    secrets = SecretStore.open(home, keychain=None)
    key = secrets.get(f"{DATABASE_KEY}.cache" if cache else DATABASE_KEY)
    assert key is not None
    return connect(home.cache_db if cache else home.durable_db, key)


def everything(home: Home) -> str:
    """All rows of all tables of both databases as text."""
    rows: list[str] = []
    for cache in (False, True):
        connection = database(home, cache=cache)
        names = [
            str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        for name in names:
            rows.extend(repr(row) for row in connection.execute(f'SELECT * FROM "{name}"'))
        connection.close()
    return "\n".join(rows)


def test_a_backup_made_while_dictating_restores_to_the_same_texts(own_house: House, tmp_path: Path) -> None:
    house = own_house.start()
    found = house.dictate(speech.write(tmp_path / "a.wav", speech.two_sentences()))
    wait_until(lambda: not list(house.home.spool.iterdir()), "its sound is kept")
    taken = house.take(speech.write(tmp_path / "b.wav", speech.cut(0.0, 12.4)))
    running = threading.Thread(target=_ask, args=(house, d.Transcribe(utterance=taken, key=new_id("ask"))))
    running.start()
    archive = tmp_path / "house.backup"
    made = house.call(h.Backup(path=str(archive), passphrase=PASSPHRASE))
    running.join()
    assert made.keys
    assert made.bytes == archive.stat().st_size
    assert made.blobs >= 2

    with new_house() as other:
        other.home.root.parent.mkdir(parents=True, exist_ok=True)
        restored = subprocess.run(
            [sys.executable, "-m", "garret.daemon", "--restore", str(archive)],
            input=PASSPHRASE.encode() + b"\n",
            env=other._environment,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )
        assert restored.returncode == 0, restored.stderr.decode()
        assert json.loads(restored.stdout)["blobs"] == made.blobs
        other.start()
        again = other.transcript(found.utterance)
        assert again == found
        assert other.kept_audio(found.utterance) == house.kept_audio(found.utterance)
        assert other.call(h.VerifyAudit()).intact
        other.call(d.Transcribe(utterance=taken, key=new_id("ask")))
        assert other.transcript(taken).raw == house.transcript(taken).raw


def _ask(house: House, request: d.Transcribe) -> None:
    with house.another_client() as client:
        client.call(request)


@pytest.mark.parametrize("problem", ["passphrase", "not empty", "cut short"])
def test_a_backup_that_cannot_be_restored_leaves_the_home_as_it_was(
    own_house: House, tmp_path: Path, problem: str
) -> None:
    house = own_house.start()
    house.dictate(speech.write(tmp_path / "a.wav", speech.greeting()))
    archive = tmp_path / "house.backup"
    house.call(h.Backup(path=str(archive), passphrase=PASSPHRASE))
    with new_house() as other:
        other.home.root.parent.mkdir(parents=True, exist_ok=True)
        if problem == "not empty":
            other.start()
            other.stop()
        if problem == "cut short":
            archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
        before = sorted(str(path) for path in other.home.root.rglob("*"))
        given = "another passphrase of nobody" if problem == "passphrase" else PASSPHRASE
        refused = subprocess.run(
            [sys.executable, "-m", "garret.daemon", "--restore", str(archive)],
            input=given.encode() + b"\n",
            env=other._environment,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )
        assert refused.returncode != 0
        assert "message" in json.loads(refused.stderr.decode().splitlines()[-1])
        assert sorted(str(path) for path in other.home.root.rglob("*")) == before


def test_rebuilt_tables_equal_the_old_ones(own_house: House, tmp_path: Path) -> None:
    house = own_house.start()
    path = speech.write(tmp_path / "a.wav", speech.greeting())
    first, second, third = (house.dictate(path) for _ in range(3))
    house.call(d.Transcribe(utterance=first.utterance, key=new_id("ask"), mode="spelling"))
    house.call(d.Delivered(utterance=second.utterance, where="x", problem="no"))
    house.call(house.approved(d.Delete(utterance=third.utterance)))
    wait_until(lambda: not list(house.home.spool.iterdir()), "the sound is kept")
    house.stop()
    connection = database(house.home)
    before = digest(connection, PROJECTION.tables)
    connection.execute("DELETE FROM utterances")
    connection.execute("UPDATE utterance_segments SET number = number + 7")
    connection.close()
    house.start()
    assert house.call(d.History()).utterances == ()
    house.call(h.Rebuild())
    states = {row.id: row.state for row in house.call(d.History()).utterances}
    assert states == {first.utterance: "cleaned", second.utterance: "held"}
    house.stop()
    connection = database(house.home)
    assert digest(connection, PROJECTION.tables) == before
    connection.close()


def test_a_change_of_the_audit_is_found(own_house: House) -> None:
    house = own_house.start()
    house.set("jobs.attempts", "4")
    house.set("jobs.attempts", "5")
    verdict = house.call(h.VerifyAudit())
    assert verdict.intact
    assert verdict.entries >= 2
    house.stop()
    connection = database(house.home)
    (number,) = connection.execute("SELECT max(seq) - 1 FROM audit").fetchone()
    columns = [row[1] for row in connection.execute("PRAGMA table_info(audit)")]
    column = "outcome" if "outcome" in columns else columns[-1]
    for trigger in connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{trigger[0]}"')
    connection.execute(f"UPDATE audit SET {column} = 'denied' WHERE seq = ?", (number,))
    connection.close()
    house.start()
    verdict = house.call(h.VerifyAudit())
    assert not verdict.intact
    assert str(number) in verdict.problem


def test_a_secret_is_nowhere_but_in_its_vault(own_house: House) -> None:
    house = own_house.start()
    house.set("logs.level", "debug")
    house.call(h.SetSecret(name="voice.key", value=PLANTED))
    assert (
        house.call(h.ListSecrets()).names == ("voice.key",)
        or "voice.key" in house.call(h.ListSecrets()).names
    )
    refused = house.refusal(d.Get(utterance=PLANTED))
    house.refusal(h.SetSetting(key="dictate.engine", value=PLANTED))
    house.refusal(h.RestartWorker(name=PLANTED))
    lines = "\n".join(house.logs())
    status = repr(house.call(h.GetStatus())) + repr(house.call(h.ReadAudit(limit=1000)))
    environment = (
        Path(f"/proc/{house.pid}/environ").read_bytes() + Path(f"/proc/{house.pid}/cmdline").read_bytes()
    )
    house.stop()
    for name, text in (
        ("logs", lines),
        ("status and audit", status),
        ("standard error", "\n".join(house.said)),
        ("databases", everything(house.home)),
        ("environment", environment.decode(errors="replace")),
    ):
        assert PLANTED not in text, f"the secret is in {name}"
    for path in house.home.root.rglob("*"):
        if path.is_file():
            assert PLANTED.encode() not in path.read_bytes(), path
    assert refused.code == "not_found"


def test_without_its_key_a_database_tells_nothing(own_house: House, tmp_path: Path) -> None:
    house = own_house.start()
    house.dictate(speech.write(tmp_path / "a.wav", speech.greeting()))
    house.stop()
    raw = house.home.durable_db.read_bytes()
    assert not raw.startswith(b"SQLite format 3")
    assert b"morning" not in raw
    with pytest.raises(apsw.NotADBError):
        apsw.Connection(str(house.home.durable_db)).execute("SELECT count(*) FROM sqlite_master")
