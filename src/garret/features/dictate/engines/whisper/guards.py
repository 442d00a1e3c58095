"""What a decoded window is worth: whether to try again, to take it as silence, or to cut a loop out of it.

A model of this kind always says something. What it says of silence is improbable or unmoved by the sound, and
what it repeats compresses well; both are known without another model (Radford, section 4.5). Thresholds
there: a compression ratio of 2.4, a mean log probability of -1, a probability of no speech of 0.6. Pure.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

TEMPERATURES: Final = (0.0, 0.4, 0.8)
"""Tried one after another. The first is a beam search, others sample; more rarely help and always cost."""

_REPETITIVE: Final = 2.4
_IMPROBABLE: Final = -1.0
_NO_SPEECH: Final = 2.0
"""Twice the probability of no speech and the improbability of the text, above which nobody speaks. Of 108
sounds without speech (tiny.en; noise, hum, music, breath, clicks, coughs) the least was 2.17; of 160 words
and sentences of speech the most was 1.7. Radford's two bounds (0.6 and -1), each by itself, left 43 words
in half an hour of such sounds."""

_UNSURE: Final = 1.0
"""Doubt, as above, from which a text that followed a prompt is looked at again without."""

_STRETCH: Final = 4
"""Words in a row that are no chance."""

_LOOP_TOKENS: Final = 12
"""Tokens that a repetition fills to be a loop: "no no no no" is said, four sentences alike are not."""

_LOOP_TIMES: Final = 4
_LOOP_KEPT: Final = 1


@dataclass(frozen=True)
class Attempt:
    """One decoding of a window: its tokens (text and stamps), mean log probability a token, and the
    probability that nobody speaks in it, which is the same for all attempts."""

    tokens: tuple[int, ...]
    text: str
    log_probability: float
    no_speech: float
    temperature: float = 0.0


def compression_ratio(text: str) -> float:
    """How many times smaller zlib makes it; what repeats itself is above 2.4."""
    data = text.encode("utf-8")
    return len(data) / len(zlib.compress(data)) if data else 0.0


def is_repetitive(attempt: Attempt) -> bool:
    return compression_ratio(attempt.text) > _REPETITIVE


def is_silence(attempt: Attempt) -> bool:
    """Whether nobody speaks: no letter and no digit in it, or a text that the sound does not bear out."""
    if not any(character.isalnum() for character in attempt.text):
        return True
    return _doubt(attempt) > _NO_SPEECH


def _doubt(attempt: Attempt) -> float:
    return 2 * attempt.no_speech - attempt.log_probability


def leans_on_prompt(attempt: Attempt, prompt: str) -> bool:
    """Whether a text that was decoded after `prompt` may come from there and not from the sound.

    A prompt makes a model bolder. Of breathing it makes the preferred words, or what was said before; so what
    has a word of the prompt's, or is doubtful anyhow, is worth a look at what is heard without one.
    """
    said = _words(attempt.text)
    return _doubt(attempt) > _UNSURE or is_again(attempt, prompt) or not set(said).isdisjoint(_words(prompt))


def is_again(attempt: Attempt, before: str) -> bool:
    """Whether it says the same thing twice over, or a stretch of what was said `before`.

    After half a sentence models now and then write the other half twice.
    """
    said, earlier = _words(attempt.text), _words(before)
    doubled = any(
        said == said[:period] * (len(said) // period)
        for period in range(1, len(said) // 2 + 1)
        if len(said) % period == 0
    )
    stretches = {tuple(earlier[place : place + _STRETCH]) for place in range(len(earlier) - _STRETCH + 1)}
    return doubled or any(
        tuple(said[place : place + _STRETCH]) in stretches for place in range(len(said) - _STRETCH + 1)
    )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def needs_another(attempt: Attempt) -> bool:
    """Whether to decode again at a higher temperature."""
    if is_silence(attempt):
        return False
    return is_repetitive(attempt) or attempt.log_probability < _IMPROBABLE


def best(attempts: Sequence[Attempt]) -> Attempt:
    """The one to use: the first that stands, else the likeliest of those that do not repeat themselves."""
    for attempt in attempts:
        if not needs_another(attempt):
            return attempt
    sane = [attempt for attempt in attempts if not is_repetitive(attempt)]
    return max(sane or attempts, key=lambda attempt: attempt.log_probability)


def without_loop(tokens: Sequence[int]) -> list[int]:
    """The tokens up to where they begin to go round: of what is repeated again and again one time is kept.

    A repetition of at least four times that fills twelve tokens is a loop, with whatever follows it: a model
    does not find out of it by itself.
    """
    length = len(tokens)
    for start in range(length):
        for period in range(1, (length - start) // _LOOP_TIMES + 1):
            times = 1
            piece = tokens[start : start + period]
            while tokens[start + times * period : start + (times + 1) * period] == piece:
                times += 1
            if times >= _LOOP_TIMES and times * period >= _LOOP_TOKENS:
                return list(tokens[: start + _LOOP_KEPT * period])
    return list(tokens)
