"""What a person does on the pages: recordings, corrections, undo, approvals, first steps, dictating."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from garret.base.errors import Code, GarretError
from garret.base.ids import new_id
from garret.features.dictate import contracts as d
from garret.features.house import contracts as h
from garret.transport.client import Client
from tests.e2e import speech
from tests.e2e.house import PATIENCE, House, Push
from tests.web.site import Site, Visit

# ---- recordings


def recording(folder: Path, name: str, samples: speech.Samples) -> Path:
    return speech.write(folder / name, samples)


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name="Recordings").get_by_role("listitem").filter(has_text=name)


def card(page: Page, text: str) -> Locator:
    return page.get_by_role("article").filter(has_text=text)


def drag(page: Page, kind: str, *files: Path) -> None:
    """An event of a drag with files over the page, as a file manager's."""
    data = page.evaluate_handle(
        """files => {
             const data = new DataTransfer();
             for (const [name, bytes] of files)
               data.items.add(new File([Uint8Array.from(atob(bytes), (each) => each.charCodeAt(0))], name));
             return data;
           }""",
        [[each.name, encoded(each)] for each in files],
    )
    page.locator(".d-drop").dispatch_event(kind, {"dataTransfer": data})


def encoded(path: Path) -> str:
    import base64

    return base64.b64encode(path.read_bytes()).decode()


def test_recordings_are_dropped_or_chosen_and_become_text(guest: Visit, tmp_path: Path) -> None:
    """Rule 14: what is dragged can be clicked for as well."""
    page = guest.go("/dictate")
    dropped = recording(tmp_path, "dropped.wav", speech.hope())
    drag(page, "dragenter", dropped)
    expect(page.get_by_text("Drop recordings here")).to_be_visible()
    drag(page, "drop", dropped)
    expect(page.get_by_text("Drop recordings here")).to_have_count(0)
    expect(row(page, "dropped.wav")).to_contain_text("Done")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Add recordings").click()
    chooser.value.set_files(
        [recording(tmp_path, f"{each}.wav", speech.greeting()) for each in ("one", "two")]
    )
    for each in ("one.wav", "two.wav"):
        expect(row(page, each)).to_contain_text("Done")
    expect(page.get_by_role("region", name="Recordings").get_by_role("status")).to_have_text("3 of 3 done")
    assert card(page, "hope").count() >= 1


def test_what_takes_long_tells_how_far_it_is_and_can_be_cancelled(guest: Visit, tmp_path: Path) -> None:
    """Rule 2."""
    page = guest.go("/dictate")
    long = recording(tmp_path, "long.wav", speech.joined(*[speech.passage()] * 4))
    files = page.locator("input[type=file]")
    files.set_input_files(long)
    bar = page.get_by_role("progressbar", name="Progress of long.wav")
    expect(bar).to_be_visible()
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"^[1-9]\d?(\.\d+)?$"))
    page.get_by_role("link", name="History").click()
    guest.shown("/dictate/history")  # it goes on in the background
    page.get_by_role("link", name="Dictate", exact=True).last.click()
    guest.shown("/dictate")
    page.get_by_role("button", name="Cancel long.wav").click()
    expect(row(page, "long.wav")).to_contain_text("Cancelled")
    expect(bar).to_have_count(0)
    expect(page.get_by_role("button", name="Try long.wav again")).to_be_visible()
    page.get_by_role("button", name="Clear finished").click()
    expect(page.get_by_role("region", name="Recordings")).to_have_count(0)


def test_what_is_no_recording_says_so_beside_it(guest: Visit, tmp_path: Path) -> None:
    """Rule 19."""
    page = guest.go("/dictate")
    nonsense = tmp_path / "nonsense.wav"
    nonsense.write_bytes(b"this is no sound " * 100)
    page.locator("input[type=file]").set_input_files(nonsense)
    expect(row(page, "nonsense.wav").get_by_role("alert")).to_contain_text("nonsense.wav")
    assert not re.search(r"Error|Exception|Traceback", row(page, "nonsense.wav").inner_text())


# ---- taking back


