"""The errors of the text part of dictation; every one of them is a `TextError`."""

from __future__ import annotations

from garret.base.errors import Code, GarretError


class TextError(GarretError):
    """Base of what can go wrong while words become a text."""


class CommandTableError(TextError):
    """A user's entry for the table of spoken commands cannot be taken."""

    code = Code.INVALID


class VocabularyError(TextError):
    """An entry of the personal vocabulary cannot be taken."""

    code = Code.INVALID


class SpellingError(TextError):
    """A spoken spelling holds a word that stands for no character."""

    code = Code.INVALID


class DictationEndedError(TextError):
    """A segment came after the dictation was stopped or cancelled."""

    code = Code.CONFLICT


class TranscriptError(TextError):
    """A transcript holds a time or a confidence that is not a number."""

    code = Code.INVALID
