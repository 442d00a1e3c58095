"""Reading a program's dynamic loader, from real programs and from files that are none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.worker import elf


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux programs are ELF files")
def test_a_program_names_a_loader_that_exists() -> None:
    loader = elf.interpreter("/bin/sh")
    assert loader is not None
    assert Path(loader).exists()


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fELF", b"\x7fELF\x02\x01" + b"\xff" * 200])
def test_what_is_no_program_has_no_loader(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    assert elf.interpreter(str(file)) is None
    assert elf.interpreter(str(tmp_path)) is None
    assert elf.interpreter(str(tmp_path / "nothing")) is None


@given(st.binary(max_size=400), st.integers(0, 399), st.binary(min_size=1, max_size=8))
def test_hostile_headers_are_survived(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, place: int, change: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "hostile"
    real = bytearray(Path(sys.executable).read_bytes()[:400])
    real[place : place + len(change)] = change
    for candidate in (b"\x7fELF\x02\x01" + content, bytes(real)):
        file.write_bytes(candidate)
        found = elf.interpreter(str(file))
        assert found is None or isinstance(found, str)
