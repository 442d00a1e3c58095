"""Years of dictation, 84 MB of text: whatever is asked of the history, the loop is free meanwhile."""

from __future__ import annotations

import asyncio
import random
from typing import Any, Final

from garret.base.paths import Home
from garret.control.foundation import open_store
from garret.control.secrets.store import DEVICE_KEY, SecretStore
from garret.features.dictate import contracts as c
from garret.features.dictate import store
from garret.storage.objects import KeySigner
from tests.control.planes import run
from tests.features.dictate.rooms import ROOMS, room_of

UTTERANCES: Final = 42
TEXT: Final = 1_000_000
"""Characters of the document, and as many of the raw text."""
PAGES: Final = 10


def texts() -> tuple[list[str], list[str]]:
    """The words of a language, those most used first, and a text for each utterance."""
    chance = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    vocabulary = ["".join(chance.choices(letters, k=chance.randint(2, 10))) for _ in range(30_000)]
    said = chance.choices(vocabulary, [1 / (rank + 1) for rank in range(len(vocabulary))], k=400_000)
    speech = " ".join(said)
    starts = [chance.randrange(len(speech) - TEXT) for _ in range(UTTERANCES)]
    return vocabulary, [speech[start : start + TEXT] for start in starts]


def fill(home: Home, spoken: list[str]) -> None:
    """Leave a home in which all of this was dictated."""
    home.create()
    secrets = SecretStore.open(home)
    opened = open_store(home, ROOMS, secrets)
    signer = KeySigner(secrets.ensure_key(DEVICE_KEY))
    said = {"run": "r", "engine": "e", "quality": "q", "audio_seconds": 1.0, "decode_seconds": 1.0}

    def keep(connection: Any, name: str, text: str) -> None:
        def record(kind: str, body: dict[str, Any]) -> None:
            opened.objects.record(connection, signer, kind, {"utterance": name, **body}, aggregate=name)

        record(store.UTTERANCE, {"source": "file", "name": "n", "profile": "admin"})
        for number in range(PAGES):
            part = store.share(text, number, PAGES)
            page = store.Page(number * store.PAGE_SEGMENTS, [], part, part.title())
            record(store.PAGE, store.page_body(name, "r", page))
        segments = PAGES * store.PAGE_SEGMENTS
        record(store.TRANSCRIPT, {**said, "segments": segments, "note": "", "stages": {}})

    async def fill_all() -> None:
        for number, text in enumerate(spoken):
            name = f"utt_{number:04}"
            await opened.writer.write(lambda connection, name=name, text=text: keep(connection, name, text))

    asyncio.run(fill_all())
    opened.close()


def test_84_megabytes_are_listed_searched_and_fetched_without_holding_the_loop(home: Home) -> None:
    vocabulary, spoken = texts()
    fill(home, spoken)
    rare = next(word for word in reversed(vocabulary) if any(f" {word} " in text for text in spoken))
    holding = [f"utt_{number:04}" for number, text in enumerate(spoken) if _holds(text, rare)]

    async def story() -> None:
        async with room_of(home) as person:
            assert await all_of(person, "") == newest(range(UTTERANCES))
            assert await all_of(person, vocabulary[0]) == newest(range(UTTERANCES)), "a word that all hold"
            assert await all_of(person, rare) == holding[::-1]
            assert await all_of(person, " ".join(vocabulary[:3])) == newest(range(UTTERANCES))
            assert await all_of(person, "1") == []
            fetched = await person.call(c.Get(utterance="utt_0000", limit=500))
            assert fetched.total == PAGES * store.PAGE_SEGMENTS

    run(story())


def _holds(text: str, beginning: str) -> bool:
    return any(word.startswith(beginning) for word in text.split())


def newest(numbers: range) -> list[str]:
    return [f"utt_{number:04}" for number in reversed(numbers)]


async def all_of(person: Any, question: str) -> list[str]:
    """The ids of all pages of the history that answer a question."""
    ids: list[str] = []
    while page := (await person.call(c.History(limit=1000, query=question, before=ids[-1] if ids else ""))):
        if not page.utterances:
            return ids
        ids += [each.id for each in page.utterances]
    return ids
