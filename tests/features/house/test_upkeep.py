"""Jobs as a person sees them, backups, the doctor, rebuilding, retention."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from garret.base.clock import SYSTEM, ManualClock
from garret.base.errors import Code
from garret.base.paths import Home
from garret.control.plane import ControlPlane
from garret.control.secrets import sealed_file
from garret.control.secrets.store import DATABASE_KEY
from garret.features.house import contracts as c
from garret.features.house import upkeep
from garret.features.house.service import HouseService
from garret.features.house.upkeep import Upkeep
from garret.storage.archive import SEALED_KEY, ArchiveReader
from garret.storage.ledger_types import Request
from garret.storage.settled_time import SettledTime
from tests.control.planes import Client, plane_of, run, toy_service, until
from tests.control.toy_room import Work


def test_a_job_is_listed_shown_told_and_run_again(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            error = await client.refusal(Work(text="fail"))
            (row,) = (await client.call(c.ListJobs(state="failed"))).jobs
            assert (row.id, row.error) == (error.details["job"], error.message)
            assert await client.call(c.GetJob(job=row.id)) == row
            lines = (await client.call(c.JobStory(job=row.id))).lines
            assert "asked for it" in lines[0]
            assert "It has failed" in lines[-1]
            assert (await client.call(c.RetryJob(job=row.id))).state in ("queued", "running")
            await until(lambda: len(toy_service(plane).log) == 2)
            assert (await client.refusal(c.ListJobs(state="lost"))).code == Code.USAGE

    run(story())


def test_a_running_job_is_cancelled_by_its_id(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            client.ask(Work(text="wait"))
            await toy_service(plane).begun.wait()
            (row,) = (await client.call(c.ListJobs())).jobs
            assert (await client.call(c.CancelJob(job=row.id))).state == "cancelled"

    run(story())


def test_a_guest_sees_their_own_jobs_however_many_others_there_are(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            ledger = plane.store.ledger
            mine = await ledger.enqueue(Request("toy.work", b"\x80", role="cli", profile="guest"))
            for _ in range(30):
                await ledger.enqueue(Request("toy.work", b"\x80", role="cli", profile="admin"))
            guest = Client(plane, profile="guest")
            rows = (await guest.call(c.ListJobs(limit=10))).jobs
            assert [row.id for row in rows] == [mine.job.id]
            other = (await Client(plane).call(c.ListJobs(limit=1))).jobs[0]
            assert (await guest.refusal(c.GetJob(job=other.id))).code == Code.NOT_FOUND
            assert (await guest.refusal(c.CancelJob(job=other.id))).code == Code.NOT_FOUND

    run(story())


def members(archive: Path) -> dict[str, bytes]:
    with archive.open("rb") as file:
        return {entry.name: b"".join(chunks) for entry, chunks in ArchiveReader(file.fileno()).members()}


def test_a_backup_holds_the_keys_under_its_passphrase_which_is_kept_nowhere(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            done = await client.call(c.Backup(passphrase="correct horse battery"))
            assert done.keys
            archive = Path(done.path)
            assert archive.parent == home.backups
            sealed = members(archive)[SEALED_KEY]
            entries, _ = sealed_file.unseal(sealed, "correct horse battery")
            assert entries[DATABASE_KEY] == plane.secrets.get(DATABASE_KEY)
            with plane.store.readers.read() as connection:
                for table in ("job_payloads", "audit", "settings"):
                    rows = connection.execute(f"SELECT * FROM {table}").fetchall()
                    assert "correct horse" not in repr(rows)
            assert client.items  # its progress

    run(story())


@pytest.mark.parametrize("path", ["here.backup", "~/here.backup"])
def test_a_backup_goes_to_an_absolute_path(home: Home, path: str) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            assert (await Client(plane).refusal(c.Backup(path=path))).code == Code.USAGE

    run(story())


def test_a_backup_never_replaces_a_file(home: Home, tmp_path: Path) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            there = tmp_path / "there"
            there.write_text("mine")
            assert (await Client(plane).refusal(c.Backup(path=str(there)))).code == Code.CONFLICT
            assert there.read_text() == "mine"

    run(story())


def test_the_doctor_examines_the_house_and_says_what_to_do(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            plane.serve()
            checks = {check.name: check for check in (await Client(plane).call(c.Diagnose())).checks}
            assert checks["database"].outcome == "ok"
            assert checks["ports"].outcome == "ok"
            assert checks["worker toy"].outcome == "ok"
            assert all(check.remedy for check in checks.values() if check.outcome != "ok")

    run(story())


def test_the_doctor_shows_the_ways_back_from_a_damaged_database(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            backup = await client.call(c.Backup(passphrase="correct horse battery"))
            plane.store.writer.damage("Page 7 is not what it was.")
            checks = {check.name: check for check in (await client.call(c.Diagnose())).checks}
            assert checks["database"].outcome == "fail"
            assert "--salvage" in checks["database"].remedy
            assert f"garret restore {backup.path}" in checks["database"].remedy

    run(story())


def test_a_listening_tcp_socket_is_found(home: Home) -> None:
    import socket

    async def story() -> None:
        async with plane_of(home) as plane:
            with socket.socket() as door:
                door.bind(("127.0.0.1", 0))
                door.listen()
                checks = {check.name: check for check in (await Client(plane).call(c.Diagnose())).checks}
                assert str(door.getsockname()[1]) in checks["ports"].sentence
                assert checks["ports"].outcome == "fail"

    run(story())


def test_rebuilding_is_audited(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            await Client(plane).call(c.Rebuild())
            assert plane.store.audit.rows(None, limit=1)[0].action == "storage.rebuild"

    run(story())


def test_jobs_past_their_retention_go_and_those_that_are_not_over_stay(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            for _ in range(5):
                await client.call(Work(text="ok"))
            client.ask(Work(text="wait"))
            await until(lambda: toy_service(plane).log[-1] == "wait")
            real = plane.settings.get
            values: dict[str, Any] = {"jobs.retention_count": 2}
            monkeypatch.setattr(plane.settings, "get", lambda key, *p: values.get(key) or real(key, *p))
            (service,) = [each for each in plane._services_built if isinstance(each, HouseService)]
            await service._upkeep._keep_retention()
            assert (await client.call(c.GetStatus())).jobs == {"done": 2, "running": 1}

    run(story())


def test_blobs_that_no_room_refers_to_go_with_the_hours(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            service = next(each for each in plane._services_built if isinstance(each, HouseService))
            old, new = (plane.store.blobs.put_bytes(data) for data in (b"old", b"new"))
            os.utime(plane.store.blobs.path(old.id), (SYSTEM.wall() - 7200,) * 2)
            with plane.store.blobs.pinned():  # as a backup does
                await service._upkeep._keep_retention()
            assert "A backup is reading the blobs" in caplog.text
            assert len(list(plane.store.blobs.iterate())) == 2
            await service._upkeep._keep_retention()
            assert list(plane.store.blobs.iterate()) == [new.id]

    run(story())


def test_a_clock_that_jumps_takes_no_jobs_with_it(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            clock = ManualClock(wall=SYSTEM.wall())
            plane.store.settled = SettledTime(plane.store.settings, clock=clock)
            service = next(each for each in plane._services_built if isinstance(each, HouseService))
            client = Client(plane)
            await client.call(Work(text="ok"))

            async def hours(count: int) -> list[str]:
                for _ in range(count):
                    clock.advance(3600.0)
                    await service._upkeep._keep_retention()
                return [job.command for job in (await client.call(c.ListJobs())).jobs]

            assert await hours(48) == ["toy.work"]
            clock.jump_wall(400 * 86_400.0)
            assert await hours(12) == ["toy.work"]
            assert await hours(48) == [], "a clock that stays so is believed"

    run(story())


# ---- kept files


def upkeep_of(plane: ControlPlane) -> Upkeep:
    return next(each for each in plane._services_built if isinstance(each, HouseService))._upkeep


def test_kept_files_are_compared_in_quiet_moments_and_what_is_damaged_is_told(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_FIRST_QUIET_SECONDS", 0.0)

    async def checked(client: Client) -> c.Check:
        return next(each for each in (await client.call(c.Diagnose())).checks if each.name == "kept files")

    async def story() -> None:
        async with plane_of(home) as plane:
            blob = plane.store.blobs.put_bytes(b"sound")
            assert (await checked(Client(plane))).outcome == "ok"
            plane.store.blobs.path(blob.id).write_bytes(b"noise")
        async with plane_of(home) as plane:
            await until(lambda: plane.store.blobs.suspects() == (blob.id,))
            found = await checked(Client(plane))
            assert found.outcome == "fail"
            assert blob.id[:12] in found.sentence
            assert any("1 kept file is" in each for each in (await Client(plane).call(c.GetStatus())).notices)

    run(story())


def test_many_damaged_files_are_counted(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            for number in range(12):
                blob = plane.store.blobs.put_bytes(bytes([number]))
                plane.store.blobs.path(blob.id).write_bytes(b"other")
            plane.store.blobs.examine(1 << 20)
            checks = {check.name: check for check in (await Client(plane).call(c.Diagnose())).checks}
            assert "and 2 more" in checks["kept files"].sentence
            assert any(
                "12 kept files are" in each for each in (await Client(plane).call(c.GetStatus())).notices
            )

    run(story())


def test_while_somebody_waits_no_file_is_compared(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            looked: list[int] = []

            def examine(limit: int, *, stop: Any) -> int:
                looked.append(limit)
                assert not stop()
                return 0

            monkeypatch.setattr(plane.store.blobs, "examine", examine)
            client = Client(plane)
            request = client.ask(Work(text="wait"))
            await until(lambda: "wait" in toy_service(plane).log)
            await upkeep_of(plane)._examine_files()
            assert looked == []
            client.cancel(request)
            await client.error(request)
            await until(lambda: not plane.jobs.statistics().running)
            await upkeep_of(plane)._examine_files()
            assert looked == [64 << 20]

    run(story())


def test_the_stop_ends_a_comparison(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            ended: list[bool] = []

            def examine(_: int, *, stop: Callable[[], bool]) -> int:
                while not stop():
                    threading.Event().wait(0.005)
                ended.append(True)
                return 0

            monkeypatch.setattr(plane.store.blobs, "examine", examine)
            upkeep_of(plane)._quiet_due()
            await upkeep_of(plane).stop()
            await until(lambda: ended == [True])

    run(story())
