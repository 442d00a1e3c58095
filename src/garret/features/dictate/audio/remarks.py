"""What is told of a recording besides its sound: each remark is true, in words, with its times.

Neighbours: `decode` and the audio worker collect them; they are kept with the transcript.
"""

from __future__ import annotations

from typing import Final

from garret.features.dictate.contracts.notes import Note

_MOST: Final = 40
"""Of one kind; a file that is damaged throughout says so once more instead of a thousand times."""

_LOST: Final = "The file is damaged at "

_SHORT: Final = 0.5  # seconds; below it tenths would not tell the beginning from the end

BREAKS_OFF: Final = "The file breaks off; what could be read was transcribed."


class Remarks:
    """Collects notes; what lies close together is one."""

    def __init__(self) -> None:
        self._notes: list[Note] = []
        self._left_off: dict[str, int] = {}

    def add(self, kind: str, sentence: str, start: float = 0.0, end: float = 0.0) -> None:
        """Add one; `start` and `end` are seconds of the recording."""
        if sum(note.kind == kind for note in self._notes) >= _MOST:
            self._left_off[kind] = self._left_off.get(kind, 0) + 1
            return
        self._notes.append(Note(kind=kind, sentence=sentence, start=round(start, 3), end=round(end, 3)))

    def damaged(self, start: float, end: float) -> None:
        """Sound from `start` to `end` could not be read; what follows stands at its right time."""
        last = self._notes[-1] if self._notes else None
        if last is not None and last.sentence.startswith(_LOST) and start <= last.end + 0.1:
            start, end = last.start, max(end, last.end)
            self._notes.pop()
        self.add(
            "damage",
            f"{_LOST}{_span(start, end)}; that was left out and all else was heard.",
            start,
            end,
        )

    def doubtful(self, start: float, end: float) -> None:
        """Something between `start` and `end` is damaged, and does not show."""
        between = _span(start, end, "and")
        sentence = f"The file is damaged between {between}; where could not be told, and all of it was heard."
        self.add("damage", sentence, start, end)

    def hole(self, start: float, end: float) -> None:
        """The file's own times leap there."""
        self.add("gap", f"The file holds no sound at {_span(start, end)}; its times were kept.", start, end)

    def breaks_off(self, seconds: float) -> None:
        self.add("truncated", BREAKS_OFF, seconds, seconds)

    def notes(self) -> tuple[Note, ...]:
        """All of them, by their time."""
        more = (
            Note(kind=kind, sentence=f"{count} more places like these ({kind}) are not listed.")
            for kind, count in self._left_off.items()
        )
        return (*sorted(self._notes, key=lambda note: note.start), *more)


def _span(start: float, end: float, until: str = "to") -> str:
    if end - start < _SHORT and end < 3600:
        return f"{start:.2f} s {until} {end:.2f} s"
    return f"{clock(start)} {until} {clock(end)}"


def clock(seconds: float) -> str:
    """ "3.5 s", from an hour on also "1:02:03.5"."""
    if seconds < 3600:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}"
