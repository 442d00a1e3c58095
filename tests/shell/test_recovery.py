"""What is done about a page whose process ended."""

from __future__ import annotations

from garret.shell.recovery import RELOADS, STEADY_SECONDS, Recovery, Remedy


def test_a_few_times_anew_then_without_the_graphics_processor() -> None:
    recovery = Recovery(gpu=True)
    assert [recovery.ended(at) for at in range(RELOADS + 1)] == [Remedy.RELOAD] * RELOADS + [
        Remedy.WITHOUT_GPU
    ]


def test_without_it_already_the_person_is_told_and_may_try_again() -> None:
    recovery = Recovery(gpu=False)
    assert [recovery.ended(at) for at in range(RELOADS + 1)][-1] == Remedy.TELL
    recovery.again()
    assert recovery.ended(10) == Remedy.RELOAD


def test_a_page_that_held_for_a_while_starts_the_count_anew() -> None:
    recovery = Recovery(gpu=False)
    times = [number * STEADY_SECONDS for number in range(20)]
    assert {recovery.ended(at) for at in times} == {Remedy.RELOAD}
