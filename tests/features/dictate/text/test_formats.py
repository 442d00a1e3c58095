"""The forms in which a transcript leaves, read back by checkers written for these tests."""

from __future__ import annotations

import html
import json
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.text.errors import TranscriptError
from garret.features.dictate.text.formats import Transcript, format_time, to_srt, to_vtt, well_formed
from garret.features.dictate.text.segments import Segment
from garret.features.dictate.text.words import Word

HELLO = Segment(
    0.5, 1.5, "Hello, <World> & \u2192 all", (Word("hello", 0.5, 1.0, 0.9), Word("world", 1.0, 1.5, 0.8))
)
SECOND = Segment(360_000.0, 360_001.25, "a --> b", ())


def transcript(*segments: Segment, text: str = "Hello") -> Transcript:
    return Transcript("utt_1", "pocketsphinx", "draft", "um hello", text, 2.0, 0.25, segments)


def read_vtt(document: str) -> list[tuple[int, int, str]]:
    """Parse by the grammar of the recommendation, sections 4.1 to 4.3, refusing what it does not allow."""
    lines = document.split("\n")
    assert lines[0] == "WEBVTT"
    assert "\0" not in document
    cues = []
    for block in re.split(r"\n{2,}", document.strip("\n"))[1:]:
        head, *body = block.split("\n")
        stamp = r"(\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3})"
        match = re.fullmatch(f"{stamp} --> {stamp}", head)
        assert match, head
        text = "\n".join(body)
        assert text.strip()
        assert "-->" not in text
        assert not re.search(r"<|&(?!amp;|lt;|gt;)", text)
        cues.append((*_milliseconds(match.groups()), html.unescape(text)))
    return cues


def read_srt(document: str) -> list[tuple[int, int, str]]:
    """Parse SubRip as players do: number, times, lines, blank line."""
    cues = []
    blocks = document.rstrip("\n").split("\n\n") if document else []
    for expected, block in enumerate(blocks, start=1):
        number, head, *body = block.split("\n")
        assert number == str(expected)
        stamp = r"(\d{2,}):([0-5]\d):([0-5]\d),(\d{3})"
        match = re.fullmatch(f"{stamp} --> {stamp}", head)
        assert match, head
        assert body
        assert all(line.strip() and "-->" not in line for line in body)
        cues.append((*_milliseconds(match.groups()), "\n".join(body)))
    return cues


def _milliseconds(parts: tuple[str, ...]) -> tuple[int, int]:
    def value(hours: str, minutes: str, seconds: str, rest: str) -> int:
        return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(rest)

    return value(*parts[:4]), value(*parts[4:])


@pytest.mark.parametrize(
    ("milliseconds", "written"),
    [
        (0, "00:00:00.000"),
        (59_999, "00:00:59.999"),
        (3_599_999, "00:59:59.999"),
        (359_999_999, "99:59:59.999"),
        (360_000_000, "100:00:00.000"),
        (3_600_000_001, "1000:00:00.001"),
    ],
)
def test_times_are_right_beyond_ninety_nine_hours(milliseconds: int, written: str) -> None:
    assert format_time(milliseconds) == written


def test_webvtt_is_escaped_and_reads_back() -> None:
    document = to_vtt([HELLO, SECOND])
    assert "&lt;World&gt; &amp;" in document
    assert read_vtt(document) == [
        (416, 1795, "Hello, <World> & \u2192 all"),
        (359_999_916, 360_001_250, "a --> b"),
    ]


def test_subrip_reads_back_and_no_text_looks_like_a_time() -> None:
    assert read_srt(to_srt([HELLO, SECOND])) == [
        (416, 1795, "Hello, <World> & \u2192 all"),
        (359_999_916, 360_001_250, "a \u2192 b"),
    ]


def test_nothing_said_is_an_empty_file_or_a_bare_header() -> None:
    assert to_srt([]) == to_srt([Segment(0, 1, " \n ")]) == ""
    assert to_vtt([Segment(0, 1, "")]) == "WEBVTT\n"


TEXTS = st.text(alphabet=st.characters(exclude_categories=()), max_size=200)


@given(st.lists(st.builds(Segment, st.floats(0, 9e5), st.floats(0, 9e5), TEXTS), max_size=4))
def test_any_text_makes_valid_subtitles(segments: list[Segment]) -> None:
    vtt, srt = to_vtt(segments), to_srt(segments)
    vtt.encode()
    srt.encode()
    seen = read_vtt(vtt)
    assert [cue[:2] for cue in seen] == [cue[:2] for cue in read_srt(srt)]
    assert all(left[1] <= right[0] for left, right in pairwise(seen))


def test_the_json_document_has_exactly_the_promised_keys_in_order() -> None:
    document = json.loads(transcript(HELLO).to_json())
    assert list(document) == [
        "utterance",
        "engine",
        "quality",
        "raw",
        "text",
        "audio_seconds",
        "decode_seconds",
        "notes",
        "segments",
        "commands",
    ]
    assert list(document["segments"][0]) == ["start", "end", "text", "capitals", "words"]
    assert document["segments"][0]["words"][0] == {
        "start": 0.5,
        "end": 1.0,
        "word": "hello",
        "confidence": 0.9,
    }
    assert list(document["segments"][0]["words"][0]) == ["start", "end", "word", "confidence"]
    assert (document["engine"], document["quality"]) == ("pocketsphinx", "draft")
    assert (document["raw"], document["text"]) == ("um hello", "Hello")
    assert (document["audio_seconds"], document["decode_seconds"]) == (2.0, 0.25)


def test_json_is_one_line_unless_asked_for_more() -> None:
    one = transcript(HELLO, text="a\nb")
    assert "\n" not in one.to_json()
    assert json.loads(one.to_json(indent=2)) == json.loads(one.to_json())
    assert "\n" in one.to_json(indent=2)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_json_refuses_what_it_cannot_hold(bad: float) -> None:
    with pytest.raises(TranscriptError):
        transcript(Segment(0, bad, "x")).to_json()
    with pytest.raises(TranscriptError):
        transcript(Segment(0, 1, "x", (Word("x", 0, 1, bad),))).to_json()


@given(TEXTS)
def test_any_text_reaches_json_and_plain_text(text: str) -> None:
    one = transcript(Segment(0, 1, text), text=text)
    assert json.loads(one.to_json())["text"] == well_formed(text)
    plain = one.to_text()
    plain.encode()
    assert plain == "" or plain.endswith("\n")
    assert plain.rstrip("\n") == well_formed(text).rstrip("\n")


def test_a_transcript_renders_itself() -> None:
    one = transcript(HELLO, SECOND)
    assert one.to_srt() == to_srt([HELLO, SECOND], one.audio_seconds)
    assert one.to_vtt() == to_vtt([HELLO, SECOND], one.audio_seconds)
    assert one.to_text() == "Hello\n"


def test_lone_surrogates_are_replaced_and_pairs_kept() -> None:
    assert well_formed("a\ud800b \U0001f600") == "a\ufffdb \U0001f600"