def test_what_is_deleted_is_back_by_undo_and_by_ctrl_z(site: Site, window: Visit) -> None:
    """Rules 17, 20 and 21."""
    page = window.page
    page.clock.install()
    window.go("/dictate")
    hope = card(page, "hope").last
    count = page.get_by_role("article").count()
    hope.get_by_role("button", name="Delete").click()
    toast = page.get_by_role("region", name="Messages").locator(".g-toast")
    expect(toast).to_contain_text("Deleted")
    expect(toast.get_by_role("button", name="Undo")).not_to_be_focused()
    expect(page.get_by_role("article")).to_have_count(count - 1)
    page.clock.run_for(7_900)
    toast.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("article")).to_have_count(count)
    expect(toast).to_have_count(0)

    card(page, "hope").last.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("article")).to_have_count(count - 1)
    toast.hover()
    page.clock.run_for(60_000)
    expect(toast).to_be_visible()  # it waits under the pointer
    page.get_by_role("main").hover(position={"x": 5, "y": 5})
    page.keyboard.press("Control+z")
    expect(page.get_by_role("article")).to_have_count(count)

    card(page, "hope").last.get_by_role("button", name="Copy").click()
    expect(toast).to_be_visible()
    page.clock.run_for(20_000)
    expect(toast).to_have_count(0)
    page.get_by_role("button", name="What was said here").click()
    expect(page.get_by_role("dialog")).to_contain_text("Deleted (undone)")
    assert {row.id for row in site.house.call(d.History(limit=1000)).utterances} >= set(site.utterances)


def test_a_setting_is_taken_back_too(site: Site, window: Visit) -> None:
    page = window.go("/machine")
    page.keyboard.press("Control+k")
    page.keyboard.type("look: dark")
    page.keyboard.press("Enter")
    root = page.locator("html")
    expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
    page.get_by_role("button", name="Undo").click()
    expect(root).to_have_attribute("data-mantine-color-scheme", "light")
    (theme,) = site.house.call(h.ListSettings(key="desk.theme")).settings
    assert theme.source == "default"


def test_a_page_in_a_browser_looks_as_it_was_set_elsewhere(site: Site, guest: Visit) -> None:
    """It may not read settings, and needs no load to hear of them."""
    root = guest.go("/dictate").locator("html")
    expect(root).to_have_attribute("data-mantine-color-scheme", "light")
    site.house.set("desk.theme", "dark")
    site.house.set("desk.language", "de")
    try:
        expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
        expect(root).to_have_attribute("lang", "de")
    finally:
        site.house.set("desk.theme", None)
        site.house.set("desk.language", None)
    expect(root).to_have_attribute("lang", "en")


def test_what_cannot_be_taken_back_asks_with_its_verb_and_cancel_as_default(window: Visit) -> None:
    """Rule 17."""
    page = window.go("/machine")
    page.keyboard.press("Control+k")
    page.keyboard.type("stop garret")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Stop Garret")).to_be_visible()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator("[data-state=open]")).to_have_count(1)


def test_a_correction_is_kept_and_taken_back(site: Site, window: Visit) -> None:
    page = window.go("/dictate")
    morning = card(page, "Good morning").last
    label = morning.get_attribute("aria-label") or ""
    mine = page.get_by_role("article", name=label)
    mine.get_by_role("button", name="Correct").click()
    field = mine.get_by_role("textbox", name="Text")
    expect(field).to_be_focused()
    field.fill("Good evening.")
    page.keyboard.press("Control+Enter")
    expect(mine).to_contain_text("Good evening.")
    expect(mine).to_contain_text("Corrected")
    mine.get_by_role("button", name="What was heard").click()
    expect(mine.locator("ins")).to_contain_text("evening")
    page.get_by_role("button", name="Undo").click()
    expect(mine.locator("ins")).not_to_contain_text("evening")
    expect(mine).not_to_contain_text("Corrected")


# ---- approvals


