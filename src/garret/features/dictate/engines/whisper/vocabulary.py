"""Whisper's tokens: bytes of text by byte-level BPE, and those that steer the model.

Reads the tokenizer.json that stands beside a converted model (the tokenizers library's format, BPE with a
byte-level alphabet). Decoding is exact; encoding serves prompts and follows GPT-2's splitting of text into
words, digits and signs. Sennrich et al., 2016; Radford et al.: Language Models are Unsupervised Multitask
Learners, 2019, section 2.2. Pure but for `read`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec

SECONDS_PER_STAMP: Final = 0.02
"""What a time stamp's token counts."""

_PIECES: Final = re.compile(r"'(?:s|t|re|ve|m|ll|d)| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")
_LANGUAGE: Final = re.compile(r"<\|([a-z]{2,3})\|>")


class _Added(msgspec.Struct, frozen=True):
    id: int
    content: str


class _Model(msgspec.Struct, frozen=True):
    vocab: dict[str, int]
    merges: list[str | list[str]]


class _File(msgspec.Struct, frozen=True):
    model: _Model
    added_tokens: list[_Added]


class VocabularyError(Exception):
    """The file is no vocabulary of Whisper's; the message says why."""


class Vocabulary:
    """All tokens of a model."""

    def __init__(
        self, tokens: dict[str, int], merges: Sequence[tuple[str, str]], added: dict[str, int]
    ) -> None:
        """`tokens` are written in the byte-level alphabet, `added` as they are. Raises VocabularyError."""
        self._ids = tokens
        self._ranks = {pair: rank for rank, pair in enumerate(merges)}
        self._bytes: dict[int, bytes] = {}
        alphabet = _alphabet()
        for token, number in tokens.items():
            if token not in added:
                try:
                    self._bytes[number] = bytes(alphabet[character] for character in token)
                except KeyError as error:
                    raise VocabularyError(f"the token {token!r} is not made of bytes") from error
        self.end = self._special(added, "<|endoftext|>")
        self.start = self._special(added, "<|startoftranscript|>")
        self.transcribe = self._special(added, "<|transcribe|>")
        self.translate = self._special(added, "<|translate|>")
        self.start_of_lm = self._special(added, "<|startoflm|>")
        self.previous = self._special(added, "<|startofprev|>")
        self.no_stamps = self._special(added, "<|notimestamps|>")
        self.first_stamp = self.no_stamps + 1
        """The token of 0.00 s; those of later times follow."""
        no_speech = added.get("<|nospeech|>", added.get("<|nocaptions|>"))
        if no_speech is None:
            raise VocabularyError("the token <|nospeech|> is missing")
        self.no_speech = no_speech
        self.languages = {
            match[1]: number for token, number in added.items() if (match := _LANGUAGE.fullmatch(token))
        }

    def _special(self, added: dict[str, int], token: str) -> int:
        if token not in added:
            raise VocabularyError(f"the token {token} is missing")
        return added[token]

    @property
    def steering(self) -> tuple[int, ...]:
        """Tokens that no transcript has: suppressed beside those that the model's own file names."""
        return (
            self.transcribe,
            self.translate,
            self.start,
            self.previous,
            self.start_of_lm,
            self.no_speech,
        )

    def is_text(self, token: int) -> bool:
        return token < self.end

    def raw(self, token: int) -> bytes:
        """The bytes of a token of text; none for others."""
        return self._bytes.get(token, b"") if token < self.end else b""

    def text(self, tokens: Iterable[int]) -> str:
        """What tokens of text say; others are passed over, and bytes that are no UTF-8 become U+FFFD."""
        return b"".join(map(self.raw, tokens)).decode("utf-8", "replace")

    def encode(self, text: str) -> list[int]:
        """The tokens of `text`, which needs a space before it where a word begins."""
        return [token for piece in _PIECES.findall(text) for token in self._encode_piece(piece)]

    def _encode_piece(self, piece: str) -> list[int]:
        letters = _letters()
        parts = [letters[byte] for byte in piece.encode("utf-8")]
        while len(parts) > 1:
            pairs = list(pairwise(parts))
            best = min(pairs, key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if best not in self._ranks:
                break
            parts = _merged(parts, best)
        return [self._ids[part] for part in parts if part in self._ids]


def read(path: Path) -> Vocabulary:
    """Read a tokenizer.json. Raises VocabularyError or OSError."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise VocabularyError(f"{path.name} cannot be read: {error}") from error
    merges = [
        tuple(pair.split(" ", 1)) if isinstance(pair, str) else tuple(pair) for pair in file.model.merges
    ]
    if any(len(pair) != 2 for pair in merges):
        raise VocabularyError(f"{path.name} has a merge that is not of two")
    return Vocabulary(
        file.model.vocab,
        [(pair[0], pair[1]) for pair in merges],
        {token.content: token.id for token in file.added_tokens},
    )


def _merged(parts: list[str], pair: tuple[str, str]) -> list[str]:
    joined: list[str] = []
    for part in parts:
        if joined and (joined[-1], part) == pair:
            joined[-1] += part
        else:
            joined.append(part)
    return joined


@lru_cache(maxsize=1)
def _letters() -> list[str]:
    """The character that stands for each byte: itself where it is printable, else one from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    spare = iter(range(0x100, 0x200))
    return [chr(byte) if byte in printable else chr(next(spare)) for byte in range(256)]


@lru_cache(maxsize=1)
def _alphabet() -> dict[str, int]:
    return {letter: byte for byte, letter in enumerate(_letters())}
