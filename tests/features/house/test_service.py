"""What a person asks the house: status, workers, logs, audit, settings, secrets, approvals, events."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import msgspec
import pytest

import garret
from garret.base.errors import Code
from garret.base.paths import Home
from garret.features.house import contracts as c
from garret.features.house.manifest import ROOM
from tests.control.planes import PATIENCE, Client, plane_of, run, toy_service, until
from tests.control.toy_room import Echo, Work


def test_the_status_shows_what_runs_how_long_it_took_and_what_waits(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            await client.call(Echo(text="hello"))
            await client.call(Work(text="ok"))
            request = client.ask(Work(text="wait"))
            await until(lambda: toy_service(plane).log[-1] == "wait")
            status = await client.call(c.GetStatus())
            workers = {worker.name: worker for worker in status.workers}
            assert workers["toy"].state == "ready"
            assert workers["toy"].memory_bytes > 1 << 20
            assert workers["fragile"].state == "stopped"
            assert status.jobs == {"done": 1, "running": 1}
            stages = {(row.name, row.stage) for row in status.latencies}
            assert {("toy.echo", "worker"), ("toy.echo", "queue"), ("toy.work", "store")} <= stages
            queues = {queue.name: queue for queue in status.queues}
            assert (queues["jobs"].running, queues["jobs"].waiting) == (1, 0)
            assert (queues["toy"].places, queues["toy"].limit) == (1, 256)
            assert queues["storage"].limit > 0
            assert any("sealed file" in notice for notice in status.notices)
            toy_service(plane).release.set()
            await client.answer(Work, request)

    run(story())


def test_a_shutdown_is_answered_and_audited(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            await Client(plane).call(c.Shutdown())
            await asyncio.wait_for(plane.stopping.wait(), PATIENCE)
            assert plane.store.audit.rows(None, limit=1)[0].action == "house.shutdown"

    run(story())


def test_a_home_that_takes_no_writes_can_be_saved_and_stopped(home: Home, tmp_path: Path) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            plane.store.writer.damage("Page 7 is not what it was.")
            assert (await client.refusal(c.SetSetting(key="jobs.attempts", value="4"))).code == Code.READ_ONLY
            await client.call(c.RestartWorker(name="toy"))
            await client.call(c.Backup(path=str(tmp_path / "b"), passphrase="correct horse battery"))
            assert (tmp_path / "b").stat().st_size > 0
            await client.call(c.Shutdown())
            await asyncio.wait_for(plane.stopping.wait(), PATIENCE)

    run(story())


# ---- logs and audit


def test_log_lines_come_oldest_first_and_can_be_followed(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            logger = logging.getLogger("garret.house_test")
            for number in range(5):
                logger.warning("line %d", number)
            lines = (await client.call(c.ReadLogs(worker="house_test", limit=3))).lines
            assert [line.message for line in lines] == ["line 2", "line 3", "line 4"]
            logger.error("line 5")
            after = (await client.call(c.ReadLogs(worker="house_test", after=lines[-1].id))).lines
            assert [(line.message, line.level) for line in after] == [("line 5", "error")]
            errors = (await client.call(c.ReadLogs(level="error", worker="house_test"))).lines
            assert [line.message for line in errors] == ["line 5"]
            assert (await client.refusal(c.ReadLogs(level="loud"))).code == Code.USAGE

    run(story())


def test_the_audit_tells_what_was_done_newest_first_and_holds(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            await client.call(c.SetSetting(key="jobs.attempts", value="5"))
            await Client(plane, profile="guest").refusal(c.ListSecrets())
            await until(lambda: any(r.outcome == "denied" for r in plane.store.audit.rows(None, limit=9)))
            entries = (await client.call(c.ReadAudit())).entries
            assert entries[0].number > entries[-1].number
            assert ("settings.change", {"key": "jobs.attempts"}) in [(e.action, e.details) for e in entries]
            denied = (await client.call(c.ReadAudit(outcome="denied"))).entries
            assert [(entry.action, entry.profile) for entry in denied] == [("house.secrets", "guest")]
            verdict = await client.call(c.VerifyAudit())
            assert verdict.intact
            assert verdict.entries == entries[0].number

    run(story())


# ---- settings


def test_a_setting_is_changed_as_a_person_types_it_and_put_back(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            changed = await client.call(c.SetSetting(key="jobs.attempts", value="5"))
            assert (changed.value, changed.default) == ("5", "3")
            assert (await client.call(c.ListSettings(key="jobs.attempts"))).settings == (changed,)
            back = await client.call(c.SetSetting(key="jobs.attempts", value=None))
            assert (back.value, back.source) == ("3", "default")
            refused = await client.refusal(c.SetSetting(key="jobs.attempts", value="many"))
            assert "The value was not changed" in refused.message
            unknown = await client.refusal(c.SetSetting(key="jobs.attemps", value="5"))
            assert "jobs.attempts" in unknown.message

    run(story())


def test_a_setting_of_each_profile_is_set_for_the_one_in_force(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            plane.use_profile("user")
            await Client(plane, profile="user").call(c.SetSetting(key="toy.tone", value="grave"))
            assert plane.settings.get("toy.tone", "user") == "grave"
            assert plane.settings.get("toy.tone", "admin") == "plain"

    run(story())


# ---- secrets


def test_secrets_are_kept_listed_by_name_and_deleted_and_never_shown(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            await client.call(c.SetSecret(name="voice.key", value="planted-value"))
            assert plane.secrets.get_text("voice.key") == "planted-value"
            known = await client.call(c.ListSecrets())
            assert "voice.key" in known.names
            everything = repr(known) + repr(plane.store.audit.rows(None, limit=100))
            assert "planted-value" not in everything
            await client.call(c.SetSecret(name="voice.key", value=None))
            gone = await client.refusal(c.SetSecret(name="voice.key", value=None))
            assert gone.code == Code.NOT_FOUND

    run(story())


@pytest.mark.parametrize("name", ["storage.database", "device.signing", "profiles.pin"])
def test_what_belongs_to_garret_itself_is_not_set_by_hand(home: Home, name: str) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            assert (await Client(plane).refusal(c.SetSecret(name=name, value="x" * 32))).code == Code.DENIED

    run(story())


def test_sealing_moves_the_keys_under_a_passphrase(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            assert (await client.refusal(c.SealSecrets(passphrase="short"))).code == Code.USAGE
            await client.call(c.SealSecrets(passphrase="correct horse battery"))
            assert (await client.call(c.ListSecrets())).kept_in == "passphrase"
            assert not (home.root / "keys.unlock").exists()

    run(story())


def test_nobody_approves_for_themselves_what_they_may_not_do(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            web = Client(plane, role="gateway")
            assert (await web.refusal(c.Approve(command="toy.careful", payload=b"\x80"))).code == Code.DENIED
            malformed = await Client(plane).refusal(c.Approve(command="toy.careful", payload=b"\xc1"))
            assert malformed.code == Code.INVALID

    run(story())


def test_every_event_of_the_house_is_published_by_something() -> None:
    source = "\n".join(
        path.read_text()
        for path in Path(garret.__file__).parent.rglob("*.py")
        if path.name not in ("contracts.py", "manifest.py")
    )
    silent = [
        event.__event__
        for event in ROOM.events
        if f'"{event.__event__}"' not in source and f"c.{event.__name__}(" not in source
    ]
    assert silent == []
    assert msgspec.structs.fields(c.StorageChanged)
