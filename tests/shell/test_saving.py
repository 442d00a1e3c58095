"""Saving a file where the person says."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import Code
from garret.shell.errors import ShellError
from garret.shell.saving import copy, plain_name
from tests.shell.conftest import Opened, Waiting


@given(st.text(max_size=300))
def test_a_name_stays_in_its_folder_and_is_seen(name: str) -> None:
    plain = plain_name(name)
    assert plain
    assert "/" not in plain
    assert "\\" not in plain
    assert not plain.startswith(".")
    assert plain.isprintable()
    assert len(plain) <= 120


def test_names_as_they_come() -> None:
    assert plain_name("../../.bashrc") == "bashrc"
    assert plain_name("C:\\temp\\talk.srt") == "talk.srt"
    assert plain_name("What did I say?.txt") == "What did I say_.txt"
    assert plain_name("") == "file"


def holding(data: bytes) -> int:
    descriptor = os.memfd_create("x")
    os.write(descriptor, data)
    return descriptor


def test_a_copy_is_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "talk.wav"
    target.write_bytes(b"before")
    descriptor = holding(b"x" * 20_000_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(ShellError, match="as it was"):
            copy(descriptor, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert target.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [target]
    copy(descriptor, target)
    assert target.read_bytes() == b"x" * 20_000_000
    os.close(descriptor)


def test_a_folder_that_takes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ShellError) as failed:
        copy(holding(b"x"), tmp_path / "missing" / "a.txt")
    assert failed.value.code == Code.READ_ONLY


@pytest.fixture
def dialog(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """The save dialog that is open, of Qt's own: it can be answered as a person does."""
    from PySide6.QtWidgets import QFileDialog

    opened: list[Any] = []
    plain = QFileDialog.open

    def note(self: Any) -> None:
        self.setOption(QFileDialog.Option.DontUseNativeDialog)
        opened.append(self)
        plain(self)

    monkeypatch.setattr(QFileDialog, "open", note)
    return lambda: opened.pop() if opened else None


def name(dialog: Any, path: Path) -> None:
    """Type where to."""
    from PySide6.QtWidgets import QLineEdit

    dialog.findChild(QLineEdit, "fileNameEdit").setText(str(path))


def begin(window: Opened, name: str, data: bytes) -> None:
    channel = window.shell.bridge.channel
    assert channel is not None
    ticket = channel.down.offer(holding(data))
    window.run(
        f"(window.saved = null, call('window.save', {{ticket: {ticket!r}, name: {name!r}}})"
        ".then((got) => { window.saved = got }), 0)"
    )


def test_the_dialog_says_where_and_the_page_hears_only_the_name(
    open_window: Callable[..., Opened], dialog: Callable[[], Any], tmp_path: Path, qt: Waiting
) -> None:
    window = open_window().page_begun()
    begin(window, "../talk.txt", b"what was said")
    found: list[Any] = []
    qt.until(lambda: found or found.append(dialog()) or found[0] or found.clear())
    assert found[0].selectedFiles()[0].endswith("/talk.txt")
    name(found[0], tmp_path / "here.txt")
    found[0].accept()
    qt.until(lambda: window.run("saved"))
    assert window.run("saved.value") == {"name": "here.txt"}
    assert (tmp_path / "here.txt").read_bytes() == b"what was said"


def test_giving_up_saves_nothing_and_what_cannot_be_saved_is_told(
    open_window: Callable[..., Opened], dialog: Callable[[], Any], tmp_path: Path, qt: Waiting
) -> None:
    window = open_window().page_begun()
    begin(window, "a.txt", b"x")
    found: list[Any] = []
    qt.until(lambda: found or found.append(dialog()) or found[0] or found.clear())
    found[0].reject()
    qt.until(lambda: window.run("saved"))
    assert window.run("saved.value") == {"name": None}
    spent = window.call("window.save", "{ticket: 'none', name: 'a'}")
    assert spent["error"]["code"] == "not_found"


def test_a_download_asks_as_well(
    open_window: Callable[..., Opened], dialog: Callable[[], Any], tmp_path: Path, qt: Waiting
) -> None:
    window = open_window().page_begun()
    window.run(
        "((() => { const a = document.createElement('a'); a.download = 'made.txt';"
        "a.href = URL.createObjectURL(new Blob(['made by the page']));"
        "document.body.append(a); a.click(); })(), 0)"
    )
    found: list[Any] = []
    qt.until(lambda: found or found.append(dialog()) or found[0] or found.clear())
    assert found[0].selectedFiles()[0].endswith("/made.txt")
    name(found[0], tmp_path / "kept.txt")
    found[0].accept()
    target = tmp_path / "kept.txt"
    qt.until(lambda: target.exists() and target.read_bytes() == b"made by the page")
