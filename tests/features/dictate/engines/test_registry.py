"""Engines by name, and plain words about those that cannot be used."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from typing import Any

import msgspec
import pytest

from garret.features.dictate.engines import registry
from garret.features.dictate.engines.contract import (
    EngineConfig,
    EngineMissingError,
    EngineOptionError,
    UnknownEngineError,
)


def test_an_unknown_engine_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UnknownEngineError, match="pocketsphinx, sherpa, whisper"):
        registry.open_engine(EngineConfig("siri"))
    assert "siri" in registry.unavailable_reason(EngineConfig("siri"))


@pytest.mark.parametrize(("name", "distribution"), [("whisper", "ctranslate2"), ("sherpa", "sherpa-onnx")])
def test_a_library_that_is_not_installed_is_named(
    name: str, distribution: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec

    def find_spec(wanted: str, package: str | None = None) -> Any:
        return None if wanted == distribution.replace("-", "_") else real(wanted, package)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    with pytest.raises(EngineMissingError, match=rf"-m pip install {distribution}`") as caught:
        registry.open_engine(EngineConfig(name, model_dir="/"))
    assert caught.value.details == {"engine": name, "library": distribution}
    assert "pip install" in registry.unavailable_reason(EngineConfig(name))
    with pytest.raises(EngineMissingError):
        registry.preload(name)


def test_preloading_imports_the_library_and_no_model() -> None:
    code = (
        "import sys; from garret.features.dictate.engines import registry; registry.preload('pocketsphinx'); "
        "print('pocketsphinx' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
    with pytest.raises(UnknownEngineError):
        registry.preload("siri")


def test_reasons_are_given_without_opening_anything() -> None:
    assert registry.unavailable_reason(EngineConfig()) == ""
    assert "garret models add" in registry.unavailable_reason(EngineConfig("whisper"))
    with pytest.raises(EngineOptionError, match="grammar"):
        registry.open_engine(EngineConfig("sherpa", mode="grammar", grammar="x"))


def test_the_embedded_engine_calls_itself_a_draft() -> None:
    assert {info.name: info.quality for info in registry.engines()} == {
        "pocketsphinx": "draft",
        "sherpa": "standard",
        "whisper": "standard",
    }
    assert not registry.engine_info("pocketsphinx").model


def test_a_configuration_with_an_unknown_field_or_wrong_type_is_refused() -> None:
    for wrong in ({"engin": "whisper"}, {"threads": 0}, {"mode": "dream"}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, EngineConfig)


def test_listing_engines_loads_none_of_their_libraries() -> None:
    heavy = "pocketsphinx sherpa_onnx ctranslate2 numpy".split()
    code = (
        "import sys; from garret.features.dictate.engines import registry; registry.engines(); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
