"""The synthesis worker: text in, PCM out, as a stream or whole."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, Final

from garret.features.speak import contracts as c
from garret.features.speak.engines.contract import SpeechFormat, SpeechOptions, Spoken
from garret.features.speak.engines.registry import Registry
from garret.protocol.life import Boot
from garret.transport import bulk
from garret.worker.call import Call
from garret.worker.harness import Handlers

_CHUNK_BYTES: Final = 16_384
_WAV_HEADER: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")


class TtsWorker:
    """One engine registry, one utterance at a time."""

    def __init__(self, flite: Path | None, settings: dict[str, Any]) -> None:
        self._registry = Registry.load(flite)
        self._settings = settings

    def list_voices(self, command: c.ListVoices, call: Call) -> c.Voices:
        """Every voice, the default first, and why an engine has none."""
        del command, call
        return c.Voices(
            voices=tuple(
                c.Voice(
                    id=voice.id,
                    name=voice.name,
                    language=voice.language,
                    engine=voice.engine,
                    quality=voice.quality,
                )
                for voice in self._registry.voices()
            ),
            missing=tuple(
                c.MissingEngine(name=name, reason=reason) for name, reason in self._registry.missing.items()
            ),
        )

    def synthesize(self, command: c.Synthesize, call: Call) -> c.Spoken:
        """Stream the speech, in pieces of about a third of a second."""
        waiting = bytearray()
        rate = 0

        def announce(speech_format: SpeechFormat) -> None:
            nonlocal rate
            rate = speech_format.sample_rate

        def take(pcm: bytes) -> bool:
            waiting.extend(pcm)
            if len(waiting) >= _CHUNK_BYTES:
                call.emit(c.Speech(sample_rate=rate, data=bytes(waiting)))
                waiting.clear()
            return True

        options, spoken = self._speak(command, call, announce, take)
        if waiting:
            call.emit(c.Speech(sample_rate=rate, data=bytes(waiting)))
        return self._answer(options, spoken)

    def render(self, command: c.Compute, call: Call) -> c.Spoken:
        """The whole speech as a WAV file in sealed memory beside the result."""
        wav = bytearray(_WAV_HEADER.size)

        def take(piece: bytes) -> bool:
            wav.extend(piece)
            return True

        def announce(_: SpeechFormat) -> None:
            return None  # the header is written when the length is known

        options, spoken = self._speak(command, call, announce, take)
        size = len(wav) - _WAV_HEADER.size
        wav[: _WAV_HEADER.size] = wav_header(size, spoken.format.sample_rate)
        call.attach(bulk.from_bytes(wav))  # an hour of speech is a hundred megabytes: no second copy
        return self._answer(options, spoken)

    def _speak(
        self, command: c.Synthesize | c.Compute, call: Call, announce: Any, take: Any
    ) -> tuple[SpeechOptions, Spoken]:
        voice = command.voice or str(self._settings["speak.voice"])
        rate = command.rate or int(self._settings["speak.rate"])
        options = SpeechOptions(voice, rate, command.pitch, command.volume)
        spoken = self._registry.speak(command.text, options, announce, take, call.cancelled)
        call.check()
        return options, spoken

    def _answer(self, options: SpeechOptions, spoken: Spoken) -> c.Spoken:
        voice = self._registry.find(options.voice)
        return c.Spoken(
            seconds=round(spoken.seconds, 3),
            voice=voice.id,
            engine=voice.engine,
            quality=voice.quality,
            sample_rate=spoken.format.sample_rate,
        )


def wav_header(size: int, sample_rate: int) -> bytes:
    """The 44-byte header of a mono 16-bit PCM WAV file with `size` bytes of samples."""
    return _WAV_HEADER.pack(
        b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, sample_rate, sample_rate * 2, 2, 16, b"data", size
    )


def build(boot: Boot) -> Handlers:
    """Finds flite among the programs it was granted."""
    granted = [Path(path) for path in boot.grants.execute]
    flite = next((path for path in granted if path.name == "flite"), None)
    worker = TtsWorker(flite, dict(boot.settings))
    return Handlers(
        {c.ListVoices: worker.list_voices, c.Synthesize: worker.synthesize, c.Compute: worker.render}
    )
