"""One window a home."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from garret.base.paths import Home
from garret.shell.errors import ShellError
from garret.shell.instance import CALL, LOCK, Instance, call_first, holder


def test_the_second_is_told_who_is_first_and_calls_it(home: Home) -> None:
    home.create()
    heard: list[int] = []
    before = signal.signal(CALL, lambda number, frame: heard.append(number))
    try:
        first = Instance.take(home)
        assert first is not None
        assert Instance.take(home) is None
        assert holder(home) == os.getpid()
        assert call_first(home)
        assert heard == [CALL]
        first.release()
        assert holder(home) is None
        assert not call_first(home)
        second = Instance.take(home)
        assert second is not None
        second.release()
    finally:
        signal.signal(CALL, before)


def test_a_file_that_nobody_locks_means_nobody(home: Home) -> None:
    home.create()
    assert holder(home) is None
    (home.root / LOCK).write_text(str(os.getppid()))  # left by one that was killed; the number is another's
    assert holder(home) is None
    assert not call_first(home)


def test_a_home_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(ShellError, match=r"cannot be written.*No window was opened"):
        Instance.take(Home(tmp_path / "nowhere"))
