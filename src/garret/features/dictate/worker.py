"""Where the dictation room's workers begin: one entry function each, nothing heavy before it is called."""

from __future__ import annotations

from garret.protocol.life import Boot
from garret.worker.harness import Handlers


def build_audio(boot: Boot) -> Handlers:
    """The audio worker: decoding, capturing what is pushed, encoding."""
    from garret.features.dictate.workers.audio import build

    return build(boot)


def build_microphone(boot: Boot) -> Handlers:
    """The microphone worker: capturing from devices."""
    from garret.features.dictate.workers.microphone import build

    return build(boot)


def build_stt(boot: Boot) -> Handlers:
    """The speech-to-text worker; returns when its model is loaded, where it can be."""
    from garret.features.dictate.workers.stt import build

    return build(boot)


def build_text(boot: Boot) -> Handlers:
    """The text worker: clean-up and spoken commands."""
    from garret.features.dictate.workers.text import build

    return build(boot)
