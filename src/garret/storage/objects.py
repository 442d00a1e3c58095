"""What a person made, as immutable signed objects: the bytes, the id, the signature. Pure, without SQL.

An object is a msgpack array of nine: format, kind, author (Ed25519 public key of the device, 32 bytes),
created (wall-clock milliseconds since 1970), parents (sorted ids of the objects it was made after), target
(the id of the object that a tombstone deletes, else nil), body (plain data, map keys sorted), aggregate (the
id of the thing of its room that it is about; empty for none) and workspace. Its id is the BLAKE3 of these
bytes, its signature is Ed25519 (RFC 8032) over a context line and the id. Format 1 had the first seven; its
objects are read for ever, and are about nothing in the default workspace.

Invariant: there is one encoding of an object. Bytes that decode but do not encode to themselves again
(unsorted or double keys, long integers, short floats, extension types) are refused, so an id stands for one
content. Ids are 64 hexadecimal digits above this module and 32 bytes inside the encoding.

Neighbours: `object_store` keeps them, `projections` turns them into tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from blake3 import blake3
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from garret.base.errors import UsageError
from garret.protocol.scope import DEFAULT_WORKSPACE, check_workspace
from garret.storage.errors import Corrupt, Invalid

FORMAT = 2
TOMBSTONE = "object.deleted"
MERGED = "object.merged"
"""Says nothing but that it follows its parents: a knot where an aggregate has more heads than fit."""
SIZE_LIMIT = 1 << 20  # bytes of an encoded object; what is larger belongs into a blob
PARENT_LIMIT = 256
CREATED_LIMIT = (1 << 53) - 1  # milliseconds; an object from further on would leave none a later time
AGGREGATE_LIMIT = 200  # characters of the id of what an object is about
_DEPTH_LIMIT = 32
_CONTEXT = b"garret object signature v1\n"
_ID_BYTES = 32


class Signer(Protocol):
    """A device's signing key, wherever it lives."""

    @property
    def public_key(self) -> bytes:
        """The Ed25519 public key, 32 bytes."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature of `message`, 64 bytes."""
        ...


class KeySigner:
    """A signer whose key is in this process."""

    def __init__(self, private_key: bytes) -> None:
        """`private_key` is the 32-byte Ed25519 seed."""
        self._key = Ed25519PrivateKey.from_private_bytes(private_key)
        self._public = self._key.public_key().public_bytes_raw()

    @property
    def public_key(self) -> bytes:
        return self._public

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


