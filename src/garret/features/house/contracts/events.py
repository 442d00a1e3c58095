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


@event("house.storage_changed", own="system.status")
class StorageChanged(Event, frozen=True):
    mode: str
    sentence: str


@event("house.profile_changed", own="profiles.use")
class ProfileChanged(Event, frozen=True):
    profile: str
