"""Canonical bytes, ids and signatures: one content has one encoding, and nothing else is accepted."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from garret.storage import objects
from garret.storage.errors import Corrupt, Invalid
from garret.storage.objects import KeySigner, Sealed, seal, verify
from tests.storage.databases import FIRST_FORMAT

SIGNER = KeySigner(bytes([7]) * 32)
ID = "ab" * 32
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def signed(data: bytes) -> Sealed:
    return Sealed(data, SIGNER.sign(b"garret object signature v1\n" + blake3(data).digest()))


def encoded(*changes: tuple[int, Any]) -> bytes:
    """A valid object as its array of nine, with some places changed, encoded plainly."""
    fields: list[Any] = [2, "note.written", SIGNER.public_key, 5, [], None, {"a": 1}, "n1", "main"]
    for place, value in changes:
        fields[place] = value
    return msgspec.msgpack.encode(fields)


@given(
    body=st.dictionaries(st.text(), plain, max_size=5),
    created=st.integers(0, objects.CREATED_LIMIT),
    aggregate=st.text(max_size=objects.AGGREGATE_LIMIT),
    workspace=st.from_regex(r"\A[a-z0-9][a-z0-9_-]{0,63}\Z"),
)
def test_what_is_sealed_reads_back_the_same(
    body: dict[str, Any], created: int, aggregate: str, workspace: str
) -> None:
    sealed = seal(
        SIGNER, "note.written", body, created=created, parents=[ID], aggregate=aggregate, workspace=workspace
    )
    item = verify(sealed)
    assert (item.aggregate, item.workspace, item.moment) == (aggregate, workspace, (created, item.id))
    assert (item.body, item.created, item.parents, item.author) == (body, created, (ID,), SIGNER.public_key)
    assert item.id == sealed.id == blake3(sealed.data).hexdigest()


@given(body=st.dictionaries(st.text(), plain, min_size=2, max_size=6))
def test_the_order_of_keys_and_parents_makes_no_difference(body: dict[str, Any]) -> None:
    parents = [f"{i:02x}" * 32 for i in range(4)]
    one = seal(SIGNER, "k", body, created=1, parents=parents)
    backwards = dict(reversed(list(body.items())))
    two = seal(SIGNER, "k", backwards, created=1, parents=[*reversed(parents), parents[0]])
    assert one == two


@given(data=st.binary(max_size=200))
def test_random_bytes_are_refused_and_never_crash(data: bytes) -> None:
    with pytest.raises(Invalid):
        verify(signed(data))


@given(st.data())
def test_a_changed_byte_is_always_found(data: st.DataObject) -> None:
    sealed = seal(SIGNER, "note.written", {"text": "hello", "n": [1, 2.5, None]}, created=9, parents=[ID])
    raw = sealed.data + sealed.signature
    place = data.draw(st.integers(0, len(raw) - 1))
    changed = bytearray(raw)
    changed[place] ^= data.draw(st.integers(1, 255))
    size = len(sealed.data)
    with pytest.raises(Invalid):
        verify(Sealed(bytes(changed[:size]), bytes(changed[size:])))


FIRST_FIELDS: list[Any] = [1, "note.written", SIGNER.public_key, 5, [], None, {"a": 1}]

NOT_CANONICAL = {
    "unsorted keys": encoded((6, {"b": 1, "a": 2})),
    "a double key": encoded().replace(b"\x81\xa1a\x01", b"\x82\xa1a\x01\xa1a\x01"),
    "a long integer": encoded().replace(b"\xa1a\x01", b"\xa1a\xcd\x00\x01"),
    "a short float": encoded().replace(b"\xa1a\x01", b"\xa1a\xca\x3f\x80\x00\x00"),
    "an extension type": encoded((6, {"a": msgspec.msgpack.Ext(5, b"x")})),
    "bytes after the end": encoded() + b"\x00",
    "a tenth field": encoded((6, {})).replace(b"\x99", b"\x9a", 1) + b"\x00",
    "an eighth field alone": encoded((6, {})).replace(b"\x99", b"\x98", 1)[:-5],
    "a long array": b"\xdc\x00\x09" + encoded()[1:],
    "seven fields in the second format": msgspec.msgpack.encode([2, *FIRST_FIELDS[1:]]),
    "nine fields in the first format": encoded((0, 1)),
    "no workspace": encoded((8, "")),
    "a malformed workspace": encoded((8, "Main Street")),
    "a long aggregate": encoded((7, "n" * 201)),
    "a time that leaves no later one": encoded((3, objects.CREATED_LIMIT + 1)),
    "unsorted parents": encoded((4, [b"\xbb" * 32, b"\xaa" * 32])),
    "a double parent": encoded((4, [b"\xbb" * 32, b"\xbb" * 32])),
    "a short parent": encoded((4, [b"\xbb" * 31])),
    "another format": encoded((0, 3)),
    "no kind": encoded((1, "")),
    "a short key": encoded((2, b"x" * 31)),
    "a negative time": encoded((3, -1)),
    "a target without a tombstone": encoded((4, [b"\xaa" * 32]), (5, b"\xaa" * 32)),
    "a tombstone without a target": encoded((1, objects.TOMBSTONE)),
    "a tombstone not after its target": encoded((1, objects.TOMBSTONE), (5, b"\xaa" * 32)),
    "a key that is no text": encoded((6, {"a": {1: 2}})),
    "nothing": b"",
    "deep nesting": encoded((6, {"a": 0})).replace(b"\xa1a\x00", b"\xa1a" + b"\x91" * 50_000 + b"\x00"),
}


def test_the_plain_encoding_that_the_next_test_spoils_is_accepted() -> None:
    assert verify(signed(encoded())).body == {"a": 1}


@pytest.mark.parametrize("name", NOT_CANONICAL)
def test_signed_bytes_that_are_not_canonical_are_refused(name: str) -> None:
    with pytest.raises(Invalid):
        verify(signed(NOT_CANONICAL[name]))


def test_an_object_of_the_first_format_is_read_for_ever() -> None:
    item = verify(FIRST_FORMAT)
    assert item.id == "3b7bf02e1858d396c4e331aa2252e11e9b25659ac7a6694c0e3b795b9556b1ab"
    assert (item.kind, item.created) == ("note.written", 5)
    assert (item.parents, item.target, item.body) == ((ID,), None, {"text": "hello"})
    assert (item.aggregate, item.workspace) == ("", "main")


def test_a_signature_of_another_device_is_refused() -> None:
    sealed = seal(SIGNER, "k", {}, created=1)
    other = KeySigner(bytes([8]) * 32)
    with pytest.raises(Invalid, match="signature"):
        verify(
            Sealed(sealed.data, other.sign(b"garret object signature v1\n" + blake3(sealed.data).digest()))
        )
    with pytest.raises(Invalid, match="signature"):
        verify(Sealed(sealed.data, SIGNER.sign(blake3(sealed.data).digest())))  # no context line


@pytest.mark.parametrize("body", [{"a": {1, 2}}, {"a": 1 << 70}, {"a": object()}, {"a": (1,)}, {"a": {1: 2}}])
def test_a_body_that_is_not_plain_data_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        seal(SIGNER, "k", body, created=1)


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(Invalid, match="blob"):
        seal(SIGNER, "k", {"a": bytes(objects.SIZE_LIMIT)}, created=1)
    with pytest.raises(Invalid, match="parents"):
        seal(SIGNER, "k", {}, created=1, parents=[f"{i:064x}" for i in range(300)])


@pytest.mark.parametrize("text", ["", "ab" * 31, "AB" * 32, "zz" * 32, "ab " * 32])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        objects.parse_id(text)


def test_what_was_kept_under_another_id_is_corrupt() -> None:
    sealed = seal(SIGNER, "k", {}, created=1)
    assert objects.verify_kept(bytes.fromhex(sealed.id), sealed).id == sealed.id
    with pytest.raises(Corrupt):
        objects.verify_kept(bytes(32), sealed)
    with pytest.raises(Corrupt):
        objects.verify_kept(bytes.fromhex(sealed.id), Sealed(sealed.data, bytes(64)))
