from __future__ import annotations

import json

from garret.features.dictate import contracts as c
from garret.features.dictate.client import transcripts


def transcript(count: int = 3) -> c.Transcript:
    segments = tuple(
        c.TranscriptSegment(
            start=float(n),
            end=n + 0.9,
            text=f"Text {n}.",
            raw=f"text {n}",
            words=(c.RecognisedWord(start=n + 0.1, end=n + 0.5, word="text", confidence=0.5),),
        )
        for n in range(count)
    )
    return c.Transcript(
        utterance="utt_1", engine="pocketsphinx", quality="draft", raw="raw words", text="Clean words.",
        audio_seconds=3.0, decode_seconds=1.5, segments=segments, total=count, state="cleaned",
    )  # fmt: skip


class Pages:
    """A session that answers `dictate.get` from one transcript, `limit` segments and a word at a time."""

    def __init__(self, whole: c.Transcript) -> None:
        self.whole = whole
        self.asked: list[int] = []

    def call(self, request: c.Get, **_: object) -> c.Transcript:
        import msgspec

        self.asked.append(request.first)
        page = self.whole.segments[request.first : request.first + request.limit]
        here = len(self.asked) - 1
        raw, text = ("".join(whole.split(" ")[here:][:1]) for whole in (self.whole.raw, self.whole.text))
        return msgspec.structs.replace(self.whole, segments=page, raw=raw, text=text)


def test_all_pages_are_fetched() -> None:
    whole = transcript(2 * transcripts.PAGE + 1)
    pages = Pages(whole)
    found = transcripts.fetch(pages, "utt_1")  # type: ignore[arg-type]
    assert found.segments == whole.segments
    assert (found.raw, found.text) == ("rawwords", "Cleanwords."), "each page has its share of the texts"
    assert pages.asked == [0, transcripts.PAGE, 2 * transcripts.PAGE]


def test_a_page_that_stays_empty_ends_the_fetching() -> None:
    import msgspec

    pages = Pages(msgspec.structs.replace(transcript(2), total=9))
    assert len(transcripts.fetch(pages, "utt_1").segments) == 2  # type: ignore[arg-type]
    assert pages.asked == [0, 2]


def test_json_has_exactly_the_promised_keys() -> None:
    document = json.loads(transcripts.render(transcript(), "json", raw=False))
    promised = "utterance engine quality raw text audio_seconds decode_seconds segments commands"
    assert set(document) == set(promised.split())
    assert set(document["segments"][0]) == {"start", "end", "text", "words", "capitals"}
    assert document["segments"][0]["words"] == [{"start": 0.1, "end": 0.5, "word": "text", "confidence": 0.5}]
    assert document["text"] == "Clean words."


def test_raw_is_what_was_heard_in_every_form_but_json() -> None:
    assert transcripts.render(transcript(), "text", raw=True) == "raw words\n"
    assert transcripts.render(transcript(), "text", raw=False) == "Clean words.\n"
    assert "text 1" in transcripts.render(transcript(), "srt", raw=True)
    assert "Text 1." in transcripts.render(transcript(), "vtt", raw=False)
    both = json.loads(transcripts.render(transcript(), "json", raw=True))
    assert (both["raw"], both["text"]) == ("raw words", "Clean words.")


def test_several_documents_are_joined() -> None:
    one = transcripts.render(transcript(), "json", raw=False)
    assert json.loads(transcripts.join([one, one], "json")) == [json.loads(one)] * 2
    assert json.loads(transcripts.join([], "json")) == []
    assert transcripts.join(["a\n", "", "b\n"], "text") == "a\n\nb\n"


def test_the_embedded_engine_is_called_a_draft_by_name() -> None:
    assert transcripts.label("pocketsphinx", "draft") == "draft (PocketSphinx)"
    assert transcripts.label("elsewhere", "high") == "high (elsewhere)"
    assert transcripts.label("", "") == ""
