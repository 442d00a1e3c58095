"""Which engine and model are meant by what is set: the one place where that is decided.

The setting `dictate.engine` may be `auto`: Whisper where its library and a model for the language are there,
else PocketSphinx, which is always there. `dictate.whisper_model` and `dictate.sherpa_model` hold a name in
the home's folder of models, or a folder of the person's own; empty takes the first that knows the language.

Looks at a few small files, imports no engine. Neighbours: the service chooses for each run, the `stt`
worker for what it loads beforehand; `engines.registry` opens what was chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from garret.features.dictate.engines.contract import EngineInfo, ModelError
from garret.features.dictate.engines.registry import POCKETSPHINX, WHISPER, check_library, engine_info
from garret.models.forms import form_of
from garret.models.shelf import Model, Shelf, is_name
from garret.models.table import PACKS

AUTO: Final = "auto"
MODEL_SETTINGS: Final = {"whisper": "dictate.whisper_model", "sherpa": "dictate.sherpa_model"}
"""The settings that choose the model of an engine, by the engine's name."""

CHOOSING: Final = ("dictate.engine", "dictate.language", *MODEL_SETTINGS.values())
"""The settings that the choice depends on."""

Look = Callable[[str], Any]
"""A setting's value by its key."""

_PREFERENCE: Final = {pack.name: place for place, pack in enumerate(PACKS)}


class Choice(msgspec.Struct, frozen=True):
    """An engine and where its model lies; `folder` is empty where it has none, or needs none.

    `model` is the name of a model in the home; empty for a folder of the person's own.
    """

    engine: str
    folder: str = ""
    model: str = ""


def choose(look: Look, shelf: Shelf, asked: str = "") -> Choice:
    """What is meant by `asked`, an engine's name or empty for the one that is set.

    Raises UnknownEngineError. Whether the engine can be used is not part of the answer, but for `auto`.
    """
    name = asked or str(look("dictate.engine"))
    if name != AUTO:
        return _with_model(engine_info(name).name, look, shelf)
    choice = _with_model(WHISPER.name, look, shelf)
    return choice if choice.folder and is_here(WHISPER) else Choice(POCKETSPHINX.name)


def is_here(info: EngineInfo) -> bool:
    """Whether the engine's library is installed."""
    return not check_library(info.name)


def _with_model(engine: str, look: Look, shelf: Shelf) -> Choice:
    key = MODEL_SETTINGS.get(engine)
    if key is None:
        return Choice(engine)
    named = str(look(key) or "")
    if not named:
        model = _best(engine, str(look("dictate.language")), shelf)
        return Choice(engine) if model is None else _of(engine, model, shelf)
    if not is_name(named):
        return Choice(engine, named)
    model = shelf.find(named)
    # A model that went away is named all the same, so that what is said about it says which.
    return Choice(engine, str(shelf.folder(named)), named) if model is None else _of(engine, model, shelf)


def _of(engine: str, model: Model, shelf: Shelf) -> Choice:
    return Choice(engine, str(shelf.folder(model.name)), model.name)


def _best(engine: str, language: str, shelf: Shelf) -> Model | None:
    """The first model of the engine, in the order of the table, that knows the language."""
    spoken = language.split("-")[0].lower()
    fitting = [
        model
        for model in shelf.models()
        if model.engine == engine and (not model.languages or spoken in model.languages)
    ]
    return min(fitting, key=lambda model: (_PREFERENCE.get(model.name, len(PACKS)), model.name), default=None)


# ---------------------------------------------------------------- what a setting may be set to


def check_engine(value: str, look: Look, shelf: Shelf) -> None:
    """Raise EngineError where the engine `value` could not be used now."""
    if value == AUTO:
        return
    if (problem := check_library(value)) is not None:
        raise problem
    choice = _with_model(value, look, shelf)
    if value not in MODEL_SETTINGS:
        return
    if not choice.folder:
        raise ModelError(
            f"There is no model for {value} here. Nothing was changed. `garret models list` shows what can "
            "be had, `garret models add FOLDER` takes one in.",
            details={"engine": value, "missing": "model_dir"},
        )
    check_folder(value, Path(choice.folder))


def check_model(engine: str, value: str, shelf: Shelf) -> None:
    """Raise ModelError where `value` names no model for `engine`, by name or by folder."""
    if not value:
        return
    if not is_name(value):
        check_folder(engine, Path(value))
        return
    model = shelf.find(value)
    if model is None:
        known = ", ".join(each.name for each in shelf.models() if each.engine == engine) or "none"
        raise ModelError(
            f"There is no model {value!r} in this home (for {engine}: {known}). Nothing was changed. `garret "
            "models` lists them; a folder is named by its whole path.",
            details={"engine": engine, "model": value},
        )
    if model.engine != engine:
        raise ModelError(
            f"The model {value} is for {model.engine}, not for {engine}. Nothing was changed. `garret models "
            f"use {value}` uses it.",
            details={"engine": engine, "model": value},
        )


def check_folder(engine: str, folder: Path) -> None:
    """Raise ModelError where `folder` holds no model for `engine`."""
    form = form_of(folder) if folder.is_absolute() else None
    if form is None or form.engine != engine:
        raise ModelError(
            f"The folder {folder} holds no {engine} model"
            + ("" if folder.is_absolute() else " (it has to be named by its whole path)")
            + ". Nothing was changed. `garret models list` lists the models that are here.",
            details={"engine": engine, "path": str(folder)},
        )
