"""A selection that is ours, and who gets what from it.

While a text is on its way, each request is answered by who makes it: the target gets the text, everybody
else what the person had there. Afterwards everybody gets what was there, until another program takes the
selection. Where nothing was there, it is given up, and nothing is there again.

Large data goes in pieces (INCR, ICCCM 2.7.2), each when the last was taken.

Neighbours: `pasting` takes it and judges requests; `keeping` read what is given out.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from garret.shell.insertion.content import Content, Piece
from garret.shell.insertion.paste import Answer
from garret.shell.x11.server import Server

_AT_ONCE: Final = 128 << 10
"""Bytes in one request; a server takes 256 KiB without extensions."""

Judge = Callable[[int], Answer]


@dataclass
class _Transfer:
    piece: Piece
    is_text: bool
    place: int  # the property it is given in
    sent: int = 0  # in units of the format
    in_pieces: bool = False
    ended: bool = False


class Selection:
    """One selection, `CLIPBOARD` or `PRIMARY`; see the module."""

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self.atom = server.atom(name)
        self._text: Content | None = None
        self._kept: Content = {}
        self._judge: Judge = lambda _requestor: Answer.KEPT
        self._time = 0
        self._transfers: dict[tuple[int, int], _Transfer] = {}
        self._texts_begun = 0
        self.is_ours = False
        self.on_asked: Callable[[bool], None] = lambda _text: None  # True: for the text itself
        self.on_progress: Callable[[], None] = lambda: None
        self.on_read: Callable[[int], None] = lambda _place: None
        self.on_lost: Callable[[], None] = lambda: None
        x = server.x
        server.listen(x.SelectionRequest, self._requested)
        server.listen(x.SelectionClear, self._cleared)
        server.listen(x.PropertyNotify, self._taken)
        server.listen(x.DestroyNotify, self._destroyed)

    @property
    def kept(self) -> Content:
        """What everybody gets."""
        return self._kept

    def owner(self) -> int:
        """The window that owns it; 0 for none."""
        owner: Any = self._server.display.get_selection_owner(self.atom)
        return 0 if isinstance(owner, int) else int(owner.id)

    def lend(self, text: Content, kept: Content, judge: Judge) -> bool:
        """Take it: who `judge` says so gets `text`, all others `kept`. Whether the server agreed."""
        self._text, self._kept, self._judge = text, kept, judge
        self._time = self._server.now()
        self._server.window.set_selection_owner(self.atom, self._time)
        self.is_ours = self.owner() == self._server.window.id
        return self.is_ours

    def end(self) -> None:
        """The text is nobody's any more; what was there is there."""
        self._text = None
        self._judge = lambda _requestor: Answer.KEPT
        if self.is_ours and not self._kept:
            self.is_ours = False
            self._server.window_of(self._server.x.NONE).set_selection_owner(self.atom, self._time)

    def doubt(self, judge: Judge) -> None:
        """Go on judging requests after the text is nobody's."""
        self._judge = judge

    # ---- requests

    def _requested(self, event: Any) -> None:
        if event.selection != self.atom or event.owner.id != self._server.window.id:
            return
        requestor = int(event.requestor.id)
        # Obsolete clients name no property (ICCCM 2.2).
        place = int(event.property) or int(event.target)
        answer = Answer.NOTHING if self._is_stale(event) else self._judge(requestor)
        begun = self._texts_begun
        content = {Answer.TEXT: self._text or {}, Answer.KEPT: self._kept, Answer.NOTHING: {}}[answer]
        if event.target == self._server.atom("MULTIPLE"):
            given = self._give_many(event, place, content, is_text=answer is Answer.TEXT)
        else:
            given = self._give(requestor, int(event.target), place, content, is_text=answer is Answer.TEXT)
        notify = self._server.selection_notify(event, place if given else 0)
        self._server.send(event.requestor, notify)
        self._server.display.flush()
        if answer is Answer.TEXT:
            self.on_asked(self._texts_begun > begun)

    def _is_stale(self, event: Any) -> bool:
        """Whether it is about the time before the selection was ours (ICCCM 2.2)."""
        return bool(event.time) and (event.time - self._time) & 0xFFFFFFFF > 0x7FFFFFFF

    def _give(self, requestor: int, target: int, place: int, content: Content, *, is_text: bool) -> bool:
        window = self._server.window_of(requestor)
        atom = self._server.atom
        if target == atom("TIMESTAMP"):
            window.change_property(place, atom("INTEGER"), 32, [self._time])
            return True
        if target == atom("TARGETS"):
            if not content:
                return False
            offered = [atom("TARGETS"), atom("TIMESTAMP"), atom("MULTIPLE"), *content]
            window.change_property(place, atom("ATOM"), 32, offered)
            return True
        piece = content.get(target)
        if piece is None:
            return False
        transfer = _Transfer(piece, is_text, place)
        self._texts_begun += is_text
        if (requestor, place) not in self._transfers:
            self._server.attend(requestor)
        self._transfers[requestor, place] = transfer
        if piece.size > _AT_ONCE:
            transfer.in_pieces = True
            window.change_property(place, atom("INCR"), 32, [piece.size])
        else:
            transfer.ended = True
            window.change_property(place, piece.type, piece.format, piece.data)
        return True

    def _give_many(self, event: Any, place: int, content: Content, *, is_text: bool) -> bool:
        """Several targets in one request: pairs of target and property; the refused are told as 0."""
        pairs: Any = self._server.asking(lambda: event.requestor.get_full_property(place, 0))
        if pairs is None or pairs.format != 32 or len(pairs.value) % 2:
            return False
        answer = array("I", pairs.value)
        for index in range(0, len(answer), 2):
            target, where = int(answer[index]), int(answer[index + 1])
            if not self._give(int(event.requestor.id), target, where, content, is_text=is_text):
                answer[index + 1] = 0
        event.requestor.change_property(place, self._server.atom("ATOM_PAIR"), 32, answer)
        return True

    # ---- what was given

    def _taken(self, event: Any) -> None:
        """A property was deleted: what was in it was read."""
        key = (int(event.window.id), int(event.atom))
        transfer = self._transfers.get(key)
        if transfer is None or event.state != self._server.x.PropertyDelete:
            return
        if transfer.ended:
            self._finish(key)
            if transfer.is_text:
                self.on_read(transfer.place)
            return
        units = _AT_ONCE * 8 // transfer.piece.format
        part = transfer.piece.data[transfer.sent : transfer.sent + units]
        transfer.sent += len(part)
        transfer.ended = not part  # the empty piece ends it
        window = self._server.window_of(key[0])
        window.change_property(key[1], transfer.piece.type, transfer.piece.format, part)
        if transfer.is_text:
            self.on_progress()

    def _destroyed(self, event: Any) -> None:
        for key in [each for each in self._transfers if each[0] == event.window.id]:
            self._finish(key)

    def _finish(self, key: tuple[int, int]) -> None:
        del self._transfers[key]
        self._server.leave(key[0])

    def _cleared(self, event: Any) -> None:
        if event.atom != self.atom or not self.is_ours or self._is_own_doing(event):
            return
        self.is_ours = False
        self._text, self._kept = None, {}
        self.on_lost()

    def _is_own_doing(self, event: Any) -> bool:
        """A SelectionClear from before the selection was taken again."""
        return bool((event.time - self._time) & 0xFFFFFFFF > 0x7FFFFFFF)
