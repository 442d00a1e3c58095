"""The translator: a question in plain words becomes a query over a catalogue, or nothing."""

from __future__ import annotations

from garret.features.data.translator.translator import Translator

__all__ = ["Translator"]
