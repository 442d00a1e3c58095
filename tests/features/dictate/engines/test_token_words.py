"""Words from pieces."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.engines.token_words import words_of


def test_pieces_become_words_with_times_and_confidence() -> None:
    words = words_of(
        [" go", "ing", " home"], [0.1, 0.3, 0.9], 1.0, log_probabilities=[math.log(0.5), math.log(0.5), 0.1]
    )
    assert [(w.text, w.start, w.end, w.confidence) for w in words] == [
        ("going", 0.1, 0.6, 0.5),
        ("home", 0.9, 1.0, 1.0),
    ]


def test_durations_end_words() -> None:
    assert [w.end for w in words_of(["▁a", "▁b"], [0.0, 1.0], 5.0, durations=[0.2, 0.4])] == [0.2, 1.4]


def test_a_mark_alone_ideographs_and_bytes() -> None:
    assert [w.text for w in words_of(["▁", "hi", "▁", "you"], [0.0, 0.1, 0.2, 0.3], 1.0)] == ["hi", "you"]
    assert [w.text for w in words_of(["你", "好"], [0.0, 0.1], 1.0)] == ["你", "好"]
    assert [w.text for w in words_of([" ", "<0xC3>", "<0xA9>", "t"], [0.0] * 4, 1.0)] == ["ét"]
    assert [w.text for w in words_of(["▁안녕", "하세요"], [0.0, 0.1], 1.0)] == ["안녕하세요"]


pieces = st.lists(
    st.tuples(st.sampled_from(["▁a", " b", "c", "<0xE4>", "字", "▁", ""]), st.floats(0, 9)), max_size=20
)


@given(pieces, st.floats(0, 8))
def test_nothing_is_lost_and_times_lie_inside(parts: list[tuple[str, float]], seconds: float) -> None:
    parts.sort(key=lambda part: part[1])
    words = words_of([text for text, _ in parts], [at for _, at in parts], seconds)
    letters = sum(text.strip(" ▁") in ("a", "b", "c", "字") for text, _ in parts)
    assert sum(character in "abc字" for word in words for character in word.text) == letters
    for word in words:
        assert 0 <= word.start <= word.end <= round(seconds, 3) + 0.001
