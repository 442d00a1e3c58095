"""What `garret hotkey` does: tell the window that a hotkey was pressed."""

from __future__ import annotations

import argparse

from garret.base.errors import Code, GarretError, UsageError
from garret.features.desk import contracts as c
from garret.protocol.manifest import Session


def hotkey(session: Session, arguments: argparse.Namespace) -> None:
    """Press, release or tap. Fails where no window is open to hear of it."""
    if arguments.press and arguments.release:
        raise UsageError("A key is pressed or released: --press or --release, not both. Nothing was done.")
    phase: c.Phase = "press" if arguments.press else "release" if arguments.release else "tap"
    heard = session.call(c.Press(action=arguments.action, phase=phase))
    if heard.windows == 0:
        raise GarretError(
            "No window of Garret is open, so that nobody did anything. `garret open` opens it; "
            "`garret dictate` dictates here.",
            code=Code.UNAVAILABLE,
        )
    session.emit(heard, "")
