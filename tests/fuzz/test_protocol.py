"""Outside bytes: whatever comes is refused by a typed error, or is what it says. Longer in the soak run."""

from __future__ import annotations

import socket
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import GarretError
from garret.protocol.contract import check_payload, check_result
from garret.protocol.envelope import decode_envelope, decode_error, encode_payload, pack
from garret.protocol.errors import HandshakeRefused, ProtocolError
from garret.protocol.frames import Frame, FrameDecoder, Kind
from garret.protocol.handshake import NonceMemory, PeerHandshake, ServerHandshake
from garret.transport.blocking import BlockingChannel
from garret.transport.errors import Disconnected
from tests.toy_room import contracts as c

SECRET, BUILD = b"k" * 32, "b" * 16
NOISE = st.binary(max_size=400)
COMMANDS = [c.Echo(text="text"), c.Repeat(text="a", times=3), c.Count(upto=5), c.Misbehave(how="no")]


def _mutate(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """Replace, cut and insert: each change is a place, how much goes, and what comes."""
    changed = bytearray(data)
    for place, gone, come in changes:
        at = place % (len(changed) + 1)
        changed[at : at + gone] = come
    return bytes(changed)


MUTATIONS = st.lists(
    st.tuples(st.integers(min_value=0), st.integers(0, 5), st.binary(max_size=5)), min_size=1, max_size=6
)


def _frames(data: bytes) -> list[Frame]:
    try:
        return FrameDecoder().feed(data)
    except ProtocolError:
        return []


def _decode(frame: Frame) -> Any:
    try:
        return decode_envelope(frame)
    except ProtocolError:
        return None


@given(NOISE)
def test_noise_is_refused_or_waited_for(data: bytes) -> None:
    decoder = FrameDecoder()
    try:
        frames = decoder.feed(data)
    except ProtocolError:
        return
    assert sum(len(body) + 6 for _, _, body in frames) + decoder.buffered == len(data)


@given(st.sampled_from(COMMANDS), MUTATIONS)
def test_a_damaged_command_is_refused_or_one_of_its_type(command: Any, changes: Any) -> None:
    meta = command.__meta__
    frame = pack(Kind.COMMAND, 1, encode_payload(command), name=meta.name, deadline=5.0, trace="t")
    for found in _frames(_mutate(frame, changes)):
        envelope = _decode(found)
        if envelope is None:
            continue
        try:
            payload = check_payload(meta, envelope.payload)
        except ProtocolError:
            continue
        assert type(payload) is meta.type
        assert encode_payload(payload)  # whole: nothing half-read was let through


@given(NOISE)
def test_payloads_results_and_errors_of_noise_are_refused_or_typed(data: bytes) -> None:
    raw = type(encode_payload(None))(data)
    for check, kind in ((check_payload, c.Echo), (check_result, c.Text)):
        try:
            assert isinstance(check(c.Echo.__meta__, raw), kind)
        except ProtocolError:
            continue
    try:
        assert isinstance(decode_error(raw).to_exception(), GarretError)
    except ProtocolError:
        return


@given(MUTATIONS)
def test_a_damaged_hello_is_refused(changes: Any) -> None:
    server = ServerHandshake({"cli": SECRET}, BUILD, nonces=NonceMemory())
    peer = PeerHandshake(SECRET, BUILD, service="cli", role="cli")
    (opening,) = FrameDecoder().feed(server.open())
    hello = peer.receive(decode_envelope(opening))
    assert hello is not None
    damaged = _mutate(hello, changes)
    if damaged == hello:
        return
    for found in _frames(damaged)[:1]:
        envelope = _decode(found)
        if envelope is None:
            continue
        try:
            server.receive(envelope)
        except HandshakeRefused:
            continue
        # What the proof does not cover may differ: how it is packed, and what the peer says it can do.
        assert server.peer is not None
        assert (server.peer.service, server.peer.role) == ("cli", "cli")


@given(MUTATIONS)
def test_a_damaged_welcome_is_refused(changes: Any) -> None:
    server = ServerHandshake({"cli": SECRET}, BUILD, nonces=NonceMemory())
    peer = PeerHandshake(SECRET, BUILD, service="cli", role="cli", capabilities=frozenset({"memfd"}))
    (opening,) = FrameDecoder().feed(server.open())
    hello = peer.receive(decode_envelope(opening))
    assert hello is not None
    (came,) = FrameDecoder().feed(hello)
    welcome = server.receive(decode_envelope(came))
    for found in _frames(_mutate(welcome, changes))[:1]:
        envelope = _decode(found)
        if envelope is None:
            continue
        try:
            peer.receive(envelope)
        except ProtocolError:
            assert peer.capabilities is None
        else:
            assert peer.capabilities is not None
            assert peer.capabilities <= {"memfd"}


@given(st.lists(NOISE | st.sampled_from([pack(Kind.CANCEL, 1), pack(Kind.EVENT, 0)]), max_size=8))
def test_a_channel_fed_with_noise_ends_by_a_typed_error(pieces: list[bytes]) -> None:
    ours, theirs = socket.socketpair()
    channel = BlockingChannel(ours)
    for piece in pieces:
        theirs.sendall(piece)
    theirs.close()
    came = 0
    try:
        while True:
            channel.receive()
            came += 1
    except (ProtocolError, Disconnected):
        assert came <= sum(map(len, pieces)) // 6
    finally:
        channel.close()
