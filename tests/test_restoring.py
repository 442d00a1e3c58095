"""Bringing a home back: from a backup with its keys, or from what a damaged database still holds."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from garret import restoring
from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.control.clients.listener import HomeLock
from garret.control.plane import ControlPlane
from garret.control.secrets import store as secrets_module
from garret.control.secrets.store import DATABASE_KEY, SecretsLocked, SecretStore
from garret.features.house import contracts as c
from garret.features.house.manifest import ROOM as HOUSE
from garret.restoring import examine_home, restore_home, salvage_home
from garret.storage.connection import connect
from tests.control.planes import Client, open_plane, plane_of
from tests.control.toy_room import ROOM as TOY
from tests.control.toy_room import Work

PASSPHRASE = "correct horse battery"
ROOMS = (HOUSE, TOY)


@pytest.fixture(autouse=True)
def _no_keychain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GARRET_KEYCHAIN", "off")


async def _fill(home: Home, jobs: int = 3) -> Path:
    async with plane_of(home) as plane:
        client = Client(plane)
        for number in range(jobs):
            await client.call(Work(text=f"ok {number}"))
        return Path((await client.call(c.Backup(passphrase=PASSPHRASE))).path)


@pytest.fixture
def backup(home: Home) -> Path:
    """A home with three jobs, and a backup of it."""
    return asyncio.run(_fill(home))


def jobs_in(home: Home) -> list[str]:
    async def count() -> list[str]:
        async with plane_of(home) as plane:
            return [job.state for job in (await Client(plane).call(c.ListJobs())).jobs]

    return asyncio.run(count())


def damage(home: Home, *, offset: int = 0) -> None:
    """Overwrite the first page, or a part of the pages from `offset` on."""
    with home.durable_db.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xa5" * 64)


def damage_a_table(home: Home) -> None:
    """Damage a page that can be missed: one of those that hold the events of jobs."""
    key = SecretStore.open(home).get(DATABASE_KEY)
    assert key is not None
    connection = connect(home.durable_db, key)
    rows = connection.execute(
        "SELECT pageno FROM dbstat WHERE name = 'job_events' AND pagetype = 'leaf' ORDER BY pageno"
    ).fetchall()
    connection.close()
    damage(home, offset=(int(str(rows[len(rows) // 2][0])) - 1) * 4096 + 100)


def files_of(home: Home) -> dict[str, bytes]:
    skipped = ("control.lock", "garret.db-shm")
    return {
        str(path.relative_to(home.root)): path.read_bytes()
        for path in sorted(home.root.rglob("*"))
        if path.is_file()
        and path.name not in skipped
        and not path.name.endswith(".lock")
        and not (path.name.endswith("-wal") and path.stat().st_size == 0)
    }


# ---- from a backup


def test_a_backup_comes_back_with_its_keys_and_starts(backup: Path, tmp_path: Path) -> None:
    elsewhere = Home(tmp_path / "h")
    told = restore_home(elsewhere, backup, PASSPHRASE)
    assert told["keys_kept_in"] == "unlock-file"
    assert told["set_aside"] == ""
    assert jobs_in(elsewhere) == ["done"] * 3


def test_a_wrong_passphrase_changes_nothing(backup: Path, tmp_path: Path) -> None:
    elsewhere = Home(tmp_path / "h")
    with pytest.raises(GarretError) as caught:
        restore_home(elsewhere, backup, "another passphrase")
    assert caught.value.code == Code.DENIED
    assert not elsewhere.durable_db.exists()


def test_a_home_with_sound_data_is_left_alone(home: Home, backup: Path) -> None:
    before = files_of(home)
    with pytest.raises(GarretError, match="holds data already") as caught:
        restore_home(home, backup, PASSPHRASE)
    assert caught.value.code == Code.CONFLICT
    assert files_of(home) == before


def test_a_running_control_plane_is_not_restored_over(home: Home, backup: Path) -> None:
    lock = HomeLock(home.lock)
    with pytest.raises(GarretError, match="already running"):
        restore_home(home, backup, PASSPHRASE)
    lock.close()


def test_a_damaged_home_is_set_aside_and_the_backup_takes_its_place(home: Home, backup: Path) -> None:
    damage(home)
    told = restore_home(home, backup, PASSPHRASE)
    aside = Path(told["set_aside"])
    assert (aside / "garret.db").read_bytes().startswith(b"\xa5")
    assert jobs_in(home) == ["done"] * 3


def test_a_restore_that_fails_puts_the_damaged_home_back(
    home: Home, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(home)
    before = files_of(home)

    def fails(*_: Any, **__: Any) -> None:
        raise GarretError("The disk is full.", code=Code.FULL)

    monkeypatch.setattr(restoring, "restore", fails)
    with pytest.raises(GarretError, match="disk is full"):
        restore_home(home, backup, PASSPHRASE)
    assert files_of(home) == before


async def _back_up_without_keys(home: Home) -> Path:
    async with plane_of(home) as plane:
        await Client(plane).call(Work(text="ok"))
        return Path((await Client(plane).call(c.Backup())).path)


def test_a_backup_without_its_keys_says_what_to_do(home: Home, tmp_path: Path) -> None:
    archive, elsewhere = asyncio.run(_back_up_without_keys(home)), Home(tmp_path / "h")
    for own in (None, lambda: SecretStore.open(elsewhere)):
        with pytest.raises(GarretError, match="made without a passphrase") as caught:
            restore_home(elsewhere, archive, PASSPHRASE, own)
        assert caught.value.code == Code.INVALID
    assert not elsewhere.root.exists()


def test_a_backup_without_its_keys_comes_back_where_they_still_are(home: Home) -> None:
    archive = asyncio.run(_back_up_without_keys(home))
    damage(home)
    keys = home.key_file.read_bytes()
    told = restore_home(home, archive, "", lambda: SecretStore.open(home))
    assert (Path(told["set_aside"]) / "garret.db").exists()
    assert home.key_file.read_bytes() == keys
    assert jobs_in(home) == ["done"]


def test_a_wrong_passphrase_of_a_backup_is_not_taken_for_the_homes_own(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(GarretError, match="keys in") as caught:
        restore_home(Home(tmp_path / "h"), backup, "another passphrase")
    assert not isinstance(caught.value, SecretsLocked)


@pytest.mark.parametrize("content", [None, b"", b"not a backup" * 100])
def test_what_is_no_backup_is_refused(tmp_path: Path, content: bytes | None) -> None:
    archive = tmp_path / "archive"
    if content is not None:
        archive.write_bytes(content)
    with pytest.raises(GarretError):
        restore_home(Home(tmp_path / "h"), archive, PASSPHRASE)
    assert not (tmp_path / "h" / "garret.db").exists()


@pytest.mark.parametrize("step", ["write_private", "seal"])
def test_keys_that_are_being_put_in_their_place_are_never_lost(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Cut off at any step, the home opens with the passphrase of the backup."""
    elsewhere = Home(tmp_path / "h")

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(secrets_module.sealed_file, step, dies)
        with pytest.raises(KeyboardInterrupt):
            restore_home(elsewhere, backup, PASSPHRASE)
    kept = SecretStore.open(elsewhere, ask=lambda _: PASSPHRASE)
    assert kept.get(DATABASE_KEY) is not None


