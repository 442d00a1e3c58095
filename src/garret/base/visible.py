"""Text that a person looks at, with nothing in it that a terminal obeys or that cannot be seen.

A name, a note or a worker's line may hold anything: escape sequences that move the cursor or change the
title, overrides that show letters in another order (UAX #9), characters without a width. Shown raw they make
a terminal lie. Here each becomes its escape, `\\u001b`, which is also how JSON writes it.

`visible` is for every text on its way to a terminal; `argument` for what somebody is to consent to, where two
different values must never look the same. What goes into a pipe or file is not touched.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from typing import Any, Final

_INVISIBLE: Final = (
    *range(0x20),  # C0, and below C1, which some terminals obey too
    *range(0x7F, 0xA0),
    0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A),  # bidirectional controls
    0x200B, *range(0x2060, 0x2065), 0xFEFF,  # without a width, and not needed to write any language
    0x2028, 0x2029,  # line breaks to some programs and not to others
    *range(0xE0000, 0xE0080),  # tags, which are never drawn
)  # fmt: skip
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # categories of what an argument never shows raw


def escape(character: str) -> str:
    """The escape of one character, as JSON writes it: beyond the first plane as two."""
    code = ord(character)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


_ESCAPES: Final = {code: escape(chr(code)) for code in _INVISIBLE}
_KEPT: Final = {code: text for code, text in _ESCAPES.items() if code not in (0x09, 0x0A)}
_ONE_LINE: Final = {**_ESCAPES, 0x09: " ", 0x0A: " ", 0x0D: " "}


def visible(text: str) -> str:
    """`text` as a terminal may get it; line breaks and tabs stay."""
    return text.translate(_KEPT)


def one_line(text: str) -> str:
    """`visible` for what has one line: line breaks and tabs become spaces."""
    return text.translate(_ONE_LINE)


def argument(value: Any) -> str:
    """A value on one line, as JSON: text is quoted, nothing in it is hidden or looks like anything else."""
    try:
        shown = json.dumps(value, ensure_ascii=False, default=_binary)
    except TypeError:  # a key that JSON has none of
        shown = json.dumps(repr(value), ensure_ascii=False)
    return "".join(escape(each) if unicodedata.category(each) in _HIDDEN else each for each in shown)


def arguments(values: dict[str, Any]) -> Iterator[str]:
    """A line for each argument of a command."""
    width = max(map(len, values), default=0)
    return (f"  {name:<{width}}  {argument(value)}" for name, value in values.items())


def _binary(value: object) -> str:
    if isinstance(value, bytes):
        return f"{len(value)} bytes: {value.hex()}"
    return repr(value)
