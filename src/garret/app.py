"""The one place that knows all rooms."""

from __future__ import annotations

from garret.features.dictate.manifest import ROOM as DICTATE
from garret.features.house.manifest import ROOM as HOUSE
from garret.features.speak.manifest import ROOM as SPEAK
from garret.protocol.manifest import Room

ROOMS: tuple[Room, ...] = (HOUSE, DICTATE, SPEAK)
