"""The OS keychain, reached through a short-lived child process with a time limit.

Every call starts `keychain_child`, so that neither the import of `keyring` nor a keychain that waits
for a person to unlock it can hold up or fatten the control plane. Calls block for up to their time
limit: make them outside the event loop's thread. `looks_possible` spares machines that plainly have
no keychain the 0.3 s of a probe.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from garret.control.secrets.errors import SecretsError, SecretsUnavailable

PROBE_SECONDS: Final = 5.0
"""A keychain that does not answer a probe in this time is taken as absent."""

CALL_SECONDS: Final = 60.0
"""A person may have to type the keychain's password before an entry can be read."""

VALUE_LIMIT: Final = 1_800
"""Bytes of one value: the Windows Credential Manager keeps 2,560, and Base64 makes 4 of 3."""


@dataclass(frozen=True)
class Probe:
    """Whether the keychain keeps what it is given; `reason` says why not, in words for a person."""

    usable: bool
    backend: str
    reason: str = ""


class Keychain:
    """Entries of one service in the keychain of the person who is logged in."""

    def __init__(
        self, *, environment: Mapping[str, str] | None = None, probe_seconds: float = PROBE_SECONDS
    ) -> None:
        self._environment = environment
        self._probe_seconds = probe_seconds

    def __repr__(self) -> str:
        return "Keychain()"

    def looks_possible(self) -> bool:
        """False where no keychain can be: on Linux without a session bus or a configured backend."""
        if sys.platform in ("darwin", "win32"):
            return True
        environment = os.environ if self._environment is None else self._environment
        if environment.get("PYTHON_KEYRING_BACKEND") or environment.get("DBUS_SESSION_BUS_ADDRESS"):
            return True
        home = Path(environment.get("HOME") or "/")
        runtime = environment.get("XDG_RUNTIME_DIR")
        config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
        places = [config / "python_keyring/keyringrc.cfg"]
        if runtime:
            places.append(Path(runtime) / "bus")
        return any(place.exists() for place in places)

    def probe(self, service: str) -> Probe:
        """Write, read back and delete an entry. Never raises; an absent keychain is an answer."""
        if not self.looks_possible():
            return Probe(False, "none", "there is no desktop session with a keychain")
        try:
            backend, results = self._call(service, [["probe", "", ""]], self._probe_seconds)
        except SecretsError as error:
            return Probe(False, "unknown", error.message)
        if results[0].get("value") is True:
            return Probe(True, backend)
        why = results[0].get("error") or "what was written could not be read back"
        return Probe(False, backend, f"the keychain keeps nothing ({why})")

    def get_all(self, service: str, names: list[str]) -> dict[str, str]:
        """The values of `names`; absent ones are left out. Raises SecretsUnavailable."""
        if not names:
            return {}
        _backend, results = self._call(service, [["get", name, ""] for name in names], CALL_SECONDS)
        found: dict[str, str] = {}
        for name, result in zip(names, results, strict=True):
            value = self._value(result, name)
            if isinstance(value, str):
                found[name] = value
        return found

    def set(self, service: str, name: str, value: str) -> None:
        """Keep `value`. Raises SecretsUnavailable."""
        self._value(self._call(service, [["set", name, value]], CALL_SECONDS)[1][0], name)

    def delete(self, service: str, name: str) -> None:
        """Remove an entry, which may be absent. Raises SecretsUnavailable."""
        self._value(self._call(service, [["delete", name, ""]], CALL_SECONDS)[1][0], name)

    def _call(
        self, service: str, operations: list[list[str]], seconds: float
    ) -> tuple[str, list[dict[str, Any]]]:
        request = json.dumps({"service": service, "operations": operations})
        # -P keeps the working folder, where anybody may have put a module, off the import path.
        command = [sys.executable, "-P", "-m", "garret.control.secrets.keychain_child"]
        try:
            done = subprocess.run(
                command,
                input=request,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a backend's traceback may hold a value
                timeout=seconds,
                env=None if self._environment is None else dict(self._environment),
                text=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            # The exception carries the request, and must not be the cause of what is raised.
            raise _silent(f"did not answer within {seconds:g} s") from None
        except OSError as error:
            raise _silent(f"cannot be asked ({error.strerror})") from None
        try:
            reply = json.loads(done.stdout)
            results: list[dict[str, Any]] = reply["results"]
            backend = str(reply["backend"])
        except (ValueError, KeyError, TypeError):
            raise _silent(f"broke off (exit code {done.returncode})") from None
        if len(results) != len(operations):
            raise _silent("gave half an answer")
        return backend, results

    @staticmethod
    def _value(result: dict[str, Any], name: str) -> object:
        if "error" in result:
            raise SecretsUnavailable(
                f"The keychain refused the entry {name} ({result['error']}). Nothing was changed. "
                "Unlock the keychain and try again.",
                details={"name": name},
            )
        return result.get("value")


def _silent(how: str) -> SecretsUnavailable:
    return SecretsUnavailable(
        f"The keychain {how}. Nothing was changed; your secrets are still in it. "
        "Log in to the desktop, unlock the keychain and try again."
    )
