"""Who uses the house: guest and child see what is theirs, and leaving takes the PIN."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from garret.base.errors import Code
from garret.base.ids import new_id
from garret.features.dictate import contracts as d
from garret.features.house import contracts as h
from tests.e2e import speech
from tests.e2e.house import House

PIN = "2580"


@pytest.fixture(scope="module")
def owned(house: House, tmp_path_factory: pytest.TempPathFactory) -> d.Transcript:
    """Something that the admin dictated, in a house that has a PIN."""
    refused = house.refusal(h.UseProfile(profile="guest"))
    assert refused.code == Code.DENIED, "without a PIN nobody could leave again"
    house.call(h.SetPin(pin=PIN))
    path = tmp_path_factory.mktemp("profiles") / "admin.wav"
    return house.dictate(speech.write(path, speech.greeting()))


@pytest.fixture
def guest(house: House, owned: d.Transcript) -> Iterator[House]:
    house.call(h.UseProfile(profile="guest"))
    yield house
    house.call(h.UseProfile(profile="admin", pin=PIN))


@pytest.fixture
def child(house: House, owned: d.Transcript) -> Iterator[House]:
    house.call(h.UseProfile(profile="child"))
    yield house
    house.call(h.UseProfile(profile="admin", pin=PIN))


def test_a_guest_sees_only_their_own(guest: House, owned: d.Transcript, tmp_path: Path) -> None:
    mine = guest.dictate(speech.write(tmp_path / "guest.wav", speech.hope()))
    rows = guest.call(d.History(limit=1000)).utterances
    assert owned.utterance not in {row.id for row in rows}
    assert mine.utterance in {row.id for row in rows}
    assert guest.refusal(d.Get(utterance=owned.utterance)).code == Code.NOT_FOUND
    assert guest.refusal(d.Audio(utterance=owned.utterance)).code == Code.NOT_FOUND
    jobs = guest.call(h.ListJobs(limit=1000)).jobs
    assert {job.profile for job in jobs} == {"guest"}


def test_a_guest_cannot_hear_anothers_sound_by_transcribing_it(guest: House, owned: d.Transcript) -> None:
    items: list[d.DictationItem] = []
    with pytest.raises(Exception, match="There is no utterance") as refused:
        guest.client.stream(
            d.Transcribe(utterance=owned.utterance, key=new_id("ask"), partials=True), items.append
        )
    assert refused.value.code == Code.NOT_FOUND  # type: ignore[attr-defined]
    assert items == []


def test_a_client_that_calls_itself_a_job_gets_no_more(guest: House, owned: d.Transcript) -> None:
    with guest.another_client(service="job:job_1") as liar:
        lying = House(guest.home.root)
        lying._client = liar
        assert lying.refusal(d.Get(utterance=owned.utterance)).code == Code.NOT_FOUND


def test_a_guest_changes_and_administers_nothing(guest: House, owned: d.Transcript) -> None:
    denied = [
        h.SetSetting(key="dictate.engine", value="whisper"),
        h.ListSecrets(),
        h.ReadAudit(),
        h.ReadLogs(),
        h.Shutdown(),
        h.SetPin(pin="1111"),
        d.Delete(utterance=owned.utterance),
    ]
    assert [guest.refusal(command).code for command in denied] == [Code.DENIED] * len(denied)


def test_a_child_dictates_but_lists_nothing(child: House, tmp_path: Path) -> None:
    found = child.dictate(speech.write(tmp_path / "child.wav", speech.greeting()))
    assert found.raw == "good morning"
    assert child.refusal(d.History()).code == Code.DENIED
    assert child.refusal(h.ListJobs()).code == Code.DENIED


def test_a_profile_and_its_limits_outlive_a_restart(own_house: House, tmp_path: Path) -> None:
    house = own_house.start()
    house.call(h.SetPin(pin=PIN))
    taken = house.take(speech.write(tmp_path / "mine.wav", speech.greeting()))
    house.call(h.UseProfile(profile="guest"))
    house.restart()
    assert house.call(h.ListProfiles()).current == "guest"
    assert house.refusal(d.Get(utterance=taken)).code == Code.NOT_FOUND
    house.call(h.UseProfile(profile="admin", pin=PIN))
    assert house.transcript(taken).state == "captured"


def test_a_recording_beyond_the_profiles_limit_is_refused(child: House, tmp_path: Path) -> None:
    path = speech.write(tmp_path / "long.wav", speech.silence(601.0))
    refused = child.refusal(d.Transcribe(utterance=child.take(path), key=new_id("ask")))
    assert refused.code == Code.INVALID
    assert "0.2 h" in refused.message


def test_leaving_asks_for_the_pin_and_wrong_ones_slow_down(own_house: House) -> None:
    house = own_house.start()
    house.call(h.SetPin(pin=PIN))
    house.call(h.UseProfile(profile="child"))
    missing = house.refusal(h.UseProfile(profile="admin"))
    assert (missing.code, missing.details["needs_pin"]) == (Code.DENIED, True)
    waits: list[float] = []
    for attempt in range(4):
        refused = house.refusal(h.UseProfile(profile="admin", pin=f"{attempt:04d}"))
        assert refused.code == Code.DENIED
        waits.append(float(refused.details.get("wait_seconds", 0.0)))
    assert waits[0] == 0.0
    assert waits[-1] > 0.0, "after some wrong ones there is a wait"
    for _ in range(2):
        right = house.refusal(h.UseProfile(profile="admin", pin=PIN))
        assert right.details["wait_seconds"] > 0, (
            "even the right PIN has to wait, and a restart changes nothing"
        )
        assert house.call(h.ListProfiles()).current == "child"
        house.restart()
