"""CSV and its kin: what a file looks like, and the SQL that reads it in just that way.

DuckDB's sniffer guesses delimiter, quote, header and types; around it stands what it does not do: the
encoding is told from a look at three places of the file, a quote that the sample did not need is allowed
behind it, and lines without end or with a million columns are refused before they cost memory. What was
guessed is written out in full, so that nothing is guessed again when the query runs, and every line that
does not fit is set aside with its number and counted, never dropped in silence.

Neighbours: `reading` has the form of the answer; `files` asks.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec

from garret.base.errors import Code
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.duck_rows import literal, told
from garret.features.data.sources.reading import MOST_COLUMNS, REJECTED, SAMPLED_ROWS, Read, check_options

_BLOCK: Final = 64 << 10  # bytes looked at in each of three places
_LONGEST_LINE: Final = 2 << 20  # bytes; the engine reads no longer line
_WHOLE_SNIFF: Final = 8 << 20  # bytes up to which all of a file is looked at for its types
_BUFFER: Final = 4 << 20
"""Bytes that are read at a time, twice the longest line. With the engine's own 32 MB the first rows wait for
the last of them: 88 ms of processor time instead of 53. A scan of 400 MB takes as long with either."""
_REJECTS_KEPT: Final = 10_000
_ENCODINGS: Final = ("utf-8", "utf-16", "latin-1")  # others would need an extension
_TYPE: Final = re.compile(r"[A-Z]+( WITH TIME ZONE)?(\(\d+(,\s*\d+)?\))?\Z")


class Look(msgspec.Struct, frozen=True):
    """What a file shows without an engine. `text` is its head, `whole` where that is all of it."""

    encoding: str
    text: str
    whole: bool
    quoted: bool
    line_bytes: float
    size: int


def look(path: str, encoding: str = "") -> Look:
    """Look at the head, the middle and the end of a file. Raises SourceError."""
    try:
        size = Path(path).stat().st_size
        blocks = _blocks(path, size)
    except (OSError, EOFError) as error:
        raise SourceError(f"{path} cannot be read ({error}). Look at the file.", code=Code.INVALID) from error
    _check_width(path, blocks[0])
    found = encoding or _encoding(path, blocks)
    head = blocks[0][: 2 * _BLOCK]
    whole = size <= len(head) and not path.endswith((".gz", ".zst"))
    text = _decoded(head, found)
    if not whole:
        text = text[: text.rfind("\n") + 1] or text
    lines = max(text.count("\n"), text.count("\r"), 1)
    return Look(
        encoding=found,
        text=text,
        whole=whole,
        quoted=any(b'"' in block for block in blocks),
        line_bytes=max(len(text.encode(found, "replace")) / lines, 1.0),
        size=size,
    )


def read_delimited(engine: duckdb.DuckDBPyConnection, paths: Sequence[str], options: dict[str, str]) -> Read:
    """How to read files of one shape as one table; the first is looked at. Raises SourceError."""
    path = paths[0]
    check_options(path, options)
    decided = options.get("encoding", "")
    seen = look(path, _known_encoding(path, decided) if decided else "")
    guessed, columns = _sniff(engine, path, seen, options)
    head, uneven = _head(seen, guessed, len(columns))
    notes = [f"{path} has no lines."] if not seen.size else []
    if uneven:
        notes.append(
            f"{path}: {uneven} of the first {len(head) + uneven} lines have more or fewer than"
            f" {len(columns)} columns"
            " and are left out."
        )
    if seen.encoding != "utf-8" and "encoding" not in options:
        notes.append(f"{path} was taken for {seen.encoding}; say otherwise if letters look wrong.")
    sizes = [Path(each).stat().st_size for each in paths]
    exact = seen.whole and len(paths) == 1
    values = tuple(zip(*head, strict=True)) if head else ()
    total = len(head) if exact and len(head) < SAMPLED_ROWS else round(sum(sizes) / seen.line_bytes)
    return Read(
        columns=tuple(columns),
        relation=_relation(paths, guessed, columns),
        rows=None if path.endswith((".gz", ".zst")) else total,
        values=values,
        whole=exact and len(head) < SAMPLED_ROWS,
        guessed={**guessed, "types": json.dumps(dict(columns))},
        notes=tuple(notes),
    )


def rejections(engine: duckdb.DuckDBPyConnection) -> list[str]:
    """What of the lines read in this transaction was set aside, a sentence for each file and reason."""
    there = engine.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [REJECTED]).fetchone()
    if there is None or not there[0]:
        return []  # no lines were read; asking for the table would end the transaction
    rows = engine.execute(
        # A line that lacks columns is said to have values that do not fit as well; it counts once.
        "SELECT file_path, kind, count(*), min(line), any_value(name) FROM"
        " (SELECT s.file_path, e.line, arg_min(e.error_type, e.error_type = 'CAST') AS kind,"
        " any_value(e.column_name) AS name"
        f" FROM {REJECTED} e JOIN {REJECTED}_scans s USING (scan_id, file_id)"
        " GROUP BY s.file_path, e.line) GROUP BY 1, 2 ORDER BY 1, 3 DESC, 4 LIMIT 20"
    ).fetchall()
    return [_rejection(*row) for row in rows]


def _rejection(path: str, kind: str, lines: int, first: int, column: str | None) -> str:
    reasons = {
        "CAST": f"a value does not fit its column{f' {column}' if column else ''}",
        "MISSING COLUMNS": "columns are missing",
        "TOO MANY COLUMNS": "there are too many columns",
        "UNQUOTED VALUE": "a quote is not closed",
        "LINE SIZE OVER MAXIMUM": "the line is too long",
        "INVALID ENCODING": "letters are not of the file's encoding",
        "INVALID STATE": "quotes are not where they should be",
    }
    many = f"at least {lines:,}" if lines >= _REJECTS_KEPT else f"{lines:,}"
    line = "line was" if lines == 1 else "lines were"
    return f"{path}: {many} {line} left out, the first is line {first}: {reasons.get(kind, kind.lower())}."


def first_line(path: str) -> bytes:
    """The header as it is in the file, which tells files of one shape; empty where it cannot be read."""
    try:
        return _start(path, _BLOCK).partition(b"\n")[0].removeprefix(b"\xef\xbb\xbf").strip()
    except (OSError, EOFError):
        return b""


def _start(path: str, size: int) -> bytes:
    if path.lower().endswith(".gz"):
        with gzip.open(path) as packed:
            return packed.read(size)
    with Path(path).open("rb") as file:
        return file.read(size)


def _blocks(path: str, size: int) -> list[bytes]:
    if path.lower().endswith((".gz", ".zst")):
        return [_start(path, 2 * _BLOCK)] if path.lower().endswith(".gz") else [b""]
    with Path(path).open("rb") as file:
        head = file.read(2 * _BLOCK)
        if len(head) == 2 * _BLOCK and b"\n" not in head and b"\r" not in head:
            head += file.read(_LONGEST_LINE)
        blocks = [head]
        for place in (size // 2, size - _BLOCK):
            if place > len(head):
                file.seek(place & ~1)  # UTF-16 has two bytes to a letter
                blocks.append(file.read(_BLOCK))
    return blocks


def _check_width(path: str, head: bytes) -> None:
    line = re.split(rb"[\r\n]", head, maxsplit=1)[0]
    columns = max((line.count(mark) + 1 for mark in (b",", b";", b"\t", b"|")), default=1)
    if columns > MOST_COLUMNS:
        raise SourceError(
            f"{path} has {columns:,} or more columns; up to {MOST_COLUMNS:,} are read. Split the file.",
            code=Code.INVALID,
        )
    if len(line) > _LONGEST_LINE:
        raise SourceError(
            f"The first line of {path} has no end within {_LONGEST_LINE >> 20} MB. It is no table;"
            " nothing was read.",
            code=Code.INVALID,
        )


def _encoding(path: str, blocks: Sequence[bytes]) -> str:
    """What the engine calls the encoding. Raises SourceError where it would read it as other letters."""
    head = blocks[0]
    high, low = head[0::2].count(0), head[1::2].count(0)
    if head.startswith((b"\xff\xfe\0\0", b"\xfe\xff")) or high > max(len(head) // 8, 4):
        raise SourceError(
            f"{path} is UTF-16 with the high byte first, UTF-32 or no text; these are not read. Nothing was"
            " changed; save it as UTF-8.",
            code=Code.INVALID,
        )
    if head.startswith(b"\xff\xfe") or low > len(head) // 4:  # letters of the first 256, two bytes each
        return "utf-16"
    return (
        "utf-8"
        if all(_is_utf8(block, begins=not number) for number, block in enumerate(blocks))
        else "latin-1"
    )


def _is_utf8(block: bytes, *, begins: bool) -> bool:
    """Whether a piece is UTF-8, but for letters that were cut at its ends."""
    start = 0
    while not begins and start < min(3, len(block)) and block[start] & 0xC0 == 0x80:
        start += 1
    try:
        block[start:].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and len(block) - start - error.start < 4
    return True


def _decoded(head: bytes, encoding: str) -> str:
    if encoding == "utf-16" and not head.startswith(b"\xff\xfe"):
        return head.decode("utf-16-le", "replace")
    return head.decode("utf-8-sig" if encoding == "utf-8" else encoding, "replace")


def _sniff(
    engine: duckdb.DuckDBPyConnection, path: str, seen: Look, options: dict[str, str]
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The engine's guess, under what a person decided: options for reading, and columns with types."""
    decided = {key: value for key, value in options.items() if key != "types"}
    settings = {**decided, "encoding": seen.encoding}
    more = "".join(f", {name} = {literal(value)}" for name, value in settings.items())
    size = ", sample_size = -1" if seen.size <= _WHOLE_SNIFF else ""
    asked = f"ignore_errors = true{size}{more}"
    try:
        names, row = _asked(engine, path, asked)
    except duckdb.Error as error:
        if "strict_mode" in decided or "automatically detect" not in str(error):
            raise _unread(path, error) from error
        try:  # as it advises itself; ends of lines of several kinds are read so
            names, row = _asked(engine, path, f"{asked}, strict_mode = false")
        except duckdb.Error:
            raise _unread(path, error) from error
        decided["strict_mode"] = "false"
    found: dict[str, Any] = dict(zip(names, row, strict=True))
    guessed = {
        "delim": found["Delimiter"],
        "quote": _mark(found["Quote"]),
        "escape": _mark(found["Escape"]),
        "header": str(found["HasHeader"]).lower(),
        "encoding": settings["encoding"],
        "skip": str(found["SkipRows"]),
        "comment": _mark(found["Comment"]),
    }
    if not guessed["quote"] and not seen.quoted:
        guessed["quote"] = guessed["escape"] = '"'  # none was seen, but one may come
    elif guessed["quote"] and not guessed["escape"]:
        guessed["escape"] = guessed["quote"]
    for key, name in (("dateformat", "DateFormat"), ("timestampformat", "TimestampFormat")):
        # ISO 8601 is read without a format, which would refuse years beyond 1 to 9999.
        if found[name] and not str(found[name]).startswith("%Y-%m-%d"):
            guessed[key] = str(found[name])
    guessed.update(decided)
    columns = [(str(column["name"]), str(column["type"])) for column in found["Columns"]]
    return guessed, _decided_types(path, columns, options.get("types", ""))


