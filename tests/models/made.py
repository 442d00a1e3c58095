"""Small packs of tests: distributions that are installed in a folder, and the table entries for them."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Final

from garret.models.table import Distribution, Pack, PackFile, Part

MODEL: Final = bytes(range(256)) * 9_000  # more than two blocks
CONFIG: Final = b'{"suppress_ids_begin": [220, 50256]}'


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def whole(name: str, data: bytes, distribution: str) -> PackFile:
    folder = distribution.replace("-", "_")
    part = Part(distribution, f"{folder}/data/{name}", len(data), sha(data))
    return PackFile(name, len(data), sha(data), (part,))


def pack(
    name: str, *distributions: str, files: tuple[PackFile, ...], languages: tuple[str, ...] = ()
) -> Pack:
    return Pack(
        name=name,
        kind="speech",
        engine="whisper",
        languages=languages,
        licence="MIT",
        licence_text="Do as you like.\n",
        origin="made for tests",
        distributions=tuple(Distribution(each, "1.0", "0" * 64) for each in distributions),
        files=files,
    )


ONE: Final = pack(
    "one",
    "toy-one",
    files=(
        whole("config.json", CONFIG, "toy-one"),
        whole("tokenizer.json", b"{}", "toy-one"),
        whole("vocabulary.txt", b"a\nb\n", "toy-one"),
        whole("model.bin", MODEL, "toy-one"),
    ),
    languages=("en",),
)
"""A pack in one distribution."""

_HALF: Final = len(MODEL) // 2 + 7
_HALVES: Final = (MODEL[:_HALF], MODEL[_HALF:])
TWO: Final = pack(
    "two",
    "toy-a",
    "toy-b",
    files=(
        whole("config.json", b"{}", "toy-a"),
        whole("tokenizer.json", b"{}", "toy-a"),
        whole("vocabulary.txt", b"a\nb\n", "toy-a"),
        PackFile(
            "model.bin",
            len(MODEL),
            sha(MODEL),
            tuple(
                Part(f"toy-{letter}", f"toy_{letter}/data/model.bin.{letter}", len(half), sha(half))
                for letter, half in zip("ab", _HALVES, strict=True)
            ),
        ),
    ),
)
"""A pack whose model lies in two distributions."""

_DATA: Final = {sha(data): data for data in (MODEL, CONFIG, b"{}", b"a\nb\n", *_HALVES)}


def contents(distribution: str, version: str = "1.0") -> dict[str, bytes]:
    """The files of a distribution, by their paths."""
    folder = distribution.replace("-", "_")
    info = f"{folder}-{version}.dist-info"
    files = {
        part.path: _DATA[part.sha256]
        for each in (ONE, TWO)
        for file in each.files
        for part in file.parts
        if part.distribution == distribution
    }
    files[f"{folder}/__init__.py"] = b"raise SystemExit('a pack was imported')\n"
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n".encode()
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"]).encode()
    return files


def install(site: Path, *distributions: str, version: str = "1.0") -> None:
    """Install distributions into a folder that is on the path."""
    for distribution in distributions:
        for name, data in contents(distribution, version).items():
            path = site / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def wheel(folder: Path, distribution: str) -> Path:
    """The wheel of a distribution."""
    path = folder / f"{distribution.replace('-', '_')}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents(distribution).items():
            archive.writestr(name, data)
    return path


def folder_of(pack: Pack, folder: Path) -> Path:
    """A folder with the files of a pack's model."""
    folder.mkdir(parents=True)
    for file in pack.files:
        (folder / file.name).write_bytes(_DATA[file.sha256])
    return folder
