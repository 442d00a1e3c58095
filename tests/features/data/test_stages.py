"""Figures of stages."""

from __future__ import annotations

from garret.features.data.stages import Stages


def test_medians_and_p95_of_what_was_noted() -> None:
    stages = Stages()
    for number in range(100):
        stages.note("execute", number / 100)
    stages.note("nothing", 1.0)
    stages.note("render", -1.0)
    (execute,) = stages.figures().stages
    assert (execute.stage, execute.count, execute.p50, execute.p95) == ("execute", 100, 0.5, 0.95)


def test_the_oldest_go() -> None:
    stages = Stages()
    for number in range(3_000):
        stages.note("wait", float(number))
    (wait,) = stages.figures().stages
    assert (wait.count, wait.p50) == (1_000, 2_500.0)