def _asked(engine: duckdb.DuckDBPyConnection, path: str, more: str) -> tuple[list[str], tuple[Any, ...]]:
    cursor = engine.execute(f"FROM sniff_csv({literal(path)}, {more})")
    row = cursor.fetchone() or ()
    return [str(column[0]) for column in cursor.description or ()], row


def _unread(path: str, error: duckdb.Error) -> SourceError:
    """Why the engine cannot make a table of a file, where it has words that help nobody."""
    said = str(error)
    if "encoded" in said.partition("\n")[0]:
        reason = "It has bytes that are letters neither in UTF-8 nor in Latin-1. Save it as UTF-8."
    elif "Maximum line size" in said:
        reason = f"A line is longer than the {_LONGEST_LINE >> 20} MB that are read at most. Split the line."
    elif "automatically detect" in said:
        reason = "No way was found to part its lines into columns. Say how: `garret data read`."
    else:
        reason = told(error).message
    return SourceError(f"{path} cannot be read as a table: {reason}", code=Code.INVALID)


def _known_encoding(path: str, encoding: str) -> str:
    known = encoding.lower().replace("_", "-")
    if known not in _ENCODINGS:
        raise SourceError(
            f"{path}: there is no encoding {encoding[:30]!r}. There are {', '.join(_ENCODINGS)}.",
            code=Code.USAGE,
        )
    return known


