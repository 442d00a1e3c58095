"""The rules of the window, as far as a script can see them, asked of a page; and axe-core's.

`rules.js` has the looking; here is what a test asks. Each function gives what is wrong, a line each. That
each finds a fault is proven in `test_rules.py`.

Which test stands for which of the window's rules:

- `test_every_page`: 10 contrast, 12 targets, 13 nothing cut, 15 motion, 16 names, 18 empty lists, 19 errors;
- `test_keys`: 5 the palette, 6 all by keyboard, 7 the ring, 8 Esc, 9 single keys, 14 panes;
- `test_doing`: 2 progress and cancel, 14 dropped or chosen, 17 undo, 19 errors, 20 and 21 toasts, 24 what
  listens, 25 approvals;
- `test_trouble`: 1 and 4 nothing waits, 3 as it was, 18 loading and failed lists, 19.

11 is for eyes; 22 and 23 are about tray and hotkeys, which `tests/shell` tries.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Page

from tests.web.node import WEB, web

Rule = Literal["targets", "cut", "overlaps", "jargon", "untold", "ring"]

_RULES: Final = Path(__file__).with_name("rules.js").read_text(encoding="utf-8")
_AXE: Final = WEB / "node_modules" / "axe-core" / "axe.min.js"


def look_in(page: Page) -> None:
    """Have the page's next documents, and this one, be looked at."""
    page.add_init_script(_RULES)
    page.evaluate(f"{_RULES};0")


def faults(page: Page, *rules: Rule) -> list[str]:
    """What breaks these rules."""
    return [f"{rule}: {line}" for rule in rules for line in page.evaluate(f"garretRules.{rule}()")]


def motion(page: Page, *, reduced: bool) -> list[str]:
    """What moves, or moves too long or by the wrong means."""
    found: list[str] = page.evaluate(f"garretRules.motion({str(reduced).lower()})")
    return found


def axe(page: Page) -> list[str]:
    """Violations that axe-core finds. Skips the test where it cannot be had."""
    if not _AXE.exists() and (done := web("packages")).returncode != 0:
        pytest.skip(f"THE PAGE IS NOT EXAMINED BY AXE: {done.stdout.strip()[-300:]}")
    page.evaluate(f"{_AXE.read_text(encoding='utf-8')};0")
    found: list[dict[str, Any]] = page.evaluate(
        "async () => (await axe.run({resultTypes: ['violations']})).violations"
    )
    return [
        f"axe {one['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]


def tour(page: Page) -> list[str]:
    """Go through the page by Tab alone, from its top until it begins anew: what is wrong on the way."""
    names: list[str] = page.evaluate("garretRules.stops()")
    page.evaluate("document.activeElement.blur(); getSelection().removeAllRanges()")
    found, seen = list[str](), list[int]()
    for _ in range(len(names) + 20):  # a few of the browser's own may lie between
        page.keyboard.press("Tab")
        stop, nothing, name, wrong = page.evaluate(
            "[garretRules.stop(), document.activeElement === document.body,"
            " garretRules.told(document.activeElement), garretRules.ring()]"
        )
        if nothing or (seen and stop == seen[0]):
            break
        found += wrong
        if stop < 0:
            found.append(f"{name} has the focus, and is none of what was there")
        else:
            seen.append(stop)
    if seen != sorted(set(seen)):
        found.append(f"the order is not that of reading: {seen}")
    return found + [f"{name} is not reached" for at, name in enumerate(names) if at not in seen]
