"""Which files a source is: its paths, folders and globs looked up, told apart, and named as tables.

Nothing is opened here. Regular files alone are taken: pipes and devices would wait for ever, and a link that
leads out of the folder a person added would read what they did not add. What is left out is said in `notes`.
Names of tables are those of the files, made safe and unique; the same files always get the same names.

Neighbours: `files` reads what was gathered; `delimited`, `structured` and `workbook` know the forms.
"""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from garret.base.errors import Code
from garret.features.data.sources.contract import SourceError

Form: TypeAlias = Literal["delimited", "json", "parquet", "workbook"]

MOST_FILES: Final = 5_000
_FORMS: Final[dict[str, Form]] = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".psv", ".txt"), "delimited"),
    **dict.fromkeys((".json", ".ndjson", ".jsonl"), "json"),
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"), "workbook"),
}
_PACKED: Final = (".gz", ".zst")
_UNREADABLE: Final = re.compile(
    r"[*?]"
)  # the engine takes these for a pattern, which a locked one may not follow
_NOT_NAME: Final = re.compile(r"\W+")


class File(msgspec.Struct, frozen=True):
    """A regular file: `path` without links; `entry` is which of the source's paths it came by."""

    path: str
    form: Form
    entry: int
    size: int
    changed: int
    inode: int

    @property
    def stamp(self) -> tuple[int, int, int]:
        """Differs when the file was written to or replaced (nanoseconds, as the file system keeps them)."""
        return self.size, self.changed, self.inode

    @property
    def packed(self) -> bool:
        return self.path.lower().endswith(_PACKED)


class Gathered(msgspec.Struct, frozen=True):
    """`globbed` are the entries whose files of one shape are one table."""

    files: tuple[File, ...]
    globbed: frozenset[int]
    notes: tuple[str, ...]


def gather(paths: Sequence[str]) -> Gathered:
    """All files behind `paths`, in a fixed order. Raises SourceError where a path leads nowhere."""
    found: dict[str, File] = {}
    globbed: set[int] = set()
    notes: list[str] = []
    for entry, path in enumerate(paths):
        if not os.path.isabs(path):
            raise SourceError(f"{path} is not a whole path. Give it from the root on.", code=Code.USAGE)
        before = len(found)
        if os.path.isdir(path):
            _take(found, _walk(path), entry, notes, root=path)
        elif os.path.lexists(path):
            _take(found, [path], entry, notes)
        elif glob.has_magic(path):
            globbed.add(entry)
            root = path[: re.search(r"[*?\[]", path).start()].rpartition("/")[0] or "/"  # type: ignore[union-attr]
            _take(found, sorted(glob.iglob(path, recursive=True)), entry, notes, root=root)
        else:
            raise SourceError(
                f"{_printable(path)} is not there. Look whether it was moved, or remove it from the source."
            )
        if len(found) == before:
            notes.append(f"Nothing that can be read was found at {_printable(path)}.")
    files = sorted(found.values(), key=lambda file: (file.entry, file.path))
    return Gathered(tuple(files), frozenset(globbed), tuple(notes))


def form_of(path: str) -> Form | None:
    """What a file is by the end of its name."""
    base = path.lower()
    for packed in _PACKED:
        base = base.removesuffix(packed)
    form = _FORMS.get(os.path.splitext(base)[1])
    return None if form in ("parquet", "workbook") and base != path.lower() else form


def stamp(path: str) -> tuple[int, int, int] | None:
    """The stamp of a file as it is now; None where it is gone."""
    try:
        now = os.stat(path)
    except OSError:
        return None
    return now.st_size, now.st_mtime_ns, now.st_ino


def table_names(stems: Iterable[tuple[str, str]]) -> list[str]:
    """A safe, unique name for each (folder, stem); a folder's name tells apart what is called the same."""
    taken: set[str] = set()
    names: list[str] = []
    for folder, stem in stems:
        plain = _safe(stem)
        wanted = plain if plain.casefold() not in taken else _safe(f"{folder}_{stem}")
        name, again = wanted, 2
        while name.casefold() in taken:
            name, again = f"{wanted}_{again}", again + 1
        taken.add(name.casefold())
        names.append(name)
    return names


def stem_of(path: str) -> str:
    base = os.path.basename(path)
    for packed in _PACKED:
        base = base[: -len(packed)] if base.lower().endswith(packed) else base
    stem, suffix = os.path.splitext(base)
    return stem if suffix.lower() in _FORMS else base


def _safe(text: str) -> str:
    name = _NOT_NAME.sub("_", text).strip("_")[:60] or "table"
    return f"t_{name}" if name[0].isdigit() else name


def _walk(root: str) -> Iterator[str]:
    """Files below a folder; hidden ones and links to folders are not followed."""
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        yield from (os.path.join(folder, name) for name in sorted(names) if not name.startswith("."))


def _take(
    found: dict[str, File], paths: Iterable[str], entry: int, notes: list[str], *, root: str | None = None
) -> None:
    inside = None if root is None else os.path.realpath(root)
    told: set[str] = set()  # a link to a folder above shows a pattern the same file some forty times
    for path in paths:
        form = form_of(path) or ("delimited" if inside is None else None)
        if form is None:
            continue  # a picture in the folder is nothing to speak of
        real = os.path.realpath(path)
        reason = _left_out(real, inside)
        if reason and real not in told:
            told.add(real)
            notes.append(f"{_printable(path)} was left out: {reason}.")
        elif not reason and real not in found:
            if len(found) >= MOST_FILES:
                notes.append(f"Only the first {MOST_FILES:,} files are read. Add a smaller folder.")
                return
            now = os.stat(real)
            found[real] = File(real, form, entry, now.st_size, now.st_mtime_ns, now.st_ino)


def _printable(path: str) -> str:
    """A path as it can be told and written: a name of a file may be any bytes."""
    return os.fsencode(path).decode("utf-8", "replace")


def _left_out(real: str, inside: str | None) -> str:
    """Why a file is not read; empty where it is."""
    if inside is not None and os.path.commonpath([real, inside]) != inside:
        return "it is a link that leads out of the folder"
    try:
        mode = os.stat(real).st_mode
    except OSError as error:
        return f"it cannot be looked at ({error.strerror})"
    if not stat.S_ISREG(mode):
        return "it is a pipe, a device or a folder, and no file"
    if not os.access(real, os.R_OK):
        return "it may not be read"
    if _printable(real) != real:
        return "its path has bytes that are no letters of UTF-8; rename it"
    if _UNREADABLE.search(real):
        return "its path has a * or ? in it; rename it"
    return ""
