"""Who may do what: the capabilities that the rooms declare, default deny, one check for every command.

A role is the kind of program that asks; a profile is the person for whom it asks. A command's capability
must be declared for both. Roles are lists of what is let in: what no manifest declares for a role is denied
to it, and unknown roles and profiles have nothing. What leaves the machine also needs a profile whose egress
is open, whatever the role.

The role `owner` is the house itself (replay at start, retention, scheduled work). It is no client's role,
is not bound to a profile's kind, and has what is declared, for whomever.

    policy = Policy(declared(rooms))
    policy.check("gateway", "guest", meta)

Pure: `check` is a few dictionary and set look-ups and allocates nothing where it allows. Neighbours:
`protocol.manifest` (`Capability`), `approvals` (what happens when `needs_approval`), `pin` (leaving guest and
child), the broker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

import msgspec

from garret.base.errors import UsageError
from garret.control.access.patterns import check_pattern
from garret.protocol.manifest import CLIENT_ROLES, Capability, Room

OWNER: Final = "owner"
"""The role of the house itself."""


class Needs(Protocol):
    """What policy looks at in a command's declaration; `CommandMeta` has it."""

    @property
    def capability(self) -> str: ...
    @property
    def leaves_machine(self) -> bool: ...
    @property
    def approval(self) -> bool: ...


class Decision(msgspec.Struct, frozen=True):
    """`reason` is empty where the command is allowed, and a sentence for the user where it is not."""

    allowed: bool
    reason: str = ""
    needs_approval: bool = False


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much of it a profile may use; None for no limit.

    `commands_per_minute` is kept by `Pace`; rooms keep `audio_seconds` (one recording) and
    `characters` (one text to be spoken).
    """

    commands_per_minute: int | None = None
    audio_seconds: float | None = None
    characters: int | None = None


class ProfileRules(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for a kind of person beside the capabilities that are declared for it.

    `egress` False closes the way out of the machine altogether; `ask_before_leaving` turns every
    command that leaves the machine into one that needs an approval. A `restricted` profile is left
    by PIN only. `rank` orders profiles: going to a higher one asks for the PIN where one is set.
    """

    egress: bool = True
    ask_before_leaving: bool = False
    restricted: bool = False
    rank: int = 0
    limits: Limits = Limits()


PROFILES: Final[Mapping[str, ProfileRules]] = MappingProxyType(
    {
        "admin": ProfileRules(rank=3),
        "user": ProfileRules(rank=2),
        # Nothing that leaves the machine; only so much at a time.
        "guest": ProfileRules(
            egress=False, restricted=True, rank=1, limits=Limits(audio_seconds=3600.0, characters=20_000)
        ),
        "child": ProfileRules(
            egress=False,
            restricted=True,
            rank=0,
            limits=Limits(commands_per_minute=60, audio_seconds=600.0, characters=2_000),
        ),
    }
)


def declared(rooms: Iterable[Room]) -> tuple[Capability, ...]:
    """The capabilities of all rooms, in their order.

    Raises UsageError where two rooms declare the same one, or a command needs one that nobody declares.
    """
    rooms = tuple(rooms)
    found: dict[str, Capability] = {}
    for room in rooms:
        for capability in room.capabilities:
            if capability.name in found:
                raise UsageError(f"The capability {capability.name!r} is declared twice.")
            found[capability.name] = capability
    for room in rooms:
        for kind in room.commands:
            needed = kind.__meta__.capability
            if needed not in found:
                raise UsageError(
                    f"{kind.__meta__.name} needs the capability {needed!r}, which no room declares. Declare "
                    f"it in the manifest of the room {room.name}, with the roles and profiles that have it."
                )
    return tuple(found.values())


class _Verdicts:
    """What one role may do under one profile, compiled."""

    __slots__ = ("ask", "capabilities", "egress")

    def __init__(self, profile: ProfileRules, capabilities: Iterable[str]) -> None:
        self.egress = profile.egress
        self.ask = profile.ask_before_leaving
        self.capabilities = frozenset(capabilities)


_ALLOWED: Final = Decision(True)
_ALLOWED_IF_APPROVED: Final = Decision(True, needs_approval=True)


