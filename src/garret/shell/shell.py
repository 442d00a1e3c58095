"""The window's process, put together: line, page, tray, notices, and who tells whom.

    line (control socket, comes back by itself)
      |- bridge - view - window        the page's calls, over a channel of its own
      |- hearing - tray, notifier      what the window itself hears
      |- talking                       dictating by key, without any page

`Shell` owns them all, on Qt's main thread, and ends them in the opposite order. What can fail here fails
into a sentence: in the page, as a notice, or in the log.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import shiboken6
from PySide6.QtCore import QObject, QProcess, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWebEngineCore import QWebEngineDownloadRequest
from PySide6.QtWidgets import QApplication

from garret.app import rooms
from garret.base import log
from garret.base.errors import GarretError
from garret.base.paths import Home
from garret.features.desk import contracts as d
from garret.features.desk import entries
from garret.features.dictate import contracts as u
from garret.features.house import contracts as h
from garret.page import local as c
from garret.page.assets import FOLDER
from garret.page.channel import Channel
from garret.page.line import Line
from garret.protocol.contract import Registry
from garret.shell import links
from garret.shell.asking import ask
from garret.shell.bridge import Bridge
from garret.shell.errors import ShellError
from garret.shell.heap import give_back_later
from garret.shell.hearing import Hearing
from garret.shell.hotkeys.press import Intent
from garret.shell.local import Surroundings, WindowCommands
from garret.shell.notices import Notice, is_wanted
from garret.shell.notifier import Notifier
from garret.shell.preferences import Preferences
from garret.shell.reach import Reach
from garret.shell.recovery import Recovery
from garret.shell.refusals import Refusals
from garret.shell.saving import ask_where
from garret.shell.scheme import PageScheme, is_ours
from garret.shell.strings import say
from garret.shell.talking import Talking
from garret.shell.translation import Translation
from garret.shell.tray import Actions, Tray
from garret.shell.tray_state import Facts, state_of
from garret.shell.view import Guard, HousePage, furnish, make_profile
from garret.shell.window import Reactions, Window
from garret.shell.x11.focus import Target
from garret.transport.qt import QtLoop

TRAY_PATIENCE_MS: Final = 10_000
"""A session's panel may start after its programs; without one until then the window shows itself."""

_logger = log.get("shell")


class Options(msgspec.Struct, frozen=True):
    """How the window is to begin."""

    page: str = "/"
    hidden: bool = False
    """In the tray only, as at login."""
    private: bool = False
    """The page keeps nothing on the disk."""
    gpu: bool = True
    folder: Path = FOLDER
    """Where the built page is."""


