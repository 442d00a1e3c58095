"""Where the data room's workers begin: one entry function each, nothing heavy before it is called."""

from __future__ import annotations

from garret.protocol.life import Boot
from garret.worker.harness import Handlers


def build_query(boot: Boot) -> Handlers:
    """A process for one source: it looks at it, explains, and runs what was approved."""
    from garret.features.data.workers.query import build

    return build(boot)


def build_asking(boot: Boot) -> Handlers:
    """The worker that reads questions and judges queries."""
    from garret.features.data.workers.asking import build

    return build(boot)


def build_results(boot: Boot) -> Handlers:
    """The worker that pages, draws and writes results."""
    from garret.features.data.workers.results import build

    return build(boot)
