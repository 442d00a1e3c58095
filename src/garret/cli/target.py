"""The file that a result is to be written to: looked at before the work, written whole after it.

What is there already is written over only where a person said so, and a source never: not by its own
name, nor by a symbolic or hard link to it, nor by a descriptor that is open on it. A descriptor that has a
name (`/dev/stdout`, `/dev/fd/3`), a pipe and a character device are written to as they are; every other file
is made beside its place and put there when it is complete. Neighbours: `session` asks the person, `output`
writes to standard output.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from garret.base.errors import Code
from garret.cli.errors import UsageProblem, WriteFailed

_DESCRIPTOR: Final = re.compile(r"/(?:dev|proc/self)/fd/([0-9]{1,6})\Z")
_STANDARD: Final = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_FULL: Final = (28, 122)  # ENOSPC, EDQUOT


def descriptor_of(path: str) -> int | None:
    """The descriptor of this process that the path is a name of; None for a file with a name of its own.

    Opening such a name anew would begin at the start of a file that the shell appends to.
    """
    found = _DESCRIPTOR.match(path)
    return int(found[1]) if found else _STANDARD.get(path)


def examine(path: str, sources: Iterable[str | int] = ()) -> bool:
    """Whether something would be lost where `path` was written: a file that is there and not empty.

    `sources` are what is read meanwhile, by path or descriptor. Raises UsageProblem where the path cannot be
    written or is a source; nothing is touched.
    """
    try:
        known = _status(path)
    except (OSError, ValueError) as error:
        raise UsageProblem(f"{path!r} cannot be written: {_reason(error)}. Nothing was done.") from error
    number = descriptor_of(path)
    if number is not None and known is not None:
        _check_descriptor(path, number, known, sources)
        return False
    if known is None:
        _check_folder(path)
        return False
    _check_kind(path, known)
    if stat.S_ISREG(known.st_mode):
        _check_sources(path, known, sources)
        if not os.access(path, os.W_OK):
            raise UsageProblem(f"{path} is read-only. Nothing was done; name another file.")
        _check_folder(path)
        return known.st_size > 0
    return False


def _status(path: str) -> os.stat_result | None:
    number = descriptor_of(path)
    if number is not None:
        return os.fstat(number)
    try:
        return os.stat(path)  # noqa: PTH116 - a path that is no text for pathlib is told as well
    except FileNotFoundError:
        return None


def _check_descriptor(path: str, number: int, known: os.stat_result, sources: Iterable[str | int]) -> None:
    if fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise UsageProblem(f"{path} is open for reading only. Nothing was done; name another file.")
    if stat.S_ISREG(known.st_mode):
        _check_sources(path, known, sources)


def _check_sources(path: str, known: os.stat_result, sources: Iterable[str | int]) -> None:
    if any(_is_same(known, source) for source in sources):
        raise UsageProblem(
            f"{path} is what is read; the result would be written into it. Nothing was done; name another "
            "file."
        )


def _check_kind(path: str, known: os.stat_result) -> None:
    if stat.S_ISDIR(known.st_mode):
        raise UsageProblem(f"{path} is a folder; a file is expected. Nothing was done.")
    if not (stat.S_ISREG(known.st_mode) or stat.S_ISFIFO(known.st_mode) or stat.S_ISCHR(known.st_mode)):
        raise UsageProblem(f"{path} is neither a file nor a pipe. Nothing was done; name another file.")


def _check_folder(path: str) -> None:
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise UsageProblem(
            f"There is no folder {folder} to write {path} in. Nothing was done; make it first."
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageProblem(f"Nothing can be written in {folder}. Nothing was done; name another folder.")


def _is_same(known: os.stat_result, source: str | int) -> bool:
    try:
        return os.path.samestat(known, os.stat(source))  # noqa: PTH116 - descriptors too
    except (OSError, ValueError):
        return False  # whoever reads it will tell


def _reason(error: Exception) -> str:
    return str(error.strerror if isinstance(error, OSError) else error)


def replace_file(path: str, data: str | bytes) -> None:
    """Write `data` to `path` whole or not at all; a descriptor, pipe or device is written to as it is.

    The new file lies beside the old one until it is complete and on the disk, then takes its place.
    Raises WriteFailed, or BrokenPipeError where a pipe's reader has gone.
    """
    content = data.encode("utf-8", "replace") if isinstance(data, str) else data
    number = descriptor_of(path)
    if number is None and Path(path).is_dir():
        raise WriteFailed(f"{path} is a folder; a file is expected. Nothing was written.")
    try:
        if number is not None:
            _write_out(os.dup(number), content)
        elif Path(path).exists() and not Path(path).is_file():
            _write_out(os.open(path, os.O_WRONLY | os.O_CLOEXEC), content)
        else:
            _replace(Path(os.path.realpath(path)), content)
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        full = isinstance(error, OSError) and error.errno in _FULL
        raise WriteFailed(
            f"{path} cannot be written: {_reason(error)}. What was there before is unchanged.",
            code=Code.FULL if full else Code.FAILED,
        ) from error


def _write_out(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _replace(target: Path, content: bytes) -> None:
    part = target.with_name(f".{target.name[:100]}.{os.getpid()}.part")
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
