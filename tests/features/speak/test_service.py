"""The speaking room in the control plane: what a profile may have spoken, and a rendering."""

from __future__ import annotations

import asyncio
import io
import wave

import pytest

from garret.base.errors import Code
from garret.base.paths import Home
from garret.features.speak import contracts as c
from garret.features.speak.manifest import ROOM
from garret.transport.bulk import BulkReader
from garret.transport.client import Client as SocketClient
from tests.control.planes import Client, plane_of, run


@pytest.mark.parametrize("order", [c.Say, c.Render])
def test_a_profile_has_only_so_much_spoken_at_once(home: Home, order: type[c.Say] | type[c.Render]) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            child = Client(plane, profile="child")
            error = await child.refusal(order(text="x" * 2_001))
            assert error.code == Code.DENIED
            assert error.details["limit"] == 2_000
            assert all(not slot.pids for slot in plane.pools["tts"].slots)

    run(story())


@pytest.mark.parametrize("order", [c.Synthesize(text="hello"), c.Compute(text="hello")])
def test_nobody_gets_to_the_worker_past_the_service(home: Home, order: c.Synthesize | c.Compute) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            assert (await Client(plane).refusal(order)).code == Code.DENIED

    run(story())


def test_a_text_within_the_limit_comes_back_as_a_wave_file(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            plane.serve()

            def ask() -> tuple[c.Spoken, float]:
                client = SocketClient.connect(home)
                try:
                    spoken = client.call(c.Render(text="Hello."))
                    (descriptor,) = client.received_descriptors
                    with BulkReader(descriptor) as bulk:
                        with wave.open(io.BytesIO(bytes(bulk.view))) as sound:
                            return spoken, sound.getnframes() / sound.getframerate()
                finally:
                    client.close()

            spoken, seconds = await asyncio.to_thread(ask)
            assert spoken.seconds == pytest.approx(seconds, abs=0.01)
            assert seconds > 0.1

    run(story())
