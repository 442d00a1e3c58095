"""What the tray icon says, of all that goes on: one state, and a sentence for its tooltip and menu.

| state | when | because |
|---|---|---|
| offline | there is no connection to the control plane | nothing else is known then |
| listening | a microphone is open | whoever may be heard must see it, whatever else goes on |
| paused | a dictation is paused, and no microphone is open | it waits to go on |
| needs you | something waits for a consent | others wait |
| failed | a job or worker failed and nobody has looked since | |
| working | jobs run | |
| idle | none of it | |

The first that is so counts. Pure but for the language. Neighbours: `hearing` keeps the facts, `tray` shows
the state.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from garret.shell.strings import say


class TrayState(StrEnum):
    """The seven states; the value is the name of the icon's file."""

    IDLE = "idle"
    LISTENING = "listening"
    PAUSED = "paused"
    WORKING = "working"
    NEEDS_YOU = "needs_you"
    OFFLINE = "offline"
    FAILED = "failed"


class Facts(msgspec.Struct, frozen=True):
    """What is known. `approvals` are requests that wait, `jobs` those that run, `failures` sentences about
    what failed since somebody looked."""

    connected: bool = False
    reason: str = ""
    listening: bool = False
    paused: bool = False
    approvals: frozenset[str] = frozenset()
    jobs: frozenset[str] = frozenset()
    failures: tuple[str, ...] = ()


def state_of(facts: Facts) -> tuple[TrayState, str]:
    """The state, and what it means in a sentence."""
    if not facts.connected:
        return TrayState.OFFLINE, facts.reason or say("state.offline")
    if facts.listening:
        return TrayState.LISTENING, say("state.listening")
    if facts.paused:
        return TrayState.PAUSED, say("state.paused")
    if facts.approvals:
        return TrayState.NEEDS_YOU, say("state.needs_you", count=len(facts.approvals))
    if facts.failures:
        return TrayState.FAILED, facts.failures[-1]
    if facts.jobs:
        return TrayState.WORKING, say("state.working", count=len(facts.jobs))
    return TrayState.IDLE, say("state.idle")
