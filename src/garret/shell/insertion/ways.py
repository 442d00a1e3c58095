"""How each program wants text: the chord it pastes with, from which selection, or not at all. Pure.

Most programs paste from CLIPBOARD with Ctrl+V. Terminals send Ctrl+V to what runs in them and paste with
Ctrl+Shift+V; xterm and its kin know Shift+Insert alone, and paste PRIMARY with it. Programs are told by
WM_CLASS, without regard to case. The person's own table (`desk.insertion_targets`) comes first.

    {"kitty": "paste:Ctrl+Shift+V", "remmina": "type", "keepassxc": "hold", "emacs": "paste:Ctrl+Y"}

Neighbours: `hands` chooses by it; `paste` does what was chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from garret.base.errors import Code, GarretError
from garret.shell.hotkeys.accelerator import Accelerator, AcceleratorError, parse
from garret.shell.insertion.reasons import Reason

Kind: TypeAlias = Literal["paste", "type", "copy", "hold"]
Selection: TypeAlias = Literal["CLIPBOARD", "PRIMARY"]


class WayError(GarretError):
    """A line of the table of targets means nothing."""

    code = Code.INVALID


CTRL_V: Final = Accelerator(("Ctrl",), "V")


# What the same programs paste with on a keyboard that has no Latin letters.
SHIFT_INSERT: Final = Accelerator(("Shift",), "Insert")


@dataclass(frozen=True)
class Way:
    """One way into a program."""

    kind: Kind
    chord: Accelerator = CTRL_V
    selection: Selection = "CLIPBOARD"
    terminal: bool = False
    held_for: Reason = Reason.UNWANTED  # of the kind hold


PASTE: Final = Way("paste")
_TERMINAL: Final = Way("paste", Accelerator(("Ctrl", "Shift"), "V"), terminal=True)
_XTERM: Final = Way("paste", Accelerator(("Shift",), "Insert"), "PRIMARY", terminal=True)
_SECRET: Final = Way("hold", held_for=Reason.SECRET)

_TERMINALS: Final = (
    "alacritty", "blackbox", "com.mitchellh.ghostty", "cool-retro-term", "deepin-terminal", "foot", "ghostty",
    "gnome-terminal", "gnome-terminal-server", "guake", "kgx", "kitty", "konsole", "lxterminal",
    "mate-terminal", "org.gnome.console", "org.gnome.ptyxis", "org.wezfurlong.wezterm", "ptyxis",
    "qterminal", "roxterm", "sakura", "terminator", "terminology", "tilda", "tilix", "wezterm",
    "xfce4-terminal", "yakuake",
)  # fmt: skip
_XTERMS: Final = ("aterm", "eterm", "mlterm", "rxvt", "st", "st-256color", "urxvt", "uxterm", "xterm")
_SECRETS: Final = (
    "gcr-prompter", "gksu", "gnome-keyring-prompt", "kdesu", "ksshaskpass", "kwalletd5", "kwalletd6",
    "lxqt-openssh-askpass", "lxqt-policykit-agent", "lxqt-sudo", "org.kde.polkit-kde-authentication-agent-1",
    "pinentry", "pinentry-gnome3", "pinentry-gtk-2", "pinentry-qt", "polkit-gnome-authentication-agent-1",
    "polkit-mate-authentication-agent-1", "ssh-askpass", "x11-ssh-askpass", "xfce-polkit",
)  # fmt: skip
KNOWN: Final[Mapping[str, Way]] = {
    **dict.fromkeys(_TERMINALS, _TERMINAL),
    **dict.fromkeys(_XTERMS, _XTERM),
    **dict.fromkeys(_SECRETS, _SECRET),
}


def way_for(classes: Iterable[str], own: Mapping[str, Way], preferred: str = "auto") -> Way:
    """The way into a program with these window classes, where the person prefers `preferred` ways."""
    names = [each.lower() for each in classes]
    for name in reversed(names):  # the class is more general than the instance, and what people know
        if name in own:
            known = KNOWN.get(name)
            return own[name] if known is None else replace(own[name], terminal=known.terminal)
    found = next((KNOWN[name] for name in reversed(names) if name in KNOWN), PASTE)
    if found.kind == "hold" or preferred in ("auto", "paste"):
        return found
    return replace(found, kind="type" if preferred == "type" else "copy")


def parse_ways(table: Mapping[str, object]) -> tuple[dict[str, Way], tuple[str, ...]]:
    """The person's own table, and a sentence for each line of it that means nothing."""
    ways: dict[str, Way] = {}
    wrong: list[str] = []
    for name, text in table.items():
        try:
            ways[name.lower()] = parse_way(str(text))
        except (WayError, AcceleratorError) as error:
            wrong.append(f"{name}: {error.message}")
    return ways, tuple(wrong)


def parse_way(text: str) -> Way:
    """Read `paste`, `paste:CHORD`, `paste-primary:CHORD`, `type`, `copy` or `hold`.

    Raises WayError, AcceleratorError.
    """
    kind, _, chord = text.strip().partition(":")
    match kind:
        case "paste" | "paste-primary":
            selection: Selection = "PRIMARY" if kind == "paste-primary" else "CLIPBOARD"
            return Way("paste", parse(chord) if chord else PASTE.chord, selection)
        case "type" | "copy" | "hold" if not chord:
            return Way("type" if kind == "type" else "copy" if kind == "copy" else "hold")
        case _:
            raise WayError(
                f"'{text}' is no way: take paste, paste:CHORD, paste-primary:CHORD, type, copy or hold."
            )


def objection(text: str, way: Way) -> Reason | None:
    """Why a text may not go a way."""
    if way.kind == "hold":
        return way.held_for
    if not way.terminal or way.kind == "copy":
        return None
    if "\n" in text or "\r" in text:
        return Reason.SEVERAL_LINES
    # C0, DEL and C1: escape sequences begin with them (ECMA-48).
    if any(ord(each) < 0x20 or 0x7F <= ord(each) < 0xA0 for each in text if each != "\t"):
        return Reason.CONTROL
    return None


def fit(text: str, way: Way) -> str:
    """The text as it goes that way: without the line's end, which would run it in a terminal."""
    return text.rstrip("\r\n") if way.terminal else text
