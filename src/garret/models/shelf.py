"""The home's folder of models: one folder for each, taken in whole or not at all.

A model is made in a folder of a hidden name, each file checked as it comes to lie there, then synced and
renamed into its place; whatever goes wrong before that leaves nothing. Its `model.json` says what it is and
where it is from; LICENSE.txt and ORIGIN.txt say it to people. Files that lie on the same disk are linked and
cost no room. Nothing here runs on a loop: 150 MB are hashed in about half a second.

Invariant: a folder without a leading dot and with a readable `model.json` was complete when it was renamed.
Neighbours: `sources` (where files come from), `forms` (what a folder holds), `table` (what is known).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from garret.base.ids import new_id
from garret.models.errors import ModelUnknown, NoModel, PackAbsent, PackDamaged, not_kept
from garret.models.forms import Form, form_of
from garret.models.sources import Found, Source, find, has_any, on_disk
from garret.models.table import Kind, Pack, PackFile, Part

_RECORD: Final = "model.json"
_LICENCE: Final = "LICENSE.txt"
_ORIGIN: Final = "ORIGIN.txt"
_BLOCK: Final = 1 << 20
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HIDDEN: Final = "."

Told = Callable[[float], None]
"""Called with the share that is done, 0 to 1; raises to give the work up."""


class KeptFile(msgspec.Struct, frozen=True):
    name: str
    size: int
    sha256: str


class Model(msgspec.Struct, frozen=True):
    """A model in the home. `languages` empty: many, or not known. `pack` empty: from a person's folder."""

    name: str
    kind: Kind
    engine: str
    languages: tuple[str, ...]
    licence: str
    origin: str
    pack: str
    files: tuple[KeptFile, ...]

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(file.size for file in self.files)


def is_name(text: str) -> bool:
    """Whether `text` can be the name of a model; a path cannot."""
    return _NAME.fullmatch(text) is not None


def silent(_share: float) -> None:
    """For work that nobody watches."""


