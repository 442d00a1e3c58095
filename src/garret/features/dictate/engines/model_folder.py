"""Looking into a model folder: which files are there, and what is said when one is missing.

Neighbours: `sherpa_layout` and `whisper` describe what they need; `registry` asks before opening.
"""

from __future__ import annotations

from pathlib import Path

from garret.base.errors import Code
from garret.features.dictate.engines.contract import EngineConfig, ModelError


def open_folder(config: EngineConfig) -> Path:
    """The model folder of `config`. Raises ModelError when none is set or it does not exist."""
    if not config.model_dir:
        raise ModelError(
            f"The engine {config.engine} has no model here. `garret models list` shows what can be had, and "
            "`garret models add FOLDER` takes one in. Nothing is downloaded by itself.",
            details={"engine": config.engine, "missing": "model_dir"},
        )
    folder = Path(config.model_dir)
    if not folder.is_dir():
        raise ModelError(
            f"The model folder {folder} does not exist. `garret models list` lists the models that are here; "
            "`garret models use NAME` uses one.",
            details={"engine": config.engine, "path": str(folder), "missing": str(folder)},
        )
    return folder


def lacking(config: EngineConfig, missing: str) -> ModelError:
    """The error for a folder without `missing`."""
    return ModelError(
        f"The folder {config.model_dir} is no {config.engine} model: {missing} is missing. "
        "`garret models list` lists the models that are here; `garret models use NAME` uses one.",
        details={"engine": config.engine, "path": config.model_dir, "missing": missing},
    )


def unusable(config: EngineConfig, reason: str) -> ModelError:
    """The error for a model that is complete by its names but cannot be used."""
    return ModelError(
        f"The model in {config.model_dir} cannot be used by {config.engine}: {reason}. "
        "Get it again with `garret models add`, or `garret models use` another.",
        code=Code.INVALID,
        details={"engine": config.engine, "path": config.model_dir},
    )


def first(folder: Path, *patterns: str) -> Path | None:
    """The first file, by pattern and then by name, that matches one of `patterns`."""
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            if path.is_file():
                return path
    return None
