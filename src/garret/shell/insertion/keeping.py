"""Keeping what is on the clipboard: the forms that its owner offers, read out before the owner loses it.

An owner forgets its data when another program takes the selection, so that all of it has to be read first,
also pictures and what is sent in pieces (INCR, ICCCM 2.7.2). What cannot be kept is not taken away.

Invariants: nothing is given back as whole that is not; each run has a window of its own, so that a late
answer cannot be taken for another's.
Neighbours: `pasting` keeps before it takes; `selection` gives out what was kept.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any, Final

from garret.shell.insertion.content import CONVERTED, META, Content, Piece
from garret.shell.x11.server import Server

LIMIT: Final = 256 << 20
"""Bytes: four uncompressed pictures of 4K, which is more than programs put on a clipboard."""

_FORMS: Final = 200
_PIECE: Final = 1 << 18  # in units of four bytes


class Keeping:
    """One run of reading a selection out; calls `on_done` once, with None where it cannot be kept."""

    def __init__(
        self,
        server: Server,
        selection: int,
        on_progress: Callable[[], None],
        on_done: Callable[[Content | None], None],
    ) -> None:
        self._server = server
        self._selection = selection
        self._on_progress = on_progress
        self._on_done = on_done
        self._kept: dict[int, Piece] = {}
        self._size = 0
        self._waiting: list[int] = []
        self._target = 0
        self._pieces: list[bytes | array[int]] | None = None  # of what comes in pieces
        x = server.x
        self._window: Any = server.root.create_window(
            -1, -1, 1, 1, 0, x.CopyFromParent, x.InputOnly, x.CopyFromParent,
            event_mask=x.PropertyChangeMask, override_redirect=True,
        )  # fmt: skip
        self._property = server.atom("GARRET_KEPT")
        self._over = False
        server.listen(x.SelectionNotify, self._answered)
        server.listen(x.PropertyNotify, self._changed)

    def start(self) -> None:
        """Ask what there is."""
        self._ask(self._server.atom("TARGETS"))

    def stop(self) -> None:
        """Give up, and call nobody."""
        if self._over:
            return
        self._over = True
        self._server.ignore(self._server.x.SelectionNotify, self._answered)
        self._server.ignore(self._server.x.PropertyNotify, self._changed)
        self._window.destroy()

    def _end(self, content: Content | None) -> None:
        if not self._over:
            self.stop()
            self._on_done(content)

    def _ask(self, target: int) -> None:
        self._target = target
        self._window.convert_selection(self._selection, target, self._property, self._server.x.CurrentTime)

    def _next(self) -> None:
        self._on_progress()
        if self._waiting:
            self._ask(self._waiting.pop())
        else:
            self._end(self._kept)

    # ---- what its owner answers

    def _answered(self, event: Any) -> None:
        if event.requestor.id != self._window.id or event.target != self._target:
            return
        if event.property == 0:
            self._refused()
            return
        # In pieces: the first is a promise, and deleting it asks for the next (ICCCM 2.7.2).
        value = self._take()
        if value is None:
            self._refused()
        elif value.property_type == self._server.atom("INCR"):
            self._pieces = []
            self._on_progress()
        else:
            self._received(Piece(int(value.property_type), int(value.format), value.value))

    def _refused(self) -> None:
        if self._target == self._server.atom("TARGETS"):
            self._old_owner()
        else:
            self._next()  # offered and not given; nobody else would have got it either

    def _old_owner(self) -> None:
        """An owner that cannot even say what it has (some terminals, old programs) has text, if anything."""
        self._waiting = [self._server.atom("STRING")]
        self._next()

    def _received(self, piece: Piece) -> None:
        if self._target == self._server.atom("TARGETS"):
            offered = [int(atom) for atom in piece.data] if piece.format == 32 else []
            names = {atom: self._server.atom_name(atom) for atom in dict.fromkeys(offered) if atom}
            needless = META | CONVERTED if "image/png" in names.values() else META
            self._waiting = [atom for atom, name in names.items() if name and name not in needless]
            if len(self._waiting) > _FORMS:
                self._end(None)
                return
        else:
            self._kept[self._target] = piece
            self._size += piece.size
            if self._size > LIMIT:
                self._end(None)
                return
        self._next()

    def _changed(self, event: Any) -> None:
        if (
            self._pieces is None
            or event.window.id != self._window.id
            or event.atom != self._property
            or event.state != self._server.x.PropertyNewValue
        ):
            return
        value = self._take()
        if value is None:
            return
        self._on_progress()
        if len(value.value):
            self._pieces.append(value.value)
            self._size += len(value.value) * int(value.format) // 8
            if self._size > LIMIT:
                self._end(None)
            return
        pieces, self._pieces = self._pieces, None
        whole = Piece(int(value.property_type), int(value.format), _joined(pieces))
        self._size -= whole.size  # counted as it came
        self._received(whole)

    def _take(self) -> Any:
        """Read the property whole, and delete it."""
        value: Any = self._server.asking(
            lambda: self._window.get_full_property(self._property, 0, sizehint=_PIECE)
        )
        self._window.delete_property(self._property)
        return value


def _joined(pieces: list[bytes | array[int]]) -> bytes | array[int]:
    if not pieces or isinstance(pieces[0], bytes):
        return b"".join(piece for piece in pieces if isinstance(piece, bytes))
    whole = array("I")
    for piece in pieces:
        whole.extend(piece)
    return whole
