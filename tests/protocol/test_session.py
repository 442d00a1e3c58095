"""The client's session against a model of the control plane: any interleaving, cut into any pieces."""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from garret.base.errors import CancelledError, Code, DeadlineError, GarretError, UsageError
from garret.protocol.contract import Command, Contract, command
from garret.protocol.envelope import Envelope, decode_envelope, encode_payload, pack, pack_error
from garret.protocol.errors import FrameTooLarge, HandshakeRefused, PayloadInvalid, ProtocolError
from garret.protocol.frames import FrameDecoder, Kind
from garret.protocol.handshake import NonceMemory, PeerHandshake, ServerHandshake
from garret.protocol.life import Progress
from garret.protocol.session import (
    ACCEPTED,
    GRACE,
    Credited,
    Failed,
    Finished,
    Item,
    Missed,
    Progressed,
    Proven,
    Session,
    Stray,
)
from garret.protocol.streams import INITIAL_CREDIT, Credit, Gap, ReceiveWindow, SendWindow

SECRET = b"s" * 32


class Number(Contract, frozen=True):
    value: int


@command("play.both", result=Number, capability="play.use", items=Number, inputs=Number)
class Both(Command[Number], frozen=True):
    """Stream both ways."""


@command("play.plain", result=Number, capability="play.use")
class Plain(Command[Number], frozen=True):
    """Answer."""

    text: str = ""


def sessions() -> tuple[Session, ServerHandshake]:
    server = ServerHandshake({"cli": SECRET}, "build", nonces=NonceMemory())
    return Session(PeerHandshake(SECRET, "build", service="play", role="cli"), "play"), server


def envelope(data: bytes) -> Envelope:
    (frame,) = FrameDecoder().feed(data)
    return decode_envelope(frame)


def proven() -> Session:
    """A session whose handshake is done."""
    session, server = sessions()
    assert session.receive(envelope(server.open())) is None
    welcome = server.receive(envelope(session.outgoing.pop()))
    assert session.receive(envelope(welcome)) == Proven()
    assert session.outgoing == []
    return session


def answer(number: int, value: Any, **options: Any) -> Envelope:
    return envelope(pack(Kind.RESULT, number, encode_payload(value), **options))


def streamed(number: int, value: Any, name: str = "item") -> Envelope:
    return envelope(pack(Kind.STREAM, number, encode_payload(value), name=name))


# ---- single steps


def test_nothing_is_called_before_the_handshake_is_done() -> None:
    session, _ = sessions()
    with pytest.raises(ProtocolError, match="before the handshake"):
        session.start(Plain(), 0.0)


def test_a_server_that_does_not_know_the_secret_is_refused() -> None:
    session, _ = sessions()
    other = ServerHandshake({"cli": b"x" * 32}, "build", nonces=NonceMemory())
    session.receive(envelope(other.open()))
    with pytest.raises(HandshakeRefused):
        other.receive(envelope(session.outgoing.pop()))
    with pytest.raises(HandshakeRefused):
        session.receive(envelope(pack_error(0, HandshakeRefused("The peer does not know the secret."))))
    assert not session.proven


def test_descriptors_during_the_handshake_are_refused() -> None:
    session, server = sessions()
    with pytest.raises(ProtocolError, match="Descriptors"):
        session.receive(envelope(server.open()), (7,))


def test_a_command_says_what_it_needs() -> None:
    session = proven()
    number, frame = session.start(Plain(text="a"), 100.0, seconds=5.0, descriptors=2, workspace="work")
    (header,) = FrameDecoder().feed(frame)
    sent = decode_envelope(header)
    assert header[1] == 2
    assert (sent.id, sent.kind, sent.name, sent.sender) == (number, Kind.COMMAND, "play.plain", "play")
    assert (sent.deadline, sent.workspace) == (105.0, "work")
    assert sent.trace is not None
    assert msgspec.msgpack.decode(sent.payload) == {"text": "a"}


