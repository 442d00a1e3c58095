"""The handshake: both sides prove themselves, and every way to cheat is refused with its reason."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import Code, GarretError
from garret.protocol.envelope import VERSION, Envelope, decode_envelope, encode_payload, pack, pack_error
from garret.protocol.errors import HandshakeRefused
from garret.protocol.frames import FrameDecoder, Kind
from garret.protocol.handshake import (
    NONCE_BYTES,
    Challenge,
    Claims,
    Hello,
    NonceMemory,
    PeerHandshake,
    ServerHandshake,
    Welcome,
    proof_of,
)

SECRET = b"s" * 32
SHELL_SECRET = b"t" * 32
BUILD = "0123456789abcdef"


def envelope(frame: bytes) -> Envelope:
    (found,) = FrameDecoder().feed(frame)
    return decode_envelope(found)


def server(
    nonces: NonceMemory | None = None, *, secret: bytes = SECRET, service: str | None = None
) -> ServerHandshake:
    return ServerHandshake(
        {"cli": secret, "shell": SHELL_SECRET},
        BUILD,
        nonces=nonces or NonceMemory(),
        capabilities=frozenset({"memfd", "zstd"}),
        service=service,
    )


def peer(
    *, secret: bytes = SECRET, build: str = BUILD, role: str = "cli", service: str = "garret-cli"
) -> PeerHandshake:
    return PeerHandshake(secret, build, service=service, role=role, capabilities=frozenset({"memfd", "own"}))


def hello_of(side: PeerHandshake, other: ServerHandshake) -> Envelope:
    answer = side.receive(envelope(other.open()))
    assert answer is not None
    return envelope(answer)


def changed(hello: Envelope, **fields: object) -> Envelope:
    """The same HELLO with fields replaced, as one without the secret could send it."""
    altered = msgspec.structs.replace(msgspec.msgpack.decode(hello.payload, type=Hello), **fields)
    return envelope(pack(Kind.HELLO, 0, encode_payload(altered)))


def reason(error: pytest.ExceptionInfo[HandshakeRefused]) -> object:
    return error.value.details.get("reason")


def test_both_sides_agree() -> None:
    ours, theirs = server(), peer()
    assert theirs.receive(envelope(ours.receive(hello_of(theirs, ours)))) is None
    assert ours.peer is not None
    assert (ours.peer.service, ours.peer.role) == ("garret-cli", "cli")
    assert ours.peer.capabilities == theirs.capabilities == {"memfd"}


@pytest.mark.parametrize(
    "offered",
    [(), ("memfd",), ("memfd", "own", "zstd"), ("own", "memfd"), ("memfdown",), ("memfd", "own", "")],
)
def test_an_offer_that_was_changed_on_the_way_is_refused_by_the_server(offered: tuple[str, ...]) -> None:
    ours = server()
    with pytest.raises(HandshakeRefused) as caught:
        ours.receive(changed(hello_of(peer(), ours), capabilities=offered))
    assert reason(caught) == "proof"
    assert ours.peer is None


@pytest.mark.parametrize("accepted", [(), ("own",), ("memfd", "own"), ("memfd", "memfd"), ("memfd", "zstd")])
def test_an_answer_to_an_offer_that_was_changed_on_the_way_is_refused_by_the_peer(
    accepted: tuple[str, ...],
) -> None:
    ours, theirs = server(), peer()
    welcome = msgspec.msgpack.decode(envelope(ours.receive(hello_of(theirs, ours))).payload, type=Welcome)
    assert welcome.capabilities == ("memfd",)
    forged = msgspec.structs.replace(welcome, capabilities=accepted)
    with pytest.raises(HandshakeRefused, match="not Garret"):
        theirs.receive(envelope(pack(Kind.WELCOME, 0, encode_payload(forged))))
    assert theirs.capabilities is None


@pytest.mark.parametrize(
    ("role", "secret", "refusal"),
    [
        ("cli", SECRET, None),
        ("shell", SHELL_SECRET, None),
        ("shell", SECRET, "proof"),
        ("cli", SHELL_SECRET, "proof"),
        ("gateway", SECRET, "role"),
        ("", SECRET, "role"),
    ],
)
def test_whoever_knows_the_secret_of_one_role_can_claim_no_other(
    role: str, secret: bytes, refusal: str | None
) -> None:
    ours, theirs = server(), peer(role=role, secret=secret)
    hello = hello_of(theirs, ours)
    if refusal is None:
        assert theirs.receive(envelope(ours.receive(hello))) is None
        assert ours.peer is not None
        assert ours.peer.role == role
        return
    with pytest.raises(HandshakeRefused) as caught:
        ours.receive(hello)
    assert reason(caught) == refusal
    assert ours.peer is None


def test_what_is_offered_and_what_is_accepted_cannot_stand_for_each_other() -> None:
    splits = [(("a", "b"), ()), (("a",), ("b",)), ((), ("a", "b")), (("ab",), ()), (("b", "a"), ())]
    nonce = bytes(NONCE_BYTES)
    proofs = {
        proof_of(SECRET, "server", nonce, nonce, Claims("cli", "cli", BUILD, offered, accepted))
        for offered, accepted in splits
    }
    assert len(proofs) == len(splits)


def test_the_secret_is_in_no_frame() -> None:
    ours, theirs = server(), peer()
    opening = ours.open()
    hello = theirs.receive(envelope(opening))
    assert hello is not None
    welcome = ours.receive(envelope(hello))
    assert all(SECRET not in frame for frame in (opening, hello, welcome))


def test_a_wrong_secret_is_refused_by_the_server() -> None:
    ours = server()
    with pytest.raises(HandshakeRefused) as caught:
        ours.receive(hello_of(peer(secret=b"x" * 32), ours))
    assert reason(caught) == "proof"
    assert ours.peer is None


def test_a_server_without_the_secret_is_refused_by_the_peer() -> None:
    ours, theirs = server(), peer()
    hello_of(theirs, ours)
    forged = pack(Kind.WELCOME, 0, encode_payload(Welcome(("memfd",), bytes(32))))
    with pytest.raises(HandshakeRefused, match="not Garret"):
        theirs.receive(envelope(forged))
    assert theirs.capabilities is None


def test_a_reflected_proof_is_refused() -> None:
    """The peer's own proof, sent back to it, does not make a server."""
    ours, theirs = server(), peer()
    hello = msgspec.msgpack.decode(hello_of(theirs, ours).payload, type=Hello)
    with pytest.raises(HandshakeRefused):
        theirs.receive(envelope(pack(Kind.WELCOME, 0, encode_payload(Welcome((), hello.proof)))))


