"""The desk: its manifest."""

from __future__ import annotations

from garret.features.desk import contracts as c
from garret.features.desk.setting_table import SETTINGS
from garret.features.desk.verb_table import VERBS
from garret.protocol.manifest import PROFILE_KINDS, Capability, Room

ROOM = Room(
    name="desk",
    summary="The window and its pages: hotkeys, appearance, notifications.",
    commands=(c.Press, c.Show, c.Attend, c.GetPreferences, c.Refused),
    events=(c.Pressed, c.AskedFor, c.AttendanceChanged),
    capabilities=(
        Capability(
            "desk.use",
            "See how pages look, and which programs show them.",
            ("cli", "shell", "gateway"),
            PROFILE_KINDS,
        ),
        Capability(
            "desk.press", "Press hotkeys, and call the window to the front.", ("cli", "shell"), PROFILE_KINDS
        ),
        Capability(
            "desk.attend",
            "Show pages, and report what they were refused.",
            ("shell", "gateway"),
            PROFILE_KINDS,
        ),
    ),
    settings=SETTINGS,
    verbs=VERBS,
    service="garret.features.desk.service:DeskService",
)
