"""What may be allowed about the house itself, and who has it by default, as data."""

from __future__ import annotations

from typing import Final

from garret.protocol.manifest import PROFILE_KINDS, Capability, ClientRole, ProfileKind

_AT_THE_DESK: Final[tuple[ClientRole, ...]] = ("cli", "shell")
"""Programs that a person of this machine sits in front of."""

_PAGES: Final[tuple[ClientRole, ...]] = (*_AT_THE_DESK, "gateway")
"""And the web pages and phones, which may be anybody's: they administer, approve and stop nothing."""

_LATER: Final[tuple[ProfileKind, ...]] = ("admin", "user", "guest")

_GROWN: Final[tuple[ProfileKind, ...]] = ("admin", "user")

CAPABILITIES: Final = (
    Capability("system.status", "See what runs and how it is.", _PAGES, PROFILE_KINDS),
    Capability("system.stop", "Stop Garret.", _AT_THE_DESK, _GROWN),
    Capability("events.read", "Hear of what happens.", _PAGES, _GROWN),
    Capability("workers.control", "Restart workers and outside programs.", _AT_THE_DESK, _GROWN),
    Capability("jobs.read_own", "See the jobs of one's own profile.", _PAGES, ("admin", "user", "guest")),
    Capability("jobs.cancel_own", "Cancel and retry the jobs of one's own profile.", _PAGES, PROFILE_KINDS),
    Capability("jobs.read", "See the jobs of every profile.", _AT_THE_DESK, _GROWN),
    Capability("jobs.cancel", "Cancel and retry the jobs of every profile.", _AT_THE_DESK, _GROWN),
    Capability("schedules.read_own", "See the schedules of one's own profile.", _AT_THE_DESK, _LATER),
    Capability("schedules.change_own", "Run, pause and remove one's own schedules.", _AT_THE_DESK, _LATER),
    Capability("schedules.read", "See the schedules of every profile.", _AT_THE_DESK, _GROWN),
    Capability("schedules.change", "Run, pause and remove everybody's schedules.", _AT_THE_DESK, _GROWN),
    Capability("outbox.read_own", "See what one's own profile has to send.", _AT_THE_DESK, _LATER),
    Capability("outbox.change_own", "Send again or discard what is one's own.", _AT_THE_DESK, _LATER),
    Capability("outbox.read", "See what every profile has to send.", _AT_THE_DESK, _GROWN),
    Capability("outbox.change", "Send again or discard what is anybody's.", _AT_THE_DESK, _GROWN),
    Capability("logs.read", "Read what Garret and its workers logged.", _AT_THE_DESK, _GROWN),
    Capability("audit.read", "Read and verify the audit chain.", _AT_THE_DESK, _GROWN),
    Capability("backup.create", "Write a backup of everything durable.", _AT_THE_DESK, _GROWN),
    Capability("house.clear_own", "Clear all that is one's own, and bring it back.", _AT_THE_DESK, _GROWN),
    Capability("storage.administer", "Rebuild the tables that are made from objects.", _AT_THE_DESK, _GROWN),
    Capability("egress.read", "See the way out, and what went over it.", _AT_THE_DESK, _GROWN),
    Capability("egress.administer", "Close and open the way out.", _AT_THE_DESK, _GROWN),
    Capability("egress.report", "Write down what other machines were shown.", ("gateway",), PROFILE_KINDS),
    Capability("settings.read", "See the settings.", _AT_THE_DESK, _GROWN),
    Capability("settings.change", "Change settings, also which outside programs run.", _AT_THE_DESK, _GROWN),
    Capability("secrets.administer", "Name, set, delete and seal secrets.", _AT_THE_DESK, ("admin",)),
    Capability("profiles.use", "See the profiles and switch between them.", _AT_THE_DESK, PROFILE_KINDS),
    Capability("profiles.administer", "Set the PIN.", _AT_THE_DESK, ("admin",)),
    Capability("approvals.grant", "Consent to a command that needs it, or refuse it.", _AT_THE_DESK, _GROWN),
)
