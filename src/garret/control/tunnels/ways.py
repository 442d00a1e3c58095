"""What a person writes as a way, and what ssh makes of it. Pure.

ssh itself says what its configuration has for a host (`ssh -G`). Of that only what identifies the machine and
the person is taken over: names, keys, known hosts, algorithms. Forwards, programs and shared connections of
the configuration are not, since they would open ports and run what nobody asked for here.

Neighbour: `tunnels`, which runs ssh.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from garret.base.errors import Code, UsageError
from garret.control.errors import ControlError

_WAY: Final = re.compile(
    r"(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})@)?"
    r"(?P<host>[A-Za-z0-9][A-Za-z0-9_.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
_HOST: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,252}|[0-9A-Fa-f:.]{2,45}")

_TAKEN: Final = frozenset(
    (
        "identityfile certificatefile identityagent identitiesonly pkcs11provider securitykeyprovider "
        "userknownhostsfile globalknownhostsfile hostkeyalias hostkeyalgorithms kexalgorithms ciphers macs "
        "pubkeyacceptedalgorithms casignaturealgorithms requiredrsasize revokedhostkeys "
        "preferredauthentications pubkeyauthentication hostbasedauthentication gssapiauthentication "
        "kbdinteractiveauthentication compression rekeylimit"
    ).split()
)
"""Of ssh_config(5), as `ssh -G` spells them."""

_ALWAYS: Final[Mapping[str, str]] = {
    "BatchMode": "yes",  # no question that nobody would see
    "StrictHostKeyChecking": "yes",
    "UpdateHostKeys": "no",  # the person's file of known hosts is read and never written
    "ControlMaster": "no",
    "ControlPath": "none",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "Tunnel": "no",
    "ExitOnForwardFailure": "yes",
    "ServerAliveInterval": "15",
    "ServerAliveCountMax": "3",
    "StreamLocalBindMask": "0177",
    "PermitLocalCommand": "yes",
    "LocalCommand": "echo open",  # ssh runs it once the forward is there
    "ProxyUseFdpass": "yes",
}


class TunnelError(ControlError):
    """A way could not be opened; nothing was asked."""

    code = Code.UNAVAILABLE


class Way(NamedTuple):
    """A machine as a person names it to ssh. Without a user or port (0) ssh's configuration says which."""

    user: str
    host: str
    port: int


class Machine(NamedTuple):
    """The same as ssh understands it, with the options that go with it."""

    user: str
    host: str
    port: int
    options: tuple[tuple[str, str], ...]


def read_way(text: str) -> Way:
    """What `user@host:port` means. Raises UsageError."""
    found = _WAY.fullmatch(text.strip())
    port = int(found["port"] or 0) if found else 0
    if found is None or port > 65_535:
        raise UsageError(
            f"{text[:80]!a} is no machine for ssh: it is written USER@HOST or USER@HOST:PORT. "
            "Nothing was added."
        )
    return Way(found["user"] or "", found["host"].strip("[]"), port)


def check_host(host: str) -> str:
    """A host that is written into ssh's command line. Raises UsageError for what is none."""
    plain = host.strip("[]")
    if not _HOST.fullmatch(plain):
        raise UsageError(f"{host[:80]!a} is no host that can be reached by ssh. Nothing was added.")
    return plain


def question_of(program: str, way: Way, file: str) -> list[str]:
    """The command line that asks ssh what its configuration has; `file` in place of the person's own."""
    words = [program, "-G", "-T", *(("-F", str(Path(file).expanduser())) if file else ())]
    words += ["-l", way.user] if way.user else []
    words += ["-p", str(way.port)] if way.port else []
    return [*words, "--", way.host]


def machine_of(said: str, way: Way) -> Machine:
    """What ssh answered. Raises TunnelError where the way leads over a third machine or a program."""
    found: dict[str, str] = {}
    options: list[tuple[str, str]] = []
    for line in said.splitlines():
        key, _, value = line.partition(" ")
        found.setdefault(key, value)
        if key in _TAKEN and value:
            options.append((key, value))
    for key in ("proxyjump", "proxycommand"):
        if found.get(key, "none") != "none":
            raise TunnelError(
                f"ssh's configuration reaches {way.host} by way of something else ({key} {found[key][:80]}), "
                "which Garret does not: it connects to the machine itself. Name one that can be reached "
                "directly.",
                code=Code.USAGE,
                retryable=False,
            )
    host = check_host(found.get("hostname") or way.host)
    return Machine(
        found.get("user") or way.user, host, int(found.get("port") or way.port or 22), tuple(options)
    )


def tunnel_of(
    program: str, machine: Machine, *, connect: str, socket: str, host: str, port: int
) -> list[str]:
    """The command line that has ssh listen at the Unix `socket`, and lead to `host` and `port` from there on.

    `connect` is the program that hands ssh its connection.
    """
    options = [*_ALWAYS.items(), ("ProxyCommand", connect), *machine.options]
    words = [program, "-F", "none", "-N", "-T"]
    for key, value in options:
        words += ["-o", f"{key}={value}"]
    plain = check_host(host)
    place = f"[{plain}]" if ":" in plain else plain
    words += ["-L", f"{socket}:{place}:{port}", "-p", str(machine.port)]
    words += ["-l", machine.user] if machine.user else []
    return [*words, "--", machine.host]


def why_not(said: str, way: Way) -> TunnelError:
    """What a person reads where ssh ended, by what it printed."""
    name = f"{way.user}@{way.host}" if way.user else way.host
    port = f" -p {way.port}" if way.port else ""
    by_hand = f"`ssh{port} {name}`"
    if "REMOTE HOST IDENTIFICATION HAS CHANGED" in said or "REVOKED HOST KEY" in said:
        return TunnelError(
            f"{way.host} shows another key than the one you know: somebody may stand between, or the machine "
            "was set up anew. Nothing was sent. Ask whoever looks after it; once the new key is confirmed, "
            f"take the old one out by `ssh-keygen -R` and connect once by {by_hand}.",
            code=Code.DENIED,
            retryable=False,
        )
    if "host key is known" in said or "Host key verification failed" in said:
        return TunnelError(
            f"The key of {way.host} is not known here, so it was not connected to. Connect once by {by_hand} "
            "in a terminal, compare the fingerprint with what its administrator says, and try again.",
            code=Code.DENIED,
            retryable=False,
        )
    if "Permission denied" in said or "Too many authentication failures" in said:
        return TunnelError(
            f"{way.host} did not let {way.user or 'this account'} in by ssh. Garret uses the keys of your "
            f"ssh agent and configuration and cannot answer questions: {by_hand} has to work without any.",
            code=Code.DENIED,
            retryable=False,
        )
    if "forwarding" in said and ("fail" in said or "Could not" in said):
        return TunnelError(f"ssh could not make its socket for {way.host}: {_last(said)}.", retryable=False)
    return TunnelError(f"ssh did not get through to {way.host}: {_last(said) or 'it said nothing'}.")


def _last(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1].rstrip(".")[:200] if lines else ""
