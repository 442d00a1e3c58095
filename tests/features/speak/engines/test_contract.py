"""Delivery stops within the promised audio; options and texts out of range are typed errors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import Code
from garret.features.speak.engines.contract import (
    TEXT_LIMIT,
    Delivery,
    EmptyTextError,
    OptionError,
    SpeechFormat,
    SpeechOptions,
    SynthesisError,
    TextTooLongError,
    UnknownVoiceError,
    near_names,
    prepare,
)

FORMAT = SpeechFormat(16_000)


@given(st.binary(max_size=20_000).map(lambda pcm: pcm[: len(pcm) // 2 * 2]), st.integers(0, 12))
def test_delivery_hands_over_small_pieces_until_refused(pcm: bytes, wanted: int) -> None:
    taken: list[bytes] = []

    def sink(piece: bytes) -> bool:
        taken.append(piece)
        return len(taken) < wanted

    delivery = Delivery(lambda _: None, sink, lambda: False)
    delivery.begin(FORMAT)
    whole = delivery.write(pcm)
    delivered = b"".join(taken)
    assert pcm.startswith(delivered)
    assert all(len(piece) <= 1280 for piece in taken)  # 40 ms
    assert whole == (delivered == pcm and (not taken or len(taken) < wanted))
    assert delivery.result(FORMAT).samples == len(delivered) // 2


def test_delivery_asks_before_every_piece_whether_to_go_on() -> None:
    taken: list[bytes] = []
    delivery = Delivery(lambda _: None, lambda piece: not taken.append(piece), lambda: len(taken) >= 2)  # type: ignore[func-returns-value]
    delivery.begin(FORMAT)
    assert not delivery.write(bytes(16_000 * 2))
    assert len(b"".join(taken)) == 2 * 1280
    assert not delivery.result(FORMAT).finished


def test_format_is_announced_once_and_may_not_change() -> None:
    announced: list[SpeechFormat] = []
    delivery = Delivery(announced.append, lambda _: True, lambda: False)
    delivery.begin(FORMAT)
    delivery.begin(FORMAT)
    assert announced == [FORMAT]
    with pytest.raises(SynthesisError):
        delivery.begin(SpeechFormat(8_000))


@pytest.mark.parametrize(
    "options", [{"rate": 79}, {"rate": 451}, {"pitch": -1}, {"pitch": 101}, {"volume": 101}]
)
def test_options_out_of_range_are_usage_errors(options: dict[str, int]) -> None:
    with pytest.raises(OptionError) as caught:
        SpeechOptions(**options)  # type: ignore[arg-type]
    assert caught.value.code is Code.USAGE


def test_text_is_checked_before_any_engine_sees_it() -> None:
    assert prepare("a\x00b", "any") == "a b"
    with pytest.raises(EmptyTextError):
        prepare("\x00\x01 ...", "any")
    with pytest.raises(TextTooLongError) as caught:
        prepare("a" * 1_000_000, "any")
    assert caught.value.details == {"length": 1_000_000, "limit": TEXT_LIMIT}


def test_an_unknown_voice_names_the_near_ones() -> None:
    known = ["flite/slt", "flite/rms", "espeak-ng/en-us", "espeak-ng/de"]
    error = UnknownVoiceError("fite/slt", known)
    assert error.code is Code.USAGE
    assert "flite/slt" in error.details["near"]
    assert "flite/slt" in error.message
    assert near_names("en-uss", known) == ["espeak-ng/en-us"]
    assert near_names("", known) == []
    assert "Try one of" in UnknownVoiceError("qqqqqqq", known).message