def test_what_is_too_large_is_no_call() -> None:
    session = proven()
    with pytest.raises(FrameTooLarge):
        session.start(Plain(text="x" * (2 << 20)), 0.0, seconds=1.0)
    assert session.next_deadline is None
    assert session.close(CancelledError("gone")) == []


def test_each_answer_goes_to_its_own_call_whatever_the_order() -> None:
    session = proven()
    first, _ = session.start(Plain(), 0.0)
    second, _ = session.start(Plain(), 0.0)
    assert session.receive(answer(second, Number(value=2)), (5,)) == Finished(second, Number(value=2), (5,))
    assert session.receive(answer(first, Number(value=1))) == Finished(first, Number(value=1))


def test_an_error_has_the_class_of_its_code() -> None:
    session = proven()
    number, _ = session.start(Plain(), 0.0)
    failed = session.receive(envelope(pack_error(number, UsageError("No.", details={"a": 1}))))
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, UsageError)
    assert (failed.error.message, failed.error.details) == ("No.", {"a": 1})


def test_a_result_of_another_type_fails_its_call_alone_and_gives_the_descriptors_back() -> None:
    session = proven()
    number, _ = session.start(Plain(), 0.0)
    failed = session.receive(answer(number, {"value": "text"}), (4, 5))
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, PayloadInvalid)
    assert failed.descriptors == (4, 5)


def test_an_item_of_another_type_ends_its_call_and_cancels_it() -> None:
    session = proven()
    number, _ = session.start(Both(), 0.0)
    failed = session.receive(streamed(number, {"value": "text"}))
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, PayloadInvalid)
    (cancel,) = session.outgoing
    assert (envelope(cancel).kind, envelope(cancel).id) == (Kind.CANCEL, number)


def test_what_travels_beside_the_items_is_told() -> None:
    session = proven()
    number, _ = session.start(Both(), 0.0)
    progress = session.receive(streamed(number, Progress(0.5, "half"), "progress"))
    assert progress == Progressed(number, Progress(0.5, "half"))
    assert session.receive(streamed(number, Gap(3), "gap")) == Missed(number, Gap(3))


@pytest.mark.parametrize(
    ("name", "payload"),
    [("progress", {"fraction": "a"}), ("gap", {}), ("gap", {"items": 1, "b": 2}), ("end", None)],
)
def test_a_stream_that_does_not_have_its_form_ends_the_connection(name: str, payload: Any) -> None:
    session = proven()
    number, _ = session.start(Both(), 0.0)
    with pytest.raises(ProtocolError):
        session.receive(streamed(number, payload, name))


def test_items_beyond_the_credit_end_the_connection() -> None:
    session = proven()
    number, _ = session.start(Both(), 0.0)
    for value in range(INITIAL_CREDIT):
        assert session.receive(streamed(number, Number(value=value))) == Item(number, Number(value=value))
    with pytest.raises(ProtocolError, match="without credit"):
        session.receive(streamed(number, Number(value=0)))


def test_what_is_used_up_is_allowed_anew_and_no_more() -> None:
    session = proven()
    number, _ = session.start(Both(), 0.0)
    allowed = 0
    for value in range(INITIAL_CREDIT):
        session.receive(streamed(number, Number(value=value)))
    for used in range(1, INITIAL_CREDIT + 1):
        frame = session.consumed(number)
        if frame is not None:
            allowed += msgspec.msgpack.decode(envelope(frame).payload, type=Credit).items
        if used < INITIAL_CREDIT // 2:
            assert allowed == 0
    # Whoever keeps up with small items is trusted with more: the window doubled, twice at most by now.
    assert INITIAL_CREDIT <= allowed <= 4 * INITIAL_CREDIT


@pytest.mark.parametrize("items", [0, -1, 1 << 40, "a"])
def test_credit_that_makes_no_sense_ends_the_connection(items: Any) -> None:
    session = proven()
    number, _ = session.start(Both(), 0.0)
    with pytest.raises(ProtocolError):
        session.receive(envelope(pack(Kind.CREDIT, number, encode_payload({"items": items}))))


