"""Dictating by hotkey or from the tray: begins, ends, and has the text delivered once it is kept.

The text goes to `deliver` when the control plane has kept it, so that whatever becomes of the delivery loses
nothing. Partial text goes nowhere from here.

Belongs to Qt's main thread. Neighbours: `hotkeys.press` says what keys mean, `shell` who delivers.
"""

from __future__ import annotations

from collections.abc import Callable

from garret.base.errors import Code, GarretError
from garret.base.ids import new_id
from garret.features.dictate import contracts as c
from garret.page.line import Line
from garret.shell.asking import Asked, ask
from garret.shell.notices import Notice
from garret.shell.strings import say

Deliver = Callable[[str, str], None]
"""Takes an utterance and its text."""


class Talking:
    """See the module. `tell` gets notices of what failed."""

    def __init__(
        self,
        line: Line,
        deliver: Deliver,
        tell: Callable[[Notice], None],
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        """`ended` is called when a dictation is over, whoever ended it."""
        self._line = line
        self._ended = ended
        self._deliver = deliver
        self._tell = tell
        self._listening: Asked | None = None
        self._heard_of = False
        self._ending = False
        self._paused = False

    @property
    def active(self) -> bool:
        """Whether a dictation is under way that was begun here."""
        return self._listening is not None

    def begin(self) -> None:
        """Begin a dictation, unless one is under way."""
        if self.active:
            return
        self._heard_of = self._ending = self._paused = False
        try:
            self._listening = Asked(
                self._line,
                c.Listen(source="microphone", key=new_id("talk"), partials=False),
                on_result=self._done,
                on_error=self._failed,
                on_item=self._item,
            )
        except GarretError as error:
            self._failed(error)

    def end(self) -> None:
        """End what is under way: what was heard becomes text."""
        if self.active and not self._ending:
            self._ending = True
            if self._heard_of:
                ask(self._line, c.Stop())

    def pause(self) -> None:
        """Pause what is under way, or go on with it; before it listens it is paused as soon as it does."""
        if not self.active or self._ending:
            return
        self._paused = not self._paused
        if self._heard_of:
            ask(self._line, c.Pause(paused=self._paused), on_error=self._not_paused)

    def _not_paused(self, error: GarretError) -> None:
        self._paused = not self._paused
        self._tell(
            Notice("failed", say("notice.not_paused"), error.message, page="/dictate", topic="talking")
        )

    def stop_others(self) -> None:
        """End a dictation that was begun elsewhere, as in the page: its text stays there."""
        ask(self._line, c.Stop())

    def _item(self, item: c.DictationItem) -> None:
        """It has begun: a key that was pressed or released before that counts now."""
        if item.kind == "state" and item.text in ("listening", "paused") and self._heard_of:
            self._paused = item.text == "paused"  # also by somebody else: the page, the tray
        if not self._heard_of:
            self._heard_of = True
            if self._ending:
                ask(self._line, c.Stop())
            elif self._paused:
                ask(self._line, c.Pause(paused=True), on_error=self._not_paused)

    def _done(self, done: c.Dictated) -> None:
        self._listening = None
        self._ended()
        _Text(self._line, done.utterance, self._deliver, self._failed).fetch()

    def _failed(self, error: GarretError) -> None:
        self._listening = None
        self._ended()
        if error.code != Code.CANCELLED:
            self._tell(
                Notice("failed", say("notice.not_dictated"), error.message, page="/dictate", topic="talking")
            )


class _Text:
    """The text of an utterance, fetched page by page."""

    def __init__(
        self, line: Line, utterance: str, deliver: Deliver, failed: Callable[[GarretError], None]
    ) -> None:
        self._line = line
        self._utterance = utterance
        self._deliver = deliver
        self._failed = failed
        self._texts: list[str] = []
        self._segments = 0

    def fetch(self) -> None:
        """Ask for the next page."""
        ask(self._line, c.Get(utterance=self._utterance, first=self._segments), self._got, self._failed)

    def _got(self, page: c.Transcript) -> None:
        self._texts.append(page.text)
        self._segments += len(page.segments)
        if page.segments and self._segments < page.total:
            self.fetch()
        elif text := "".join(self._texts):
            self._deliver(self._utterance, text)
