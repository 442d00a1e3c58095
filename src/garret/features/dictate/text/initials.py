"""Initials that were said letter by letter: "the u. s. economy", "the f b i", "ten p m".

- Letters with a full stop each are initials whatever they stand for: "u. s." is "U.S.", "j. k." "J.K.";
  "a. m.", "p. m.", "e. g." and "i. e." are written small.
- Bare letters are initials where they are known ones (`KNOWN`), also with an "s" for many ("d v d s"), or
  three to five of them stand after "the". Other bare letters may be spelled, or be an "a" or "I" beside
  a letter, and stay as they are.

Pure. Neighbours: `content` checks what this owns up to, `casing` leaves initials as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from .tokens import Edit, StepResult, Token, keys

KNOWN = frozenset(
    """ac adhd ai aka api apr asap atm aws bbc bmi bmw bp btw cbs cctv cd cdc ceo cfo cia cio cnn cpr cpu
    css cto cv dc diy dj dna dns doj dvd er espn eta eu faa faq fbi fda ftp fyi gb gcse gdp gop gp gpa gps
    gpu hbo hd hdmi hiv hq hr html http https hvac ibm icu id imf ios ip ipo iq irs isbn iso isp it itv jfk
    jpg kfc kgb kpi lcd led lgbt llc mba mbc md mit mlb mp mph mri mtv nasa nato nba nbc ncaa nda nfl ngo
    nhl nhs nsa nyc nypd oecd ok opec pbs pc pdf phd pin pr pta ptsd pvc qa qr raf rca rna roi rom rpm rsvp
    sms sos sql ssd suv swat tb tlc tnt tsa tv ucla ufc ufo uhf uk un unesco unicef ups url us usa usb usda
    usps uss ussr uv vcr vhf vip vp vpn wto wwf xml ymca""".split()
)
"""Initials that are known; those that would more often be letters of something else are left out."""

_SMALL = frozenset(("am", "pm", "eg", "ie"))
_MIXED = {"phd": "PhD", "ios": "iOS", "gcse": "GCSE"}
_AMBIGUOUS = frozenset("ai")
_UNCLEAR = frozenset(("ac", "ai", "it"))
"""Initials that are as likely an article or "I" beside a letter."""
_NAMED_AFTER = frozenset("an by her his in my of our the their this using with your".split())
"""Words before such initials that make them a name."""
_UNCOUNTED = frozenset("ai eta eu it uk un us".split())
"""Initials of which there are no two: "u s s" is no plural."""
_LONGEST = 5
_HOURS = frozenset(
    """one two three four five six seven eight nine ten eleven twelve fifteen thirty twenty forty fifty
    o'clock noon midnight""".split()
)


def write_initials(tokens: Sequence[Token]) -> StepResult:
    """Write initials that were said letter by letter as one word."""
    words = keys(tokens)
    out: list[Token] = []
    edits: list[Edit] = []
    position = 0
    while position < len(tokens):
        end = _letters_end(tokens, words, position)
        start, stop, core = _read(tokens, words, position, end)
        out.extend(tokens[position:start])
        if core:
            said = tuple(words[start:stop])
            first, last = tokens[start], tokens[stop - 1]
            trail = "." + last.trail.removeprefix(".") if "." in core else last.trail
            out.append(Token(first.space, first.lead, core, trail, fixed=True))
            if "." not in core:
                edits.append(Edit("initials", said, ("".join(said),)))
        out.extend(tokens[stop : max(end, stop, position + 1)])
        position = max(end, stop, position + 1)
    return StepResult(out, edits)


def is_initials(core: str) -> bool:
    """Whether `core` is written as initials: it is no sign of a text that is all in capitals."""
    letters = core.casefold()
    return letters in KNOWN or letters.removesuffix("s") in KNOWN or core[1:2] == "."


def _letters_end(tokens: Sequence[Token], words: Sequence[str], start: int) -> int:
    """The end of the run of single letters at `start`, each with a full stop or none of them."""
    end = start
    dotted = tokens[start].trail == "."
    while end < len(tokens) and len(words[end]) == 1 and words[end].isascii() and words[end].isalpha():
        if end > start and (tokens[end].lead or "\n" in tokens[end].space):
            break
        if end > start and not dotted and tokens[end].trail == "." and _is_dotted(tokens, words, end + 1):
            break  # "a b. a.": the initials begin here
        end += 1
        trail = tokens[end - 1].trail
        if trail and not (dotted and trail == "."):
            break
    return end


def _is_dotted(tokens: Sequence[Token], words: Sequence[str], at: int) -> bool:
    return at < len(tokens) and len(words[at]) == 1 and tokens[at].trail.startswith(".")


def _read(tokens: Sequence[Token], words: Sequence[str], start: int, end: int) -> tuple[int, int, str]:
    """(first, end, text) of the initials among the letters from `start` to `end`; no text where none are."""
    dotted = start
    while dotted < end and tokens[dotted].trail.startswith("."):
        dotted += 1
    if dotted - start >= 2:  # "p. s. i love you": what has no full stop is no initial of these
        return start, dotted, _dotted(words[start:dotted])
    if end - start < 2:
        return start, start, ""
    before = words[start - 1] if start and not tokens[start - 1].trail else ""
    for first in range(start, end - 1):
        letters = "".join(words[first:end])
        core = _as_time(letters, before) if first == start else ""
        if not core and (before in _NAMED_AFTER or not _is_unclear(letters)):
            core = _known(letters)
        if core:
            return first, end, core
        if words[first] not in _AMBIGUOUS:
            break
    if before == "the" and 3 <= end - start <= _LONGEST:
        return start, end, "".join(words[start:end]).upper()
    return start, start, ""


def _is_unclear(letters: str) -> bool:
    """Whether `letters` may be an article or "I" beside a letter: "a c program", "a p r campaign"."""
    return letters in _UNCLEAR or (letters[0] == "a" and letters[1:] in KNOWN)


def _dotted(letters: Sequence[str]) -> str:
    joined = "".join(letters)
    return ".".join(joined if joined in _SMALL else joined.upper())


def _as_time(letters: str, before: str) -> str:
    hour = before in _HOURS or before.isdigit()
    return ".".join(letters) if hour and letters in ("am", "pm") else ""


def _known(letters: str) -> str:
    if letters in KNOWN:
        return _MIXED.get(letters, letters.upper())
    if letters.endswith("s") and letters[:-1] in KNOWN - _UNCOUNTED:
        return _MIXED.get(letters[:-1], letters[:-1].upper()) + "s"
    return ""
