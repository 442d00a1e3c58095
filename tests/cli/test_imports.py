from __future__ import annotations

import subprocess
import sys

FORBIDDEN = (
    "apsw", "argon2", "asyncio", "blake3", "cryptography", "keyring", "miniaudio", "numpy", "pocketsphinx",
    "rich", "shtab", "soundfile", "soxr", "text_to_num", "typing_extensions", "uvloop",
    "garret.control", "garret.storage", "garret.worker",
)  # fmt: skip

ALL = """
import importlib, sys
from garret.cli.main import main
from garret.cli.catalogue import all_verbs
from garret.cli.parser import read
assert read(all_verbs(), ["status"]).handler
def load(verbs):
    for verb in verbs:
        if verb.handler:
            importlib.import_module(verb.handler.partition(":")[0])
        load(verb.subverbs)
load(all_verbs())
print(*sorted(sys.modules))
"""


def test_no_verb_loads_anything_heavy_or_any_code_of_the_control_plane() -> None:
    done = subprocess.run([sys.executable, "-c", ALL], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "garret.features.dictate.verbs" in loaded
    assert "garret.features.house.keys_verbs" in loaded
    assert sorted(loaded.intersection(FORBIDDEN)) == []
    assert [name for name in loaded if name.endswith((".service", ".store"))] == []


def test_reading_a_command_line_loads_no_contracts() -> None:
    code = """
import sys
from garret.cli.catalogue import all_verbs
from garret.cli.parser import read
assert read(all_verbs(), ["dictate", "a.wav"]).handler
print(*sorted(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "garret.features.dictate.verb_table" in loaded
    assert [name for name in loaded if ".contracts" in name or name.endswith(".manifest")] == [
        "garret.protocol.manifest"
    ]


def test_what_msgspec_was_spared_can_still_be_imported() -> None:
    code = "import garret.cli, msgspec, typing_extensions; print(typing_extensions.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "typing_extensions\n"
