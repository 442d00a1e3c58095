"""Exports: which utterances are in the file, in what form, and what becomes of it when workers are lost."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from garret.base.errors import Code
from garret.base.paths import Home
from garret.features.dictate import contracts as c
from garret.features.dictate import exporting
from tests.control.planes import run
from tests.features.dictate.rooms import Person, room_of
from tests.features.dictate.scripted_workers import Script, lost


async def export(person: Person, **options: Any) -> tuple[c.Exported, bytes]:
    told = await person.call(c.Export(**options))
    (data,) = person.got
    assert told.bytes == len(data)
    return told, data


def test_the_texts_of_those_named_come_in_that_order(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            one, two = await person.dictate(1), await person.dictate(2)
            await person.call(c.Edit(utterance=one, text="Corrected.\n"))
            told, data = await export(person, form="text", utterances=(two, one, two))
            assert (told.utterances, told.name.endswith(".txt")) == (2, True)
            assert data == b"Word2\n\nCorrected.\n"
            _, data = await export(person, form="text", utterances=(one,), raw=True)
            assert data == b"word1\n"

    run(story())


def test_all_that_a_filter_finds_comes_oldest_first(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_AT_ONCE", 2)
    monkeypatch.setattr(exporting, "_FOUND_AT_ONCE", 3)

    async def story() -> None:
        async with room_of(home) as person:
            made = [await person.dictate(number) for number in range(1, 8)]
            await person.call(c.Discard(utterances=(made[2],)))
            told, data = await export(person, form="json")
            assert (told.utterances, told.name.endswith(".json")) == (6, True)
            assert [each["utterance"] for each in json.loads(data)] == [*made[:2], *made[3:]]
            _, data = await export(person, form="json", only=c.Filter(query="word7"))
            assert json.loads(data)["raw"] == "word7", "one alone is no list"
            assert (await person.refusal(c.Export(form="json", only=c.Filter(query="nobody")))).code == (
                Code.NOT_FOUND
            )

    run(story())


def test_subtitles_of_several_are_an_archive_of_files_with_names_of_their_own(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            for number in (1, 2, 3):
                await person.dictate(number)
            _, data = await export(person, form="srt", only=c.Filter(query="word2"))
            assert data.startswith(b"1\n00:00:00,000 --> ")
            told, data = await export(person, form="vtt")
            assert told.name.endswith(".zip")
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                names = archive.namelist()
                assert len(set(names)) == 3
                assert all(name.endswith(".vtt") and "talk" in name for name in names)
                assert b"Word1" in archive.read(names[0])

    run(story())


def test_a_correction_is_in_the_subtitles_as_well(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(1, 2)
            await person.call(c.Edit(utterance=utterance, text="Word1. Worldly"))
            _, data = await export(person, form="srt", utterances=(utterance,))
            assert b"Worldly" in data
            assert b"Word2" not in data

    run(story())


def test_markdown_says_when_and_what(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(1)
            await person.call(c.Edit(utterance=utterance, text="# no *heading*\nnext"))
            _, data = await export(person, form="markdown", utterances=(utterance,))
            lines = data.decode().splitlines()
            assert lines[0].startswith("## 20")
            assert "talk.wav" in lines[2]
            assert lines[4:] == ["\\# no \\*heading\\*\\", "next"]

    run(story())


def test_a_worker_that_is_lost_costs_nothing_and_one_that_stays_lost_ends_it(home: Home) -> None:
    script = Script()

    async def story() -> None:
        async with room_of(home, script) as person:
            utterance = await person.dictate(1)
            script.failing(c.Render, lost(), lost())
            _, data = await export(person, form="text", utterances=(utterance,))
            assert data == b"Word1\n"
            script.failing(c.Render, lost(), lost(), lost())
            error = await person.refusal(c.Export(form="text", utterances=(utterance,)))
            assert error.code == Code.UNAVAILABLE
            assert list(home.spool.iterdir()) == [], "nothing is left of it"

    run(story())


def test_nobody_exports_what_is_not_theirs(home: Home) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            mine = await person.dictate(1)
            guest = Person(person.plane, profile="guest")
            for order in (c.Export(form="text"), c.Export(form="text", utterances=(mine,))):
                assert (await guest.refusal(order)).code == Code.NOT_FOUND
            many = tuple(f"utt_{number}" for number in range(10_001))
            assert (await person.refusal(c.Export(form="text", utterances=many))).code == Code.USAGE

    run(story())