class Shell(QObject):
    """See the module."""

    def __init__(self, application: QApplication, home: Home, options: Options) -> None:
        super().__init__(application)
        self._application = application
        self._home = home
        self._refusals = Refusals()
        self.restart_without_gpu = False
        self.ended = False
        self._translation = Translation(self)
        self._folder = home.root / "window"
        _make(self._folder)
        kinds = rooms()
        registry = Registry(
            # Under the same role the window says this for itself: no page does.
            (kind for room in kinds for kind in room.commands if kind not in (d.Attend, d.Refused)),
            (kind for room in kinds for kind in room.events),
        )
        self.line = Line(QtLoop(), home, role="shell", service="garret-shell")
        self.commands = c.LocalCommands()
        self._registry = registry
        self.window = Window(self._folder, Recovery(gpu=options.gpu), self._reactions())
        self.bridge = Bridge(self, self._open_channel, self._at_home, self.refused)
        self._scheme = PageScheme(self, lambda: self.bridge.channel, options.folder)
        self._guard = Guard(self, self.refused)
        self._profile = make_profile(self, None if options.private else self._folder / "page")
        furnish(self._profile, self._scheme, self._guard, self._download)
        self.page = HousePage(self._profile, self._profile, self.bridge, self._follow, self.refused)
        self.tray = Tray(self, self._actions())
        self.notifier = Notifier(self, self.tray.icon, self._acted)
        self.reach = Reach.probe(QtLoop(), self._wanted, self._held)
        self.reach.answer(self.commands)
        self.reach.hands.own_window = self._write_here
        self.talking = Talking(self.line, self._deliver, self.noticed, self.reach.hotkeys.ended)
        self._aimed: Target | None = None
        self._reaching: dict[str, object] | None = None
        WindowCommands(
            Surroundings(
                window=self.window,
                owner=self,
                channel=lambda: self.bridge.channel,
                follow=self.open_link,
                for_person=self.page.for_person,
                notify=self.notifier.show,
                desktop=self.desktop,
                quit=lambda: QTimer.singleShot(0, self.quit),
            )
        ).add_to(self.commands)
        self.hearing = Hearing(self.line, registry, self)
        self._options = options

    def begin(self) -> None:
        """Show the window or its tray icon, and connect."""
        self.tray.show()
        self.line.open()
        self.window.load(self.page, self._options.page)
        if self._options.hidden:
            QTimer.singleShot(0 if self.tray.there else TRAY_PATIENCE_MS, self, self._show_unless_tray)
        else:
            self.window.show()

    def quit(self) -> None:
        """End the window and its tray icon. The control plane and its jobs go on. Idempotent."""
        if self.ended:
            return
        self.ended = True
        self.window.keep_place()
        self.tray.hide()
        self.hearing.close()
        self.reach.close()
        self.bridge.close()
        self._scheme.forget()
        self.line.close()
        self.notifier.close()
        self.window.hide()
        shiboken6.delete(self.window)
        shiboken6.delete(self.page)  # before its profile, which Qt insists on
        self._application.quit()

    # ---- for the page

    def _open_channel(self, tell: Callable[[str], None]) -> Channel:
        give_back_later(self)
        return Channel(self.line, self._registry, self.commands, tell, self._page_refused)

    def _at_home(self) -> bool:
        return is_ours(self.page.url())

    def _page_refused(self, error: GarretError) -> None:
        self.refused("window.page", error.message)

    def refused(self, what: str, sentence: str) -> None:
        """Something that no page of ours does: into the log and the audit chain."""
        told = self._refusals.pass_on(sentence, time.monotonic())
        if told is not None:
            _logger.warning("%s: %s", what, told)
            ask(self.line, d.Refused(what=what, sentence=told[:500]))

    def _follow(self, address: str) -> None:
        try:
            self.open_link(address)
        except ShellError as error:
            self.refused("window.link", error.message)

    def open_link(self, address: str) -> None:
        """Open a link outside. Raises ShellError where it is not one to be opened, or nothing opens it."""
        if not QDesktopServices.openUrl(QUrl(links.judge(address), QUrl.ParsingMode.StrictMode)):
            raise ShellError("No program of this desktop opened the link. Copy it instead.")

    def _download(self, request: QWebEngineDownloadRequest) -> None:
        def chosen(path: Path | None) -> None:
            if path is None:
                request.cancel()
                return
            request.setDownloadDirectory(str(path.parent))
            request.setDownloadFileName(path.name)
            request.accept()

        ask_where(self.window, request.suggestedFileName(), chosen)

    def desktop(self) -> c.Desktop:
        """What the running desktop allows."""
        return c.Desktop(
            session=self.reach.session,
            tray=self.tray.there,
            notifications=self.notifier.works,
            hotkeys=self.reach.hotkeys.strategies(),
            insertion=self.reach.hands.strategies(),
        )

    # ---- for the window

    def _reactions(self) -> Reactions:
        return Reactions(
            closing=self._closing,
            without_gpu=self._begin_without_gpu,
            page_gone=self._page_gone,
            seen=lambda: self.hearing.seen() if hasattr(self, "hearing") else None,
            browser=self._show_in_browser,
        )

    def _closing(self) -> bool:
        if self.hearing.preferences.close_to_tray and self.tray.there:
            return True
        QTimer.singleShot(0, self.quit)
        return False

    def _begin_without_gpu(self) -> None:
        self.restart_without_gpu = True
        QTimer.singleShot(0, self.quit)

    def _page_gone(self) -> None:
        self.bridge.close()
        self._scheme.forget()

    def _show_unless_tray(self) -> None:
        if not self.ended and not self.tray.there and not self.window.isVisible():
            self.window.showMinimized()

    # ---- for the tray and the notices

    def _actions(self) -> Actions:
        return Actions(
            show=self.window.raise_up,
            dictate=self._dictate,
            pause=self._pause,
            approvals=lambda: self.show_page("/approvals"),
            disturb=self._disturb,
            start=lambda: self._run("up"),
            quit=self.quit,
        )

    def show_page(self, page: str) -> None:
        """Come to the front at a page: the page hears of it as of any call from outside."""
        self.window.raise_up()
        ask(self.line, d.Show(page=page))

    def _dictate(self) -> None:
        facts = self.hearing.facts
        if (facts.listening or facts.paused) and not self.talking.active:
            self.talking.stop_others()
        elif self.talking.active:
            self.talking.end()
        else:
            self._begin_dictating()
            self.reach.hotkeys.began()

    def _disturb(self, quiet: bool) -> None:
        value = "yes" if quiet else "no"
        ask(self.line, h.SetSetting(key="desk.do_not_disturb", value=value))

    def _acted(self, notice: Notice, action: str) -> None:
        if action == "deny" and notice.kind == "approval":
            ask(self.line, h.DenyApproval(request=notice.topic))
        else:
            self.show_page(notice.page)

    def _show_in_browser(self) -> None:
        """Have the gateway run and open its link; where it runs already it gives another."""

        def ask_for(*verb: str, otherwise: tuple[str, ...] = ()) -> None:
            process = QProcess(self)

            def done(code: int) -> None:
                said = bytes(process.readAllStandardOutput().data())
                process.deleteLater()
                try:
                    link = str(msgspec.json.decode(said, type=dict[str, object])["link"])
                except (msgspec.MsgspecError, KeyError):
                    if code and otherwise:
                        ask_for(*otherwise)
                    return
                QDesktopServices.openUrl(QUrl(link))

            process.finished.connect(done)
            home = ["--home", str(self._home.root), "--json"]
            process.start(sys.executable, ["-m", "garret.cli", *home, *verb])

        ask_for("serve", "start", "--background", otherwise=("serve", "link"))

    def _run(self, *arguments: str) -> None:
        """Have the command line do something, beside the window."""
        QProcess.startDetached(
            sys.executable, ["-m", "garret.cli", "--home", str(self._home.root), *arguments], "/"
        )

    # ---- keys and hands

    def _wanted(self, intent: Intent) -> None:
        """Do what a hotkey is for."""
        if intent == "start":
            self._begin_dictating()
        elif intent == "stop":
            self.talking.end()
        elif intent == "pause":
            self._pause()
        elif intent == "palette":
            self.window.raise_up()
            ask(self.line, d.Show(page="palette"))
        elif not self.reach.hands.insert_held(self._inserted("")):
            self.noticed(Notice("held", say("notice.nothing_held"), "", page="/dictate", topic="talking"))

    def _begin_dictating(self) -> None:
        """What is said from now on is for the program that has the keyboard now."""
        self._aimed = self.reach.hands.aim()
        self.talking.begin()

    def _pause(self) -> None:
        """Keep nothing of what sounds now, or go on, in the same utterance; where nobody dictates, begin."""
        facts = self.hearing.facts
        if self.talking.active:
            self.talking.pause()
        elif facts.listening or facts.paused:
            ask(self.line, u.Pause(paused=not facts.paused), on_error=self._not_paused)
        else:
            self._begin_dictating()
            self.reach.hotkeys.began()

    def _not_paused(self, error: GarretError) -> None:
        self.noticed(
            Notice("failed", say("notice.not_paused"), error.message, page="/dictate", topic="talking")
        )

    def _write_here(self, text: str, done: Callable[[bool], None]) -> None:
        """A text that was said into our own window; nothing of it goes into a page behind a dialog."""
        proxy = self.window.view.focusProxy()
        if proxy is not None and proxy.hasFocus():
            self.page.write(text, done)
        else:
            done(False)

    def _deliver(self, utterance: str, text: str) -> None:
        """Put what was dictated by key into the program that it was said for."""
        aimed, self._aimed = self._aimed, None
        self.reach.hands.insert(text, self._inserted(utterance), aimed)

    def _inserted(self, utterance: str) -> Callable[[c.Inserted], None]:
        """Says what became of a text: to the history, and to the person where it did not arrive."""

        def done(inserted: c.Inserted) -> None:
            if inserted.outcome == "copied":
                self.noticed(
                    Notice("held", say("notice.copied"), inserted.reason, "/dictate", topic="talking")
                )
            if utterance:
                arrived = inserted.outcome == "inserted"
                where = inserted.target or "the clipboard"
                problem = "" if arrived else f"{inserted.outcome}: {inserted.reason}"
                ask(self.line, u.Delivered(utterance=utterance, where=where, problem=problem))

        return done

    def _held(self, text: str) -> None:
        """A text did not get where it was for: it is held, shown, and one key away."""
        keys = next((each.keys for each in self.reach.hotkeys.report() if each.action == "insert"), "")
        way = say("notice.held_key" if keys else "notice.held_history", keys=keys, text=text[:300])
        self.noticed(Notice("held", say("notice.held"), way, "/dictate", topic="talking"))

    # ---- Listener

    def facts_changed(self, facts: Facts) -> None:
        state, sentence = state_of(facts)
        self.tray.tell(state, sentence)

    def preferences_changed(self, preferences: Preferences) -> None:
        self.tray.tell_quiet(preferences.do_not_disturb)
        if self._translation.use(preferences.language):
            self.facts_changed(self.hearing.facts)  # the tray says the same in another language
        reaching = preferences.reaching
        if reaching is not None and reaching != self._reaching:
            self._reaching = reaching
            self.reach.apply(reaching)
        if preferences.start_at_login is not None:
            try:
                entries.start_at_login(self._home, preferences.start_at_login)
            except GarretError as error:
                self.noticed(Notice("failed", say("notice.login"), error.message, page="/settings"))

    def noticed(self, notice: Notice) -> None:
        """Tell the desktop, where the person wants that."""
        looking = self.window.isActiveWindow()
        if is_wanted(notice, self.hearing.preferences.wishes, looking=looking):
            self.notifier.show(notice)

    def settled(self, topic: str) -> None:
        self.notifier.withdraw(topic)

    def asked_for(self, page: str) -> None:
        del page  # the page hears of it too, and goes there
        self.window.raise_up()

    def pressed(self, event: d.Pressed) -> None:
        self.reach.hotkeys.hear(event.action, event.phase)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise ShellError(
            f"{folder} cannot be used: {error.strerror}. No window was opened. Make it writable, or name "
            "another home with GARRET_HOME."
        ) from error
