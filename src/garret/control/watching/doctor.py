"""The doctor: what of this machine and this home is well, and what to do about the rest.

Pure assembly. The checks of the ground (Python, libraries, home, disk, socket, secrets) are here and look
without changing anything; what other parts know (sandbox, database, the rooms) is passed in as probes, by
whoever can ask them. A probe that fails or does not answer is itself a finding: one part
that is broken must not keep the others from being examined.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import shutil
import stat
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

from garret.base import log
from garret.base.errors import GarretError
from garret.base.paths import Home
from garret.control.secrets.store import Health
from garret.protocol.finding import Finding, fail, ok, warn
from garret.protocol.manifest import CLIENT_ROLES

PROBE_SECONDS: Final = 10.0
MIB: Final = 1024 * 1024
LOW_DISK: Final = 1024 * MIB  # an hour of 16-bit audio at 16 kHz takes 110 MiB before it is compressed
NO_DISK: Final = 64 * MIB

LIBRARIES: Final = (
    "apsw-sqlite3mc",
    "argon2-cffi",
    "blake3",
    "cryptography",
    "keyring",
    "miniaudio",
    "msgspec",
    "numpy",
    "pocketsphinx",
    "soundfile",
    "uvloop",
)
"""Distributions without which the base install does not work."""

_log = log.get("control.doctor")


Answer: TypeAlias = Finding | Iterable[Finding]
Probe: TypeAlias = Callable[[], Answer | Awaitable[Answer]]


async def examine(probes: Sequence[tuple[str, Probe]], *, seconds: float = PROBE_SECONDS) -> list[Finding]:
    """Run all probes at once, each at most `seconds`, and return their findings in the given order.

    A probe that is no coroutine runs in a thread: it may wait for a disk. Nothing it raises gets out.
    """
    findings = await asyncio.gather(*(_run(name, probe, seconds) for name, probe in probes))
    return [finding for found in findings for finding in found]


def ground(home: Home, secrets: Health) -> list[tuple[str, Probe]]:
    """The probes of what everything stands on."""
    return [
        ("python", check_python),
        ("libraries", check_libraries),
        ("home", lambda: check_home(home)),
        ("disk", lambda: check_disk(home)),
        ("socket", lambda: check_socket(home)),
        ("clients", lambda: check_clients(home)),
        ("secrets", lambda: check_secrets(secrets)),
    ]


def check_python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Whether this Python is one that Garret runs on."""
    shown = ".".join(map(str, version))
    if version < (3, 11):
        return fail("python", f"Python {shown} is too old.", "Install Python 3.11 or later.")
    return ok("python", f"Python {shown} at {sys.executable}.")


def check_libraries(names: Sequence[str] = LIBRARIES) -> Finding:
    """Which libraries are there, in which version."""
    from importlib import metadata  # 20 ms, and needed here alone

    found: list[str] = []
    missing: list[str] = []
    for name in names:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return fail("libraries", f"Missing: {', '.join(missing)}.", "Install Garret again.")
    return ok("libraries", f"{', '.join(found)}.")


def check_home(home: Home) -> Finding:
    """Whether the home folder is there, is one's own, can be written and is closed to others."""
    try:
        status = home.root.stat()
    except OSError as error:
        return fail(
            "home", f"{home.root} cannot be used: {error.strerror}.", "Set GARRET_HOME to another folder."
        )
    if status.st_uid != os.getuid():
        return fail("home", f"{home.root} belongs to another user.", "Set GARRET_HOME to a folder of yours.")
    if not os.access(home.root, os.W_OK | os.X_OK):
        return fail(
            "home",
            f"{home.root} cannot be written; what is there can still be read.",
            "Make it writable, or set GARRET_HOME to another folder.",
        )
    loose = _open_to_others(home)
    if loose:
        names = ", ".join(str(path) for path in loose)
        return warn("home", f"Other users of this machine can read {names}.", f"Run chmod go-rwx {names}")
    return ok("home", f"{home.root} is yours alone.")


def check_disk(home: Home, free: int | None = None) -> Finding:
    """Whether there is room where the home is. `free` in bytes, looked up where it is not given."""
    if free is None:
        free = shutil.disk_usage(home.root).free
    room = f"{free / (1024 * MIB):.1f} GiB are free at {home.root}"
    if free < NO_DISK:
        return fail("disk", f"{room}: nothing more can be kept safely.", "Free some space.")
    if free < LOW_DISK:
        return warn("disk", f"{room}, which is little.", "Free some space, or keep recordings for less long.")
    return ok("disk", f"{room}.")


def check_socket(home: Home) -> Finding:
    """Whether the control socket is a socket that only its owner may use."""
    try:
        status = home.socket.lstat()
    except FileNotFoundError:
        return warn("socket", "The control plane is not running.", "Run `garret up`.")
    except OSError as error:
        return fail("socket", f"{home.socket}: {error.strerror}.", "Run `garret down`, then `garret up`.")
    if not stat.S_ISSOCK(status.st_mode):
        return fail("socket", f"{home.socket} is not a socket.", f"Move {home.socket} away.")
    if status.st_uid != os.getuid() or home.socket.parent.stat().st_mode & 0o077:
        return fail("socket", f"Other users may reach {home.socket}.", "Run `garret down`, then `garret up`.")
    return ok("socket", f"The control socket {home.socket} is yours alone; no TCP port is open.")


def check_clients(home: Home) -> Finding:
    """Whether each kind of program has its own secret, and what that does not keep apart."""
    missing = [role for role in CLIENT_ROLES if not home.client_secret(role).is_file()]
    if missing:
        return warn(
            "clients",
            f"There is no secret for {', '.join(missing)}: such programs cannot connect.",
            "Run `garret down`, then `garret up`.",
        )
    return ok(
        "clients",
        f"Each kind of program has a secret of its own ({', '.join(CLIENT_ROLES)}). What runs with your "
        "rights outside a cage can read them all, and consent in your place.",
    )


def check_secrets(health: Health) -> Finding:
    """Where the secrets are and whether that protects them."""
    if health.protected:
        return ok("secrets", f"{health.sentence} ({health.backend})")
    return warn("secrets", health.sentence, health.remedy)


def _open_to_others(home: Home) -> list[Path]:
    secrets = (home.client_secret(role) for role in CLIENT_ROLES)
    private = (home.root, *secrets, home.key_file, home.durable_db, home.cache_db)
    loose: list[Path] = []
    for path in private:
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            continue
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            loose.append(path)
    # A closed home closes everything in it.
    return loose if home.root in loose else []


async def _run(name: str, probe: Probe, seconds: float) -> list[Finding]:
    try:
        async with asyncio.timeout(seconds):
            direct = inspect.iscoroutinefunction(probe)
            answer: Any = probe() if direct else await asyncio.to_thread(cast("Callable[[], Any]", probe))
            found: Answer = await answer if inspect.isawaitable(answer) else answer
        return [found] if isinstance(found, Finding) else list(found)
    except TimeoutError:
        return [fail(name, f"No answer within {seconds:g} s.", "See `garret logs`.")]
    except GarretError as error:
        return [fail(name, error.message, "See `garret logs`.")]
    except Exception as error:  # noqa: BLE001  any part may be broken in any way; that is the finding
        _log.exception("The examination of %s broke off.", name)
        return [fail(name, f"The examination broke off ({type(error).__name__}).", "See `garret logs`.")]
