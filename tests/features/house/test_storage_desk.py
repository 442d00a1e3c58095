"""Room on the disk and backups, as a person sees them."""

from __future__ import annotations

from pathlib import Path

from garret.base.errors import Code
from garret.base.paths import Home
from garret.features.house import contracts as c
from tests.control.planes import Client, plane_of, run


def test_what_takes_room_and_which_backups_there_are(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            before = await client.call(c.GetStorage())
            assert before.backups == ()
            sizes = {part.name: part.bytes for part in before.parts}
            assert sizes["database"] > 0
            assert sizes["backups"] == 0
            assert 0 < before.free_bytes <= before.disk_bytes
            done = await client.call(c.Backup())
            after = await client.call(c.GetStorage())
            (backup,) = after.backups
            assert (backup.path, backup.bytes, backup.keys) == (done.path, done.bytes, False)
            assert {part.name: part.bytes for part in after.parts}["backups"] >= done.bytes

    run(story())


def test_a_backup_is_looked_through_and_damage_in_it_is_found(home: Home, tmp_path: Path) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            path = (await client.call(c.Backup(path=str(tmp_path / "b")))).path
            assert (await client.call(c.VerifyBackup(path=path))).sound
            _flip(Path(path))
            verdict = await client.call(c.VerifyBackup(path=path))
            assert not verdict.sound
            assert "damaged" in verdict.problem
            assert "Nothing was restored" not in verdict.problem
            missing = await client.call(c.VerifyBackup(path=str(tmp_path / "no")))
            assert not missing.sound
            assert (await client.refusal(c.VerifyBackup(path="b"))).code == Code.USAGE

    run(story())


def _flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_settings_say_what_they_allow(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            rows = {row.key: row for row in (await Client(plane).call(c.ListSettings())).settings}
            level, limit = rows["logs.level"], rows["supervisor.restart_limit"]
            assert (level.type, level.choices, level.room) == (
                "text", ("debug", "info", "warning", "error"), "",
            )  # fmt: skip
            assert (limit.type, limit.limits) == ("int", (0, 100))

    run(story())