def _decided_types(path: str, columns: list[tuple[str, str]], decided: str) -> list[tuple[str, str]]:
    if not decided:
        return columns
    try:
        types = msgspec.json.decode(decided, type=dict[str, str])
    except msgspec.MsgspecError as error:
        raise SourceError(
            f"{path}: the types are no JSON object of names and types.", code=Code.USAGE
        ) from error
    wrong = [kind for kind in types.values() if not _TYPE.match(kind.upper())]
    if wrong:
        raise SourceError(
            f"{path}: {wrong[0][:50]!r} is no type, such as BIGINT or VARCHAR.", code=Code.USAGE
        )
    return [(name, types.get(name, kind).upper()) for name, kind in columns]


def _head(seen: Look, guessed: dict[str, str], columns: int) -> tuple[list[list[str | None]], int]:
    """The first rows as texts, and how many lines beside are uneven.

    Read by Python: it would cost the engine a second opening of each file.
    """
    quote = guessed["quote"][:1]
    reader = csv.reader(
        io.StringIO(seen.text.replace("\0", ""), newline=""),
        delimiter=guessed["delim"][:1] or ",",
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        doublequote=True,
        skipinitialspace=True,  # so a quote behind a space begins a value, as it does for the engine
    )
    rows: list[list[str | None]] = []
    uneven = 0
    begin = int(guessed["skip"] or 0) + (guessed["header"] == "true")
    try:
        for row in itertools.islice(reader, begin, begin + SAMPLED_ROWS):
            if row and guessed["comment"] and row[0].startswith(guessed["comment"]):
                continue
            if len(row) == columns:
                rows.append([cell or None for cell in row])
            elif row:
                uneven += 1
    except csv.Error:
        return rows, uneven  # such as a field beyond 128 KiB; what was read before stands
    return rows, 0 if guessed.get("null_padding") == "true" else uneven


def _relation(paths: Sequence[str], guessed: dict[str, str], columns: Sequence[tuple[str, str]]) -> str:
    listed = ", ".join(literal(path) for path in paths)
    typed = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in columns)
    settings = ", ".join(f"{name} = {literal(value)}" for name, value in guessed.items())
    return (
        f"read_csv([{listed}], auto_detect = false, {settings}, columns = {{{typed}}},"
        f" buffer_size = {_BUFFER}, store_rejects = true,"
        f" rejects_table = '{REJECTED}', rejects_scan = '{REJECTED}_scans', rejects_limit = {_REJECTS_KEPT})"
    )


def _mark(found: str | None) -> str:
    return "" if found in (None, "(empty)") else str(found)
