"""The control plane as a whole: start, storage that turns read-only, refusals, stop."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import msgspec
import pytest

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.control.clients.bus import Happened, Subscription
from garret.control.plane import ControlPlane
from garret.control.secrets.store import DATABASE_KEY, RECORD_MARK, SecretStore
from garret.control.watching.audit_keeper import AuditKeeper
from garret.features.house import contracts as c
from garret.protocol.manifest import Room
from garret.storage.audit_record import count_in
from garret.storage.log_store import KeptLine
from garret.storage.writer_state import Mode
from garret.transport.client import Client as SocketClient
from tests.control.planes import (
    PATIENCE,
    Client,
    of_profile,
    open_plane,
    plane_of,
    run,
    toy_service,
    until,
)
from tests.control.toy_room import HoldUp, ToyService, Work


def heard(plane: ControlPlane, subscription: Subscription) -> list[Any]:
    """The events that were published, decoded."""
    events = []
    for item in subscription.take():
        assert isinstance(item, Happened)
        kind = plane.registry.event_type(item.name)
        assert kind is not None
        events.append(msgspec.msgpack.decode(item.payload, type=kind))
    return events


def denials(plane: ControlPlane) -> list[Any]:
    return [row for row in plane.store.audit.rows(None, limit=1000) if row.outcome == "denied"]


class FullDisk:
    """Puts the durable file's writer into its read-only mode, and lets it find no room until told."""

    def __init__(self, plane: ControlPlane, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self.tried = 0
        writer = plane.store.writer

        def no_room() -> bool:
            self.tried += 1
            return False

        patch.setattr(writer, "_try_disk", no_room)
        writer._enter(Mode.READ_ONLY, "The disk is full.")

    def free(self) -> None:
        self._patch.undo()


# ---- storage


def test_a_full_disk_is_told_reads_work_writes_are_refused_and_all_goes_on_by_itself(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            await client.call(Work(text="before"))
            events = plane.bus.subscribe("house.storage_changed")
            disk = FullDisk(plane, monkeypatch)
            await until(lambda: len(events) == 1)
            (told,) = heard(plane, events)
            assert told.mode == "read_only"
            assert "The disk is full." in told.sentence

            refused = await client.refusal(Work(text="during"))
            assert refused.code == Code.READ_ONLY
            assert "resumes by itself" in refused.message
            assert (await client.refusal(c.SetSetting(key="jobs.attempts", value="5"))).code == Code.READ_ONLY
            status = await client.call(c.GetStatus())
            assert status.storage.startswith("read_only")
            assert any("read-only" in notice for notice in status.notices)
            assert [job.state for job in (await client.call(c.ListJobs())).jobs] == ["done"]
            checks = {check.name: check for check in (await client.call(c.Diagnose())).checks}
            assert checks["database"].outcome == "fail"
            assert "Free some space" in checks["database"].remedy

            await until(lambda: disk.tried > 0)  # it tries by itself
            disk.free()
            await until(lambda: plane.store.writer.mode is Mode.NORMAL)
            await until(lambda: len(events) == 1)
            assert heard(plane, events)[0].mode == "normal"
            assert (await client.call(Work(text="after"))).text == "done after"

    run(story())


def test_a_start_on_a_full_disk_serves_reads_and_takes_the_jobs_up_later(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        client = Client(plane)
        client.ask(Work(text="wait"))
        await toy_service(plane).begun.wait()
        await plane.stop()

        real = ControlPlane._replay

        async def full_first(self: ControlPlane) -> None:
            self.disk = FullDisk(self, monkeypatch)  # type: ignore[attr-defined]
            await real(self)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ControlPlane, "_replay", full_first)
            plane = await open_plane(home)
        try:
            assert [job.state for job in (await Client(plane).call(c.ListJobs())).jobs] == ["queued"]
            assert toy_service(plane).log == []
            monkeypatch.undo()
            await until(lambda: "wait" in toy_service(plane).log)
        finally:
            await plane.stop()

    run(story())


def test_a_damaged_file_is_told_and_not_tried_again(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            events = plane.bus.subscribe("house.storage_changed")
            plane.store.writer.damage("Page 7 is not what it was.")
            await until(lambda: len(events) == 1)
            (told,) = heard(plane, events)
            assert (told.mode, "garret doctor" in told.sentence) == ("damaged", True)
            assert plane.storage._timer is None
            assert (await Client(plane).refusal(Work(text="no"))).code == Code.READ_ONLY

    run(story())


def test_a_database_without_its_key_gets_no_new_one(home: Home) -> None:
    async def story() -> None:
        await (await open_plane(home)).stop()
        secrets = SecretStore.open(home)
        secrets.delete(DATABASE_KEY)
        with pytest.raises(GarretError, match="no new key was made"):
            await open_plane(home)
        assert SecretStore.open(home).get(DATABASE_KEY) is None

    run(story())


# ---- who may do what


def test_a_denied_command_is_audited_and_a_flood_of_them_is_counted(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            guest = Client(plane, profile="guest")
            for _ in range(300):
                assert (await guest.refusal(c.ListSecrets())).code == Code.DENIED
            await until(lambda: len(denials(plane)) >= 100)
            assert len(denials(plane)) < 150
            assert plane.metrics.snapshot()["counters"]["refusals"] == 300
            plane._refusals.limit._tokens = 1.0
            before = len(denials(plane))
            await guest.refusal(c.ListSecrets())
            await until(lambda: len(denials(plane)) > before)
            assert denials(plane)[0].details["refusals_before_not_listed"] > 100

    run(story())


def test_a_child_may_do_so_much_in_a_minute(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            child = Client(plane, profile="child")
            for _ in range(60):
                await child.call(c.GetStatus())
            error = await child.refusal(c.GetStatus())
            assert error.code == Code.BUSY
            assert error.details["wait_seconds"] > 0
            await Client(plane).call(c.GetStatus())  # nobody else is held back

    run(story())


# ---- what goes wrong beside everything else


def test_work_in_the_background_that_fails_is_logged(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ZeroDivisionError("in the background")

    async def story() -> None:
        async with plane_of(home) as plane:
            plane.spawn(fail())
            asyncio.get_running_loop().call_soon(lambda: 1 / 0)
            await until(lambda: len([record for record in caplog.records if record.exc_info]) == 2)

    run(story())
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ZeroDivisionError] * 2


def test_a_stall_of_the_loop_is_logged_with_the_stack_that_caused_it(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            await Client(plane).call(HoldUp(milliseconds=60))
            await until(lambda: plane.watchdog.stalls >= 1)
            lines: list[KeptLine] = []
            async with asyncio.timeout(PATIENCE):
                while not lines:  # the watchdog's thread tells the log after it has counted
                    await plane.log_pump.write_out()
                    await asyncio.sleep(0.01)
                    kept = plane.store.logs.query(limit=1000)
                    lines = [line for line in kept if "held up" in line.message]
            assert "hold_the_loop" in lines[0].message
            assert lines[0].fields["stall_ms"] >= 40

    run(story())


def test_a_service_that_cannot_start_leaves_nothing_open(home: Home) -> None:
    room = Room(name="bad", summary="", service=f"{__name__}:FailingService")

    async def story() -> None:
        with pytest.raises(GarretError, match="cannot start"):
            await open_plane(home, (room,))
        async with plane_of(home):
            pass

    run(story())


class FailingService(ToyService):
    """A service that cannot start."""

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self.handlers = {}

    async def start(self) -> None:
        raise GarretError("It cannot start.")


def test_a_step_of_stopping_that_fails_keeps_none_of_the_others_from_being_taken(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    async def story() -> None:
        plane = await open_plane(home)
        monkeypatch.setattr(plane.outside, "stop", broken)
        await plane.stop()
        async with plane_of(home):  # the lock and the database were let go
            pass

    run(story())


def test_what_runs_in_the_background_at_a_stop_may_end(home: Home) -> None:
    kept: list[int] = []

    async def story() -> None:
        plane = await open_plane(home)

        async def last_words() -> None:
            kept.append(await plane.store.audit.append("owner", "admin", "test", "done", {}))

        plane.spawn(last_words())
        await plane.stop()

    run(story())
    assert len(kept) == 1


# ---- clients and settings


def test_a_client_on_the_socket_is_answered_and_a_stranger_is_refused(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            plane.serve()

            def ask() -> c.Status:
                client = SocketClient.connect(home)
                try:
                    return client.call(c.GetStatus())
                finally:
                    client.close()

            assert (await asyncio.to_thread(ask)).clients == 1
            reader, writer = await asyncio.open_unix_connection(str(home.socket))
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await reader.read()  # the challenge, and then nothing more
            writer.close()
            await until(lambda: plane.metrics.snapshot()["counters"]["refusals"] == 1)
            await until(lambda: plane.store.audit.rows(None, limit=1)[0].action == "connect")

    run(story())


def test_settings_of_the_log_count_at_once(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            await plane.settings.set("logs.level", "error")
            logging.getLogger("garret.test").warning("not important")
            plane.log_pump.worker_line("toy#0", "stdout", "not important either", 1.0)
            logging.getLogger("garret.test").error("important")
            await plane.settings.set("logs.lines", 1000)
            await plane.log_pump.write_out()
            messages = [line.message for line in plane.store.logs.query(limit=1000)]
            assert "important" in messages
            assert not any("not important" in message for message in messages)
            assert plane.log_pump.limit.lines == 1000
            await plane.settings.reset("logs.level")

    run(story())


def test_what_the_house_keeps_beside_the_settings_is_no_unknown_setting(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            await Client(plane).call(c.UseProfile(profile="user"))
        async with plane_of(home) as plane:
            assert plane.profile == "user"
            assert plane.settings.unknown() == {}

    run(story())


def test_events_of_a_job_go_to_its_profile(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            everything = plane.bus.subscribe("house.job_changed")
            guests = plane.bus.subscribe("house.job_changed", hears=of_profile("guest"))
            await Client(plane).call(Work(text="ok"))
            assert len(guests) == 0
            states = [event.state for event in heard(plane, everything)]
            assert states == ["queued", "running", "done"]

    run(story())


# ---- the record of the audit chain


def test_the_record_of_the_audit_chain_follows_while_it_runs(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AuditKeeper.__init__, "__kwdefaults__", {"seconds": 0.01})

    async def story() -> None:
        async with plane_of(home) as plane:
            await Client(plane).call(Work(text="ok"))
            await until(lambda: not plane.store.audit.unrecorded)
            assert count_in(home.audit_record) > 0
        assert SecretStore.open(home).get(RECORD_MARK) is not None

    run(story())


def test_a_chain_that_was_cut_is_noted_before_its_first_new_row(home: Home) -> None:
    async def story() -> None:
        await (await open_plane(home)).stop()
        home.audit_record.unlink()
        async with plane_of(home) as plane:
            assert [note.kind for note in plane.store.audit.notes] == ["missing"]
            actions = [row.action for row in plane.store.audit.rows()]
            assert actions == ["house.start", "audit.broken", "house.start"]

    run(story())


def test_the_mark_of_the_record_is_not_set_by_hand(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            refused = await Client(plane).refusal(c.SetSecret(name=RECORD_MARK, value=None))
            assert refused.code == Code.DENIED

    run(story())