def test_the_servers_proof_does_not_make_a_peer() -> None:
    ours, theirs = server(), peer()
    hello = hello_of(theirs, ours)
    welcome = msgspec.msgpack.decode(envelope(ours.receive(hello)).payload, type=Welcome)
    again = server()
    with pytest.raises(HandshakeRefused) as caught:
        again.receive(changed(hello, proof=welcome.proof))
    assert reason(caught) == "proof"


def test_a_replayed_hello_is_refused_on_another_connection() -> None:
    nonces = NonceMemory()
    first = server(nonces)
    hello = hello_of(peer(), first)
    first.receive(hello)
    with pytest.raises(HandshakeRefused) as caught:
        server(nonces).receive(hello)
    assert reason(caught) == "replay"


def test_a_replay_is_refused_even_when_it_is_forgotten() -> None:
    first = server()
    hello = hello_of(peer(), first)
    first.receive(hello)
    with pytest.raises(HandshakeRefused) as caught:
        server().receive(hello)
    assert reason(caught) == "proof"


def test_strangers_do_not_flush_the_memory_of_nonces() -> None:
    nonces = NonceMemory(4)
    first = server(nonces)
    hello = hello_of(peer(), first)
    first.receive(hello)
    for _ in range(20):
        other = server(nonces)
        with pytest.raises(HandshakeRefused):
            other.receive(hello_of(peer(secret=b"x" * 32), other))
    with pytest.raises(HandshakeRefused) as caught:
        server(nonces).receive(hello)
    assert reason(caught) == "replay"


def test_the_memory_of_nonces_is_bounded() -> None:
    nonces = NonceMemory(3)
    for number in range(10):
        nonces.remember(bytes([number]))
    assert [bytes([number]) in nonces for number in range(10)] == [False] * 7 + [True] * 3


@pytest.mark.parametrize("nonce", [b"", b"short", bytes(NONCE_BYTES - 1), bytes(NONCE_BYTES + 1)])
def test_a_nonce_of_another_length_is_refused(nonce: bytes) -> None:
    ours = server()
    with pytest.raises(HandshakeRefused) as caught:
        ours.receive(changed(hello_of(peer(), ours), nonce=nonce))
    assert reason(caught) == "nonce"
    challenge = pack(Kind.CHALLENGE, 0, encode_payload(Challenge(VERSION, BUILD, nonce)))
    with pytest.raises(HandshakeRefused, match="nonce"):
        peer().receive(envelope(challenge))


@pytest.mark.parametrize(
    ("version", "build"), [(VERSION + 1, BUILD), (0, BUILD), (VERSION, "another"), (VERSION, "")]
)
def test_another_version_or_build_is_refused_by_both(version: int, build: str) -> None:
    ours = server()
    with pytest.raises(HandshakeRefused, match="another build") as caught:
        ours.receive(changed(hello_of(peer(), ours), version=version, build=build))
    assert reason(caught) == "build"
    challenge = pack(Kind.CHALLENGE, 0, encode_payload(Challenge(version, build, bytes(NONCE_BYTES))))
    with pytest.raises(HandshakeRefused, match="garret down") as caught:
        peer().receive(envelope(challenge))
    assert reason(caught) == "build"


