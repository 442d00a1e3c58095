"""What is closed of the way out: rules that a person can read, and whom they concern. Pure.

A rule is `room:NAME`, `worker:NAME`, `profile:NAME`, `workspace:NAME`, or a host's name, which closes the
hosts below it as well. `offline` closes everything but this machine itself: a connection over loopback
leaves nothing. Neighbours: `process` asks, the house's room sets them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from garret.base.errors import UsageError
from garret.control.egress.wire import Entry, Rules

KINDS: Final = ("room", "worker", "profile", "workspace")
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}\Z")


def check_rule(rule: str) -> str:
    """The rule in its one spelling. Raises UsageError for what is none."""
    kind, colon, name = rule.strip().partition(":")
    if colon and kind in KINDS and _NAME.match(name):
        return f"{kind}:{name}"
    host = rule.strip().rstrip(".").lower()
    if _is_address(host) or _NAME.match(host):
        return host
    kinds = ", ".join(f"{each}:NAME" for each in KINDS)
    raise UsageError(f"{rule[:80]!a} cannot be closed. Name a host, or one of {kinds}. Nothing was changed.")


def check_known(rule: str, known: Mapping[str, Collection[str]]) -> None:
    """Raise UsageError where a rule names one of a kind of which all are `known`, and it is none of them.

    Whoever closes what is not there would believe to be safe.
    """
    kind, colon, name = check_rule(rule).partition(":")
    if not colon or kind not in known or name in known[kind]:
        return
    import difflib  # for a slip only

    near = difflib.get_close_matches(name, known[kind], n=1, cutoff=0.5)
    hint = f"did you mean {kind}:{near[0]}?" if near else f"there is {', '.join(sorted(known[kind]))}."
    raise UsageError(f"There is no {kind} {name!a}; {hint} Nothing was closed.")


def check_rules(value: Any) -> Any:
    """A check for the setting that keeps them. Raises UsageError."""
    for rule in value:
        if check_rule(str(rule)) != rule:
            raise UsageError(f"{str(rule)[:80]!a} is written {check_rule(str(rule))!a}. Nothing was changed.")
    return value


def closed_by(rules: Rules, entry: Entry) -> str:
    """Why a connection is closed, in words; empty where it is not."""
    if rules.offline and not is_loopback(entry.address):
        return rules.offline
    subject = {
        "room": (entry.room,),
        "worker": (entry.worker,),
        "profile": split(entry.profile),
        "workspace": split(entry.workspace),
    }
    for rule in rules.closed:
        kind, colon, name = rule.partition(":")
        if colon and kind in subject:
            if name in subject[kind]:
                return f"the {kind} {name} is closed"
        elif rule == entry.address or _below(entry.name, rule):
            return f"{rule} is closed"
    return ""


def joined(names: Iterable[str]) -> str:
    """Several names as one text, each once, in their order."""
    return ",".join(dict.fromkeys(name for name in names if name))


def split(text: str) -> tuple[str, ...]:
    """What `joined` put together."""
    return tuple(text.split(",")) if text else ()


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own."""
    return _is_address(address) and ipaddress.ip_address(address).is_loopback


def _below(name: str, host: str) -> bool:
    return name == host or name.endswith(f".{host}")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
