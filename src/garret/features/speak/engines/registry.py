"""All synthesizers of this machine as one: voices by id, near ids for a wrong one, one `speak`.

espeak-ng is always there; flite joins where the caller found the program. An engine that is missing is
remembered with its reason, for `garret doctor`. Neighbours: `contract.py` says what an engine promises.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from garret.features.speak.engines.contract import (
    Announce,
    Cancelled,
    EngineMissingError,
    Sink,
    SpeechOptions,
    Spoken,
    Synthesizer,
    Voice,
    voice_id,
)


class Registry:
    """The engines in the order of preference; the first voice of the first is the default."""

    def __init__(self, engines: Sequence[Synthesizer], missing: dict[str, str] | None = None) -> None:
        """Raises EngineMissingError when there is no engine at all."""
        if not engines:
            raise EngineMissingError(
                "No speech engine works on this machine; the text is kept and can be read."
            )
        self._engines = {engine.name: engine for engine in engines}
        self._voices = {voice.id: voice for engine in engines for voice in engine.voices()}
        self.missing = dict(missing or {})

    @classmethod
    def load(cls, flite: Path | None) -> Registry:
        """Every engine that works: flite when the caller found its program, and espeak-ng.

        Raises EngineMissingError when none does.
        """
        # Imported here: a process that only lists errors or types must not load a GPL library.
        from garret.features.speak.engines.espeak import Espeak
        from garret.features.speak.engines.flite import Flite

        engines: list[Synthesizer] = []
        missing: dict[str, str] = {}
        try:
            engines.append(Flite(flite))
        except EngineMissingError as error:
            missing["flite"] = error.message
        try:
            engines.append(Espeak())
        except EngineMissingError as error:
            missing["espeak-ng"] = error.message
        return cls(engines, missing)

    def voices(self) -> Sequence[Voice]:
        """All voices, the default first."""
        return list(self._voices.values())

    def find(self, wanted: str) -> Voice:
        """The voice that `contract.voice_id` tells; empty: the default. Raises UnknownVoiceError."""
        if not wanted:
            return next(iter(self._voices.values()))
        return self._voices[voice_id(wanted, self._voices)]

    def speak(
        self, text: str, options: SpeechOptions, announce: Announce, sink: Sink, cancelled: Cancelled
    ) -> Spoken:
        """Speak with the engine of the voice that `options` name. See `Synthesizer.speak`."""
        voice = self.find(options.voice)
        chosen = SpeechOptions(voice.id, options.rate, options.pitch, options.volume)
        return self._engines[voice.engine].speak(text, chosen, announce, sink, cancelled)
