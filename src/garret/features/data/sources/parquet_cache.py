"""Copies of large files as Parquet, in a folder of the caller's, for questions that come again.

A copy belongs to a file as it was: its name is made from path, size, time of change, inode and the way of
reading, so a file that was written to has no copy until one is made anew. With a key, copies are encrypted
(Parquet modular encryption, AES-GCM) under a key of their own, drawn from the caller's and a fresh salt
that is part of the name. The engine's random source for nonces is not a cryptographic one; since no two
files share a key, a nonce must only not repeat within one file, which it does not need to be unpredictable
for.

Neighbours: `files` makes and uses copies; the worker that makes them may write to this folder alone.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import blake3
import duckdb
import msgspec

from garret.base.errors import Code
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.duck_rows import literal, quoted, told
from garret.features.data.sources.gather import File

WORTH: Final = 32 << 20  # bytes from which a file of text is read quicker from a copy
_LAYOUT: Final = 2  # counted up when copies are made in another way
_NAME: Final = re.compile(r"[0-9a-f]{32}-[0-9a-f]{16}(\.notes)?\.parquet(\.part)?\Z")


class Cache(msgspec.Struct, frozen=True):
    """Where copies lie, and the key they are encrypted with; without one they are as readable as what they
    copy.
    """

    folder: Path
    key: bytes = b""


class Copy(msgspec.Struct, frozen=True):
    """A copy that is there. `relation` is SQL behind FROM, `paths` what a session must be allowed to read."""

    path: str
    notes_path: str
    secret: str

    @property
    def more(self) -> str:
        return f", encryption_config = {{footer_key: {literal(self.name)}}}" if self.secret else ""

    @property
    def name(self) -> str:
        return "copy_" + Path(self.path).name[:32]

    @property
    def relation(self) -> str:
        return f"read_parquet({literal(self.path)}{self.more})"

    def unlock(self, engine: duckdb.DuckDBPyConnection) -> None:
        """Give the engine the key; before its settings are locked."""
        if self.secret:
            engine.execute(f"PRAGMA add_parquet_key({literal(self.name)}, {literal(self.secret)})")

    def notes(self, engine: duckdb.DuckDBPyConnection) -> list[str]:
        """What was remarked when the copy was made."""
        row = engine.execute(
            f"SELECT notes FROM read_parquet({literal(self.notes_path)}{self.more})"
        ).fetchone()
        return [] if row is None else msgspec.json.decode(str(row[0]), type=list[str])


def mark_of(files: Sequence[File], sheet: str, options: Iterable[tuple[str, dict[str, str]]]) -> str:
    """What a copy of these files, read in this way, is called."""
    told_apart = [_LAYOUT, sheet, [(file.path, file.stamp) for file in files], sorted(map(repr, options))]
    return blake3.blake3(json.dumps(told_apart).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def find(cache: Cache, mark: str) -> Copy | None:
    """The copy of this mark, if there is a whole one."""
    with contextlib.suppress(OSError):
        for name in sorted(path.name for path in cache.folder.iterdir()):
            if name.startswith(f"{mark}-") and name.endswith(".parquet") and ".notes" not in name:
                copy = _copy(cache, name.removesuffix(".parquet"))
                if Path(copy.notes_path).exists():
                    return copy
    return None


def new(cache: Cache, mark: str) -> Copy:
    """A copy that is to be made."""
    return _copy(cache, f"{mark}-{secrets.token_hex(8)}")


def parts(copy: Copy) -> list[str]:
    """The paths that are written while a copy is made; they get their names when it is whole."""
    return [f"{copy.path}.part", f"{copy.notes_path}.part"]


def allow_writing(engine: duckdb.DuckDBPyConnection, copy: Copy) -> None:
    """Have the engine write encrypted files; before its settings are locked."""
    if copy.secret:
        # It asks for an extension's random numbers else, and none is loaded here. Why its own do: see above.
        engine.execute("SET force_mbedtls_unsafe = true")
        copy.unlock(engine)


def write(engine: duckdb.DuckDBPyConnection, copy: Copy, table: str) -> int:
    """Write the rows of `table`; returns how many. `keep` makes it whole. Raises SourceError."""
    try:
        _make_private(parts(copy))
        row = engine.execute(
            f"COPY (FROM {quoted(table)}) TO {literal(parts(copy)[0])} ({_form(copy)})"
        ).fetchone()
    except duckdb.Error as error:
        discard(copy)
        raise told(error) from error
    except OSError as error:
        discard(copy)
        raise _not_kept(error) from error
    return int(row[0]) if row else 0


def keep(engine: duckdb.DuckDBPyConnection, copy: Copy, notes: Sequence[str]) -> int:
    """Write the notes and give the copy its name; returns its bytes. Raises SourceError."""
    text = literal(json.dumps(list(notes)))
    try:
        engine.execute(f"COPY (SELECT {text} AS notes) TO {literal(parts(copy)[1])} ({_form(copy)})")
        Path(parts(copy)[1]).replace(copy.notes_path)
        Path(parts(copy)[0]).replace(copy.path)
    except duckdb.Error as error:
        discard(copy)
        raise told(error) from error
    except OSError as error:
        discard(copy)
        raise _not_kept(error) from error
    return Path(copy.path).stat().st_size


def _make_private(paths: Iterable[str]) -> None:
    """Make the files that the engine will write over: it keeps their mode, and no cage lets one change it."""
    for path in paths:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _not_kept(error: OSError) -> SourceError:
    return SourceError(
        f"The copy of a large file could not be kept ({error.strerror}). Nothing else was changed.",
        code=Code.FULL,
    )


def discard(copy: Copy) -> None:
    for path in [*parts(copy), copy.notes_path, copy.path]:
        with contextlib.suppress(OSError):
            Path(path).unlink()


def prune(cache: Cache, marks: Iterable[str]) -> int:
    """Remove copies of files as they are no more, and what was never whole; returns how many files."""
    current, removed = tuple(f"{mark}-" for mark in marks), 0
    for path in list(cache.folder.iterdir()):
        name = path.name
        if _NAME.match(name) and (name.endswith(".part") or not name.startswith(current)):
            with contextlib.suppress(OSError):
                path.unlink()
                removed += 1
    return removed


def check_room(cache: Cache, size: int) -> None:
    """Raise SourceError unless a copy of `size` bytes would fit twice."""
    free = shutil.disk_usage(cache.folder).free
    if free < 2 * size:
        raise SourceError(
            f"There is no room for a quicker copy of {size >> 20:,} MB. Questions are answered"
            " from the file itself.",
            code=Code.FULL,
        )


def _copy(cache: Cache, stem: str) -> Copy:
    secret = ""
    if cache.key:
        salt = bytes.fromhex(stem.partition("-")[2])
        drawn = hashlib.blake2b(key=cache.key[:64], salt=salt, person=b"garret-parquet", digest_size=32)
        secret = base64.b64encode(drawn.digest()).decode("ascii")
    folder = cache.folder.resolve()
    return Copy(f"{folder}/{stem}.parquet", f"{folder}/{stem}.notes.parquet", secret)


def _form(copy: Copy) -> str:
    # Small goes before quick to unpack, since deciphering takes longer than unpacking: a sum over the copy of
    # 400 MB of CSV takes 0.14 s of processor time so, and 0.47 with the engine's own choice (measured).
    encrypted = f", ENCRYPTION_CONFIG {{footer_key: {literal(copy.name)}}}" if copy.secret else ""
    return f"FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, USE_TMP_FILE false{encrypted}"
