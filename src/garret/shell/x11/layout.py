"""Which key gives which symbol: the core keyboard map, read as a table. Pure.

A row holds a key's symbols as the core protocol shows them of an XKB map (XKB protocol, 17.1.2): group 1
levels 1 and 2, group 2 levels 1 and 2, then what else there is. A key with one group repeats it.

Neighbours: `keyboard` reads the table from the server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

# Where the Latin letters lie on a keyboard whose layout has none: programs take such keys for the American
# ones in shortcuts (evdev codes plus 8).
POSITIONS: Final[Mapping[str, int]] = {
    **dict(zip("qwertyuiop", range(24, 34), strict=True)),
    **dict(zip("asdfghjkl", range(38, 47), strict=True)),
    **dict(zip("zxcvbnm", range(52, 59), strict=True)),
}


@dataclass(frozen=True)
class Stroke:
    """A key, and whether Shift goes with it."""

    keycode: int
    shift: bool = False


class Layout:
    """The symbols of all keys, from `first` on."""

    def __init__(self, first: int, rows: Sequence[Sequence[int]]) -> None:
        self._rows = {first + index: tuple(row) for index, row in enumerate(rows)}

    def stroke(self, symbol: int, group: int) -> Stroke | None:
        """What types `symbol` in the group that is on; None where nothing does.

        Only what is certain: groups 3 and 4 have no fixed place in the core map.
        """
        if group > 1:
            return None
        for level in (0, 1):
            for keycode, row in self._rows.items():
                if self._level(row, group, level) == symbol:
                    return Stroke(keycode, shift=level == 1)
        return None

    def has(self, symbol: int) -> bool:
        """Whether some key gives `symbol` in some group."""
        return any(symbol in row for row in self._rows.values())

    def keycode(self, symbol: int, group: int) -> int | None:
        """The key that a shortcut with `symbol` is pressed with; also of another group than the one on."""
        here = self.stroke(symbol, group)
        if here is not None and not here.shift:
            return here.keycode
        for place in (0, 2, 4, 6, 1, 3):
            for keycode, row in self._rows.items():
                if len(row) > place and row[place] == symbol:
                    return keycode
        letter = chr(symbol) if 0x61 <= symbol <= 0x7A else ""
        return POSITIONS.get(letter)

    def keycodes(self, symbol: int) -> tuple[int, ...]:
        """All keys that give `symbol` without Shift in some group; else where an American keyboard has it."""
        found = tuple(
            keycode for keycode, row in self._rows.items() if any(each == symbol for each in row[0::2])
        )
        if found:
            return found
        other = self.keycode(symbol, 0)
        return () if other is None else (other,)

    @staticmethod
    def _level(row: tuple[int, ...], group: int, level: int) -> int:
        place = group * 2 + level
        if group and (len(row) < 4 or not any(row[2:4])):
            place = level
        return row[place] if place < len(row) else 0


def symbol_of(character: str) -> int:
    """The keysym of a character (X11 protocol, appendix A): Latin-1 as it is, all else by code point."""
    code = ord(character)
    if character == "\n":
        return 0xFF0D  # Return
    if character == "\t":
        return 0xFF09
    return code if 0x20 <= code <= 0x7E or 0xA0 <= code <= 0xFF else 0x01000000 | code
