"""The doctor: each ground check in its good and bad case, and probes that break."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from garret.base.errors import GarretError
from garret.base.paths import Home
from garret.control.secrets.store import SecretStore
from garret.control.watching import doctor
from garret.control.watching.doctor import MIB
from garret.protocol.finding import Finding, Status, ok, warn
from garret.protocol.manifest import CLIENT_ROLES
from garret.transport.client import read_secret


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    return made


def test_a_sound_home_is_found_sound(home: Home) -> None:
    store = SecretStore.open(home)
    store.reseal("correct horse battery")
    for role in CLIENT_ROLES:
        read_secret(home, role)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(home.socket))
        checks = asyncio.run(doctor.examine(doctor.ground(home, store.health())))
    assert [check.name for check in checks] == [
        *("python", "libraries", "home", "disk", "socket", "clients", "secrets")
    ]
    # The disk of the machine that runs the tests may be nearly full.
    assert {check.status for check in checks if check.name != "disk"} == {Status.OK}


def test_python_and_libraries() -> None:
    assert doctor.check_python((3, 10, 9)).status is Status.FAIL
    assert doctor.check_python((3, 11, 0)).status is Status.OK
    missing = doctor.check_libraries(("msgspec", "no-such-library"))
    assert missing.status is Status.FAIL
    assert "no-such-library" in missing.sentence


def test_a_home_that_others_can_read_or_that_is_not_there(home: Home, tmp_path: Path) -> None:
    home.client_secret().write_text("x")
    home.client_secret().chmod(0o644)
    assert doctor.check_home(home).status is Status.OK  # the folder itself is closed
    home.root.chmod(0o755)
    open_home = doctor.check_home(home)
    assert open_home.status is Status.WARN
    assert str(home.client_secret()) in open_home.sentence
    assert doctor.check_home(Home(tmp_path / "absent")).status is Status.FAIL


def test_clients_have_a_secret_for_each_role(home: Home) -> None:
    for role in CLIENT_ROLES[1:]:
        home.client_secret(role).write_bytes(b"s" * 32)
    missing = doctor.check_clients(home)
    assert missing.status is Status.WARN
    assert CLIENT_ROLES[0] in missing.sentence
    home.client_secret(CLIENT_ROLES[0]).write_bytes(b"s" * 32)
    assert doctor.check_clients(home).status is Status.OK


@pytest.mark.parametrize(
    ("free", "status"), [(63 * MIB, Status.FAIL), (500 * MIB, Status.WARN), (5000 * MIB, Status.OK)]
)
def test_disk(home: Home, free: int, status: Status) -> None:
    check = doctor.check_disk(home, free)
    assert check.status is status
    assert bool(check.remedy) == (status is not Status.OK)


def test_a_socket_that_is_absent_or_none(home: Home) -> None:
    assert doctor.check_socket(home).status is Status.WARN
    home.socket.write_text("a file")
    assert doctor.check_socket(home).status is Status.FAIL


def test_secrets_that_anyone_can_open_are_said_in_plain_words(home: Home) -> None:
    check = doctor.check_secrets(SecretStore.open(home).health())
    assert check.status is Status.WARN
    assert "anyone who can read your home folder" in check.sentence
    assert "garret secrets seal" in check.remedy


def test_one_broken_probe_keeps_no_other_from_answering() -> None:
    def breaks() -> Finding:
        raise RuntimeError("planted-detail")

    def refuses() -> Finding:
        raise GarretError("The database is damaged. It was kept.")

    async def hangs() -> Finding:
        await asyncio.Event().wait()
        raise AssertionError

    async def several() -> list[Finding]:
        return [ok("a", "A."), warn("b", "B.", "Do.")]

    probes: list[tuple[str, doctor.Probe]] = [
        ("breaks", breaks),
        ("refuses", refuses),
        ("hangs", hangs),
        ("several", several),
        ("later", lambda: several()),
        ("plain", lambda: ok("plain", "Well.")),
    ]
    checks = asyncio.run(doctor.examine(probes, seconds=0.2))
    by_name = {check.name: check for check in checks}
    assert [check.name for check in checks] == ["breaks", "refuses", "hangs", "a", "b", "a", "b", "plain"]
    assert "RuntimeError" in by_name["breaks"].sentence
    assert "planted-detail" not in by_name["breaks"].sentence
    assert by_name["refuses"].sentence == "The database is damaged. It was kept."
    assert "No answer" in by_name["hangs"].sentence
