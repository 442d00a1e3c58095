"""What a decoded window is worth: whether to try again, to take it as silence, or to cut a loop out of it.

A model of this kind always says something. What it says of silence is improbable or unmoved by the sound, and
what it repeats compresses well; both are known without another model (Radford, section 4.5). Thresholds
there: a compression ratio of 2.4, a mean log probability of -1, a probability of no speech of 0.6. Pure.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

TEMPERATURES: Final = (0.0, 0.4, 0.8)
"""Tried one after another. The first is a beam search, others sample; more rarely help and always cost."""

_REPETITIVE: Final = 2.4
_IMPROBABLE: Final = -1.0
_NO_SPEECH: Final = 0.6
_DOUBTFUL: Final = -0.5
"""Mean log probability below which a window that is likely without speech is taken as such."""

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
    """Whether it says that nobody speaks, and the text is no better than a guess."""
    return not attempt.text.strip() or (
        attempt.no_speech > _NO_SPEECH and attempt.log_probability < _DOUBTFUL
    )


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
