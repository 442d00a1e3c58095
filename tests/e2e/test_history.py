"""The history: listing, searching, deleting with an approval, how long sound is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from garret.base.errors import Code
from garret.base.ids import new_id
from garret.features.dictate import contracts as d
from garret.features.dictate.client import transcripts
from garret.features.house import contracts as h
from garret.transport.client import Client
from tests.e2e import speech
from tests.e2e.house import PATIENCE, House, Push, wait_until
from tests.features.dictate.rooms import put_heard


@pytest.fixture
def greeting(house: House, tmp_path: Path) -> d.Transcript:
    return house.dictate(speech.write(tmp_path / "greeting.wav", speech.greeting()))


def test_the_history_lists_newest_first_and_finds_words(house: House, tmp_path: Path) -> None:
    first = house.dictate(speech.write(tmp_path / "first.wav", speech.greeting()))
    second = house.dictate(speech.write(tmp_path / "second.wav", speech.hope()))
    rows = house.call(d.History(limit=2)).utterances
    assert [row.id for row in rows] == [second.utterance, first.utterance]
    assert [row.source for row in rows] == ["second.wav", "first.wav"]
    assert all(row.has_audio for row in rows)
    found = house.call(d.History(query="HOPE come")).utterances
    assert second.utterance in {row.id for row in found}
    assert first.utterance not in {row.id for row in found}
    assert house.call(d.History(query="hope elephant")).utterances == ()


class Asking:
    """A command line's session, as far as fetching a transcript needs one."""

    def __init__(self, house: House) -> None:
        self._house = house

    def call(self, command: Any, *, again: bool = False) -> Any:
        del again
        return self._house.call(command)


def test_a_day_of_words_becomes_text_and_can_be_read(own_house: House, tmp_path: Path) -> None:
    """More words than fit into a frame, an event or one answer: a nonstop speaker's twelve hours."""
    house = own_house.start()
    short = house.dictate(speech.write(tmp_path / "short.wav", speech.greeting()))
    house.stop()
    sentence = "on sunday we will leave the house early and drive to the old farm with a basket and"
    count = 12_000
    put_heard(house.home, short.utterance, *(f"{sentence} {number:06d}" for number in range(count)))
    house.start()
    told = house.wait_event("dictate.finished", lambda event: event.utterance == short.utterance)
    again = d.Transcribe(utterance=short.utterance, start_from="transcribed", key=new_id("ask"))
    done = house.call(again)
    assert done.segments == short.total + count
    assert told.wait(PATIENCE), "who subscribed hears of it, however long it is"
    whole = transcripts.fetch(cast("Any", Asking(house)), short.utterance)
    assert whole.total == len(whole.segments) == done.segments
    assert len(whole.raw) > 1 << 20
    assert whole.raw.split()[-1] == f"{count - 1:06d}"
    assert whole.text.count("we will leave the house early") == count
    (row,) = house.call(d.History(query="basket")).utterances
    assert whole.text.startswith(row.text), "the list has the beginning"
    assert whole.text.startswith("Good morning. On Sunday we will leave")


def test_what_is_not_there_is_said_in_words(house: House) -> None:
    refused = house.refusal(d.Get(utterance="utt_nothing"))
    assert refused.code == Code.NOT_FOUND
    assert "garret history" in refused.message


def test_deleting_waits_for_an_approval_by_another_client(house: House, greeting: d.Transcript) -> None:
    def decide(verdict: type[h.GrantApproval | h.DenyApproval]) -> None:
        shell = Client.connect(house.home, role="shell", service="test-shell")
        try:
            wait_until(lambda: bool(shell.call(h.ListApprovals()).requests), "it waits")
            (one,) = shell.call(h.ListApprovals()).requests
            assert one.arguments == {"utterance": greeting.utterance}
            shell.call(verdict(request=one.id))
        finally:
            shell.close()

    with ThreadPoolExecutor() as pool:
        decided = pool.submit(decide, h.DenyApproval)
        assert house.refusal(d.Delete(utterance=greeting.utterance)).code == Code.DENIED
        decided.result()
        assert house.transcript(greeting.utterance) == greeting
        decided = pool.submit(decide, h.GrantApproval)
        house.call(d.Delete(utterance=greeting.utterance))
        decided.result()
    assert house.refusal(d.Get(utterance=greeting.utterance)).code == Code.NOT_FOUND


