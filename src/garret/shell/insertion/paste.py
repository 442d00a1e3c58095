"""One paste, from the clipboard that is to be kept to the proof that the text was read. Pure.

The text is lent, not copied: the selection is ours for the time of the paste, and each who asks for it is
answered by who it is. The program that was aimed at, after the chord was pressed, gets the text. All others,
clipboard managers first of all, get what the person had there, and never see the text.

"Inserted" is said when the target took the text away (ICCCM 2.4: it deletes the property), which is the
last thing that can be seen from outside, and never before the chord was pressed. Programs made of Chromium
read it once for every Ctrl+V, whatever has the focus, and a second time when a page takes it in (seen with
156, with a field and without): of those the second is meant.

One chord may mean several requests: Chromium reads the text, hands the key to the page's process, and
reads again when that comes to it, seconds later on a busy machine. What it got then would be pasted. So the
target goes on getting the text until the person touches a key or a button, which alone could mean another
paste, and for `SETTLE` seconds at least.

Where it does not ask:

    pong without a request   its window's process has handled the key and nothing pasted within `AFTER_PONG`
    no pong either           it hangs, or is of those that never answer: `UNANSWERED` seconds

Either way the text is held, and what the target asks for late gets nothing (`Doubts`): the text is the
person's to insert again by then, and what was on the clipboard is not what the key meant.

Where somebody else takes the selection, what the target was reading then it still gets: it was answered
before. So the outcome waits for that reading; nothing that it asks for later comes from here.

    keeping -> ready -> pressed -> settling -> lingering -> over

Invariants: the chord is pressed at most once; one outcome; after "held" nobody gets the text.
Neighbours: `pasting` drives it; `selection` asks it who gets what.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from garret.shell.insertion.reasons import Reason

KEYS_WITHIN: Final = 3.0
"""Seconds in which the hotkey's own modifiers are let go of."""

KEEP_WITHIN: Final = 5.0
"""Seconds without a byte of the clipboard, after which its owner is taken for dead."""

AFTER_PONG: Final = 3.0
UNANSWERED: Final = 8.0

SETTLE: Final = 1.0
"""Seconds without a request, after which the next text may go out. Chromium's second request was seen 10 ms
after its first, and over 0.3 s while its page's process was busy."""

SETTLED_BY: Final = 5.0
"""Seconds after the text was read, in which even a program that keeps asking is done with one paste."""

LINGER: Final = 60.0
"""Seconds that the target goes on getting the text while the person touches nothing."""

DOUBTED: Final = 60.0
"""Seconds in which a program that never answered may still come to the key."""


class Stage(Enum):
    """Where a paste is."""

    KEEPING = "keeping"
    READY = "ready"
    PRESSED = "pressed"
    SETTLING = "settling"
    LINGERING = "lingering"
    OVER = "over"


class Answer(Enum):
    """What one who asks for the selection gets."""

    TEXT = "text"
    KEPT = "kept"  # what the person had there
    NOTHING = "nothing"


@dataclass(frozen=True)
class Say:
    """The outcome: inserted, or held and why."""

    held: Reason | None


class Do(Enum):
    """What the driver has to do."""

    PRESS = "press"  # take the selection, press the chord, and ask for a pong
    SETTLED = "settled"  # the next text may go out
    DOUBT = "doubt"  # the target's late request gets nothing, until the person touches something
    DOUBT_LONG = "doubt long"  # ... and also after that: it has not even come to the key
    END = "end"  # from now on everybody gets what was kept


Instruction = Say | Do


