"""Markdown: what is written is what was said, whatever signs are in it."""

from __future__ import annotations

from garret.features.dictate.text.formats import Note, Transcript
from garret.features.dictate.text.markdown import escape, to_markdown


def transcript(text: str, **more: object) -> Transcript:
    return Transcript("utt_1", "whisper", "good", "raw", text, 75.0, 1.0, **more)  # type: ignore[arg-type]


def test_a_heading_says_when_and_a_line_what_it_is_of() -> None:
    made = to_markdown(transcript("Hello."), "2026-11-28 09:14", "talk_1.wav")
    assert made == "## 2026-11-28 09:14\n\n*talk\\_1.wav · good (whisper) · 1:15*\n\nHello.\n"


def test_remarks_are_quoted_and_a_text_that_is_empty_leaves_nothing() -> None:
    note = Note("noise", "It is noisy.", 0.0, 1.0)
    made = to_markdown(transcript(" ", notes=(note,)), "now", "x")
    assert made.endswith("*\n\n> It is noisy.\n")


def test_line_breaks_stay_and_no_sign_is_taken_for_a_mark() -> None:
    made = to_markdown(transcript("- one\n1. two\n\n> three <b> [x](y) `z`\n-5 degrees"), "now", "x")
    body = made.split("\n\n", 2)[2]
    assert body == "\\- one\\\n1\\. two\n\n\\> three \\<b\\> \\[x\\](y) \\`z\\`\\\n-5 degrees\n"


def test_a_line_is_one_line() -> None:
    assert escape("a\n# b*") == "a \\# b\\*"
