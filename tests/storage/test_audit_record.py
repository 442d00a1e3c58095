"""The signed record of the chain's end: what it gives back, and what it does not believe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.storage.audit_record import (
    GENESIS,
    NOTHING,
    AuditRecord,
    Head,
    Kind,
    Note,
    breaks,
    count_in,
)
from garret.storage.errors import InputOutput
from garret.storage.objects import KeySigner

HEAD = Head(7, b"\x05" * 32)
SIGNER = KeySigner(bytes([7]) * 32)
KINDS: tuple[Kind, ...] = ("cut", "changed", "missing", "forged", "restored")

notes_of_any_kind = st.lists(
    st.builds(
        Note,
        kind=st.sampled_from(KINDS),
        at=st.floats(0, 1e10),
        expected=st.integers(0, 1 << 40),
        kept=st.integers(0, 1 << 40),
        entry=st.integers(0, 1 << 40),
    ),
    max_size=5,
).map(tuple)


@pytest.fixture
def record(tmp_path: Path) -> AuditRecord:
    return AuditRecord(tmp_path / "audit.record", SIGNER, expected=False)


@given(length=st.integers(0, 1 << 40), digest=st.binary(min_size=32, max_size=32), notes=notes_of_any_kind)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, length: int, digest: bytes, notes: tuple[Note, ...]
) -> None:
    record = AuditRecord(tmp_path_factory.mktemp("r") / "audit.record", SIGNER, expected=True)
    record.write(Head(length, digest), notes)
    found = record.read()
    assert (found.head, found.notes, found.trouble) == (Head(length, digest), notes, "")


def test_a_home_without_one_is_new_unless_it_had_one(tmp_path: Path) -> None:
    path = tmp_path / "audit.record"
    assert AuditRecord(path, SIGNER, expected=False).read() == NOTHING
    assert AuditRecord(path, SIGNER, expected=True).read().trouble == "missing"


@pytest.mark.parametrize("change", ["count", "hash", "notes", "signature", "cut short", "another device"])
def test_one_that_was_changed_is_not_believed(record: AuditRecord, tmp_path: Path, change: str) -> None:
    path = tmp_path / "audit.record"
    record.write(HEAD, (Note("cut", 1.0, 9, 7),))
    whole = json.loads(path.read_bytes())
    if change == "another device":
        AuditRecord(path, KeySigner(bytes(32)), expected=True).write(HEAD, ())
    elif change == "cut short":
        path.write_bytes(path.read_bytes()[:-5])
    else:
        part = whole if change == "signature" else whole["body"]
        part[change] = {"count": 6, "hash": "06" * 32, "notes": [], "signature": "00" * 64}[change]
        path.write_text(json.dumps(whole))
    found = record.read()
    assert (found.trouble, found.head, found.notes) == ("forged", Head(0, GENESIS), ())


def test_it_is_private_and_replaced_as_a_whole(record: AuditRecord, tmp_path: Path) -> None:
    record.write(HEAD, ())
    record.write(Head(8, HEAD.hash), ())
    assert [path.name for path in tmp_path.iterdir()] == ["audit.record"]
    assert (tmp_path / "audit.record").stat().st_mode & 0o777 == 0o600
    assert record.read().head.length == 8


def test_one_that_cannot_be_read_is_an_error_and_no_empty_record(tmp_path: Path) -> None:
    (tmp_path / "audit.record").mkdir()
    with pytest.raises(InputOutput):
        AuditRecord(tmp_path / "audit.record", SIGNER, expected=True).read()


def test_the_count_is_a_hint_without_a_key(record: AuditRecord, tmp_path: Path) -> None:
    path = tmp_path / "audit.record"
    assert count_in(path) == 0
    record.write(HEAD, ())
    assert count_in(path) == HEAD.length
    path.write_bytes(b"{")
    assert count_in(path) == 0


def test_only_a_restore_is_no_break() -> None:
    notes = tuple(Note(kind, 0.0, 2, 1) for kind in KINDS)
    assert [note.kind for note in breaks(notes)] == ["cut", "changed", "missing", "forged"]
