"""Speech that was cut where nobody was silent: no word is lost at the cut, cut apart, or heard twice.

The segment before the cut gives up its last words, from the longest gap between words near the cut on;
the one after it begins with the end of the last word that was kept, and so hears them whole. Pure.
Neighbours: the endpointer cuts, the speech-to-text worker calls both, `recognition` begins the second.
"""

from __future__ import annotations

from typing import Final

from garret.features.dictate.engines.contract import Hypothesis
from garret.features.dictate.engines.coverage import beginning_of

GIVEN_UP_SECONDS: Final = 3.0
"""Of a segment before a cut, at most: long enough for a gap between two words, little to hear again."""

_REMNANT_SECONDS: Final = 0.25
"""A word this short at the very beginning, the same as the one before, is what that left of itself: the
times of words are good to 0.1 s."""


def before_cut(heard: Hypothesis, seconds: float) -> Hypothesis:
    """What is kept of a segment of this many seconds that was cut at its end.

    All of it where no word ends near the cut, or none would be left.
    """
    words = heard.words
    ends = [count for count in range(1, len(words)) if words[count - 1].end >= seconds - GIVEN_UP_SECONDS]
    if not ends:
        return heard
    count = max(ends, key=lambda each: (round(words[each].start - words[each - 1].end, 2), each))
    text = beginning_of(heard.text, words[:count])
    return Hypothesis(text, words[:count]) if text else heard


def after_cut(heard: Hypothesis, before: str) -> Hypothesis:
    """A segment that follows a cut, without the remnant of the last word of `before`, where it heard one."""
    said = before.split()
    if not said or not heard.words:
        return heard
    first = heard.words[0]
    if first.end > _REMNANT_SECONDS or _plain(first.text) != _plain(said[-1]):
        return heard
    remnant = beginning_of(heard.text, heard.words[:1])
    return Hypothesis(heard.text.removeprefix(remnant).lstrip(), heard.words[1:])


def _plain(word: str) -> str:
    return "".join(character for character in word.casefold() if character.isalnum())