class Policy:
    """The declarations compiled, a set of names for each role under each profile."""

    def __init__(
        self, capabilities: Iterable[Capability] = (), *, profiles: Mapping[str, ProfileRules] = PROFILES
    ) -> None:
        """Raises UsageError for a malformed name, and for a pattern in a name's place."""
        known = tuple(capabilities)
        for capability in known:
            if "*" in check_pattern(capability.name):
                raise UsageError(f"{capability.name!r} cannot be a capability: it is a pattern, not a name.")
        self._profiles = dict(profiles)
        self._inside = frozenset(one.name for one in known if not one.roles)
        self._verdicts: dict[str, dict[str, _Verdicts]] = {
            role: {
                name: _Verdicts(
                    rules, (one.name for one in known if role in one.roles and name in one.profiles)
                )
                for name, rules in self._profiles.items()
            }
            for role in CLIENT_ROLES
        }
        self._verdicts[OWNER] = {
            name: _Verdicts(rules, (one.name for one in known)) for name, rules in self._profiles.items()
        }

    def check(self, role: str, profile: str, needs: Needs, *, inner: bool = False) -> Decision:
        """Decide on one command. Never raises; what is not known is denied.

        `inner` says that a room's service asks on behalf of role and profile: what workers do is then not
        judged again, since it is how the service does what was allowed. Whether it may leave the machine is.
        """
        under = self._verdicts.get(role)
        verdicts = None if under is None else under.get(profile)
        if verdicts is None:
            return _unknown(role, profile, needs.capability)
        capability = needs.capability
        if capability not in verdicts.capabilities and not (inner and capability in self._inside):
            return self._denied(role, profile, capability)
        if needs.leaves_machine:
            if not verdicts.egress:
                return _closed(profile)
            if verdicts.ask:
                return _ALLOWED_IF_APPROVED
        return _ALLOWED_IF_APPROVED if needs.approval else _ALLOWED

    def grants(self, role: str, profile: str, capability: str) -> bool:
        """Whether a capability is granted, for what is not a command, such as a subscription."""
        verdicts = self._verdicts.get(role, {}).get(profile)
        return verdicts is not None and capability in verdicts.capabilities

    def granted(self, role: str, profile: str) -> frozenset[str]:
        """All that a client of this role may do under a profile."""
        verdicts = self._verdicts.get(role, {}).get(profile)
        return frozenset() if verdicts is None else verdicts.capabilities

    def may_leave(self, profile: str) -> bool:
        """Whether anything may leave the machine while `profile` is in force."""
        found = self._profiles.get(profile)
        return found is not None and found.egress

    def limits(self, profile: str) -> Limits:
        """A profile's limits; an unknown profile may do nothing."""
        found = self._profiles.get(profile)
        return found.limits if found else Limits(commands_per_minute=0, audio_seconds=0.0, characters=0)

    def paced(self) -> frozenset[str]:
        """The profiles that may do so much in a minute only."""
        return frozenset(
            name for name, profile in self._profiles.items() if profile.limits.commands_per_minute is not None
        )

    def switch(self, current: str, target: str, *, pin_set: bool) -> Switch:
        """What going from one profile to another takes."""
        here, there = self._profiles.get(current), self._profiles.get(target)
        if there is None:
            return Switch.REFUSED
        if current == target:
            return Switch.FREE
        if here is None or here.restricted:
            return Switch.PIN if pin_set else Switch.REFUSED
        if there.restricted:
            # Without a PIN there would be no way back.
            return Switch.FREE if pin_set else Switch.SET_PIN_FIRST
        return Switch.PIN if pin_set and there.rank > here.rank else Switch.FREE

    def _denied(self, role: str, profile: str, capability: str) -> Decision:
        by_role = any(capability in under.capabilities for under in self._verdicts[role].values())
        who = f"the profile '{profile}'" if by_role else f"the {role}"
        way = " `garret profiles use` switches to another profile." if by_role else ""
        return Decision(False, f"This needs '{capability}', which {who} may not do. Nothing was done.{way}")


class Switch(StrEnum):
    """What it takes to change the profile."""

    FREE = "free"
    PIN = "pin"
    SET_PIN_FIRST = "set_pin_first"
    REFUSED = "refused"


def _unknown(role: str, profile: str, capability: str) -> Decision:
    return Decision(
        False, f"'{capability}' was refused: '{role[:50]}' with profile '{profile[:50]}' is not known here."
    )


def _closed(profile: str) -> Decision:
    return Decision(
        False,
        f"This would leave the machine, and the profile '{profile}' allows nothing to. Nothing was sent.",
    )


class Pace:
    """Keeps `commands_per_minute`: a bucket of tokens for each profile that has such a limit, `limited`."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.limited = policy.paced()
        self._buckets: dict[str, tuple[float, float]] = {}  # profile: tokens, as of when

    def admit(self, profile: str, now: float) -> float:
        """Take one token at `now` (monotonic seconds); return 0, or the seconds to wait for the next."""
        limit = self._policy.limits(profile).commands_per_minute
        if limit is None:
            return 0.0
        if limit <= 0:
            return 60.0
        rate = limit / 60.0
        tokens, at = self._buckets.get(profile, (float(limit), now))
        tokens = min(float(limit), tokens + max(0.0, now - at) * rate)
        if tokens < 1.0:
            self._buckets[profile] = (tokens, max(at, now))
            return (1.0 - tokens) / rate
        self._buckets[profile] = (tokens - 1.0, max(at, now))
        return 0.0
