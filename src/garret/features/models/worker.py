"""Where the models room's worker begins, nothing heavy before it is called."""

from __future__ import annotations

from garret.protocol.life import Boot
from garret.worker.harness import Handlers


def build_llm(boot: Boot) -> Handlers:
    """The worker that speaks to language models' servers."""
    from garret.features.models.workers.llm import build

    return build(boot)
