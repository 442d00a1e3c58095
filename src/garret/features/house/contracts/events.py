"""What the house tells those who subscribed."""

from __future__ import annotations

from garret.protocol.contract import Event, event


@event("house.worker_changed", own="system.status")
class WorkerChanged(Event, frozen=True):
    name: str
    slot: int
    state: str
    sentence: str


@event("house.job_changed", own="jobs.read_own", others="jobs.read")
class JobChanged(Event, frozen=True):
    job: str
    command: str
    state: str
    fraction: float = 0.0
    note: str = ""


@event("house.setting_changed", own="settings.read", others="settings.read")
class SettingChanged(Event, frozen=True):
    key: str
    value: str


@event("house.setting_touched", own="system.status")
class SettingTouched(Event, frozen=True):
    """A setting was changed. What it is now is not told: who may not read settings hears of it too, and asks
    anew for what depends on it."""

    key: str


@event("house.storage_changed", own="system.status")
class StorageChanged(Event, frozen=True):
    mode: str
    sentence: str


@event("house.profile_changed", own="profiles.use")
class ProfileChanged(Event, frozen=True):
    profile: str


@event("house.approval_requested", own="approvals.grant", others="approvals.grant")
class ApprovalRequested(Event, frozen=True):
    """A command waits for somebody's consent until `until` (seconds since 1970)."""

    request: str
    command: str
    role: str
    name: str
    profile: str
    workspace: str
    until: float


@event("house.approval_decided", own="approvals.grant", others="approvals.grant")
class ApprovalDecided(Event, frozen=True):
    """A command that waited for a consent has it, or was refused."""

    request: str
    command: str
    name: str
    granted: bool


@event("house.outbox_changed", own="outbox.read_own", others="outbox.read")
class OutboxChanged(Event, frozen=True):
    """An attempt to deliver an entry of the outbox has ended; `state` is waiting, dead or delivered."""

    entry: str
    room: str
    destination: str
    state: str
