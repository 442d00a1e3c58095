"""The handshake: both sides prove that they share a secret before anything else is said.

Three frames: the server's CHALLENGE, the peer's HELLO with its proof, the server's WELCOME with
its own. A proof is HMAC-SHA256 over both nonces, the peer's service and role, the protocol version, the
build hash and the capabilities, with a direction label so that neither proof can be played back as the
other (RFC 2104; the label guards against reflection). The secret itself never travels.

The peer proves the capabilities it offers. The server proves those it was offered and those it
accepts, so that a list that was changed on the way, either way, makes the handshake fail.

Sans-I/O: a driver feeds envelopes in and sends what comes out, and gives up with `too_late` when the
peer took longer than `TIMEOUT` seconds. A side that has finished or refused takes nothing more.
"""

from __future__ import annotations

import hmac
import os
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from garret.protocol.envelope import VERSION, Envelope, decode_error, encode_payload, pack
from garret.protocol.errors import HandshakeRefused
from garret.protocol.frames import Kind

NONCE_BYTES: Final = 32
TIMEOUT: Final = 5.0  # seconds a peer has for the whole handshake
_REMEMBERED_NONCES: Final = 4096

_encode: Final = msgspec.msgpack.Encoder().encode

_T = TypeVar("_T")


class Challenge(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    version: int
    build: str
    nonce: bytes


class Hello(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    version: int
    build: str
    service: str
    role: str
    capabilities: tuple[str, ...]
    nonce: bytes
    proof: bytes


class Welcome(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    capabilities: tuple[str, ...]
    proof: bytes


class Peer(msgspec.Struct, frozen=True):
    """What a finished handshake established about the other side."""

    service: str
    role: str
    capabilities: frozenset[str]


class Claims(msgspec.Struct, frozen=True, array_like=True):
    """What the two sides say of themselves, which a proof covers; `accepted` is empty in the peer's proof."""

    service: str
    role: str
    build: str
    offered: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()


def proof_of(secret: bytes, label: str, server_nonce: bytes, peer_nonce: bytes, claims: Claims) -> bytes:
    """HMAC-SHA256 over the fields as one msgpack array: no two lists of fields give the same bytes."""
    message = _encode((label, VERSION, server_nonce, peer_nonce, claims))
    return hmac.digest(secret, message, "sha256")


class NonceMemory:
    """Remembers the nonces of peers that proved themselves to this process; a second use is a replay.

    Bounded. Only good proofs are remembered, so that strangers cannot flush it; what falls out of it is
    still refused, since each connection has a nonce of the server's own.
    """

    def __init__(self, size: int = _REMEMBERED_NONCES) -> None:
        self._size = size
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, nonce: bytes) -> bool:
        return nonce in self._seen

    def remember(self, nonce: bytes) -> None:
        """Note a nonce; the oldest one goes when there are too many."""
        self._seen[nonce] = None
        if len(self._seen) > self._size:
            self._seen.popitem(last=False)


class ServerHandshake:
    """The control plane's side, for one connection.

    `secrets` has one for each role that a peer on this connection may claim, so that whoever knows the secret
    of one role can claim no other: clients on the control socket cannot call themselves workers, and a
    worker's socket admits its own service only.
    """

    def __init__(
        self,
        secrets: Mapping[str, bytes],
        build: str,
        *,
        nonces: NonceMemory,
        capabilities: frozenset[str] = frozenset(),
        service: str | None = None,
    ) -> None:
        self._secrets = secrets
        self._build = build
        self._nonces = nonces
        self._capabilities = capabilities
        self._service = service
        self._nonce = os.urandom(NONCE_BYTES)
        self._over = False
        self.peer: Peer | None = None

    def too_late(self) -> HandshakeRefused:
        """The refusal of a peer that took too long; it is not listened to any more."""
        self._over = True
        return HandshakeRefused("The peer did not prove itself in time.", details={"reason": "late"})

    def open(self) -> bytes:
        """The first frame to send."""
        return pack(Kind.CHALLENGE, 0, encode_payload(Challenge(VERSION, self._build, self._nonce)))

    def receive(self, envelope: Envelope) -> bytes:
        """Check the peer's HELLO and return the WELCOME to send. Raises HandshakeRefused.

        There is one attempt: whoever was refused has to connect anew, and meets another nonce.
        """
        if envelope.kind != Kind.HELLO or self._over:
            raise HandshakeRefused("The peer spoke out of turn.", details={"reason": "order"})
        self._over = True
        hello = _decode(envelope, Hello)
        self._check(hello)
        shared = tuple(sorted(self._capabilities.intersection(hello.capabilities)))
        self.peer = Peer(hello.service, hello.role, frozenset(shared))
        claims = Claims(hello.service, hello.role, self._build, hello.capabilities, shared)
        proof = proof_of(self._secrets[hello.role], "server", self._nonce, hello.nonce, claims)
        return pack(Kind.WELCOME, 0, encode_payload(Welcome(shared, proof)))

    def _check(self, hello: Hello) -> None:
        if hello.version != VERSION or hello.build != self._build:
            raise HandshakeRefused(
                f"The peer is of another build (protocol {hello.version}, build {hello.build}; here protocol "
                f"{VERSION}, build {self._build}). Nothing was done. Restart Garret with `garret down`, then "
                "try again.",
                details={"reason": "build"},
            )
        secret = self._secrets.get(hello.role)
        if secret is None or (self._service is not None and hello.service != self._service):
            raise HandshakeRefused(
                f"A peer may not call itself {hello.role[:50]} {hello.service[:50]} here.",
                details={"reason": "role"},
            )
        if len(hello.nonce) != NONCE_BYTES:
            raise HandshakeRefused("The peer's nonce does not have its length.", details={"reason": "nonce"})
        if hello.nonce in self._nonces:
            raise HandshakeRefused("The peer's nonce was used before.", details={"reason": "replay"})
        claims = Claims(hello.service, hello.role, self._build, hello.capabilities)
        expected = proof_of(secret, "peer", self._nonce, hello.nonce, claims)
        if not hmac.compare_digest(expected, hello.proof):
            raise HandshakeRefused(
                f"The peer does not know the secret of the role {hello.role}.", details={"reason": "proof"}
            )
        self._nonces.remember(hello.nonce)


class PeerHandshake:
    """A client's or worker's side."""

    def __init__(
        self,
        secret: bytes,
        build: str,
        *,
        service: str,
        role: str,
        capabilities: frozenset[str] = frozenset(),
    ) -> None:
        self._secret = secret
        self._build = build
        self._service = service
        self._role = role
        self._offered = tuple(sorted(capabilities))
        self._nonce = os.urandom(NONCE_BYTES)
        self._server_nonce: bytes | None = None
        self.capabilities: frozenset[str] | None = None

    def receive(self, envelope: Envelope) -> bytes | None:
        """Take the server's frame; return what to send, or None when the handshake is done.

        Raises HandshakeRefused when either side refuses.
        """
        if self.capabilities is not None:
            raise HandshakeRefused("The other side does not keep to the handshake.")
        if envelope.kind == Kind.ERROR:
            error = decode_error(envelope.payload).to_exception()
            raise HandshakeRefused(error.message, details=error.details)
        if self._server_nonce is None:
            return self._answer(_decode(envelope, Challenge, Kind.CHALLENGE))
        self._finish(_decode(envelope, Welcome, Kind.WELCOME), self._server_nonce)
        return None

    def _answer(self, challenge: Challenge) -> bytes:
        if challenge.version != VERSION or challenge.build != self._build:
            raise HandshakeRefused(
                f"The running Garret is of another build (protocol {challenge.version}, build "
                f"{challenge.build}; this program: protocol {VERSION}, build {self._build}). Nothing was "
                "done; restart it with `garret down`, then try again.",
                details={"reason": "build"},
            )
        if len(challenge.nonce) != NONCE_BYTES:
            raise HandshakeRefused("The other side's nonce does not have its length.")
        self._server_nonce = challenge.nonce
        claims = Claims(self._service, self._role, self._build, self._offered)
        proof = proof_of(self._secret, "peer", challenge.nonce, self._nonce, claims)
        hello = Hello(VERSION, self._build, self._service, self._role, self._offered, self._nonce, proof)
        return pack(Kind.HELLO, 0, encode_payload(hello))

    def _finish(self, welcome: Welcome, server_nonce: bytes) -> None:
        claims = Claims(self._service, self._role, self._build, self._offered, welcome.capabilities)
        expected = proof_of(self._secret, "server", server_nonce, self._nonce, claims)
        if not hmac.compare_digest(expected, welcome.proof):
            raise HandshakeRefused("The other side does not know the secret; it is not Garret.")
        self.capabilities = frozenset(self._offered).intersection(welcome.capabilities)


def _decode(envelope: Envelope, form: type[_T], expected: Kind | None = None) -> _T:
    if expected is not None and envelope.kind != expected:
        raise HandshakeRefused("The other side does not keep to the handshake.")
    try:
        return msgspec.msgpack.decode(envelope.payload, type=form)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise HandshakeRefused(f"A handshake message does not have its form: {error}") from error