class Asking:
    """A program that wants to delete an utterance, and waits for a person's consent."""

    def __init__(self, house: House, utterance: str) -> None:
        self.refused: GarretError | None = None
        self._house = house
        self._command = d.Delete(utterance=utterance)
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        client = Client.connect(self._house.home, role="cli", service="garret-cli")
        try:
            client.call(self._command)
        except GarretError as error:
            self.refused = error
        finally:
            client.close()

    def ended(self) -> GarretError | None:
        """Wait until it goes on; what it was refused with."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "it still waits"
        return self.refused


@pytest.fixture
def spare(site: Site, tmp_path: Path) -> str:
    """An utterance that may be deleted for good."""
    return site.house.take(recording(tmp_path, "spare.wav", speech.greeting()))


def test_an_approval_shows_all_it_is_about_and_enter_does_not_grant_it(
    site: Site, window: Visit, spare: str
) -> None:
    """Rule 25."""
    page = window.go("/approvals")
    asking = Asking(site.house, spare)
    waiting = page.get_by_role("article").filter(has_text=spare)
    expect(waiting).to_contain_text("dictate.delete")
    for told in (spare, "utterance", "cli", "second"):
        expect(waiting).to_contain_text(told)
    expect(page.get_by_role("link", name=re.compile("Approvals.*1"))).to_be_visible()
    expect(waiting.get_by_role("group", name="What exactly would be done")).to_have_attribute("tabindex", "0")
    allow = waiting.get_by_role("button", name="Allow once")
    allow.press("Enter")
    allow.press("NumpadEnter")
    assert [one.arguments["utterance"] for one in site.house.call(h.ListApprovals()).requests] == [spare]
    allow.press("Space")
    assert asking.ended() is None
    expect(page.get_by_text("Nothing waits")).to_be_visible()
    assert site.house.refusal(d.Get(utterance=spare)).code is Code.NOT_FOUND


def test_what_is_refused_is_not_done(site: Site, window: Visit, spare: str) -> None:
    page = window.go("/approvals")
    asking = Asking(site.house, spare)
    page.get_by_role("article").filter(has_text=spare).get_by_role("button", name="Refuse").click()
    refused = asking.ended()
    assert refused is not None
    assert refused.code is Code.DENIED
    expect(page.get_by_text("Nothing waits")).to_be_visible()
    assert any(each.id == spare for each in site.house.call(d.History(limit=1000)).utterances)
    site.house.call(d.Discard(utterances=(spare,)))


# ---- first steps


@contextmanager
def never_run(house: House) -> Iterator[None]:
    house.set("desk.first_run_done", None)
    try:
        yield
    finally:
        house.set("desk.first_run_done", "yes")


def first_run_done(house: House) -> str:
    return house.call(h.ListSettings(key="desk.first_run_done")).settings[0].value


def test_the_first_steps_come_by_themselves_and_are_gone_through(site: Site, browser: Browser) -> None:
    with never_run(site.house), site.visit(browser, "window") as visit:
        page = visit.page
        visit.shown("/settings/welcome")
        steps = ("no server", "Say a sentence", "window", "window", "garret models add")
        for number, told in enumerate(steps):
            expect(page.get_by_role("main")).to_contain_text(told)
            expect(page.locator(".mantine-Stepper-step[data-progress]")).to_have_count(1)
            page.get_by_role(
                "button", name="Done" if number == len(steps) - 1 else "Next", exact=True
            ).click()
        visit.shown("/dictate")
        assert first_run_done(site.house) == "yes"
        page.reload()
        visit.shown("/dictate")
        page.keyboard.press("Control+k")
        page.keyboard.type("first steps again")
        page.keyboard.press("Enter")
        visit.shown("/settings/welcome")


def test_the_first_steps_are_gone_through_by_keys_alone(site: Site, browser: Browser) -> None:
    """Each begins at its top, also where the button that led there is of no use any more."""
    with never_run(site.house), site.visit(browser, "window") as visit:
        page = visit.page
        visit.shown("/settings/welcome")

        def press(name: str) -> None:
            """Go on by Tab to a button, and press it."""
            button = page.get_by_role("main").get_by_role("button", name=name, exact=True)
            for _ in range(60):
                page.keyboard.press("Tab")
                if button.evaluate("each => each === document.activeElement"):
                    break
            expect(button).to_be_focused()
            page.keyboard.press("Enter")

        press("Next")
        expect(page.locator(":focus")).to_contain_text("Choose a microphone")
        page.keyboard.press("Tab")
        expect(page.locator("main :focus")).to_have_count(1)
        press("Back")
        expect(page.locator(":focus")).to_contain_text("on this machine alone")
        for _ in range(4):
            press("Next")
        press("Done")
        visit.shown("/dictate")
        assert first_run_done(site.house) == "yes"


def test_they_can_be_skipped(site: Site, browser: Browser) -> None:
    with never_run(site.house), site.visit(browser, "window") as visit:
        visit.shown("/settings/welcome")
        visit.page.get_by_role("button", name="Skip", exact=True).click()
        visit.shown("/dictate")
        assert first_run_done(site.house) == "yes"


# ---- dictating, and what is set


def test_listening_is_shown_on_every_page_with_a_stop(site: Site, window: Visit) -> None:
    """Rule 24."""
    page = window.go("/machine")
    push = Push(speech.passage(), pace=1.0)
    done = list[d.Dictated]()

    def dictate() -> None:
        with site.house.another_client() as client:
            done.append(
                client.stream(d.Listen(source="push", key=new_id("ask")), lambda _: None, inputs=push)
            )

    thread = threading.Thread(target=dictate, daemon=True)
    thread.start()
    stop = page.get_by_role("button", name="Stop listening")
    for path in ("/machine/jobs", "/dictate/history", "/approvals", "/settings"):
        page.evaluate(
            "path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate')) }", path
        )
        window.shown(path)
        expect(stop).to_be_visible()
    expect(stop.locator("xpath=ancestor::*[@aria-live='polite']")).to_have_count(1)
    stop.click()
    thread.join(PATIENCE)
    assert done
    assert push.pushed < len(speech.passage())
    expect(stop).to_have_count(0)


def test_a_setting_is_checked_before_it_is_kept_and_its_error_stands_beside_it(window: Visit) -> None:
    """Rule 19."""
    page = window.go("/settings")
    page.get_by_role("textbox", name="Find a setting").fill("dictate.vocabulary")
    setting = page.locator("section").filter(has_text="dictate.vocabulary")
    field = setting.get_by_role("textbox")
    field.fill("no table")
    page.keyboard.press("Control+Enter")
    expect(setting.get_by_role("alert")).to_be_visible()
    assert not re.search(r"\w+Error|Exception|Traceback", setting.inner_text())
    field.focus()
    page.keyboard.press("Escape")
    expect(field).not_to_have_value("no table")


def test_words_of_ones_own_are_added_and_taken_back(site: Site, window: Visit) -> None:
    page = window.go("/dictate/words")
    page.get_by_role("textbox", name="You say").first.fill("garret")
    page.get_by_role("textbox", name="Written as").first.fill("Garret")
    page.keyboard.press("Enter")
    words = page.get_by_role("table", name="Your words")
    expect(words.get_by_role("row")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(words).to_have_count(0)
    vocabulary: Any = site.house.call(h.ListSettings(key="dictate.vocabulary")).settings[0]
    assert vocabulary.source == "default"


def test_the_machine_is_asked_and_put_right(site: Site, window: Visit) -> None:
    """Audit chain, backup that is looked through, a worker that is restarted, a job's story."""
    page = window.go("/machine/audit")
    page.get_by_role("button", name="Check the chain").click()
    expect(page.get_by_role("status").filter(has_text="The chain is whole")).to_be_visible()
    window.go("/machine/storage")
    page.get_by_role("button", name="Look through").first.click()
    expect(page.get_by_role("table", name="Backups").get_by_text("Well").first).to_be_visible()
    window.go("/machine/jobs")
    page.get_by_role("button", name=re.compile("^The story of")).first.click()
    expect(page.locator(".m-story").first).to_be_visible()
    window.go("/machine/workers")
    before = {worker.pid for worker in site.house.workers("text") if worker.pid}
    page.get_by_role("button", name="Restart text").click()
    restarted = page.get_by_role("row").filter(has_text=re.compile("^text"))
    expect(restarted).to_contain_text("Ready")
    assert before
