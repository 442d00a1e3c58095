"""Models in a real control plane: installed packs are taken in by themselves, people add, use and remove."""

from __future__ import annotations

from pathlib import Path

import pytest

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.features.dictate import contracts as c
from garret.features.dictate import model_keeping
from garret.features.dictate.model_keeping import SWITCH, ModelKeeping
from garret.features.house import contracts as h
from garret.models.shelf import Shelf
from tests.control.planes import run
from tests.features.dictate.rooms import Person, room_of, service_of
from tests.models import made

TOYS = (made.ONE, made.TWO)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packs of tests are known and may be installed here."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(ModelKeeping.__init__, "__defaults__", (TOYS,))
    return folder


async def states(person: Person) -> dict[str, str]:
    return {
        each.name: "used" if each.used else each.state for each in (await person.call(c.ListModels())).models
    }


def test_an_installed_pack_is_there_at_the_first_dictation(
    home: Home, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(1)
            assert (await person.row(utterance)).engine == "whisper"
            assert await states(person) == {"one": "used", "two": "known"}
        assert [model.name for model in Shelf(home.models).models()] == ["one"]

    monkeypatch.setenv(SWITCH, "on")
    made.install(site, "toy-one")
    run(story())


def test_a_damaged_pack_hinders_nobody(home: Home, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            utterance = await person.dictate(1)
            assert (await person.row(utterance)).engine == "pocketsphinx"
            assert await states(person) == {"one": "installed", "two": "known"}
            with pytest.raises(GarretError) as caught:
                await person.call(c.AddModel(source="one"))
            assert caught.value.code is Code.INVALID

    monkeypatch.setenv(SWITCH, "on")
    made.install(site, "toy-one")
    (site / "toy_one" / "data" / "model.bin").write_bytes(b"x" * len(made.MODEL))
    run(story())


def test_with_the_switch_off_nothing_is_taken_in_by_itself(home: Home, site: Path) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            assert await states(person) == {"one": "installed", "two": "known"}
            taken = await person.call(c.AddModel(source="toy-one"))
            assert (taken.name, taken.used) == ("one", True)
            assert await states(person) == {"one": "used", "two": "known"}

    made.install(site, "toy-one")
    run(story())


def test_adding_what_is_not_there_says_what_can_be_done(home: Home, site: Path, tmp_path: Path) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            for source, words in (
                ("two", "pip install --no-deps toy-a==1.0 toy-b==1.0"),
                ("three", "neither a known pack"),
                (str(tmp_path), "cannot be"),
                (str(made.wheel(tmp_path, "toy-a")), "toy_b/data/model.bin.b"),
            ):
                with pytest.raises(GarretError, match=words):
                    await person.call(c.AddModel(source=source, name=" " if words == "cannot be" else ""))
            assert await states(person) == {"one": "known", "two": "known"}

    run(story())


def test_a_folder_is_added_under_a_name_used_and_removed(home: Home, site: Path, tmp_path: Path) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            own = made.folder_of(made.TWO, tmp_path / "own")
            (own / "model.bin").write_bytes(b"another model")
            with pytest.raises(GarretError, match="--as NAME"):
                await person.call(c.AddModel(source=str(own), name="one"))
            assert (await person.call(c.AddModel(source=str(own), name="mine"))).name == "mine"
            known = made.folder_of(made.ONE, tmp_path / "known")
            assert (await person.call(c.AddModel(source=str(known)))).name == "one"
            used = await person.call(c.UseModel(name="mine"))
            assert (used.engine, used.used) == ("whisper", True)
            utterance = await person.dictate(1)
            assert (await person.row(utterance)).engine == "whisper"
            with pytest.raises(GarretError) as caught:
                await person.call(c.RemoveModel(name="mine"))
            assert caught.value.code is Code.CONFLICT
            await person.call(c.RemoveModel(name="mine", used=True))
            await person.call(c.RemoveModel(name="one"))
            with pytest.raises(GarretError, match="garret models list"):
                await person.call(c.UseModel(name="mine"))

    run(story())


def test_a_setting_that_would_not_do_is_refused_and_one_that_does_holds_at_once(
    home: Home, site: Path, tmp_path: Path
) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            for key, value in (("engine", "whisper"), ("whisper_model", "one"), ("sherpa_model", "/nowhere")):
                with pytest.raises(GarretError, match="Nothing was changed"):
                    await person.call(h.SetSetting(key=f"dictate.{key}", value=value))
            own = made.folder_of(made.ONE, tmp_path / "own")
            await person.call(h.SetSetting(key="dictate.whisper_model", value=str(own)))
            await person.call(h.SetSetting(key="dictate.engine", value="whisper"))
            assert (await states(person))[str(own)] == "used"
            utterance = await person.dictate(1)
            assert (await person.row(utterance)).engine == "whisper"
            await person.call(h.SetSetting(key="dictate.engine", value="pocketsphinx"))
            utterance = await person.dictate(1)
            assert (await person.row(utterance)).engine == "pocketsphinx"

    run(story())


def test_a_page_and_a_child_may_not_change_models(home: Home, site: Path) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            for role, profile in (("gateway", "admin"), ("cli", "child")):
                other = Person(person.plane, role, profile)
                with pytest.raises(GarretError) as caught:
                    await other.call(c.AddModel(source="one"))
                assert caught.value.code is Code.DENIED

    run(story())


def test_a_dictation_does_not_wait_for_ever(home: Home, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with room_of(home) as person:
            service_of(person.plane)._models._settled.clear()
            utterance = await person.dictate(1)
            assert (await person.row(utterance)).engine == "pocketsphinx"

    monkeypatch.setattr(model_keeping, "_WAIT_SECONDS", 0.01)
    run(story())
