"""sherpa-onnx: which folders are taken for what, and that no bad folder ends the process."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.engines import registry
from garret.features.dictate.engines.contract import EngineConfig, ModelError
from garret.features.dictate.engines.onnx_metadata import MetadataError, read_metadata
from garret.features.dictate.engines.sherpa_layout import find_layout
from tests.features.dictate.audio.sounds import spoken
from tests.features.dictate.engines import models


def config(folder: Path) -> EngineConfig:
    return EngineConfig("sherpa", model_dir=str(folder))


def test_layouts_are_told_apart(tmp_path: Path) -> None:
    found = {
        name: find_layout(config(make(tmp_path / name)))
        for name, make in (
            ("ctc", models.offline_ctc_model),
            ("streaming ctc", models.streaming_ctc_model),
            ("transducer", models.offline_transducer_model),
            ("streaming transducer", models.streaming_transducer_model),
        )
    }
    assert {name: (layout.kind, layout.streaming) for name, layout in found.items()} == {
        "ctc": ("nemo_ctc", False),
        "streaming ctc": ("nemo_ctc", True),
        "transducer": ("transducer", False),
        "streaming transducer": ("transducer", True),
    }
    assert found["streaming ctc"].chunk_seconds == 0.45


def test_prefixed_names_are_found_and_int8_is_preferred(tmp_path: Path) -> None:
    folder = models.offline_ctc_model(tmp_path)
    (folder / "model.onnx").rename(folder / "conformer-model.onnx")
    assert find_layout(config(folder)).encoder.endswith("conformer-model.onnx")
    (folder / "conformer-model.int8.onnx").write_bytes((folder / "conformer-model.onnx").read_bytes())
    (folder / "tokens.txt").rename(folder / "conformer-tokens.txt")
    layout = find_layout(config(folder))
    assert layout.encoder.endswith("int8.onnx")
    assert layout.tokens.endswith("conformer-tokens.txt")


def test_times_follow_the_outputs_of_a_model_with_another_subsampling(tmp_path: Path) -> None:
    engine = registry.open_engine(config(models.streaming_ctc_model(tmp_path, stride=8)))
    speech = spoken("we go on and see what there is on the other side of the hill")
    recognizer = engine.recognizer()
    recognizer.accept(speech)
    words = recognizer.finish().words
    inside = [word for word in words if word.start < len(speech) / 16_000]
    assert inside[-1].start > len(speech) / 16_000 * 0.9
    engine.close()


def test_missing_files_are_named(tmp_path: Path) -> None:
    folder = models.offline_transducer_model(tmp_path / "model")
    for name, missing in (
        ("joiner.onnx", "joiner"),
        ("decoder.onnx", "decoder"),
        ("encoder.onnx", "encoder"),
        ("tokens.txt", "tokens"),
    ):
        (folder / name).unlink()
        with pytest.raises(ModelError) as caught:
            registry.open_engine(config(folder))
        assert missing in caught.value.details["missing"]
    for wrong in ("", str(tmp_path / "nowhere")):
        with pytest.raises(ModelError):
            registry.open_engine(EngineConfig("sherpa", model_dir=wrong))


@pytest.mark.parametrize("key", ["vocab_size", "subsampling_factor", "window_size", "cache_last_time_dim3"])
def test_metadata_whose_absence_would_end_the_process_is_checked_first(tmp_path: Path, key: str) -> None:
    folder = models.streaming_ctc_model(tmp_path)
    models.rewrite_metadata(folder / "model.onnx", **{key: None})
    with pytest.raises(ModelError, match=key):
        registry.open_engine(config(folder))


def test_unknown_kinds_damaged_models_and_tokens_without_blank_are_refused(tmp_path: Path) -> None:
    folder = models.offline_ctc_model(tmp_path)
    whole = (folder / "model.onnx").read_bytes()
    for data in (b"", b"not a model", whole[: len(whole) // 2]):
        (folder / "model.onnx").write_bytes(data)
        with pytest.raises(ModelError, match="cannot be used"):
            registry.open_engine(config(folder))
    (folder / "model.onnx").write_bytes(whole)
    models.rewrite_metadata(folder / "model.onnx", model_type="telepathy")
    with pytest.raises(ModelError, match="telepathy"):
        registry.open_engine(config(folder))
    (folder / "model.onnx").write_bytes(whole)
    (folder / "tokens.txt").write_text("a 0\nb 1\n")
    with pytest.raises(ModelError, match="blk"):
        registry.open_engine(config(folder))


def test_metadata_is_read_as_the_onnx_library_wrote_it(tmp_path: Path) -> None:
    folder = models.offline_ctc_model(tmp_path)
    models.rewrite_metadata(folder / "model.onnx", comment="ü" * 500)
    found = read_metadata(folder / "model.onnx")
    assert found["comment"] == "ü" * 500
    assert found["vocab_size"] == str(len(models.PIECES))


@given(data=st.binary(max_size=200))
def test_any_bytes_are_metadata_or_a_typed_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.onnx"
    path.write_bytes(data)
    with contextlib.suppress(MetadataError):
        assert isinstance(read_metadata(path), dict)