# ---- from a damaged file


def test_what_a_damaged_database_still_holds_is_salvaged_and_the_rest_is_kept(home: Home) -> None:
    asyncio.run(_fill(home, jobs=60))
    damage_a_table(home)
    before = files_of(home)
    seen = examine_home(home, lambda: SecretStore.open(home))
    assert files_of(home) == before
    told = salvage_home(home, lambda: SecretStore.open(home), ROOMS)
    assert told["problems"] == seen["problems"] != []
    assert told["damaged"] == ["job_events"]
    assert told["rows"]["jobs"] == 60
    assert told["not_rebuilt"] == ""
    assert (Path(told["set_aside"]) / "garret.db").exists()
    assert jobs_in(home) == ["done"] * 50, "it starts, takes writes again, and has every job"
    assert "storage.salvage" in audited(home)
    for again in (examine_home, partial(salvage_home, rooms=ROOMS)):
        with pytest.raises(GarretError, match="nothing to salvage"):
            again(home, lambda: SecretStore.open(home))


def audited(home: Home) -> list[str]:
    async def read() -> list[str]:
        async with plane_of(home) as plane:
            return [entry.action for entry in (await Client(plane).call(c.ReadAudit())).entries]

    return asyncio.run(read())


def test_what_was_saved_stays_although_the_rest_cannot_be_made_anew(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(_fill(home, jobs=60))
    damage_a_table(home)

    def refuses(*_: Any) -> None:
        raise GarretError("It is not to be opened.")

    monkeypatch.setattr(restoring, "open_store", refuses)
    told = salvage_home(home, lambda: SecretStore.open(home), ROOMS)
    assert told["not_rebuilt"] == "It is not to be opened."
    assert (Path(told["set_aside"]) / "garret.db").exists()
    assert jobs_in(home) == ["done"] * 50


def test_a_folder_that_is_no_home_is_not_made_one(home: Home) -> None:
    for work in (examine_home, partial(salvage_home, rooms=ROOMS)):
        with pytest.raises(GarretError, match="There is no database") as caught:
            work(home, lambda: SecretStore.open(home))
        assert caught.value.code == Code.NOT_FOUND
    assert not home.root.exists()


def test_a_sound_database_is_not_salvaged(home: Home, backup: Path) -> None:
    before = files_of(home)
    with pytest.raises(GarretError, match="was found sound") as caught:
        salvage_home(home, lambda: SecretStore.open(home), ROOMS)
    assert caught.value.code == Code.CONFLICT
    assert files_of(home) == before


def test_one_that_does_not_open_leads_to_its_backups(home: Home, backup: Path) -> None:
    damage(home)
    with pytest.raises(GarretError, match=f"garret restore {backup}"):
        salvage_home(home, lambda: SecretStore.open(home), ROOMS)


def test_a_damaged_home_that_opens_is_served_read_only(home: Home) -> None:
    asyncio.run(_fill(home, jobs=60))
    damage_a_table(home)

    async def look() -> ControlPlane:
        plane = await open_plane(home)
        try:
            status = await Client(plane).call(c.GetStatus())
            assert status.storage.startswith("damaged")
            assert any(
                "--salvage" in check.remedy for check in (await Client(plane).call(c.Diagnose())).checks
            )
            assert (await Client(plane).refusal(Work(text="no"))).code == Code.READ_ONLY
        finally:
            await plane.stop()
        return plane

    asyncio.run(look())


# ---- a database that is gone


def delete(home: Home) -> None:
    for path in home.root.glob("garret.db*"):
        path.unlink()


def empty(home: Home) -> None:
    os.truncate(home.durable_db, 0)


def exchange(home: Home) -> None:
    """The database of another home, with all that belongs to it."""
    delete(home)
    connect(home.durable_db, bytes(32)).close()


def renew(home: Home) -> None:
    """A new database under the same key."""
    key = SecretStore.open(home).get(DATABASE_KEY)
    assert key is not None
    delete(home)
    connect(home.durable_db, key).close()


def five_pages(home: Home) -> None:
    data = home.durable_db.read_bytes()
    home.durable_db.write_bytes(data[:4096] + bytes(5 * 4096) + data[6 * 4096 :])


def cut_short(home: Home) -> None:
    os.truncate(home.durable_db, home.durable_db.stat().st_size - 5 * 4096)


@pytest.mark.parametrize("keyless", [False, True])
@pytest.mark.parametrize("loss", [delete, empty, exchange, renew, five_pages, cut_short])
def test_every_loss_is_led_out_of_by_a_backup(
    home: Home, loss: Callable[[Home], None], keyless: bool
) -> None:
    archive = asyncio.run(_back_up_without_keys(home) if keyless else _fill(home))
    jobs = jobs_in(home)
    loss(home)
    told = restore_home(home, archive, "" if keyless else PASSPHRASE, lambda: SecretStore.open(home))
    assert Path(told["set_aside"]).is_dir()
    assert jobs_in(home) == jobs
    assert "storage.restore" in audited(home)
    assert asyncio.run(verified(home)).intact, "what was set aside had more entries, and that is no cut"


async def verified(home: Home) -> c.AuditVerdict:
    async with plane_of(home) as plane:
        return await Client(plane).call(c.VerifyAudit())


def test_what_was_noted_of_the_chain_outlives_a_restore(home: Home, backup: Path) -> None:
    key = SecretStore.open(home).get(DATABASE_KEY)
    assert key is not None
    connection = connect(home.durable_db, key)
    connection.execute("DELETE FROM audit WHERE seq > 2")
    connection.close()
    assert not asyncio.run(verified(home)).intact
    delete(home)
    archive = backup.rename(backup.with_name("kept"))
    restore_home(home, archive, PASSPHRASE, lambda: SecretStore.open(home))
    verdict = asyncio.run(verified(home))
    assert not verdict.intact
    assert "cut off the end after row 2" in verdict.problem


def test_a_lost_home_is_not_salvaged_but_led_on(home: Home, backup: Path) -> None:
    delete(home)
    before = files_of(home)
    for work in (examine_home, partial(salvage_home, rooms=ROOMS)):
        with pytest.raises(GarretError, match=f"garret restore {backup}") as caught:
            work(home, lambda: SecretStore.open(home))
        assert caught.value.code == Code.CORRUPT
    assert files_of(home) == before


def test_a_restore_that_fails_puts_a_lost_home_back(
    home: Home, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete(home)
    (home.spool / "utt_1.pcm").write_bytes(b"xx")
    before = files_of(home)

    def fails(*_: Any, **__: Any) -> None:
        raise GarretError("The disk is full.", code=Code.FULL)

    monkeypatch.setattr(restoring, "restore", fails)
    with pytest.raises(GarretError, match="disk is full"):
        restore_home(home, backup, PASSPHRASE)
    assert files_of(home) == before


def test_a_first_start_that_was_cut_off_is_no_data(home: Home, backup: Path, tmp_path: Path) -> None:
    other = Home(tmp_path / "h")
    other.create()
    SecretStore.open(other)
    restore_home(other, backup, PASSPHRASE, lambda: SecretStore.open(other))
    assert jobs_in(other) == ["done"] * 3


def test_a_home_whose_own_keys_stay_locked_is_left_alone(home: Home, backup: Path) -> None:
    exchange(home)

    def locked() -> SecretStore:
        raise SecretsLocked("It is sealed.")

    before = files_of(home)
    for own in (None, locked):
        with pytest.raises(GarretError, match="holds data already"):
            restore_home(home, backup, PASSPHRASE, own)
    assert files_of(home) == before


def test_a_damaged_home_tells_its_state_although_its_jobs_cannot_be_read(home: Home) -> None:
    asyncio.run(_fill(home, jobs=60))
    key = SecretStore.open(home).get(DATABASE_KEY)
    assert key is not None
    connection = connect(home.durable_db, key)
    rows = connection.execute("SELECT pageno FROM dbstat WHERE name = 'jobs'").fetchall()
    connection.close()
    for (page,) in rows:
        damage(home, offset=(int(str(page)) - 1) * 4096 + 100)

    async def look() -> None:
        async with plane_of(home) as plane:
            status = await Client(plane).call(c.GetStatus())
            assert status.storage.startswith("damaged")
            assert status.jobs == {}

    asyncio.run(look())


def test_captured_sound_of_a_lost_home_is_set_aside_and_not_tidied_away(home: Home, backup: Path) -> None:
    (home.spool / "utt_1.pcm").write_bytes(b"sound")
    delete(home)
    told = restore_home(home, backup, PASSPHRASE, lambda: SecretStore.open(home))
    assert (Path(told["set_aside"]) / "spool" / "utt_1.pcm").read_bytes() == b"sound"
    assert (Path(told["set_aside"]) / "audit.record").exists()


def test_looking_at_a_home_leaves_nothing_in_it(home: Home, backup: Path) -> None:
    before = sorted(home.root.rglob("*"))
    with pytest.raises(GarretError, match="nothing to salvage"):
        examine_home(home, lambda: SecretStore.open(home))
    assert sorted(home.root.rglob("*")) == before
