"""What the house tells those who subscribed."""

from __future__ import annotations

from garret.protocol.contract import Event, event


@event("house.worker_changed")
class WorkerChanged(Event, frozen=True):
    name: str
    slot: int
    state: str
    sentence: str


@event("house.job_changed")
class JobChanged(Event, frozen=True):
    job: str
    command: str
    state: str
    fraction: float = 0.0
    note: str = ""


@event("house.setting_changed")
class SettingChanged(Event, frozen=True):
    key: str
    value: str


@event("house.storage_changed")
class StorageChanged(Event, frozen=True):
    mode: str
    sentence: str


@event("house.profile_changed")
class ProfileChanged(Event, frozen=True):
    profile: str


@event("house.events_lost")
class EventsLost(Event, frozen=True):
    """This subscriber did not keep up; so many events were dropped for it."""

    count: int


@event("house.outbox_changed")
class OutboxChanged(Event, frozen=True):
    """An attempt to deliver an entry of the outbox has ended; `state` is waiting, dead or delivered."""

    entry: str
    room: str
    destination: str
    state: str
