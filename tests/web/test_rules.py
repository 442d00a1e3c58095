"""Each of the looks at a page finds what was planted for it, and nothing in a sound page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Error, Page

from tests.web import rules

SOUND = """<!doctype html><html lang="en"><title>Sound</title><style>
  * { transition: none } button { width: 8rem; height: 2.5rem } :focus-visible { outline: 3px solid #003300 }
</style><main><h1>Sound</h1><p>All is as it should be.</p>
<button>One</button><button>Two</button><label>Three <input style="height: 2.5rem"></label></main>"""

UNDER = """<div style="position: relative; width: 9rem"><button>Under</button>
<div style="position: absolute; inset: -4px; background: #fff"></div></div>"""
BACK = """<button>First</button>
<button onfocus="this.blur(); document.querySelector(`button`).focus()">Back</button>"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 480, "height": 600})
    try:
        opened = context.new_page()
        opened.set_content(SOUND)
        rules.look_in(opened)
        yield opened
    finally:
        context.close()


def plant(page: Page, html: str) -> None:
    page.evaluate("html => document.querySelector('main').insertAdjacentHTML('beforeend', html)", html)


def test_a_sound_page_is_found_sound(page: Page) -> None:
    assert rules.axe(page) == []
    assert rules.faults(page, "targets", "cut", "overlaps", "jargon", "untold") == []
    assert rules.motion(page, reduced=True) == []
    assert rules.tour(page) == []


@pytest.mark.parametrize(
    ("kind", "html"),
    [
        ("color-contrast", '<p style="color: #bbb; background: #fff">Hardly to be read</p>'),
        ("button-name", "<button></button>"),
        ("image-alt", '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'),
        ("label", '<input type="text">'),
        ("aria-valid-attr-value", '<p aria-live="sometimes">News</p>'),
    ],
)
def test_axe_finds_what_was_planted(page: Page, kind: str, html: str) -> None:
    plant(page, html)
    assert any(line.startswith(f"axe {kind}:") for line in rules.axe(page))


@pytest.mark.parametrize(
    ("rule", "html"),
    [
        ("targets", '<button style="width: 20px; height: 20px; padding: 0">x</button>'),
        (
            "targets",
            '<div role="dialog"><button class="mantine-Button-root" style="height: 28px">Do</button></div>',
        ),
        (
            "cut",
            '<p style="width: 60px; overflow: hidden; white-space: nowrap">Longer than there is room</p>',
        ),
        ("cut", '<p style="height: 10px; overflow: hidden; line-height: 40px">Too low</p>'),
        ("cut", '<p style="width: 900px">Wider than the window</p>'),
        ("cut", '<div style="overflow-x: auto"><p style="width: 900px">Scrolls sideways</p></div>'),
        ("cut", '<select aria-label="s" style="width: 40px"><option>A long choice</option></select>'),
        ("overlaps", '<p>Below</p><p style="margin-top: -30px">Above</p>'),
        ("jargon", "<p>ValueError: 3</p>"),
        ("jargon", "<p>[object Object]</p>"),
        ("untold", "<p>frame:keys.open</p>"),
        ("untold", "<p>{{count}} things</p>"),
    ],
)
def test_a_look_finds_what_was_planted(page: Page, rule: rules.Rule, html: str) -> None:
    plant(page, html)
    assert rules.faults(page, rule)


@pytest.mark.parametrize(
    ("reduced", "style"),
    [
        (True, "transition: opacity 0.1s"),
        (True, "animation: x 0.1s"),
        (False, "transition: opacity 0.5s"),
        (False, "transition: background-color 0.1s"),
    ],
)
def test_what_moves_is_found(page: Page, reduced: bool, style: str) -> None:
    plant(page, f'<p style="{style}">It moves</p>')
    assert rules.motion(page, reduced=reduced)


@pytest.mark.parametrize(
    ("html", "told"),
    [
        ('<style>#a:focus { outline: none }</style><button id="a">Bare</button>', "shows no focus"),
        ('<style>#a:focus { outline: 2px solid #eee }</style><button id="a">Pale</button>', "1 only"),
        (UNDER, "is covered"),
        ('<button style="position: absolute; left: -999px">Away</button>', "out of sight"),
        ('<button onkeydown="event.preventDefault()">Trap</button><button>After</button>', "not reached"),
        (BACK, "not reached"),
    ],
)
def test_a_tour_finds_what_was_planted(page: Page, html: str, told: str) -> None:
    plant(page, html)
    found = rules.tour(page)
    assert any(told in line for line in found), found


def test_an_order_of_its_own_is_found(page: Page) -> None:
    plant(page, '<button tabindex="3">First of all</button>')
    with pytest.raises(Error, match="an order of its own"):
        rules.tour(page)
