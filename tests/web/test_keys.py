"""The page by keyboard alone: every stop, its ring, the palette, the search field, layers, single keys."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from garret.features.house import contracts as h
from tests.web import rules
from tests.web.site import NARROW, PAGES, WIDE, Site, Visit, heading


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_all_of_every_page_is_reached_by_tab_and_shows_where_the_focus_is(
    site: Site, browser: Browser, size: tuple[int, int]
) -> None:
    """Rules 6 and 7."""
    with site.visit(browser, "window", viewport={"width": size[0], "height": size[1]}) as visit:
        rules.look_in(visit.page)
        found = [f"{path}: {line}" for path in PAGES for line in rules.tour(visit.go(path))]
        assert not found, "\n".join(found)


def test_the_rail_leads_into_the_page_and_f6_from_one_region_to_the_next(window: Visit) -> None:
    page = window.go("/dictate")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the page")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.get_by_role("link", name="Approvals").focus()
    page.keyboard.press("Enter")
    window.shown("/approvals")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("F6")
    expect(page.get_by_role("contentinfo").locator(":focus")).to_have_count(1)
    page.keyboard.press("F6")
    expect(page.get_by_role("navigation", name="Rooms").locator(":focus")).to_have_count(1)
    page.keyboard.press("Shift+F6")
    expect(page.get_by_role("contentinfo").locator(":focus")).to_have_count(1)


def test_a_list_is_walked_by_arrows_and_enter_opens_a_row(site: Site, window: Visit) -> None:
    page = window.go("/dictate/history")
    expect(
        page.get_by_role("checkbox", name="Choose this one").nth(len(site.utterances) - 1)
    ).to_be_attached()
    rows = page.get_by_role("list", name="History").get_by_role("listitem")
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("article")).to_be_visible()
    expect(rows.nth(1).locator("[data-shown]")).to_have_count(1)


# ---- the palette


def palette(page: Page) -> tuple[Locator, Locator]:
    """Its field and its entries, opened by its key."""
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="What would you like to do?")
    expect(field).to_be_focused()
    return field, page.get_by_role("dialog").get_by_role("option")


def test_the_palette_holds_all_pages_acts_and_settings_with_their_keys(site: Site, window: Visit) -> None:
    """Rule 5."""
    page = window.go("/machine")
    field, entries = palette(page)
    expect(entries.first).to_be_visible()
    lacking = list[str]()

    def look_for(words: str, title: str | re.Pattern[str]) -> None:
        field.fill(words)
        expect(page.get_by_role("dialog").get_by_role("status")).not_to_have_text("")
        if entries.filter(has_text=title).count() == 0:
            lacking.append(words)

    for path in PAGES:
        title = "Machine room" if path == "/machine" else heading(path)
        look_for(title, title)
    for setting in site.house.call(h.ListSettings()).settings:
        look_for(setting.key.replace(".", " ").replace("_", " "), setting.sentence)
    for act in (
        "Close the way out",
        "Stop listening",
        "Make a backup",
        "Check the audit chain",
        "Look: dark",
    ):
        look_for(act, act)
    assert not lacking, f"the palette lacks {lacking}"
    field.fill("close the way out")
    expect(entries.first.locator("kbd")).to_have_text(["Ctrl", "Shift", "X"])


def test_what_was_used_lately_is_first_and_a_page_is_gone_to(window: Visit) -> None:
    page = window.go("/dictate")
    field, entries = palette(page)
    field.fill("jobs")
    page.keyboard.press("Enter")
    window.shown("/machine/jobs")
    expect(page.get_by_role("dialog")).to_have_count(0)
    _, entries = palette(page)
    expect(page.get_by_role("dialog").get_by_text("Recent", exact=True)).to_be_visible()
    expect(entries.first).to_contain_text("Jobs")
    page.keyboard.press("ArrowDown")
    expect(entries.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    expect(entries.first).to_have_attribute("aria-selected", "true")


def test_it_opens_on_every_page_and_leads_to_a_setting(window: Visit) -> None:
    for path in PAGES:
        page = window.go(path)
        field, entries = palette(page)
        expect(entries.first).to_be_visible()
        page.keyboard.press("Escape")
        expect(field).to_have_count(0)
    palette(page)[0].fill("desk density")
    page.keyboard.press("Enter")
    window.shown("/settings")
    expect(page.locator("section:focus")).to_contain_text("desk.density")


# ---- layers and single keys


def test_esc_closes_the_topmost_alone_and_the_focus_goes_back(window: Visit) -> None:
    """Rule 8."""
    page = window.go("/machine/storage")
    opener = page.get_by_role("main").get_by_role("button", name="Back up", exact=True)
    opener.focus()
    page.keyboard.press("Enter")
    backup = page.get_by_role("dialog", name="Back up")
    expect(backup).to_be_visible()
    field, _ = palette(page)
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    expect(backup).to_be_visible()
    page.keyboard.press("Escape")
    expect(backup).to_have_count(0)
    expect(opener).to_be_focused()


def test_single_keys_are_not_heard_in_text_and_can_be_switched_off(window: Visit) -> None:
    """Rule 9."""
    page = window.go("/machine")
    search = page.get_by_role("combobox", name="Search everything")
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("what? /")
    expect(search).to_have_value("what? /")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("main").focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    switch = dialog.get_by_role("switch")
    expect(switch).to_be_checked()
    switch.focus()
    page.keyboard.press("Space")
    expect(switch).not_to_be_checked()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_role("main").focus()
    page.keyboard.press("/")
    page.keyboard.press("?")
    expect(search).not_to_be_focused()
    expect(dialog).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(dialog).to_have_count(1)


def test_the_search_field_finds_what_was_said_and_leads_to_it(window: Visit) -> None:
    page = window.go("/machine")
    page.keyboard.press("/")
    page.keyboard.type("hope")
    found = page.get_by_role("listbox", name="Search everything").get_by_role("option")
    expect(found.first).to_contain_text("hope")
    expect(found.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    window.shown("/dictate/history")
    expect(page.get_by_role("article").first).to_contain_text("hope")
    page.keyboard.press("/")
    page.keyboard.type("zzzz")
    expect(page.get_by_text("Nothing was found.")).to_be_visible()


def test_the_bar_between_panes_is_moved_by_keys_too(window: Visit) -> None:
    """Rule 14, as far as panes go; files are dropped and chosen in `test_doing`."""
    page = window.go("/machine")
    page.keyboard.press("Control+\\")
    bar = page.get_by_role("separator")
    before = int(bar.get_attribute("aria-valuenow") or "0")
    bar.focus()
    page.keyboard.press("ArrowRight")
    expect(bar).not_to_have_attribute("aria-valuenow", str(before))
    page.keyboard.press("Control+\\")
    expect(bar).to_have_count(0)
