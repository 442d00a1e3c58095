"""Engines by name. An engine's library is imported only when it is opened.

Neighbours: `contract` for the types; the `stt` worker opens engines, the service lists them.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import cast

import msgspec

from garret.features.dictate.engines.contract import (
    Engine,
    EngineConfig,
    EngineError,
    EngineInfo,
    EngineMissingError,
    EngineOptionError,
    UnknownEngineError,
    missing_library,
)
from garret.features.dictate.engines.model_folder import open_folder

POCKETSPHINX = EngineInfo("pocketsphinx", "draft", streaming=False, languages=("en-US",), grammar=True)
SHERPA = EngineInfo("sherpa", "standard", streaming=True, model=True)
WHISPER = EngineInfo(
    "whisper", "standard", streaming=False, vocabulary=True, model=True, punctuates=True, window=28.0
)


class _Entry(msgspec.Struct, frozen=True):
    info: EngineInfo
    library: str  # the import that tells whether it is installed
    module: str  # ours; has `open_model(config)` and `check_model(config)`
    distribution: str = ""  # what an installer calls it, where that is not the import


_ENTRIES = {
    entry.info.name: entry
    for entry in (
        _Entry(POCKETSPHINX, "pocketsphinx", "garret.features.dictate.engines.pocketsphinx"),
        _Entry(SHERPA, "sherpa_onnx", "garret.features.dictate.engines.sherpa", "sherpa-onnx"),
        _Entry(WHISPER, "ctranslate2", "garret.features.dictate.engines.whisper.engine"),
    )
}


def engines() -> list[EngineInfo]:
    """All engines Garret knows, installed or not."""
    return [entry.info for entry in _ENTRIES.values()]


def engine_info(name: str) -> EngineInfo:
    """What is known of the engine `name`. Raises UnknownEngineError."""
    return _entry(name).info


def _entry(name: str) -> _Entry:
    entry = _ENTRIES.get(name)
    if entry is None:
        known = ", ".join(sorted(_ENTRIES))
        raise UnknownEngineError(
            f"There is no engine called {name!r}. Choose one of: {known}.",
            details={"engine": name, "known": sorted(_ENTRIES)},
        )
    return entry


def check_library(name: str) -> EngineMissingError | None:
    """What is wrong with the engine's library: None where it is installed. Raises UnknownEngineError."""
    entry = _entry(name)
    if importlib.util.find_spec(entry.library) is not None:
        return None
    return missing_library(name, entry.distribution or entry.library)


def _checked(config: EngineConfig) -> _Entry:
    entry = _entry(config.engine)
    if (problem := check_library(config.engine)) is not None:
        raise problem
    if config.mode == "grammar" and not entry.info.grammar:
        raise EngineOptionError(f"The engine {entry.info.name} cannot follow a grammar; pocketsphinx can.")
    if config.mode == "grammar" and not config.grammar.strip():
        raise EngineOptionError("Grammar mode needs a grammar.")
    if entry.info.model:
        open_folder(config)  # before its library is loaded, which takes seconds, for nothing
    return entry


def unavailable_reason(config: EngineConfig) -> str:
    """Why `config` cannot be opened here, in a sentence; empty when it looks as if it can.

    Looks at the installed packages and at the model folder, loads no model.
    """
    try:
        entry = _checked(config)
        importlib.import_module(entry.module).check_model(config)
    except EngineError as error:
        return error.message
    return ""


def preload(name: str) -> None:
    """Import the engine's library, for a worker that does so before its sandbox closes.

    Raises UnknownEngineError or EngineMissingError.
    """
    if (problem := check_library(name)) is not None:
        raise problem
    importlib.import_module(_entry(name).module)


def open_engine(config: EngineConfig) -> Engine:
    """Load the engine and its model. Raises EngineError of the kind that tells what is wrong."""
    entry = _checked(config)
    return cast(Engine, importlib.import_module(entry.module).open_model(config))
