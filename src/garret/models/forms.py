"""Which model a folder holds, by its files: what engine can open it, which files belong to it.

Looks at names, sizes and one small configuration; the engine that opens the model looks closer.
Neighbours: `shelf` takes such folders in; a room refuses a setting that names a folder without one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

_WHISPER: Final = (
    ("model.bin",),
    ("config.json",),
    ("tokenizer.json",),
    ("vocabulary.json", "vocabulary.txt"),
)
_WHISPER_MORE: Final = ("preprocessor_config.json",)
_SHERPA_SUFFIXES: Final = (".onnx", ".txt", ".json", ".model", ".vocab")
_ENGLISH_END: Final = 50_256
"""The id of "end of text" in models of English alone; all others have one more token before it."""
_CONFIG_BYTES: Final = 1 << 20


class Form(msgspec.Struct, frozen=True):
    """What was recognised: `files` are names in the folder; `languages` empty where they are not known."""

    kind: str
    engine: str
    files: tuple[str, ...]
    languages: tuple[str, ...] = ()


def form_of(folder: Path) -> Form | None:
    """The form of the model in `folder`; None where it holds none that is known."""
    return _whisper(folder) or _sherpa(folder)


def _whisper(folder: Path) -> Form | None:
    files: list[str] = []
    for names in _WHISPER:
        name = next((name for name in names if (folder / name).is_file()), None)
        if name is None:
            return None
        files.append(name)
    files += [name for name in _WHISPER_MORE if (folder / name).is_file()]
    return Form("speech", "whisper", tuple(files), ("en",) if _is_english(folder) else ())


class _Config(msgspec.Struct):
    suppress_ids_begin: list[int] = []


def _is_english(folder: Path) -> bool:
    try:
        with (folder / "config.json").open("rb") as config:
            read = msgspec.json.decode(config.read(_CONFIG_BYTES), type=_Config)
    except (OSError, msgspec.DecodeError):
        return False
    return _ENGLISH_END in read.suppress_ids_begin


def _sherpa(folder: Path) -> Form | None:
    if not (folder / "tokens.txt").is_file() or not any(folder.glob("*.onnx")):
        return None
    files = sorted(
        each.name for each in folder.iterdir() if each.suffix in _SHERPA_SUFFIXES and each.is_file()
    )
    return Form("speech", "sherpa", tuple(files))
