"""Who may do what: roles and profiles as plain tables, default deny, one check for every command.

A role is the kind of program that asks; a profile is the person for whom it asks. Both must grant a
command's capability. Denials win over grants, whatever is not granted is denied, and unknown roles
and profiles have nothing. What leaves the machine also needs a profile whose egress is open,
whatever the role.

Capabilities are dotted names, `room.action`. By convention `x.use` does the room's work, `x.read_own`
and `x.read` show one's own and everybody's results, `x.administer` manages the thing for everyone, and
`worker.x` is the inside of the machine. Roles `owner` and `worker` are parts of the machine and not
bound to a profile's grants.

Pure: `check` is a few dictionary and set look-ups and allocates nothing where it allows. Neighbours:
`approvals` (what happens when `needs_approval`), `pin` (leaving guest and child), the broker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

import msgspec

from garret.base.errors import UsageError
from garret.control.access.patterns import check_pattern, matches

EVERYTHING: Final = ("*",)


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


class RoleGrants(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind of program may ask for. `by_profile` is False for parts of the machine itself."""

    allow: tuple[str, ...]
    deny: tuple[str, ...] = ()
    by_profile: bool = True


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much of it a profile may use; None for no limit.

    `commands_per_minute` is kept by `Pace`; rooms keep `audio_seconds` (one recording) and
    `characters` (one text to be spoken).
    """

    commands_per_minute: int | None = None
    audio_seconds: float | None = None
    characters: int | None = None


class ProfileGrants(msgspec.Struct, frozen=True, kw_only=True):
    """What a person may ask for.

    `egress` False closes the way out of the machine altogether; `ask_before_leaving` turns every
    command that leaves the machine into one that needs an approval. A `restricted` profile is left
    by PIN only. `rank` orders profiles: going to a higher one asks for the PIN where one is set.
    """

    allow: tuple[str, ...]
    deny: tuple[str, ...] = ()
    egress: bool = True
    ask_before_leaving: bool = False
    restricted: bool = False
    rank: int = 0
    limits: Limits = Limits()


WORKER: Final = "worker."
"""How the capabilities begin that are the inside of the machine."""
_INNER: Final = ("worker.*",)

ROLES: Final[Mapping[str, RoleGrants]] = MappingProxyType(
    {
        # The control plane itself: replay at start, retention, scheduled work.
        "owner": RoleGrants(allow=EVERYTHING, by_profile=False),
        # What workers do is asked of them by services, which see to it that nothing is lost; a client
        # that went past a service to its worker would get around that.
        "shell": RoleGrants(allow=EVERYTHING, deny=_INNER),
        "cli": RoleGrants(allow=EVERYTHING, deny=_INNER),
        # A web page may be anybody's: it administers nothing, approves nothing and stops nothing.
        "gateway": RoleGrants(
            allow=EVERYTHING,
            deny=(
                *_INNER,
                "approvals.grant",
                "audit.reset",
                "backup.*",
                "profiles.*",
                "secrets.*",
                "system.stop",
                "workers.control",
            ),
        ),
        # A worker computes; all it may ask the control plane for is what belongs to its own work.
        "worker": RoleGrants(allow=("worker.*",), by_profile=False),
    }
)

_EVERYDAY: Final = ("dictate.use", "speak.use", "jobs.cancel_own", "profiles.use", "system.status")

PROFILES: Final[Mapping[str, ProfileGrants]] = MappingProxyType(
    {
        "admin": ProfileGrants(allow=EVERYTHING, rank=3),
        "user": ProfileGrants(
            allow=EVERYTHING,
            deny=("audit.reset", "policy.administer", "profiles.administer", "secrets.administer"),
            rank=2,
        ),
        # Nothing that leaves the machine or changes settings; only the results of their own work.
        "guest": ProfileGrants(
            allow=(*_EVERYDAY, "dictate.read_own", "speak.read_own", "history.read_own", "jobs.read_own"),
            egress=False,
            restricted=True,
            rank=1,
            limits=Limits(audio_seconds=3600.0, characters=20_000),
        ),
        "child": ProfileGrants(
            allow=_EVERYDAY,
            egress=False,
            restricted=True,
            rank=0,
            limits=Limits(commands_per_minute=60, audio_seconds=600.0, characters=2_000),
        ),
    }
)


class _Verdicts:
    """What one role may do under one profile, compiled."""

    __slots__ = ("allow", "ask", "capabilities", "deny", "egress")

    def __init__(self, role: RoleGrants, profile: ProfileGrants, known: Iterable[str]) -> None:
        self.allow = (role.allow, profile.allow) if role.by_profile else (role.allow,)
        self.deny = (*role.deny, *profile.deny) if role.by_profile else role.deny
        self.egress = profile.egress
        self.ask = profile.ask_before_leaving
        self.capabilities = frozenset(name for name in known if self.grants(name))

    def grants(self, capability: str) -> bool:
        if any(matches(pattern, capability) for pattern in self.deny):
            return False
        return all(any(matches(pattern, capability) for pattern in table) for table in self.allow)


_ALLOWED: Final = Decision(True)
_ALLOWED_IF_APPROVED: Final = Decision(True, needs_approval=True)


class Policy:
    """The tables compiled for the capabilities that are known; others are judged too, only slower."""

    def __init__(
        self,
        capabilities: Iterable[str] = (),
        *,
        roles: Mapping[str, RoleGrants] = ROLES,
        profiles: Mapping[str, ProfileGrants] = PROFILES,
    ) -> None:
        """Raises UsageError for a malformed name or pattern."""
        known = frozenset(capabilities)
        for name in known:
            if "*" in check_pattern(name):
                raise UsageError(
                    f"A command cannot need the capability {name!r}: it is a pattern, not a name."
                )
        tables: list[RoleGrants | ProfileGrants] = [*roles.values(), *profiles.values()]
        for table in tables:
            for pattern in (*table.allow, *table.deny):
                check_pattern(pattern)
        self._known = known
        self._roles = dict(roles)
        self._profiles = dict(profiles)
        self._verdicts = {
            role: {name: _Verdicts(grants, profile, known) for name, profile in self._profiles.items()}
            for role, grants in self._roles.items()
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
        if (
            not (inner and capability.startswith(WORKER))
            and capability not in verdicts.capabilities
            and (capability in self._known or not verdicts.grants(capability))
        ):
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
        return verdicts is not None and verdicts.grants(capability)

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
        grants = self._roles[role]
        by_role = any(matches(p, capability) for p in grants.allow) and not any(
            matches(p, capability) for p in grants.deny
        )
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
