"""Work beside everything else: it may end, it is cancelled when it does not, and nothing waits for ever."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from garret.control.background import Background


def test_what_runs_may_end_and_is_forgotten_then() -> None:
    async def story() -> None:
        background, done = Background(asyncio.get_running_loop()), asyncio.Event()

        async def work() -> None:
            await asyncio.sleep(0)
            done.set()

        background.spawn(work())
        assert len(background) == 1
        await background.end(10.0)
        assert done.is_set()
        assert len(background) == 0
        await background.end(10.0)

    asyncio.run(story())


def test_what_does_not_end_is_cancelled_and_what_takes_no_cancelling_is_named_and_left(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        background = Background(asyncio.get_running_loop())
        release, heard = asyncio.Event(), list[str]()

        async def patient() -> None:
            try:
                await release.wait()
            except asyncio.CancelledError:
                heard.append("patient")
                raise

        async def deaf() -> None:
            while not release.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await release.wait()

        background.spawn(patient())
        background.spawn(deaf())
        await background.end(0.02)
        assert heard == ["patient"]
        assert len(background) == 1
        release.set()
        await background.end(10.0)
        assert len(background) == 0

    asyncio.run(story())
    named = [record.getMessage() for record in caplog.records]
    assert len(named) == 1
    assert "deaf" in named[0]
    assert "does not end" in named[0]
