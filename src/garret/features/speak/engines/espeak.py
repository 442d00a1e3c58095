"""espeak-ng through ctypes: always there, over a hundred languages, a robotic voice.

The library and its data come in the wheel `espeakng_loader`. It is used in synchronous retrieval mode:
it computes on the caller's thread and hands each 40 ms of sound to a callback, so nothing runs on after
a cancel. The library keeps its state in globals, hence one lock for the process. SSML and phoneme
input stay off: text is only ever read out. Structures and constants are those of espeak-ng's
`speak_lib.h`, API revision 12. The library is under GPL-3.0-or-later; see
docs/decisions/0006-text-to-speech.md for why it is loaded in the isolated speaking worker alone.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import espeakng_loader

from garret.features.speak import sentences
from garret.features.speak.engines.contract import (
    RATE_NORMAL,
    SAMPLE_BYTES,
    Announce,
    Cancelled,
    Delivery,
    EngineMissingError,
    Sink,
    SpeechFormat,
    SpeechOptions,
    Spoken,
    SynthesisError,
    UnknownVoiceError,
    Voice,
    prepare,
)

NAME = "espeak-ng"
DEFAULT_LANGUAGE = "en-us"

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: espeak_Synth returns when the callback had everything
_DONT_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT: report missing data instead of ending the process
_BUFFER_MS = 40
_CHARS_UTF8, _END_PAUSE = 1, 0x1000
_RATE, _VOLUME, _PITCH = 1, 2, 3
_CONTINUE, _ABORT = 0, 1
_LOCK_PATIENCE = 0.05  # seconds between two looks at `cancelled` while another utterance is spoken


class _VoiceRecord(ctypes.Structure):
    """espeak_VOICE. `languages` is a priority byte followed by a NUL-terminated name, repeated."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class _Library:
    """The shared library, initialised once for the process and guarded by one lock."""

    _instance: _Library | None = None
    _guard: Final = threading.Lock()

    def __init__(self) -> None:
        try:
            library = ctypes.CDLL(espeakng_loader.get_library_path())
            data = Path(espeakng_loader.get_data_path())
        except (OSError, RuntimeError) as error:
            raise EngineMissingError(
                f"espeak-ng could not be loaded: {error}. Nothing was spoken. Install Garret again."
            ) from error
        self.functions = _declare(library)
        rate = int(library.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, bytes(data), _DONT_EXIT))
        if rate <= 0:
            raise EngineMissingError(
                f"espeak-ng found no data in {data}. Nothing was spoken. Install Garret again."
            )
        self.format = SpeechFormat(rate)
        self.deliver: Delivery | None = None
        self.failure: BaseException | None = None
        self._lock = threading.Lock()
        self._owner = 0
        # Kept as an attribute: the library calls it as long as the process lives.
        self._callback = _SynthCallback(self._on_sound)
        library.espeak_SetSynthCallback(self._callback)

    @classmethod
    def shared(cls) -> _Library:
        with cls._guard:
            if cls._instance is None:
                cls._instance = cls()
            return cls._instance

    @contextmanager
    def exclusively(self, cancelled: Cancelled) -> Generator[bool]:
        """Hold the library; yields False, without holding it, when `cancelled` came first."""
        if self._owner == threading.get_ident():
            raise SynthesisError("A sink asked for speech while it was given speech; that cannot be nested.")
        while not self._lock.acquire(timeout=_LOCK_PATIENCE):
            if cancelled():
                yield False
                return
        self._owner = threading.get_ident()
        try:
            yield True
        finally:
            self._owner = 0
            self._lock.release()

    def _on_sound(self, wave: int | None, samples: int, _events: int | None) -> int:
        if self.deliver is None:
            return _ABORT
        try:
            pcm = ctypes.string_at(wave, samples * SAMPLE_BYTES) if wave and samples > 0 else b""
            go_on = self.deliver.write(pcm) if pcm else not self.deliver.stopped()
        except BaseException as error:  # noqa: BLE001 - an exception cannot pass through C; `speak` raises it again
            self.failure = error
            return _ABORT
        return _CONTINUE if go_on else _ABORT


