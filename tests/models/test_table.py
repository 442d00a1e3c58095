"""The table of packs agrees with itself, with the lock that set-up installs from, and with real packs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from garret.models.shelf import Shelf, is_name
from garret.models.sources import Installed, is_installed
from garret.models.table import PACKS, pack_named

LOCK = Path(__file__).parents[2] / "requirements" / "models.lock"
_HASH = re.compile(r"[0-9a-f]{64}")


def test_each_pack_names_its_files_whole() -> None:
    for pack in PACKS:
        assert is_name(pack.name)
        assert pack.licence_text.strip()
        assert pack.origin
        named = {each.name for each in pack.distributions}
        for file in pack.files:
            assert _HASH.fullmatch(file.sha256)
            assert sum(part.size for part in file.parts) == file.size
            assert {part.distribution for part in file.parts} <= named
        assert {part.distribution for file in pack.files for part in file.parts} == named


def test_the_lock_of_models_has_what_the_table_has() -> None:
    text = LOCK.read_text()
    locked = re.findall(r"^(\S+)==(\S+) \\\n    --hash=sha256:([0-9a-f]{64})$", text, re.MULTILINE)
    assert locked
    known = {(each.name, each.version, each.wheel) for pack in PACKS for each in pack.distributions}
    assert set(locked) <= known
    assert "://" not in text


def test_a_pack_is_found_by_its_name_and_by_those_of_its_distributions() -> None:
    base = pack_named("base")
    assert base is not None
    assert all(pack_named(each.name) is base for each in base.distributions)
    assert pack_named("large") is None


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)
def test_the_real_pack_is_what_the_table_says(pack: object, tmp_path: Path) -> None:
    real = next(each for each in PACKS if each is pack)
    if not is_installed(real):
        pytest.skip(f"the pack {real.name} is not installed")
    model = Shelf(tmp_path / "models").take_pack(real, [Installed(real)])
    assert model.size == real.size
