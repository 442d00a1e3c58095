"""For whom something is done later: what is left of a caller once it has gone.

Schedules and the outbox keep it beside what they hold. Neighbours: `schedules`, `outbox`.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Asking(Protocol):
    """The part of a caller that says who it is."""

    @property
    def role(self) -> str: ...
    @property
    def profile(self) -> str: ...
    @property
    def workspace(self) -> str: ...


class Owner(NamedTuple):
    """A role, a profile and a workspace, as policy judges them when the time has come."""

    role: str
    profile: str
    workspace: str

    @classmethod
    def of(cls, caller: Asking) -> Owner:
        """Whoever `caller` is."""
        return cls(caller.role, caller.profile, caller.workspace)
