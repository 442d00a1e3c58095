"""Envelopes: exactly their form, or refused; errors survive the wire whatever is in them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import CancelledError, Code, DeadlineError, GarretError
from garret.protocol.envelope import (
    EMPTY,
    VERSION,
    Envelope,
    decode_envelope,
    decode_error,
    encode_payload,
    pack,
    pack_error,
)
from garret.protocol.errors import FrameTooLarge, HandshakeRefused, ProtocolError
from garret.protocol.frames import HEADER_BYTES, LIMITS, FrameDecoder, Kind

_encode = msgspec.msgpack.encode
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
GOOD: list[Any] = [
    VERSION,
    7,
    int(Kind.COMMAND),
    "cli",
    "tts",
    "speak.voices",
    12.5,
    None,
    "main",
    msgspec.Raw(b"\x80"),
]


def decoded(frame: bytes) -> Envelope:
    (found,) = FrameDecoder().feed(frame)
    return decode_envelope(found)


@given(
    st.sampled_from(list(Kind)),
    st.integers(-(2**63), 2**64 - 1),
    PLAIN,
    st.text(max_size=60),
    st.none() | st.floats(allow_nan=False),
    st.none() | st.text(max_size=60),
    st.text(max_size=60),
)
def test_what_is_packed_comes_out(
    kind: Kind, request: int, value: Any, name: str, deadline: float | None, trace: str | None, workspace: str
) -> None:
    payload = encode_payload(value)
    if len(payload) > LIMITS[kind] - 900:
        return
    packed = pack(kind, request, payload, name=name, deadline=deadline, trace=trace, workspace=workspace)
    envelope = decoded(packed)
    assert (envelope.kind, envelope.id, envelope.name) == (kind, request, name)
    assert (envelope.deadline, envelope.trace, envelope.workspace) == (deadline, trace, workspace)
    assert bytes(envelope.payload) == bytes(payload)


def test_the_good_envelope_of_these_tests_is_good() -> None:
    assert decode_envelope((int(Kind.COMMAND), 0, _encode(GOOD))).name == "speak.voices"


@pytest.mark.parametrize("missing", range(len(GOOD)))
def test_a_missing_field_is_refused(missing: int) -> None:
    with pytest.raises(ProtocolError):
        decode_envelope((int(Kind.COMMAND), 0, _encode(GOOD[:missing])))


@given(PLAIN)
def test_a_further_field_is_refused(extra: Any) -> None:
    with pytest.raises(ProtocolError):
        decode_envelope((int(Kind.COMMAND), 0, _encode([*GOOD, extra])))


@pytest.mark.parametrize("place", range(9))
@given(value=PLAIN)
def test_a_field_of_another_type_is_refused(place: int, value: Any) -> None:
    changed = [*GOOD]
    if type(value) is type(changed[place]) or (place in (6, 7) and value is None):
        return
    if place == 6 and isinstance(value, int) and not isinstance(value, bool):
        return  # a whole number of seconds is a number of seconds
    if place in (0, 1, 2) and isinstance(value, float) and value.is_integer():
        return  # msgspec takes 1.0 for 1
    if place == 7 and isinstance(value, str):
        return
    changed[place] = value
    with pytest.raises(ProtocolError):
        decode_envelope((int(Kind.COMMAND), 0, _encode(changed)))


def test_a_map_is_no_envelope() -> None:
    with pytest.raises(ProtocolError):
        decode_envelope((int(Kind.COMMAND), 0, _encode({"version": VERSION})))


@pytest.mark.parametrize("version", [0, VERSION + 1, -1, 2**40])
def test_another_version_is_refused(version: int) -> None:
    with pytest.raises(HandshakeRefused, match="garret down") as caught:
        decode_envelope((int(Kind.COMMAND), 0, _encode([version, *GOOD[1:]])))
    assert caught.value.details == {"reason": "build"}


def test_an_envelope_of_another_kind_than_its_frame_is_refused() -> None:
    with pytest.raises(ProtocolError, match="kind"):
        decode_envelope((int(Kind.RESULT), 0, _encode(GOOD)))


@pytest.mark.parametrize("depth", [100, 5_000, 200_000])
@pytest.mark.parametrize("opening", [b"\x91", b"\x81\xa1a"])
def test_deep_nesting_neither_crashes_nor_passes(depth: int, opening: bytes) -> None:
    body = b"\x9a" + _encode(GOOD)[1:-1] + opening * depth + b"\xc0"
    try:
        envelope = decode_envelope((int(Kind.COMMAND), 0, body))
    except ProtocolError:
        return
    # A payload may be deep as long as nobody decodes it; whoever does is told by a typed error.
    with pytest.raises((msgspec.DecodeError, RecursionError)):
        msgspec.msgpack.decode(envelope.payload, type=dict[str, int])
    with pytest.raises(ProtocolError):
        decode_error(envelope.payload)


def test_text_that_is_none_is_refused() -> None:
    body = _encode(GOOD).replace(b"\xacspeak.voices", b"\xac\xff\xfeeak.voices")
    with pytest.raises(ProtocolError):
        decode_envelope((int(Kind.COMMAND), 0, body))


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_an_envelope(body: bytes) -> None:
    try:
        envelope = decode_envelope((int(Kind.COMMAND), 0, body))
    except ProtocolError:
        return
    assert isinstance(envelope, Envelope)


def test_a_payload_past_the_limit_is_refused_before_it_is_sent() -> None:
    with pytest.raises(FrameTooLarge, match="memfd"):
        pack(Kind.COMMAND, 1, encode_payload(b"x" * LIMITS[Kind.COMMAND]))


def test_the_empty_payload_is_nil() -> None:
    assert msgspec.msgpack.decode(EMPTY) is None


# --- errors ---------------------------------------------------------------------------------------


@given(
    st.sampled_from(list(Code)),
    st.text(),
    st.booleans(),
    st.dictionaries(st.text(max_size=10), PLAIN, max_size=4),
)
def test_an_error_crosses_the_wire(
    code: Code, message: str, retryable: bool, details: dict[str, Any]
) -> None:
    error = GarretError(message, code=code, retryable=retryable, details=details)
    back = decode_error(decoded(pack_error(5, error)).payload).to_exception()
    assert (back.code, back.message, back.retryable) == (code, message, retryable)
    assert back.details == details
    assert isinstance(back, DeadlineError) == (code == Code.DEADLINE)
    assert isinstance(back, CancelledError) == (code == Code.CANCELLED)


def _endless() -> dict[str, Any]:
    loop: dict[str, Any] = {}
    loop["self"] = loop
    return loop


@pytest.mark.parametrize(
    "details",
    [
        {"object": object()},
        {"number": 2**80},
        {"text": "x" * LIMITS[Kind.ERROR]},
        _endless(),
        {"name": "caf\udce9"},
    ],
    ids=["no plain data", "huge number", "too long", "endless", "no text"],
)
def test_details_that_cannot_travel_are_left_out(details: dict[str, Any]) -> None:
    error = GarretError("It did not work.", code=Code.BUSY, details=details)
    back = decode_error(decoded(pack_error(5, error)).payload).to_exception()
    assert (back.code, back.message, back.retryable, back.details) == (
        Code.BUSY,
        "It did not work.",
        True,
        {},
    )


@given(st.text(alphabet=st.characters(), max_size=50).map(lambda text: text + "\udce9"))
def test_a_message_with_the_bytes_of_a_file_name_is_made_text(message: str) -> None:
    back = decode_error(decoded(pack_error(5, GarretError(message))).payload)
    assert back.message == message.encode(errors="replace").decode()


def test_a_message_of_any_length_fits() -> None:
    frame = pack_error(5, GarretError("\N{MUSICAL SYMBOL G CLEF}" * 100_000))
    assert len(frame) <= LIMITS[Kind.ERROR] + HEADER_BYTES
    assert decode_error(decoded(frame).payload).message.startswith("\N{MUSICAL SYMBOL G CLEF}")


@given(PLAIN)
def test_what_is_no_error_is_refused(value: Any) -> None:
    with pytest.raises(ProtocolError):
        decode_error(encode_payload(value))
