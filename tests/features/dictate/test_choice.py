"""Which engine and model are meant, and which settings are refused because they would not do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from garret.features.dictate import choice
from garret.features.dictate.choice import Choice, check_engine, check_model, choose
from garret.features.dictate.engines.contract import (
    EngineMissingError,
    ModelError,
    UnknownEngineError,
    missing_library,
)
from garret.models.shelf import Shelf
from tests.models import made

SET: dict[str, Any] = {
    "dictate.engine": "auto",
    "dictate.language": "en",
    "dictate.whisper_model": "",
    "dictate.sherpa_model": "",
}


def look(**changed: str) -> Any:
    return {**SET, **{f"dictate.{key}": value for key, value in changed.items()}}.__getitem__


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models")


@pytest.fixture
def stocked(shelf: Shelf, tmp_path: Path) -> Shelf:
    """With a model of English alone and one of many languages."""
    for pack in (made.TWO, made.ONE):
        shelf.take_pack(pack, [choice_source(pack, tmp_path / pack.name)])
    return shelf


def choice_source(pack: Any, folder: Path) -> Any:
    from garret.models.sources import Folder

    return Folder(made.folder_of(pack, folder))


def test_without_a_model_it_is_pocketsphinx(shelf: Shelf) -> None:
    assert choose(look(), shelf) == Choice("pocketsphinx")


def test_with_a_model_it_is_whisper_and_the_model_knows_the_language(stocked: Shelf) -> None:
    assert choose(look(), stocked) == Choice("whisper", str(stocked.folder("one")), "one")
    german = choose(look(language="de-AT"), stocked)
    assert german.model == "two"


def test_a_model_of_another_language_alone_is_not_taken(shelf: Shelf, tmp_path: Path) -> None:
    shelf.take_pack(made.ONE, [choice_source(made.ONE, tmp_path / "one")])
    assert choose(look(language="de"), shelf) == Choice("pocketsphinx")


def test_without_its_library_a_model_is_of_no_use(stocked: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "check_library", lambda name: missing_library(name, "lib"))
    assert choose(look(), stocked) == Choice("pocketsphinx")
    assert choose(look(), stocked, "whisper").engine == "whisper"


def test_what_is_asked_for_goes_before_what_is_set(stocked: Shelf) -> None:
    assert choose(look(engine="whisper"), stocked, "pocketsphinx") == Choice("pocketsphinx")
    assert choose(look(engine="pocketsphinx"), stocked, "whisper").model == "one"
    with pytest.raises(UnknownEngineError):
        choose(look(), stocked, "dragon")


def test_a_model_that_is_named_is_taken_and_a_folder_as_it_is(stocked: Shelf, tmp_path: Path) -> None:
    assert choose(look(whisper_model="two"), stocked).model == "two"
    own = str(tmp_path / "own")
    assert choose(look(whisper_model=own), stocked) == Choice("whisper", own)
    stocked.remove("two")
    gone = choose(look(whisper_model="two"), stocked)
    assert gone == Choice("whisper", str(stocked.folder("two")), "two"), "what is said of it names it"


def test_an_engine_that_cannot_be_used_is_refused(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    for fine in ("auto", "pocketsphinx"):
        check_engine(fine, look(), shelf)
    with pytest.raises(ModelError, match="garret models"):
        check_engine("whisper", look(), shelf)
    monkeypatch.setattr(choice, "check_library", lambda name: missing_library(name, "some-library"))
    with pytest.raises(EngineMissingError, match=r"-m pip install some-library"):
        check_engine("whisper", look(), shelf)


def test_an_engine_with_a_model_is_accepted(stocked: Shelf) -> None:
    check_engine("whisper", look(), stocked)
    (stocked.folder("one") / "tokenizer.json").unlink()
    stocked.remove("two")
    with pytest.raises(ModelError):
        check_engine("whisper", look(whisper_model=str(stocked.folder("one"))), stocked)


def test_a_model_is_refused_that_is_not_there_or_for_another_engine(stocked: Shelf, tmp_path: Path) -> None:
    check_model("whisper", "", stocked)
    check_model("whisper", "two", stocked)
    check_model("whisper", str(stocked.folder("two")), stocked)
    for engine, wrong in (
        ("whisper", "three"),
        ("sherpa", "two"),
        ("whisper", str(tmp_path / "nothing")),
        ("whisper", "relative/folder"),
    ):
        with pytest.raises(ModelError, match="Nothing was changed"):
            check_model(engine, wrong, stocked)