def test_credit_for_a_command_without_inputs_ends_the_connection() -> None:
    session = proven()
    number, _ = session.start(Plain(), 0.0)
    with pytest.raises(ProtocolError, match="takes no input"):
        session.receive(envelope(pack(Kind.CREDIT, number, encode_payload(Credit(1)))))


@pytest.mark.parametrize("kind", [Kind.STREAM, Kind.ERROR, Kind.CREDIT])
def test_descriptors_beside_what_is_no_result_end_the_connection(kind: Kind) -> None:
    session = proven()
    number, _ = session.start(Both(), 0.0)
    with pytest.raises(ProtocolError, match="Descriptors"):
        session.receive(envelope(pack(kind, number)), (3,))


@pytest.mark.parametrize("kind", [Kind.CHALLENGE, Kind.WELCOME, Kind.EVENT, Kind.COMMAND])
def test_what_a_control_plane_does_not_say_ends_the_connection(kind: Kind) -> None:
    session = proven()
    number, _ = session.start(Plain(), 0.0)
    with pytest.raises(ProtocolError, match="after the handshake"):
        session.receive(envelope(pack(kind, number)))


def test_an_error_of_the_connection_itself_is_raised() -> None:
    session = proven()
    session.start(Plain(), 0.0)
    with pytest.raises(GarretError, match="too much"):
        session.receive(envelope(pack_error(0, GarretError("You ask too much.", code=Code.BUSY))))


def test_inputs_are_refused_where_none_are_taken_and_after_the_end() -> None:
    session = proven()
    plain, _ = session.start(Plain(), 0.0)
    both, _ = session.start(Both(), 0.0)
    for attempt in (lambda: session.put(plain, Number(value=1)), lambda: session.end(plain)):
        with pytest.raises(UsageError):
            attempt()
    session.receive(answer(both, Number(value=0)))
    for attempt in (lambda: session.put(both, Number(value=1)), lambda: session.end(both)):
        with pytest.raises(CancelledError):
            attempt()
    assert session.cancel(both) is None
    assert session.consumed(both) is None


def test_an_input_that_is_too_large_costs_no_credit() -> None:
    session = proven()
    number, _ = session.start(Both(), 0.0)
    with pytest.raises(FrameTooLarge):
        session.put(number, {"value": "x" * (1 << 20)})
    for value in range(INITIAL_CREDIT):
        assert session.put(number, Number(value=value)) is not None
    assert session.put(number, Number(value=0)) is None
    told = session.receive(envelope(pack(Kind.CREDIT, number, encode_payload(Credit(2)))))
    assert told == Credited(number, 2)
    assert session.put(number, Number(value=0)) is not None


def test_a_call_that_is_given_up_brings_nothing_but_its_descriptors() -> None:
    session = proven()
    number, _ = session.start(Both(), 0.0)
    assert session.give_up(number) is not None
    assert session.give_up(number) is None
    assert session.receive(streamed(number, Number(value=1))) is None
    assert session.receive(answer(number, Number(value=1)), (9,)) == Stray((9,))


def test_a_call_that_is_not_answered_in_time_is_given_up() -> None:
    session = proven()
    session.start(Plain(), 0.0)
    slow, _ = session.start(Plain(), 10.0, seconds=5.0)
    quick, _ = session.start(Plain(), 10.0, seconds=1.0)
    assert session.next_deadline == 11.0 + GRACE
    assert session.expire(10.9 + GRACE) == []
    (late,) = session.expire(11.0 + GRACE)
    assert late.number == quick
    assert isinstance(late.error, DeadlineError)
    assert [envelope(frame).id for frame in session.outgoing] == [quick]
    assert session.next_deadline == 15.0 + GRACE
    assert [failed.number for failed in session.expire(1000.0)] == [slow]
    assert session.next_deadline is None


# ---- against a model of the control plane


class Served:
    """One call at the model of the control plane."""

    def __init__(self) -> None:
        self.items = SendWindow()
        self.inputs = ReceiveWindow()
        self.sent = 0
        self.got: list[int] = []
        self.used = 0
        self.ended = False
        self.answer: Number | None = None
        self.answered = False


