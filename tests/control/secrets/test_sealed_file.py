"""The sealed file: what opens it, what is told apart when it does not open, and atomic replacement."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.base.errors import Code
from garret.control.secrets import sealed_file
from garret.control.secrets.errors import SealDamaged, SealTooNew, SecretsError, WrongPassphrase

ENTRIES = {"api.one": b"sk-planted-1234", "binary": bytes(range(64))}
UNLOCK = bytes(range(32))
SEALED = sealed_file.seal(ENTRIES, sealed_file.random_key(UNLOCK))
UNDER_PASSPHRASE = sealed_file.seal(ENTRIES, sealed_file.passphrase_key("correct horse"))


def test_a_passphrase_opens_what_it_sealed_in_either_unicode_form() -> None:
    data = sealed_file.seal(ENTRIES, sealed_file.passphrase_key("caf\u00e9 noir"))
    entries, key = sealed_file.unseal(data, "cafe\u0301 noir")
    assert entries == ENTRIES
    assert sealed_file.unseal(sealed_file.seal({"x": b"y"}, key), "caf\u00e9 noir")[0] == {"x": b"y"}


def test_the_stretching_is_what_rfc_9106_recommends() -> None:
    header = sealed_file.inspect(UNDER_PASSPHRASE)
    assert header.kdf == "argon2id"
    assert (header.passes, header.memory_kibibytes, header.lanes) == (3, 64 * 1024, 4)


def test_nothing_of_the_entries_is_readable_and_no_nonce_comes_twice() -> None:
    key = sealed_file.random_key(UNLOCK)
    first, second = sealed_file.seal(ENTRIES, key), sealed_file.seal(ENTRIES, key)
    for plain in (b"api.one", b"planted", UNLOCK, b"binary"):
        assert plain not in first
    assert sealed_file.inspect(first).nonce != sealed_file.inspect(second).nonce


@pytest.mark.parametrize("secret", ["wrong horse", b"\1" * 32])
def test_a_wrong_key_is_told_from_damage(secret: str | bytes) -> None:
    with pytest.raises(WrongPassphrase, match="not changed"):
        sealed_file.unseal(UNDER_PASSPHRASE, secret)


def test_a_wrong_unlock_key_or_a_passphrase_does_not_open_a_random_seal() -> None:
    for secret in (b"\1" * 32, "correct horse"):
        with pytest.raises(WrongPassphrase):
            sealed_file.unseal(SEALED, secret)


def test_a_later_format_is_named_and_kept() -> None:
    newer = SEALED[:8] + b"\0\2" + SEALED[10:]
    with pytest.raises(SealTooNew, match=r"format 2.*not changed"):
        sealed_file.unseal(newer, UNLOCK)


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
@settings(max_examples=300, deadline=None)
def test_any_changed_byte_is_found(position: int, flip: int) -> None:
    damaged = bytearray(SEALED)
    damaged[position] ^= flip
    with pytest.raises((SealDamaged, SealTooNew)):
        sealed_file.unseal(bytes(damaged), UNLOCK)


@given(st.integers(0, len(SEALED) - 1))
@settings(max_examples=100, deadline=None)
def test_any_cut_is_found(length: int) -> None:
    with pytest.raises(SealDamaged):
        sealed_file.unseal(SEALED[:length], UNLOCK)


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_after_a_sound_beginning_are_refused(noise: bytes) -> None:
    with pytest.raises(SealDamaged):
        sealed_file.unseal(sealed_file.MAGIC + b"\0\1" + noise, UNLOCK)


def test_a_header_that_asks_for_all_memory_is_refused_before_it_gets_it() -> None:
    header = msgspec.structs.replace(sealed_file.inspect(UNDER_PASSPHRASE), memory_kibibytes=2**31)
    packed = msgspec.msgpack.encode(header)
    front = sealed_file.MAGIC + b"\0\1" + len(packed).to_bytes(2, "big") + packed
    import hashlib

    with pytest.raises(SealDamaged, match="makes no sense"):
        sealed_file.unseal(front + hashlib.sha256(front).digest()[:8] + b"x" * 40, "correct horse")


def test_keys_show_nothing_of_themselves() -> None:
    key = sealed_file.random_key(UNLOCK)
    assert key.sealing.hex() not in repr(key)
    assert repr(key.sealing) not in repr(key)


def test_a_file_is_private_replaced_whole_and_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    sealed_file.write_private(path, b"one")
    sealed_file.write_private(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys"]


def test_a_full_disk_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "keys"
    sealed_file.write_private(path, b"one")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SecretsError, match="unchanged") as caught:
        sealed_file.write_private(path, b"two")
    assert caught.value.code is Code.FULL
    assert path.read_bytes() == b"one"
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys"]


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    with path.open("wb") as file:
        file.truncate(sealed_file.FILE_LIMIT + 1)
    with pytest.raises(SealDamaged, match="too large"):
        sealed_file.read(path)
