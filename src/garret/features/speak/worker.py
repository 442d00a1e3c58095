"""Where the speaking room's workers begin: synthesis in one process, playback in another."""

from __future__ import annotations

from garret.protocol.life import Boot
from garret.worker.harness import Handlers


def build_tts(boot: Boot) -> Handlers:
    """The synthesis worker: loads every engine that works here."""
    from garret.features.speak.workers.tts import build

    return build(boot)


def build_playback(boot: Boot) -> Handlers:
    """The playback worker: the loudspeaker and its queue."""
    from garret.features.speak.workers.playback import build

    return build(boot)