class _FirstContent(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The signed part in format 1, in the order of its encoding."""

    format: int
    kind: str
    author: bytes
    created: int
    parents: tuple[bytes, ...]
    target: bytes | None
    body: dict[str, Any]

    @property
    def aggregate(self) -> str:
        return ""

    @property
    def workspace(self) -> str:
        return DEFAULT_WORKSPACE


class _Content(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The signed part, in the order of its encoding."""

    format: int
    kind: str
    author: bytes
    created: int
    parents: tuple[bytes, ...]
    target: bytes | None
    body: dict[str, Any]
    aggregate: str
    workspace: str


class Object(msgspec.Struct, frozen=True):
    """A decoded and verified object. `created` is wall-clock milliseconds; `parents` and `target` are ids.

    Compare `moment`s to tell which of two objects about the same thing has the last word.
    """

    id: str
    kind: str
    author: bytes
    created: int
    parents: tuple[str, ...]
    target: str | None
    body: dict[str, Any]
    aggregate: str
    workspace: str

    @property
    def moment(self) -> tuple[int, str]:
        """Its place in an order that every device agrees on.

        It follows the objects that this one follows, since `object_store.record` dates no object before them.
        """
        return self.created, self.id


class Sealed(msgspec.Struct, frozen=True):
    """An object as it is kept and sent: canonical bytes and their signature."""

    data: bytes
    signature: bytes

    @property
    def id(self) -> str:
        return object_id(self.data)


_encoder = msgspec.msgpack.Encoder(order="deterministic")
_decoders: dict[int, msgspec.msgpack.Decoder[_FirstContent] | msgspec.msgpack.Decoder[_Content]] = {
    0x97: msgspec.msgpack.Decoder(_FirstContent),  # the first byte of an array of seven
    0x99: msgspec.msgpack.Decoder(_Content),
}


def object_id(data: bytes) -> str:
    """The id of canonical bytes: 64 hexadecimal digits."""
    return blake3(data).hexdigest()


def seal(
    signer: Signer,
    kind: str,
    body: dict[str, Any],
    *,
    created: int,
    parents: Sequence[str] = (),
    target: str | None = None,
    aggregate: str = "",
    workspace: str = DEFAULT_WORKSPACE,
) -> Sealed:
    """Make a signed object. `created` is wall-clock milliseconds; `target` makes it a tombstone.

    Raises Invalid when the body is not plain data, a tombstone has no target, a name does not fit, or it is
    too large.
    """
    content = _Content(
        FORMAT,
        kind,
        signer.public_key,
        created,
        tuple(sorted({parse_id(parent) for parent in parents})),
        None if target is None else parse_id(target),
        body,
        aggregate,
        workspace,
    )
    _check_content(content)
    try:
        data = _encoder.encode(content)
    except (TypeError, ValueError, OverflowError) as error:
        raise Invalid(f"The body of this {kind} cannot be encoded: {error}. Nothing was kept.") from error
    _check_size(data)
    sealed = Sealed(data, signer.sign(_CONTEXT + blake3(data).digest()))
    verify(sealed)  # a signer whose key does not match would otherwise make an object nobody can read
    return sealed


def verify(sealed: Sealed) -> Object:
    """Decode `sealed`. Raises Invalid unless its bytes are canonical and its signature is its author's."""
    item = unseal(sealed)
    try:
        Ed25519PublicKey.from_public_bytes(item.author).verify(
            sealed.signature, _CONTEXT + bytes.fromhex(item.id)
        )
    except (InvalidSignature, ValueError) as error:
        raise Invalid("The signature of this object is not its author's. It was not kept.") from error
    return item


def unseal(sealed: Sealed) -> Object:
    """Decode what was verified before, as `seal` does with what it makes. Raises Invalid."""
    content = decode(sealed.data)
    return Object(
        sealed.id,
        content.kind,
        content.author,
        content.created,
        tuple(parent.hex() for parent in content.parents),
        None if content.target is None else content.target.hex(),
        content.body,
        content.aggregate,
        content.workspace,
    )


def verify_kept(identity: bytes, sealed: Sealed) -> Object:
    """`verify` for what was read back under `identity`. Raises Corrupt when it is not what was put there."""
    try:
        found = verify(sealed)
    except Invalid as error:
        raise Corrupt(
            f"The object {identity.hex()} fails its check: {error.message} It was left as it is."
        ) from error
    if found.id != identity.hex():
        raise Corrupt(f"The object {identity.hex()} holds the bytes of another one. It was left as it is.")
    return found


def decode(data: bytes) -> _Content | _FirstContent:
    """Decode canonical bytes, without looking at a signature. Raises Invalid."""
    _check_size(data)
    decoder = _decoders.get(data[0] if data else 0)
    if decoder is None:
        raise Invalid("This is not an object: it is no array of seven or nine. It was not kept.")
    try:
        content = decoder.decode(data)
        canonical = _encoder.encode(content)
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Invalid(f"This is not an object: {error}. It was not kept.") from error
    if canonical != data:
        raise Invalid("The bytes of this object are not in canonical form. It was not kept.")
    _check_content(content)
    return content


def parse_id(text: str) -> bytes:
    """The 32 bytes of an id. Raises Invalid."""
    try:
        identity = bytes.fromhex(text)
    except ValueError:
        identity = b""
    if len(identity) != _ID_BYTES or identity.hex() != text:
        raise Invalid(f"'{text[:80]}' is not an object id (64 lower-case hexadecimal digits).")
    return identity


def _check_content(content: _Content | _FirstContent) -> None:
    if content.format != (FORMAT if isinstance(content, _Content) else 1):
        raise Invalid(
            f"This object has format {content.format}; this program knows 1 to {FORMAT}. It was not kept."
        )
    if not content.kind or len(content.kind) > 100:
        raise Invalid("The kind of an object has 1 to 100 characters. It was not kept.")
    if len(content.author) != _ID_BYTES or content.created < 0:
        raise Invalid("An object needs a 32-byte author key and a time after 1970. It was not kept.")
    _check_scope(content)
    _check_links(content)
    _check_plain(content.body, 0)


def _check_scope(content: _Content | _FirstContent) -> None:
    if isinstance(content, _Content) and content.created > CREATED_LIMIT:
        raise Invalid("An object cannot be made that far in the future. It was not kept.")
    if len(content.aggregate) > AGGREGATE_LIMIT:
        raise Invalid(f"What an object is about has at most {AGGREGATE_LIMIT} characters. It was not kept.")
    try:
        named = check_workspace(content.workspace)
    except UsageError as error:
        raise Invalid(f"{error.message} The object was not kept.") from error
    if named != content.workspace:
        raise Invalid("An object names its workspace. It was not kept.")


def _check_links(content: _Content | _FirstContent) -> None:
    parents = content.parents
    if len(parents) > PARENT_LIMIT or any(len(parent) != _ID_BYTES for parent in parents):
        raise Invalid(f"An object has at most {PARENT_LIMIT} parents, each an id. It was not kept.")
    if list(parents) != sorted(set(parents)):
        raise Invalid("The parents of an object must be sorted and different. It was not kept.")
    if (content.kind == TOMBSTONE) != (content.target is not None):
        raise Invalid("A tombstone, and nothing else, names the object it deletes. It was not kept.")
    if content.target is not None and content.target not in parents:
        raise Invalid("A tombstone must have the object it deletes among its parents. It was not kept.")


def _check_plain(value: Any, depth: int) -> None:
    """Raise Invalid unless `value` is None, bool, int, float, str, bytes, or lists and dicts of them."""
    if depth > _DEPTH_LIMIT:
        raise Invalid(f"The body of an object is nested more than {_DEPTH_LIMIT} deep. It was not kept.")
    if type(value) is dict:
        for key, inner in value.items():
            if type(key) is not str:
                raise Invalid("The keys in the body of an object must be text. It was not kept.")
            _check_plain(inner, depth + 1)
    elif type(value) is list:
        for inner in value:
            _check_plain(inner, depth + 1)
    elif value is not None and type(value) not in (bool, int, float, str, bytes):
        raise Invalid(
            f"The body of an object holds a {type(value).__name__}, not plain data. It was not kept."
        )


def _check_size(data: bytes) -> None:
    if len(data) > SIZE_LIMIT:
        raise Invalid(
            f"An object has at most {SIZE_LIMIT} bytes, this one {len(data)}. It was not kept. "
            "Keep what is larger as a blob and name its id."
        )
