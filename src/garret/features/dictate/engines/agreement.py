"""LocalAgreement-2: which words of a re-decoded, growing segment may be shown as settled.

A word is confirmed when two hypotheses in a row agree on it and on everything before it; what is
confirmed is never taken back. Source: Macháček, Dabre, Bojar: Turning Whisper into Real-Time
Transcription System, 2023, section 2.1. Pure. Neighbour: `redecode`.
"""

from __future__ import annotations

from collections.abc import Sequence

from garret.features.dictate.engines.contract import RecognisedWord

_SLACK = 0.1
"""Seconds by which the same word may move between two hypotheses."""


class LocalAgreement:
    """Takes hypotheses of ever more audio; holds the words they agree on."""

    def __init__(self) -> None:
        self.confirmed: list[RecognisedWord] = []
        self._tentative: list[RecognisedWord] = []

    @property
    def text(self) -> str:
        """The confirmed words as text."""
        return " ".join(word.text for word in self.confirmed)

    @property
    def until(self) -> float:
        """Seconds up to which the audio is confirmed."""
        return self.confirmed[-1].end if self.confirmed else 0.0

    def update(self, words: Sequence[RecognisedWord]) -> None:
        """Take the words of the next hypothesis, times from the start of the segment.

        The hypothesis may leave out audio that is already confirmed.
        """
        fresh = self._unconfirmed(words)
        agreed = 0
        for before, now in zip(self._tentative, fresh, strict=False):
            if _plain(before.text) != _plain(now.text):
                break
            agreed += 1
        self.confirmed += fresh[:agreed]
        self._tentative = list(fresh[agreed:])

    def _unconfirmed(self, words: Sequence[RecognisedWord]) -> Sequence[RecognisedWord]:
        done = len(self.confirmed)
        same = [_plain(word.text) for word in words[:done]] == [_plain(word.text) for word in self.confirmed]
        if same:
            return words[done:]
        return [word for word in words if word.start >= self.until - _SLACK and word.end > self.until]


def _plain(text: str) -> str:
    """Punctuation and case at a word's edges settle late and are no disagreement."""
    return text.strip(".,;:!?\"'()[]…-–—").casefold()
