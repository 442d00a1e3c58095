from __future__ import annotations

from pathlib import Path

import pytest

from garret.base.errors import Code, GarretError
from garret.features.dictate import contracts as c
from garret.features.dictate.client.delivery import deliver, file_names, form_of, make_folder
from garret.features.dictate.client.errors import NotDelivered


class Writer:
    """A session whose output fails where it is told to, and that notes what it tells the room."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.told: list[c.Delivered] = []
        self.written: list[tuple[str, str]] = []

    def write(self, data: str) -> None:
        self.write_file("", data)

    def write_file(self, path: str, data: str) -> None:
        if self.error is not None:
            raise self.error
        self.written.append((path, data))

    def call(self, request: c.Delivered, **_: object) -> None:
        self.told.append(request)


def test_what_was_delivered_is_told_with_its_place() -> None:
    session = Writer()
    deliver(session, ["utt_1"], "text\n", "")  # type: ignore[arg-type]
    deliver(session, ["utt_2", "utt_3"], "[]", "out.json")  # type: ignore[arg-type]
    assert session.written == [("", "text\n"), ("out.json", "[]")]
    assert [(item.utterance, item.where, item.problem) for item in session.told] == [
        ("utt_1", "standard output", ""),
        ("utt_2", str(Path("out.json").absolute()), ""),
        ("utt_3", str(Path("out.json").absolute()), ""),
    ]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GarretError("The disk is full.", code=Code.FULL), Code.FULL),
        (BrokenPipeError(), Code.FAILED),
    ],
)
def test_what_was_not_delivered_is_held_and_told(error: BaseException, code: Code) -> None:
    session = Writer(error)
    with pytest.raises(NotDelivered) as raised:
        deliver(session, ["utt_1"], "text", "")  # type: ignore[arg-type]
    assert raised.value.code is code
    assert "garret history show utt_1" in raised.value.message
    assert [item.utterance for item in session.told if item.problem] == ["utt_1"]


def test_the_form_is_the_one_chosen_or_that_of_the_name() -> None:
    assert form_of("srt", "a.json", as_json=True) == "srt"
    assert form_of("", "a.VTT", as_json=False) == "vtt"
    assert form_of("", "a.doc", as_json=False) == "text"
    assert form_of("", "", as_json=True) == "json"


def test_files_of_one_name_get_names_of_their_own() -> None:
    assert file_names("out", "srt", ["/a/talk.wav", "/b/talk.mp3", "/b/Talk.ogg", "/c/x"]) == [
        "out/talk.srt",
        "out/talk-2.srt",
        "out/Talk-3.srt",
        "out/x.srt",
    ]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotDelivered):
        make_folder(str(tmp_path / "file" / "folder"))
    assert make_folder(str(tmp_path / "a" / "b")).is_dir()
