"""The short-lived process that talks to the OS keychain.

It reads one JSON request from standard input, `{"service": S, "operations": [[verb, name, value]]}`,
and writes one JSON reply to standard output. Values pass through these two pipes and nothing else:
no argument, no environment, no error text. It ends when it is done and may be killed at any time.

It is a process of its own because `keyring` takes 170 ms and 12 MB to import, and because a locked
keychain waits for a person: a thread that waits on D-Bus cannot be ended, a process can.
"""

from __future__ import annotations

import json
import resource
import secrets
import sys
from typing import Any

import keyring
from keyring.errors import KeyringError, PasswordDeleteError

_PROBE = "probe"


def perform(service: str, operation: list[Any]) -> str | bool | None:
    """Do one operation: `get`, `set`, `delete` or `probe`. Raises what the keychain raises."""
    verb, name, value = operation
    if verb == "get":
        return keyring.get_password(service, name)
    if verb == "set":
        keyring.set_password(service, name, value)
        return True
    if verb == "delete":
        try:
            keyring.delete_password(service, name)
        except PasswordDeleteError:
            return keyring.get_password(service, name) is None
        return True
    return probe(service)


def probe(service: str) -> bool:
    """Whether an entry that is written can be read back and is gone once deleted."""
    entry = f"{_PROBE}-{secrets.token_hex(4)}"
    value = secrets.token_urlsafe(24)
    keyring.set_password(service, entry, value)
    try:
        same = keyring.get_password(service, entry) == value
    finally:
        keyring.delete_password(service, entry)
    return same and keyring.get_password(service, entry) is None


def main() -> int:
    """Serve one request; 0 when a reply was written."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold the values
    request = json.load(sys.stdin)
    results: list[dict[str, Any]] = []
    for operation in request["operations"]:
        try:
            results.append({"value": perform(request["service"], operation)})
        except (KeyringError, RuntimeError, OSError, ValueError) as error:
            results.append({"error": type(error).__name__})
    backend = keyring.get_keyring()
    name = f"{type(backend).__module__}.{type(backend).__qualname__}"
    json.dump({"backend": name, "results": results}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
