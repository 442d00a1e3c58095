"""What is set about the window and its pages, as data."""

from __future__ import annotations

from typing import Final

from garret.protocol.setting import Setting

NOTIFICATIONS: Final = ("finished", "failed", "approval", "held", "storage", "workers")

SETTINGS: Final[tuple[Setting, ...]] = (
    Setting(
        key="desk.theme",
        type="text",
        default="system",
        choices=("system", "light", "dark"),
        sentence="Whether pages are light or dark; system follows the desktop.",
        profile_scoped=True,
    ),
    Setting(
        key="desk.density",
        type="text",
        default="comfortable",
        choices=("comfortable", "compact"),
        sentence="How close together things stand.",
        profile_scoped=True,
    ),
    Setting(
        key="desk.language",
        type="text",
        default="",
        choices=("", "en", "de"),
        sentence="The language of the pages; empty is the desktop's where it is there, else English.",
        profile_scoped=True,
    ),
    Setting(
        key="desk.motion",
        type="text",
        default="system",
        choices=("system", "reduced"),
        sentence="Whether things move; system follows the desktop, reduced is no motion at all.",
        profile_scoped=True,
    ),
    Setting(
        key="desk.scale",
        type="float",
        default=1.0,
        minimum=0.75,
        maximum=2.0,
        sentence="The size of everything in the window; 1 is the desktop's own.",
        profile_scoped=True,
    ),
    Setting(
        key="desk.first_run_done",
        type="bool",
        default=False,
        sentence="Whether the first steps were gone through or skipped; false shows them at the next start.",
    ),
    Setting(
        key="desk.close_to_tray",
        type="bool",
        default=True,
        sentence="Whether closing the window leaves its tray icon, where the desktop has a tray.",
    ),
    Setting(
        key="desk.start_at_login",
        type="bool",
        default=False,
        sentence="Whether the window starts with the desktop, in the tray.",
    ),
    Setting(
        key="desk.hotkey_talk",
        type="text",
        default="Ctrl+Alt+Space",
        maximum=60,
        sentence="The hotkey that dictates while it is held; empty is none.",
    ),
    Setting(
        key="desk.hotkey_toggle",
        type="text",
        default="Ctrl+Alt+D",
        maximum=60,
        sentence="The hotkey that begins and ends dictating; empty is none.",
    ),
    Setting(
        key="desk.hotkey_pause",
        type="text",
        default="",
        maximum=60,
        sentence="The hotkey that pauses a dictation and goes on with it; empty is none.",
    ),
    Setting(
        key="desk.hotkey_palette",
        type="text",
        default="Ctrl+Alt+G",
        maximum=60,
        sentence="The hotkey that shows the window with its palette; empty is none.",
    ),
    Setting(
        key="desk.hotkey_insert",
        type="text",
        default="Ctrl+Alt+V",
        maximum=60,
        sentence="The hotkey that inserts the text that was held back; empty is none.",
    ),
    Setting(
        key="desk.insertion",
        type="text",
        default="auto",
        choices=("auto", "paste", "type", "copy"),
        sentence="How text gets into other programs; auto takes the best way, copy only copies it.",
    ),
    Setting(
        key="desk.insertion_targets",
        type="json",
        default={},
        sentence='Programs that want it another way, by window class, as {"kitty": "paste:Ctrl+Shift+V"}.',
    ),
    Setting(
        key="desk.notifications",
        type="list",
        default=list(NOTIFICATIONS),
        choices=NOTIFICATIONS,
        sentence="What the desktop's notifications tell of.",
        profile_scoped=True,
    ),
    Setting(
        key="desk.do_not_disturb",
        type="bool",
        default=False,
        sentence="Whether nothing is notified at all for now; what happened is in the log as ever.",
        profile_scoped=True,
    ),
)
