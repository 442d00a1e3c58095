"""One text that is pasted: the clipboard kept, lent for the time of the paste, and given back.

Neighbours: `paste` decides; `keeping` reads what is on the clipboard, `selection` gives it out.
"""

from __future__ import annotations

from garret.shell.insertion.content import Content, content_of
from garret.shell.insertion.keeping import Keeping
from garret.shell.insertion.paste import Answer, Do, Paste, Stage
from garret.shell.insertion.selection import Selection
from garret.shell.insertion.ways import CTRL_V, SHIFT_INSERT, Way
from garret.shell.insertion.work import Parts, Told, Work
from garret.shell.x11.focus import Target


class PasteWork(Work):
    """A text that is pasted."""

    def __init__(
        self,
        parts: Parts,
        target: Target,
        told: Told,
        text: str,
        way: Way,
        selection: Selection,
    ) -> None:
        super().__init__(parts, target, told)
        self._paste = Paste(self._now())
        self._text = content_of(parts.server, text)
        self._way = way
        self._selection = selection
        self._keeping: Keeping | None = None
        self._kept: Content = {}
        self._kept_from = 0
        self._changed = False

    def _machine(self) -> Paste:
        return self._paste

    def start(self) -> None:
        self._selection.on_asked = self._asked
        self._selection.on_progress = lambda: self._paste.progressed(self._now())
        self._selection.on_read = self._read
        self._selection.on_lost = lambda: self._do(self._paste.lost())
        self._keep()

    # ---- before the chord

    def _keep(self) -> None:
        self._changed = False
        self._kept_from = self._selection.owner()
        if self._selection.is_ours or not self._kept_from:
            self._kept_whole(self._selection.kept if self._selection.is_ours else {})
            return
        self._keeping = Keeping(
            self._parts.server,
            self._selection.atom,
            on_progress=self._kept_some,
            on_done=self._kept_whole,
        )
        self._keeping.start()
        self._await()

    def _kept_some(self) -> None:
        self._paste.keeping(self._now())
        self._await()

    def _kept_whole(self, content: Content | None) -> None:
        self._keeping = None
        if content is None:
            self._do(self._paste.unkept())
            return
        self._kept = content
        if self._changed:
            self._keep()  # it was replaced while it was read
            return
        self._paste.kept(self._now())
        self._tick()

    def changed_hands(self, selection: int) -> None:
        if selection != self._selection.atom:
            return
        self._changed = True
        if self._paste.stage is Stage.READY:
            self._paste.copied_meanwhile(self._now())
            self._keep()

    def _press(self) -> bool:
        """Take the selection and press; the server serves nobody else meanwhile."""
        server, keyboard = self._parts.server, self._parts.keyboard
        chord = self._way.chord
        if chord == CTRL_V and not keyboard.layout.has(chord.symbol):
            chord = SHIFT_INSERT
        keycode = keyboard.layout.keycode(chord.symbol, keyboard.group())
        server.display.sync()  # what changed hands before the grab is known now
        if keycode is None or self._changed_unheard() or self._selection.owner() != self._kept_from:
            return False
        if not self._selection.lend(self._text, self._kept, self._judge):
            return False
        self._parts.touches.stop()  # our own keys are not the person's
        keyboard.press(keycode, chord.modifiers)
        self._parts.touches.hear()
        self._ping()
        return True

    def _changed_unheard(self) -> bool:
        """Whether an event that nobody has handled yet says that the clipboard was replaced."""
        server = self._parts.server
        return any(
            event.selection == self._selection.atom and event.owner.id != server.window.id
            for event in server.queued(server.owner_changes)
        )

    # ---- after it

    def _judge(self, requestor: int) -> Answer:
        return self._paste.answer(target=self._parts.focus.belongs(requestor, self.target))

    def _asked(self, for_text: bool) -> None:
        if for_text:
            self._paste.asked(self._now())
        else:
            self._paste.progressed(self._now())
        self._await()

    def _read(self, place: int) -> None:
        # The property that Chromium, and so Electron, has selections written to.
        chromium = self._parts.server.atom_name(place) == "CHROME_SELECTION"
        self._do(self._paste.read(self._now(), needed=2 if chromium else 1))

    def ponged(self) -> None:
        self._paste.ponged(self._now())
        self._await()

    def gone(self) -> None:
        self._do(self._paste.gone())

    def touched(self) -> None:
        self._do(self._paste.touched())

    def superseded(self) -> None:
        self._do(self._paste.superseded())

    def _carry_out(self, instruction: Do) -> None:
        if instruction in (Do.DOUBT, Do.DOUBT_LONG):
            until_touched = instruction is Do.DOUBT and self._parts.touches.works
            self._parts.doubts.add(self.target.client, self._now(), until_touched=until_touched)
        elif instruction is Do.SETTLED and not self._parts.touches.works:
            self._do(self._paste.touched())  # nobody would say so
        elif instruction is Do.END:
            if self._keeping is not None:
                self._keeping.stop()
            self._selection.end()
            self._selection.doubt(self._doubted)

    def _doubted(self, requestor: int) -> Answer:
        doubted = self._parts.doubts.has(self._parts.focus.client(requestor), self._now())
        return Answer.NOTHING if doubted else Answer.KEPT
