"""Landlock rule sets, built for every version this kernel takes; applying them is tested with the cage."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from garret.worker import landlock
from garret.worker.landlock import Access

HERE = landlock.abi()


def test_each_version_handles_what_it_brought() -> None:
    assert Access.REFER not in landlock.handled(1)
    assert Access.REFER in landlock.handled(2)
    assert Access.TRUNCATE not in landlock.handled(2)
    assert Access.TRUNCATE in landlock.handled(3)
    assert Access.IOCTL_DEV not in landlock.handled(4)
    assert Access.IOCTL_DEV in landlock.handled(5)


@pytest.mark.skipif(HERE < 1, reason="this kernel has no Landlock")
@pytest.mark.parametrize("version", range(1, min(HERE, landlock.NEWEST_ABI) + 1))
def test_a_rule_set_of_every_version_is_taken_by_the_kernel(version: int, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208
    rules = landlock.Ruleset(tcp=False, version=version)
    assert rules.allow(str(tmp_path), landlock.WRITE)
    assert rules.allow(str(file), landlock.WRITE)
    assert rules.allow("/dev/null", landlock.DEVICE)
    assert not rules.allow(str(tmp_path / "nothing"), landlock.READ)
    assert not rules.allow(str(file / "below"), landlock.READ)
    rules.close()
    rules.close()
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_without_landlock_there_is_no_rule_set() -> None:
    with pytest.raises(OSError, match="no Landlock"):
        landlock.Ruleset(tcp=False, version=0)


def test_write_grants_make_no_links_sockets_or_devices() -> None:
    assert not landlock.WRITE & (
        Access.MAKE_SYM | Access.MAKE_SOCK | Access.MAKE_FIFO | Access.MAKE_CHAR | Access.MAKE_BLOCK
    )
    assert not landlock.WRITE & Access.EXECUTE