class SessionMachine(RuleBasedStateMachine):
    """Calls, streams, cancels and answers in any order, and the bytes of both directions in any pieces."""

    def __init__(self) -> None:
        super().__init__()
        self.session, self.handshake = sessions()
        self.to_server = bytearray()
        self.to_client = bytearray(self.handshake.open())
        self.server_decoder = FrameDecoder()
        self.client_decoder = FrameDecoder(ACCEPTED)
        self.tokens: deque[int] = deque()
        self.next_token = 0
        self.returned: list[int] = []
        self.served: dict[int, Served] = {}
        self.client: dict[int, list[int]] = {}  # items by call, not yet used up ones included
        self.put: dict[int, list[int]] = {}
        self.unused: dict[int, int] = {}
        self.over: set[int] = set()
        self.given_up: set[int] = set()
        self.missed: dict[int, int] = {}
        self.told_missed: dict[int, int] = {}
        self.now = 0.0
        while not self.session.proven:
            self.flow(1 << 20)

    # -- the wire

    def flush(self) -> None:
        while self.session.outgoing:
            self.to_server += self.session.outgoing.pop(0)

    @rule(size=st.integers(1, 64))
    def flow(self, size: int) -> None:
        """So many bytes arrive at either side."""
        data, self.to_client = bytes(self.to_client[:size]), self.to_client[size:]
        for frame in self.client_decoder.feed(data):
            tokens = tuple(self.tokens.popleft() for _ in range(frame[1]))
            self.happened(self.session.receive(decode_envelope(frame), tokens))
        self.flush()
        data, self.to_server = bytes(self.to_server[:size]), self.to_server[size:]
        for frame in self.server_decoder.feed(data):
            self.serve(decode_envelope(frame))

    def happened(self, occurrence: Any) -> None:
        if isinstance(occurrence, (Finished, Failed)):
            assert occurrence.number not in self.over, "ended twice"
            assert occurrence.number not in self.given_up
            self.over.add(occurrence.number)
            self.returned += occurrence.descriptors
            if isinstance(occurrence, Finished):
                served = self.served[occurrence.number]
                assert occurrence.value == served.answer
                assert self.client[occurrence.number] == list(range(served.sent)), (
                    "all items before the result"
                )
                assert self.told_missed[occurrence.number] == self.missed[occurrence.number]
        elif isinstance(occurrence, Item):
            self.client[occurrence.number].append(occurrence.value.value)
            self.unused[occurrence.number] += 1
        elif isinstance(occurrence, Missed):
            self.told_missed[occurrence.number] += occurrence.gap.items
        elif isinstance(occurrence, Stray):
            self.returned += occurrence.descriptors
        elif isinstance(occurrence, Credited):
            assert occurrence.available > 0

    def serve(self, said: Envelope) -> None:
        if said.kind == Kind.HELLO:
            self.to_client += self.handshake.receive(said)
        elif said.kind == Kind.COMMAND:
            assert said.id not in self.served
            self.served[said.id] = Served()
            self.missed[said.id] = 0
        elif said.kind == Kind.CANCEL:
            assert said.id in self.served, "what is cancelled was asked for"
        elif said.kind == Kind.CREDIT:
            self.served[said.id].items.grant(msgspec.msgpack.decode(said.payload, type=Credit).items)
        elif said.name == "end":
            self.served[said.id].ended = True
        else:
            served = self.served[said.id]
            assert not served.ended
            served.inputs.accept()
            served.got.append(msgspec.msgpack.decode(said.payload, type=Number).value)

    # -- the client

    def alive(self) -> list[int]:
        return sorted(self.client.keys() - self.over - self.given_up)

    def unanswered(self) -> list[int]:
        return sorted(number for number, served in self.served.items() if not served.answered)

    @rule(seconds=st.none() | st.floats(0.5, 20.0))
    def start(self, seconds: float | None) -> None:
        number, frame = self.session.start(Both(), self.now, seconds=seconds)
        self.to_server += frame
        self.client[number], self.put[number], self.unused[number] = [], [], 0
        self.told_missed[number] = 0

    @precondition(lambda self: self.alive())
    @rule(data=st.data(), count=st.integers(1, 90))
    def put_some(self, data: st.DataObject, count: int) -> None:
        number = data.draw(st.sampled_from(self.alive()))
        if -1 in self.put[number]:
            return  # its inputs have ended
        for _ in range(count):
            frame = self.session.put(number, Number(value=len(self.put[number])))
            if frame is None:
                return
            self.put[number].append(len(self.put[number]))
            self.to_server += frame

    @precondition(lambda self: self.alive())
    @rule(data=st.data())
    def end_inputs(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.alive()))
        if -1 not in self.put[number]:
            self.put[number].append(-1)
            self.to_server += self.session.end(number)

    @precondition(lambda self: any(self.unused.values()))
    @rule(data=st.data())
    def use_up(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(key for key, count in self.unused.items() if count)))
        self.unused[number] -= 1
        self.to_server += self.session.consumed(number) or b""

    @precondition(lambda self: self.alive())
    @rule(data=st.data(), give_up=st.booleans())
    def cancel(self, data: st.DataObject, give_up: bool) -> None:
        number = data.draw(st.sampled_from(self.alive()))
        frame = self.session.give_up(number) if give_up else self.session.cancel(number)
        assert frame is not None
        self.to_server += frame
        if give_up:
            self.given_up.add(number)

    @rule(seconds=st.floats(0.1, 10.0))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        due = self.session.next_deadline
        late = self.session.expire(self.now)
        assert bool(late) == (due is not None and due <= self.now)
        self.flush()
        for failed in late:
            self.happened(failed)

    # -- the control plane

    @precondition(lambda self: self.unanswered())
    @rule(data=st.data(), count=st.integers(1, 80))
    def stream(self, data: st.DataObject, count: int) -> None:
        number = data.draw(st.sampled_from(self.unanswered()))
        served = self.served[number]
        for _ in range(count):
            if not served.items.take():
                self.missed[number] += 1
                self.to_client += pack(Kind.STREAM, number, encode_payload(Gap(1)), name="gap")
                return
            self.to_client += pack(
                Kind.STREAM, number, encode_payload(Number(value=served.sent)), name="item"
            )
            served.sent += 1

    @precondition(lambda self: self.unanswered())
    @rule(data=st.data())
    def take_inputs(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.unanswered()))
        served = self.served[number]
        while served.used < len(served.got):
            served.used += 1
            grant = served.inputs.consumed()
            if grant:
                self.to_client += pack(Kind.CREDIT, number, encode_payload(Credit(grant)))

    @precondition(lambda self: self.unanswered())
    @rule(data=st.data(), descriptors=st.integers(0, 4), well=st.booleans())
    def answer(self, data: st.DataObject, descriptors: int, well: bool) -> None:
        number = data.draw(st.sampled_from(self.unanswered()))
        served = self.served[number]
        served.answered = True
        if well:
            self.tokens.extend(range(self.next_token, self.next_token + descriptors))
            self.next_token += descriptors
            served.answer = Number(value=len(served.got))
            result = encode_payload(served.answer)
            self.to_client += pack(Kind.RESULT, number, result, descriptors=descriptors)
        else:
            self.to_client += pack_error(number, CancelledError("It was cancelled."))

    # -- what holds

    @invariant()
    def items_are_a_beginning_of_what_was_streamed(self) -> None:
        for number, items in self.client.items():
            assert items == list(range(len(items)))
            if number in self.served:
                assert len(items) <= self.served[number].sent

    def teardown(self) -> None:
        while self.to_client or self.to_server or self.session.outgoing:
            self.flow(1 << 20)
        for number, served in self.served.items():
            assert served.got == [value for value in self.put[number] if value >= 0], "in order, and all"
        for failed in self.session.close(CancelledError("The connection is gone.")):
            self.happened(failed)
        assert self.over | self.given_up == self.client.keys()
        assert sorted(self.returned) == list(range(self.next_token)), "every descriptor belongs to somebody"


TestSession = SessionMachine.TestCase
TestSession.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
