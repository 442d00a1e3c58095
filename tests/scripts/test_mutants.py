"""The mutation run: each mutant differs from its source in one place, and a driver's tests notice one."""

from __future__ import annotations

from pathlib import Path

from scripts import mutants

SOURCE = '''
"""A docstring is no place."""

def use(self, count):
    if count < 3:
        self.total += 1
        self.tell(count)
        _logger.info("no place either")
    return self.total
'''


def test_each_mutant_is_changed_in_one_place() -> None:
    found = list(mutants.mutants(SOURCE, 100))
    assert [told for told, _ in found] == [
        "line 5: another border in count < 3",
        "line 6: no self.total += 1",
        "line 7: no self.tell(count)",
        "line 5: not (count < 3)",
    ]
    assert len({changed for _, changed in found}) == 4
    for _, changed in found:
        compile(changed, "mutant", "exec")


def test_fewer_are_drawn_evenly() -> None:
    assert len(list(mutants.mutants(SOURCE, 2))) == 2


def test_every_driver_and_its_tests_are_there() -> None:
    root = Path(__file__).resolve().parents[2]
    for part, tests in mutants.PARTS.items():
        assert (root / "src/garret/control" / f"{part}.py").is_file()
        assert all((root / test).exists() for test in tests)
