"""What the desktop is told of, and what is kept back: pure but for the language.

A notice is one line about something that happened while nobody looked: its kind is one of those that the
setting `desk.notifications` names. Nothing is told while the person does not want to be disturbed, nor of
what they see in the window anyway. Everything is in the log and in the page as well, so that nothing is lost
by a notice that is held back.

Neighbours: `hearing` makes notices, `notifier` shows them.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from garret.features.house import contracts as h
from garret.shell.strings import say

Kind: TypeAlias = Literal["finished", "failed", "approval", "held", "storage", "workers", "trial"]

_LONG_COMMANDS: Final = ("dictate.transcribe", "dictate.import", "speak.render")
"""Jobs that a person waits for; all others end without a word where they succeed."""

_SHOWN: Final = 300
"""Characters of a notice's text; desktops show about three lines."""


class Notice(msgspec.Struct, frozen=True):
    """One notice. `actions` are keys and what their buttons say; `page` is where a click leads.

    A notice with the `topic` of an earlier one takes its place.
    """

    kind: Kind
    title: str
    text: str
    page: str = ""
    topic: str = ""
    actions: tuple[tuple[str, str], ...] = ()
    urgent: bool = False


class Wishes(msgspec.Struct, frozen=True):
    """What the person set about notices."""

    kinds: frozenset[str] = frozenset()
    do_not_disturb: bool = False


def is_wanted(notice: Notice, wishes: Wishes, *, looking: bool) -> bool:
    """Whether a notice is shown. `looking`: the window is open and has the focus."""
    if notice.kind == "trial":
        return True  # they asked for it just now
    return not (wishes.do_not_disturb or looking) and notice.kind in wishes.kinds


def of_job(event: h.JobChanged) -> Notice | None:
    """The notice for a job that has ended; None where it is nobody's business."""
    if event.state == "failed":
        return Notice(
            "failed",
            say("notice.failed"),
            f"{event.note or event.command}"[:_SHOWN],
            page="/machine/jobs",
            topic=event.job,
        )
    if event.state == "done" and event.command in _LONG_COMMANDS:
        return Notice(
            "finished",
            say("notice.done"),
            event.note[:_SHOWN] or say("notice.text_ready"),
            page="/dictate",
            topic=event.job,
        )
    return None


def of_approval(event: h.ApprovalRequested) -> Notice:
    """The notice for what waits for a consent. No button of it grants: all arguments are to be seen first."""
    who = event.name or event.role
    return Notice(
        "approval",
        say("notice.consent"),
        say("notice.wants", who=who, command=event.command)[:_SHOWN],
        page="/approvals",
        topic=event.request,
        actions=(("look", say("notice.look")), ("deny", say("notice.deny"))),
        urgent=True,
    )


def of_storage(event: h.StorageChanged) -> Notice | None:
    """The notice for storage that takes no more, or is well again."""
    if event.mode == "normal":
        return None
    return Notice(
        "storage",
        say("notice.storage"),
        event.sentence[:_SHOWN],
        page="/machine/storage",
        topic="storage",
    )


def of_worker(event: h.WorkerChanged) -> Notice | None:
    """The notice for a part of Garret that is not started again by itself."""
    if event.state != "failed":
        return None
    text = event.sentence or say("notice.worker_text", name=event.name)
    return Notice(
        "workers", say("notice.worker"), text[:_SHOWN], page="/machine", topic=f"worker {event.name}"
    )