def test_an_approval_is_for_exactly_one_utterance(
    house: House, greeting: d.Transcript, tmp_path: Path
) -> None:
    other = house.dictate(speech.write(tmp_path / "other.wav", speech.greeting()))
    approved = house.approved(d.Delete(utterance=other.utterance))
    stolen = msgspec.structs.replace(approved, utterance=greeting.utterance)
    assert house.refusal(stolen).code == Code.DENIED
    assert house.transcript(greeting.utterance) == greeting
    assert house.transcript(other.utterance) == other


def test_an_approval_is_used_up_by_the_deletion(house: House, greeting: d.Transcript) -> None:
    approved = house.approved(d.Delete(utterance=greeting.utterance))
    house.call(approved)
    assert house.refusal(d.Get(utterance=greeting.utterance)).code == Code.NOT_FOUND
    assert house.refusal(approved).code == Code.DENIED, "an approval is for once"
    assert greeting.utterance not in {row.id for row in house.call(d.History(limit=1000)).utterances}
    outcomes = [(entry.action, entry.outcome) for entry in house.call(h.ReadAudit(limit=20)).entries]
    assert ("dictate.delete", "done") in outcomes
    assert ("approvals.grant", "done") in outcomes


def test_an_invented_approval_is_worth_nothing(house: House, greeting: d.Transcript) -> None:
    refused = house.refusal(d.Delete(utterance=greeting.utterance, approval="apr_" + "0" * 32))
    assert refused.code == Code.DENIED


def test_a_deleted_utterance_takes_its_sound_with_it(house: House, greeting: d.Transcript) -> None:
    wait_until(lambda: not list(house.home.spool.iterdir()), "the sound is kept")
    house.call(house.approved(d.Delete(utterance=greeting.utterance)))
    refused = house.refusal(d.Audio(utterance=greeting.utterance))
    assert refused.code == Code.NOT_FOUND


def test_a_dictation_that_goes_on_is_not_deleted(house: House) -> None:
    push = Push(speech.silence(60.0), pace=1.0)
    request = d.Listen(source="push", key=new_id("ask"))
    refusals: list[Code] = []
    with house.another_client() as other:
        lookup = House(house.home.root)
        lookup._client = other

        def note(item: d.DictationItem) -> None:
            if item.kind == "state" and not refusals:
                (row,) = (each for each in other.call(d.History()).utterances if each.state == "capturing")
                refusals.append(lookup.refusal(lookup.approved(d.Delete(utterance=row.id))).code)
                refusals.append(lookup.refusal(d.Transcribe(utterance=row.id, key=new_id("ask"))).code)
                push.stopped.set()

        house.client.stream(request, note, inputs=push)
    assert refusals == [Code.CONFLICT, Code.CONFLICT]


def test_without_days_the_sound_goes_once_the_text_is_there(house: House, tmp_path: Path) -> None:
    house.set("dictate.keep_audio_days", "0")
    try:
        found = house.dictate(speech.write(tmp_path / "brief.wav", speech.greeting()))
        wait_until(lambda: not house.utterance(found.utterance).has_audio, "the sound is deleted")
    finally:
        house.set("dictate.keep_audio_days", None)
    assert house.transcript(found.utterance).text == found.text, "its text stays"
    again = house.refusal(d.Transcribe(utterance=found.utterance, key=new_id("ask")))
    assert again.code == Code.NOT_FOUND
    assert "text is" in again.message


def test_beyond_its_room_the_oldest_sound_goes_first(house: House, tmp_path: Path) -> None:
    import numpy as np

    noise = np.random.default_rng(7).integers(-9000, 9000, 20 * speech.RATE).astype(np.int16)
    kept = [
        house.dictate(speech.write(tmp_path / f"{number}.wav", np.roll(noise, number))) for number in range(2)
    ]
    wait_until(lambda: not list(house.home.spool.iterdir()), "the sound is kept")
    assert all(house.utterance(each.utterance).has_audio for each in kept)
    house.set("dictate.keep_audio_mebibytes", "1")  # the newer one alone takes 0.6 MiB
    try:
        last = house.dictate(speech.write(tmp_path / "last.wav", speech.greeting()))
        wait_until(lambda: not house.utterance(kept[0].utterance).has_audio, "the oldest is deleted")
    finally:
        house.set("dictate.keep_audio_mebibytes", None)
    assert house.utterance(kept[1].utterance).has_audio
    assert house.utterance(last.utterance).has_audio