class Paste:
    """See the module. Times in seconds of one monotonic clock."""

    def __init__(self, now: float) -> None:
        self.stage = Stage.KEEPING
        self._deadline = now + KEEP_WITHIN
        self._ponged = False
        self._taking = 0
        self._reads = 0
        self._lost = False
        self._settled_by = 0.0
        self._touched = False

    @property
    def deadline(self) -> float | None:
        """When `tick` is due."""
        return None if self.stage is Stage.OVER else self._deadline

    # ---- before the chord

    def keeping(self, now: float) -> None:
        """Some of the clipboard arrived."""
        if self.stage is Stage.KEEPING:
            self._deadline = now + KEEP_WITHIN

    def kept(self, now: float) -> None:
        """All of the clipboard is kept."""
        if self.stage is Stage.KEEPING:
            self.stage = Stage.READY
            self._deadline = now + KEYS_WITHIN

    def unkept(self) -> tuple[Instruction, ...]:
        """The clipboard cannot be kept."""
        return self._hold(Reason.CLIPBOARD_UNSAVED) if self.stage is Stage.KEEPING else ()

    def copied_meanwhile(self, now: float) -> None:
        """The person copied something before the chord: what was kept is not what is there."""
        if self.stage is Stage.READY:
            self.stage = Stage.KEEPING
            self._deadline = now + KEEP_WITHIN

    def look(self, *, focused: bool, keys_up: bool) -> tuple[Instruction, ...]:
        """How things are, seen while nobody else can change them; what is said is done before that ends."""
        if self.stage is not Stage.READY:
            return ()
        if not focused:
            return self._hold(Reason.FOCUS_MOVED)
        return (Do.PRESS,) if keys_up else ()

    def pressed(self, now: float) -> None:
        """The selection is ours and the chord was pressed."""
        if self.stage is Stage.READY:
            self.stage = Stage.PRESSED
            self._deadline = now + UNANSWERED

    # ---- after it

    def answer(self, *, target: bool) -> Answer:
        """What one who asks for the selection gets."""
        if target and self.stage in (Stage.PRESSED, Stage.SETTLING, Stage.LINGERING):
            return Answer.TEXT
        return Answer.KEPT

    def asked(self, now: float) -> None:
        """The target asked for the text, and is getting it."""
        self._taking += 1
        self.progressed(now)

    def progressed(self, now: float) -> None:
        """The target takes a piece of it, or asked what there is."""
        if self.stage is Stage.PRESSED:
            self._deadline = now + (AFTER_PONG if self._reads else UNANSWERED)
        elif self.stage is Stage.SETTLING:
            self._deadline = min(now + SETTLE, self._settled_by)

    def read(self, now: float, needed: int = 1) -> tuple[Instruction, ...]:
        """The target took all of the text away; it is known to paste once it did so `needed` times."""
        self._taking = max(0, self._taking - 1)
        self._reads += 1
        if self.stage is not Stage.PRESSED or self._reads < needed:
            self.progressed(now)
            return self._hold(Reason.CLIPBOARD_TAKEN) if self._lost and not self._taking else ()
        if self._lost:
            return (*self._end(), Say(None))
        self.stage = Stage.SETTLING
        self._deadline = now + SETTLE
        self._settled_by = now + SETTLED_BY
        return (Say(None),)

    def ponged(self, now: float) -> None:
        """The target has handled what came before the ping, the chord among it."""
        if self.stage is Stage.PRESSED and not self._ponged:
            self._ponged = True
            if not self._taking and not self._reads:
                self._deadline = now + AFTER_PONG

    def touched(self) -> tuple[Instruction, ...]:
        """The person pressed a key or a button: what is asked for next may be for that."""
        self._touched = True
        return self._end() if self.stage is Stage.LINGERING else ()

    def superseded(self) -> tuple[Instruction, ...]:
        """Another text is to go out."""
        return self._end() if self.stage is Stage.LINGERING else ()

    def lost(self) -> tuple[Instruction, ...]:
        """Somebody else owns the selection now; what the target is reading is told when it is read."""
        if self.stage is Stage.PRESSED:
            self._lost = True
            return () if self._taking else self._hold(Reason.CLIPBOARD_TAKEN)
        return self._end() if self.stage in (Stage.SETTLING, Stage.LINGERING) else ()

    def gone(self) -> tuple[Instruction, ...]:
        """The target's window is no more."""
        if self.stage in (Stage.SETTLING, Stage.LINGERING):
            return self._end()
        return self._hold(Reason.TARGET_GONE) if self.stage is not Stage.OVER else ()

    def tick(self, now: float) -> tuple[Instruction, ...]:
        """The deadline came."""
        if self.stage is Stage.OVER or now < self._deadline:
            return ()
        match self.stage:
            case Stage.KEEPING:
                return self._hold(Reason.CLIPBOARD_UNSAVED)
            case Stage.READY:
                return self._hold(Reason.KEYS_HELD)
            case Stage.PRESSED if self._lost:
                return self._hold(Reason.CLIPBOARD_TAKEN)
            case Stage.PRESSED if self._reads:
                return (Do.DOUBT, *self._hold(Reason.READ_ONLY))
            case Stage.PRESSED if self._ponged and not self._taking:
                return (Do.DOUBT, *self._hold(Reason.NOT_TAKEN))
            case Stage.PRESSED:
                return (Do.DOUBT_LONG, *self._hold(Reason.NO_ANSWER))
            case Stage.SETTLING if not self._touched:
                self.stage = Stage.LINGERING
                self._deadline = now + LINGER
                return (Do.SETTLED,)
            case _:
                return self._end()

    def _hold(self, reason: Reason) -> tuple[Instruction, ...]:
        return (*self._end(), Say(reason))

    def _end(self) -> tuple[Instruction, ...]:
        self.stage = Stage.OVER
        return (Do.END,)


class Doubts:
    """Programs that never came to a chord: what they ask for next may be that chord's, come late."""

    def __init__(self) -> None:
        self._until: dict[int, tuple[float, bool]] = {}

    def __bool__(self) -> bool:
        return bool(self._until)

    def add(self, client: int, now: float, *, until_touched: bool) -> None:
        """Doubt a program for a while, or until the person touches something."""
        self._until[client] = (now + DOUBTED, until_touched)

    def ponged(self, client: int, now: float) -> None:
        """It lives: what is still to come comes soon."""
        if client in self._until:
            until, _ = self._until[client]
            self._until[client] = (min(until, now + AFTER_PONG), False)

    def touched(self) -> None:
        """The person pressed a key or a button."""
        self._until = {client: doubt for client, doubt in self._until.items() if not doubt[1]}

    def has(self, client: int, now: float) -> bool:
        """Whether a program is doubted."""
        until, _ = self._until.get(client, (now, False))
        if now >= until:
            self._until.pop(client, None)
            return False
        return True