def test_a_role_that_is_not_for_this_connection_is_refused() -> None:
    for role in ("worker", "owner", "", "CLI"):
        ours = server()
        with pytest.raises(HandshakeRefused) as caught:
            ours.receive(hello_of(peer(role=role), ours))
        assert reason(caught) == "role"


def test_a_worker_is_let_in_under_its_own_name_only() -> None:
    ours = server(service="tts")
    with pytest.raises(HandshakeRefused) as caught:
        ours.receive(hello_of(peer(service="stt"), ours))
    assert reason(caught) == "role"


@given(st.sampled_from(["service", "role", "nonce", "proof", "build"]), st.data())
def test_whatever_is_changed_on_the_way_is_refused(field: str, data: st.DataObject) -> None:
    ours = server()
    hello = hello_of(peer(), ours)
    sent = getattr(msgspec.msgpack.decode(hello.payload, type=Hello), field)
    other = data.draw(
        (st.binary(max_size=40) if isinstance(sent, bytes) else st.text(max_size=20)).filter(
            lambda v: v != sent
        )
    )
    with pytest.raises(HandshakeRefused):
        ours.receive(changed(hello, **{field: other}))
    assert ours.peer is None


def test_whoever_was_refused_has_no_second_attempt() -> None:
    ours = server()
    good = hello_of(peer(), ours)
    with pytest.raises(HandshakeRefused):
        ours.receive(changed(good, proof=bytes(32)))
    with pytest.raises(HandshakeRefused) as caught:
        ours.receive(good)
    assert reason(caught) == "order"


def test_a_peer_that_comes_late_is_not_listened_to() -> None:
    ours = server()
    hello = hello_of(peer(), ours)
    assert ours.too_late().details == {"reason": "late"}
    with pytest.raises(HandshakeRefused):
        ours.receive(hello)
    assert ours.peer is None


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.HELLO}))
def test_anything_but_a_hello_is_out_of_turn(kind: Kind) -> None:
    with pytest.raises(HandshakeRefused) as caught:
        server().receive(envelope(pack(kind, 1)))
    assert reason(caught) == "order"


def test_a_second_hello_is_out_of_turn() -> None:
    ours, theirs = server(), peer()
    hello = hello_of(theirs, ours)
    welcome = ours.receive(hello)
    with pytest.raises(HandshakeRefused):
        ours.receive(hello)
    theirs.receive(envelope(welcome))
    with pytest.raises(HandshakeRefused):
        theirs.receive(envelope(welcome))


@pytest.mark.parametrize(
    "make",
    [
        lambda: pack(Kind.WELCOME, 0, encode_payload(Welcome((), bytes(32)))),
        lambda: pack(Kind.CHALLENGE, 0, encode_payload({"version": 1})),
        lambda: pack(Kind.CHALLENGE, 0),
        lambda: pack(
            Kind.CHALLENGE, 0, msgspec.Raw(b"\x83\xa7version\x01\xa5build\xa1\xff\xa5nonce\xc4\x00")
        ),
    ],
    ids=["welcome first", "fields missing", "no payload", "no text"],
)
def test_a_peer_refuses_what_is_no_challenge(make: Callable[[], bytes]) -> None:
    with pytest.raises(HandshakeRefused):
        peer().receive(envelope(make()))


def test_the_servers_refusal_reaches_the_peer_with_its_words() -> None:
    theirs = peer()
    with pytest.raises(HandshakeRefused, match="no more room") as caught:
        theirs.receive(envelope(pack_error(0, GarretError("no more room", code=Code.BUSY, details={"a": 1}))))
    assert caught.value.details == {"a": 1}


@given(
    st.lists(st.binary(max_size=6), min_size=2, max_size=2),
    st.lists(st.text(max_size=6), min_size=3, max_size=3),
    st.integers(0, 4),
    st.integers(1, 5),
)
def test_fields_cannot_be_shifted_into_each_other(
    nonces: list[bytes], texts: list[str], place: int, count: int
) -> None:
    """The same bytes cut up otherwise give another proof."""
    fields = [*nonces, *(text.encode("utf-8", "ignore") for text in texts)]
    source, target = fields[place], fields[(place + 1) % 5]
    moved = [*fields]
    moved[place], moved[(place + 1) % 5] = source[:-count], source[-count:] + target

    def proof(values: list[bytes]) -> bytes | None:
        try:
            service, role, build = (value.decode() for value in values[2:])
        except UnicodeDecodeError:
            return None
        return proof_of(SECRET, "peer", values[0], values[1], Claims(service, role, build))

    if moved != fields:
        assert proof(moved) != proof(fields)
