"""Files under tickets: one use, a bound on how many wait, nothing left open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from garret.base.errors import Code
from garret.page.errors import PageError
from garret.page.passing import WAITING, Tickets, Upload


def test_a_ticket_is_good_once(tmp_path: Path) -> None:
    tickets = Tickets()
    upload = Upload(tmp_path)
    upload.write(b"ab")
    upload.write(b"c")
    ticket = upload.finish(tickets)
    assert list(tmp_path.iterdir()) == [], "the file has no name"
    with os.fdopen(tickets.take(ticket), "rb") as file:
        assert file.read() == b"abc"
    with pytest.raises(PageError):
        tickets.take(ticket)


def test_the_oldest_goes_when_too_many_wait() -> None:
    tickets = Tickets()
    descriptors = [os.open(os.devnull, os.O_RDONLY) for _ in range(WAITING + 1)]
    names = [tickets.offer(each) for each in descriptors]
    with pytest.raises(PageError):
        tickets.take(names[0])
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptors[0])
    os.close(tickets.take(names[1]))
    tickets.close()
    for each in descriptors:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(each)


def test_what_is_too_large_is_not_kept(tmp_path: Path) -> None:
    upload = Upload(tmp_path, limit=4)
    upload.write(b"1234")
    with pytest.raises(PageError) as raised:
        upload.write(b"5")
    assert raised.value.code == Code.FULL
    upload.discard()