def _declare(library: Any) -> Any:
    """Give the functions that are used their C types."""
    library.espeak_Initialize.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int)
    library.espeak_SetSynthCallback.argtypes = (_SynthCallback,)
    library.espeak_SetSynthCallback.restype = None
    library.espeak_SetVoiceByName.argtypes = (ctypes.c_char_p,)
    library.espeak_SetParameter.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int)
    library.espeak_ListVoices.argtypes = (ctypes.c_void_p,)
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_VoiceRecord))
    library.espeak_Synth.argtypes = (
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_void_p,
    )
    return library


class Espeak:
    """The espeak-ng engine. Several objects share the one library of the process."""

    name = NAME

    def __init__(self) -> None:
        """Load the library. Raises EngineMissingError where its file or its data is missing."""
        self._library = _Library.shared()

    @cached_property
    def _table(self) -> dict[str, tuple[Voice, bytes]]:
        with self._library.exclusively(lambda: False):
            records = self._library.functions.espeak_ListVoices(None)
            found = list(_read_voices(records))
        found.sort(key=lambda entry: (entry[0].language != DEFAULT_LANGUAGE, entry[0].id))
        return {voice.id: (voice, identifier) for voice, identifier in found}

    def voices(self) -> Sequence[Voice]:
        return [voice for voice, _ in self._table.values()]

    def speak(
        self, text: str, options: SpeechOptions, announce: Announce, sink: Sink, cancelled: Cancelled
    ) -> Spoken:
        """See `Synthesizer.speak`. The first sound follows within a few milliseconds."""
        safe = prepare(text, NAME)
        voice_id = options.voice or f"{NAME}/{DEFAULT_LANGUAGE}"
        if voice_id not in self._table:
            raise UnknownVoiceError(options.voice, self._table)
        delivery = Delivery(announce, sink, cancelled)
        with self._library.exclusively(delivery.stopped) as held:
            if held:
                delivery.begin(self._library.format)
                self._apply(self._table[voice_id][1], options)
                self._say(safe, delivery)
        return delivery.result(self._library.format)

    def _apply(self, identifier: bytes, options: SpeechOptions) -> None:
        functions = self._library.functions
        if functions.espeak_SetVoiceByName(identifier) != 0:
            raise SynthesisError(
                f"espeak-ng could not load its voice {identifier.decode()}. Nothing was spoken."
            )
        for parameter, value in (
            (_RATE, options.rate or RATE_NORMAL),
            (_VOLUME, options.volume),
            (_PITCH, options.pitch),
        ):
            functions.espeak_SetParameter(parameter, value, 0)

    def _say(self, text: str, delivery: Delivery) -> None:
        library = self._library
        library.deliver, library.failure = delivery, None
        try:
            for chunk in sentences.split(text):
                if delivery.stopped():
                    return
                encoded = chunk.encode("utf-8")
                # The end pause keeps the rhythm of a text that is spoken in parts.
                status = library.functions.espeak_Synth(
                    encoded, len(encoded) + 1, 0, 0, 0, _CHARS_UTF8 | _END_PAUSE, None, None
                )
                if library.failure is not None:
                    raise library.failure
                if status != 0:
                    raise SynthesisError(
                        f"espeak-ng failed (code {status}); what was spoken before it stays."
                    )
        finally:
            library.deliver = None


def _read_voices(records: Any) -> Iterator[tuple[Voice, bytes]]:
    """Copy the library's table, which ends with a null pointer, before its next call may free it."""
    taken: set[str] = set()
    index = 0
    while records[index]:
        record: _VoiceRecord = records[index].contents
        index += 1
        identifier: bytes = record.identifier or b""
        # MBROLA voices need another program's files.
        if not record.languages or identifier.startswith(b"mb/"):
            continue
        language = ctypes.string_at(record.languages + 1).decode("utf-8", "replace").lower()
        short = (
            language
            if language not in taken
            else identifier.decode("utf-8", "replace").rpartition("/")[2].lower()
        )
        taken.add(short)
        name = (record.name or b"").decode("utf-8", "replace")
        yield Voice(f"{NAME}/{short}", name, language, "robotic"), identifier
