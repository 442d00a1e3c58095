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

The first that is so counts. Pure. Neighbours: `hearing` keeps the facts, `tray` shows the state.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


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
        return TrayState.OFFLINE, facts.reason or "Garret is not running."
    if facts.listening:
        return TrayState.LISTENING, "The microphone is open."
    if facts.paused:
        return TrayState.PAUSED, "Dictating is paused; the microphone is closed."
    if facts.approvals:
        count = len(facts.approvals)
        waits = "One thing waits" if count == 1 else f"{count} things wait"
        return TrayState.NEEDS_YOU, f"{waits} for your consent."
    if facts.failures:
        return TrayState.FAILED, facts.failures[-1]
    if facts.jobs:
        count = len(facts.jobs)
        return TrayState.WORKING, "One job runs." if count == 1 else f"{count} jobs run."
    return TrayState.IDLE, "Ready."
