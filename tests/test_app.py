"""What `app` says twice, in two ways, is the same."""

from __future__ import annotations

from garret.app import rooms, verbs


def test_the_verbs_are_those_of_the_manifests() -> None:
    declared = {verb.name: verb for room in rooms() for verb in room.verbs}
    assert {verb.name: verb for verb in verbs()} == declared
    assert len(verbs()) == len(declared) == sum(len(room.verbs) for room in rooms())
