"""Where the files of a pack are: in installed distributions, in an archive, or in a folder.

A distribution is looked up by its record; it is never imported. What a source finds is not believed: `shelf`
checks each file against the table. Neighbours: `table`, `shelf`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import IO, Protocol

from garret.models.errors import NoModel
from garret.models.table import Distribution, Pack, PackFile, Part


@dataclass(frozen=True, slots=True)
class Found:
    """A file: how to open it and, where it lies on disk as it is, its path, so that it can be linked."""

    open: Callable[[], IO[bytes]]
    path: Path | None = None


def on_disk(path: Path) -> Found | None:
    """A regular file at `path`; None where there is none."""
    return Found(lambda: path.open("rb"), path) if path.is_file() else None


class Source(Protocol):
    """Something that may hold parts of a pack."""

    def part(self, part: Part) -> Found | None: ...

    def whole(self, file: PackFile) -> Found | None: ...


class Installed:
    """What is installed in this environment."""

    def __init__(self, pack: Pack) -> None:
        self._records = {each.name: _record(each) for each in pack.distributions}

    def part(self, part: Part) -> Found | None:
        path = self._records.get(part.distribution, {}).get(part.path)
        return None if path is None else on_disk(path)

    def whole(self, file: PackFile) -> Found | None:
        del file
        return None


def _record(distribution: Distribution) -> dict[str, Path]:
    try:
        found = metadata.distribution(distribution.name)
    except metadata.PackageNotFoundError:
        return {}
    if found.version != distribution.version:
        return {}
    return {str(file): Path(str(file.locate())) for file in found.files or ()}


def is_installed(pack: Pack) -> bool:
    """Whether all distributions of the pack are installed, in the versions that the table names."""
    return all(_record(each) for each in pack.distributions)


class Archive:
    """A wheel or another zip file that holds files of a pack, by name and size."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with zipfile.ZipFile(path) as archive:
                self._members = {
                    (Path(each.filename).name, each.file_size): each.filename for each in archive.infolist()
                }
        except (zipfile.BadZipFile, NotImplementedError) as error:
            raise NoModel(
                f"{path} is no wheel and no other zip file. Nothing was taken in.",
                details={"path": str(path)},
            ) from error

    def part(self, part: Part) -> Found | None:
        return self._member(Path(part.path).name, part.size)

    def whole(self, file: PackFile) -> Found | None:
        return self._member(file.name, file.size)

    def _member(self, name: str, size: int) -> Found | None:
        member = self._members.get((name, size))
        return None if member is None else Found(lambda: self._open(member))

    def _open(self, member: str) -> IO[bytes]:
        # The member keeps the archive's file open by itself, so that the archive may be let go of.
        with zipfile.ZipFile(self._path) as archive:
            return archive.open(member)


class Folder:
    """A folder that holds the files of a pack under their own names."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def part(self, part: Part) -> Found | None:
        del part
        return None

    def whole(self, file: PackFile) -> Found | None:
        path = self._path / file.name
        found = on_disk(path)
        return found if found is not None and path.stat().st_size == file.size else None


def find(file: PackFile, sources: Sequence[Source]) -> list[Found] | Part:
    """The file, whole or as its parts in order; the first part that is nowhere where it is not there."""
    for source in sources:
        whole = source.whole(file)
        if whole is not None:
            return [whole]
    pieces: list[Found] = []
    for part in file.parts:
        piece = next((found for source in sources if (found := source.part(part)) is not None), None)
        if piece is None:
            return part
        pieces.append(piece)
    return pieces


def has_any(pack: Pack, source: Source) -> bool:
    """Whether the source holds the pack's largest file or a part of it."""
    largest = max(pack.files, key=lambda file: file.size)
    return source.whole(largest) is not None or any(source.part(part) is not None for part in largest.parts)


def siblings(path: Path) -> list[Source]:
    """The wheels beside a wheel: of a pack in two parts, both are needed, and one was named."""
    found: list[Source] = []
    for each in sorted(path.parent.glob(f"*{path.suffix}")):
        if each != path and zipfile.is_zipfile(each):
            found.append(Archive(each))
    return found
