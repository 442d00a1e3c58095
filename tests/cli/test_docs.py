from __future__ import annotations

import re
from pathlib import Path

import pytest

from garret.app import rooms
from garret.cli.catalogue import all_verbs
from garret.protocol.manifest import Verb

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDE = (DOCS / "cli.md").read_text(encoding="utf-8")


def leaves() -> list[tuple[str, Verb]]:
    found: list[tuple[str, Verb]] = []
    for verb in all_verbs():
        found.append((verb.name, verb))
        found += [(f"{verb.name} {sub.name}", sub) for sub in verb.subverbs]
    return found


def section(name: str) -> str:
    parts = re.split(r"^#{2,3} garret (.+)$", GUIDE, flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert name in sections, f"docs/cli.md has no section 'garret {name}'"
    return sections[name]


@pytest.mark.parametrize(("name", "verb"), leaves(), ids=[name for name, _ in leaves()])
def test_the_guide_tells_every_verb_with_its_options_and_an_example(name: str, verb: Verb) -> None:
    text = section(name)
    for argument in verb.arguments:
        shown = argument.names if argument.names[0].startswith("-") else (str(argument.options["metavar"]),)
        for word in shown:
            assert re.search(rf"`[^`\n]*(?<![\w-]){re.escape(word)}(?![\w-])[^`\n]*`", text), (
                f"garret {name}: {word} is not in docs/cli.md"
            )
    if verb.handler:
        example = re.compile(rf"^    .*\bgarret (--\S+ \S+ )?{name.removesuffix(' list')}\b", re.MULTILINE)
        assert example.search(text), f"garret {name} has no example in docs/cli.md"


def test_the_guide_tells_no_verb_that_is_not_there() -> None:
    told = re.findall(r"^#{2,3} garret (.+)$", GUIDE, flags=re.MULTILINE)
    assert sorted(told) == sorted(name for name, _ in leaves())


def test_every_argument_and_verb_says_what_it_is() -> None:
    for name, verb in leaves():
        assert verb.summary.endswith("."), name
        for argument in verb.arguments:
            assert argument.options.get("help"), (name, argument.names)


def test_the_reference_is_what_the_manifests_say() -> None:
    from scripts.generate import GENERATE
    from scripts.reference import document

    assert (DOCS / "reference.md").read_text(encoding="utf-8") == document(), f"out of date: run `{GENERATE}`"


def test_the_reference_names_every_setting_command_and_event() -> None:
    from garret.control.settings.core import CORE_SETTINGS

    text = (DOCS / "reference.md").read_text(encoding="utf-8")
    names = [setting.key for setting in CORE_SETTINGS]
    for room in rooms():
        names += [setting.key for setting in room.settings]
        names += [kind.__meta__.name for kind in room.commands]
        names += [kind.__event__ for kind in room.events]
    assert len(names) > 60
    assert [name for name in names if f"`{name}`" not in text] == []