class Shelf:
    """The models below `root`. Reading is safe anywhere; only one process at a time may change it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    # ---- reading

    def models(self, kind: Kind = "speech") -> list[Model]:
        """The models of a kind that are whole, by name."""
        try:
            folders = sorted(each for each in self.root.iterdir() if not each.name.startswith(_HIDDEN))
        except OSError:
            return []
        found = [self._read(folder) for folder in folders]
        return [model for model in found if model is not None and model.kind == kind]

    def find(self, name: str) -> Model | None:
        """The model of that name, if it is whole."""
        return self._read(self.root / name) if is_name(name) else None

    def folder(self, name: str) -> Path:
        """Where the model of that name lies or would lie."""
        return self.root / name

    def _read(self, folder: Path) -> Model | None:
        try:
            model = msgspec.json.decode((folder / _RECORD).read_bytes(), type=Model)
            whole = all((folder / file.name).stat().st_size == file.size for file in model.files)
        except (OSError, msgspec.DecodeError):
            return None
        return model if whole and model.name == folder.name else None

    # ---- changing

    def tidy(self) -> None:
        """Remove what a crash left half-made."""
        for each in self.root.glob(f"{_HIDDEN}*"):
            shutil.rmtree(each, ignore_errors=True)

    def take_pack(self, pack: Pack, sources: Sequence[Source], told: Told = silent) -> Model:
        """Take a pack in. Raises PackAbsent, PackDamaged, NotKept, and what `told` raises."""
        pieces: list[tuple[PackFile, list[Found]]] = []
        for file in pack.files:
            found = find(file, sources)
            if isinstance(found, Part):
                raise _absent(pack, found)
            pieces.append((file, found))
        meter = _Meter(pack.size, told)

        def fill(folder: Path) -> tuple[KeptFile, ...]:
            return tuple(_checked(pack, file, found, folder, meter) for file, found in pieces)

        about = Model(
            pack.name, pack.kind, pack.engine, pack.languages, pack.licence, pack.origin, pack.name, ()
        )
        return self._activate(about, fill, pack.licence_text)

    def take_folder(self, name: str, source: Path, told: Told = silent) -> Model:
        """Copy a folder that holds a model in. Raises NoModel, NotKept, and what `told` raises."""
        form = form_of(source)
        if form is None:
            raise NoModel(
                f"{source} holds no model that Garret knows: neither a Whisper model for CTranslate2 "
                "(model.bin, config.json, tokenizer.json, vocabulary) nor one for sherpa-onnx (tokens.txt "
                "and *.onnx). Nothing was taken in.",
                details={"path": str(source)},
            )
        licence = _licence_in(source)
        about = Model(
            name, form.kind, form.engine, form.languages, "see LICENSE.txt" if licence else "not told",
            f"the folder {source}", "", (),
        )  # fmt: skip
        return self._activate(about, lambda folder: _copied(form, source, folder, told), licence)

    def remove(self, name: str) -> None:
        """Remove a model. Raises ModelUnknown, NotKept."""
        folder = self.folder(name)
        if not is_name(name) or not folder.is_dir():
            raise ModelUnknown(f"There is no model {name[:80]!r} in this home. Nothing was removed.")
        away = self.root / f"{_HIDDEN}{new_id('mdl')}"
        try:
            folder.rename(away)
            _sync_folder(self.root)
        except OSError as error:
            raise not_kept(name, error) from error
        shutil.rmtree(away, ignore_errors=True)

    def _activate(self, about: Model, fill: Callable[[Path], tuple[KeptFile, ...]], licence: str) -> Model:
        made = self.root / f"{_HIDDEN}{new_id('mdl')}"
        try:
            made.mkdir(mode=0o700, parents=True)
            model = msgspec.structs.replace(about, files=fill(made))
            _write(made / _ORIGIN, f"{model.origin}\nLicence: {model.licence}\n".encode())
            if licence:
                _write(made / _LICENCE, licence.encode())
            _write(made / _RECORD, msgspec.json.format(msgspec.json.encode(model)))
            _sync_folder(made)
            self._put(made, model.name)
        except OSError as error:
            raise not_kept(about.name, error) from error
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return model

    def _put(self, made: Path, name: str) -> None:
        """Rename into place; what was there under this name goes only once the new one can follow at once."""
        target = self.folder(name)
        old = self.root / f"{_HIDDEN}{new_id('mdl')}"
        if target.exists():
            target.rename(old)
        try:
            made.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
        _sync_folder(self.root)
        shutil.rmtree(old, ignore_errors=True)


def pack_in(source: Source, packs: Sequence[Pack]) -> Pack | None:
    """The known pack whose model, or a part of it, `source` seems to hold."""
    return next((pack for pack in packs if has_any(pack, source)), None)


class _Meter:
    """Tells how much of `total` bytes was gone through."""

    def __init__(self, total: int, told: Told) -> None:
        self._total = max(total, 1)
        self._done = 0
        self._told = told

    def __call__(self, count: int) -> None:
        self._done += count
        self._told(min(1.0, self._done / self._total))


def _absent(pack: Pack, part: Part) -> PackAbsent:
    return PackAbsent(
        f"The model {pack.name} is not there whole: {part.path} of {part.distribution} is missing. Nothing "
        "was taken in.",
        details={"model": pack.name, "missing": part.distribution},
    )


def _checked(pack: Pack, file: PackFile, found: Sequence[Found], folder: Path, meter: _Meter) -> KeptFile:
    """Link the file, or join its parts, and check what lies there now, not what was there before."""
    target = folder / file.name
    linked = len(found) == 1 and found[0].path is not None and _link(found[0].path, target)
    try:
        size, digest = _hash(target, meter) if linked else _join(found, target, meter)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:  # what a torn archive raises
        raise _damaged(pack, file) from error
    _sync_file(target)
    if (size, digest) != (file.size, file.sha256):
        raise _damaged(pack, file)
    return KeptFile(file.name, size, digest)


def _damaged(pack: Pack, file: PackFile) -> PackDamaged:
    return PackDamaged(
        f"The file {file.name} of the model {pack.name} is not what it should be (its size or its hash "
        "differs). Nothing was taken in. Get the pack again.",
        details={"model": pack.name, "file": file.name},
    )


def _link(source: Path, target: Path) -> bool:
    try:
        os.link(source.resolve(), target)
    except OSError:
        return False  # another disk, or a file system without links: it is copied
    return True


def _join(found: Sequence[Found], target: Path, meter: _Meter) -> tuple[int, str]:
    whole = hashlib.sha256()
    size = 0
    with target.open("xb") as out:
        for piece in found:
            with piece.open() as stream:
                while block := stream.read(_BLOCK):
                    whole.update(block)
                    out.write(block)
                    size += len(block)
                    meter(len(block))
    return size, whole.hexdigest()


def _hash(target: Path, meter: _Meter) -> tuple[int, str]:
    whole = hashlib.sha256()
    size = 0
    with target.open("rb") as stream:
        while block := stream.read(_BLOCK):
            whole.update(block)
            size += len(block)
            meter(len(block))
    return size, whole.hexdigest()


def _copied(form: Form, source: Path, folder: Path, told: Told) -> tuple[KeptFile, ...]:
    meter = _Meter(sum((source / name).stat().st_size for name in form.files), told)
    kept: list[KeptFile] = []
    for name in form.files:
        found = on_disk(source / name)
        if found is None:
            raise NoModel(f"{source / name} went away while it was copied. Nothing was taken in.")
        size, digest = _join([found], folder / name, meter)
        _sync_file(folder / name)
        kept.append(KeptFile(name, size, digest))
    return tuple(kept)


def _licence_in(folder: Path) -> str:
    for name in ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE"):
        path = folder / name
        if path.is_file() and path.stat().st_size < _BLOCK:
            return path.read_text(errors="replace")
    return ""


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    _sync_file(path)


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
