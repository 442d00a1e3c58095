"""The page in its window: a browser that can show `garret://app/` and nothing else.

| what a page could try | what happens |
|---|---|
| load or fetch anything of another scheme or host | blocked, whatever the page's own policy says |
| navigate away, also in a frame | refused; a link that the person followed is looked at and opened outside |
| open a window | refused; as above |
| ask for camera, microphone, location, notifications | denied |
| download | through a save dialog |
| read or write files of the disk, plug-ins, print, full screen | switched off |

Each refusal is told to `refused`, which has it audited. The profile keeps `localStorage` in the home, where
the page remembers room, scroll and drafts; no cache, no cookies, no history.

Belongs to Qt's main thread. Neighbours: `scheme`, `bridge`, `window`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QByteArray, QObject, QUrl
from PySide6.QtWebChannel import QWebChannel
from PySide6.QtWebEngineCore import (
    QWebEngineDownloadRequest,
    QWebEngineNewWindowRequest,
    QWebEnginePage,
    QWebEnginePermission,
    QWebEngineProfile,
    QWebEngineScript,
    QWebEngineSettings,
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
)

from garret.base import log
from garret.shell.bridge import Bridge
from garret.shell.scheme import ORIGIN, SCHEME, PageScheme, is_ours

HOME_PAGE: Final = f"{ORIGIN}/"

_WRITE: Final = """(() => {
  const field = document.activeElement;
  const text = field?.isContentEditable || field?.tagName === "TEXTAREA" || field?.tagName === "INPUT";
  return Boolean(text) && field.type !== "password" && document.execCommand("insertText", false, %s);
})()"""
"""As a person types it: the field's own events happen, and the person can take it back."""

Refused = Callable[[str, str], None]
"""Takes what was tried and a sentence for the audit log."""

_logger = log.get("shell.view")
_Attribute = QWebEngineSettings.WebAttribute
_OFF: Final = (
    _Attribute.JavascriptCanOpenWindows,
    _Attribute.JavascriptCanPaste,
    _Attribute.AllowWindowActivationFromJavaScript,
    _Attribute.LocalContentCanAccessRemoteUrls,
    _Attribute.LocalContentCanAccessFileUrls,
    _Attribute.AllowRunningInsecureContent,
    _Attribute.AllowGeolocationOnInsecureOrigins,
    _Attribute.HyperlinkAuditingEnabled,
    _Attribute.PluginsEnabled,
    _Attribute.PdfViewerEnabled,
    _Attribute.FullScreenSupportEnabled,
    _Attribute.ScreenCaptureEnabled,
    _Attribute.DnsPrefetchEnabled,
    _Attribute.NavigateOnDropEnabled,
    _Attribute.PlaybackRequiresUserGesture,
    _Attribute.FocusOnNavigationEnabled,
    _Attribute.ErrorPageEnabled,
)
_ON: Final = (
    _Attribute.JavascriptEnabled,
    _Attribute.LocalStorageEnabled,
    _Attribute.JavascriptCanAccessClipboard,  # to copy; JavascriptCanPaste is what would read it
)


def make_profile(parent: QObject, storage: Path | None) -> QWebEngineProfile:
    """What the browser keeps: in the folder `storage`, or nothing at all for None."""
    if storage is None:
        profile = QWebEngineProfile(parent)
    else:
        profile = QWebEngineProfile("garret", parent)
        profile.setPersistentStoragePath(str(storage))
    profile.setHttpCacheType(QWebEngineProfile.HttpCacheType.NoCache)
    profile.setPersistentCookiesPolicy(QWebEngineProfile.PersistentCookiesPolicy.NoPersistentCookies)
    profile.setPersistentPermissionsPolicy(QWebEngineProfile.PersistentPermissionsPolicy.AskEveryTime)
    profile.setSpellCheckEnabled(False)
    settings = profile.settings()
    for attribute in _OFF:
        settings.setAttribute(attribute, False)
    for attribute in _ON:
        settings.setAttribute(attribute, True)
    return profile


_WORLD: Final = QWebEngineScript.ScriptWorldId.ApplicationWorld.value
_ACTS: Final = """
globalThis.personActed ?? (() => {
  let at = -Infinity;
  const note = (event) => { if (event.isTrusted) at = performance.now(); };
  for (const kind of ["pointerdown", "keydown", "click"]) addEventListener(kind, note, true);
  globalThis.personActed = () => {
    const acted = performance.now() - at < 5000;
    at = -Infinity;
    return acted;
  };
})();
"""


class Guard(QWebEngineUrlRequestInterceptor):
    """Blocks every request that is not for the page itself or for data that it holds."""

    def __init__(self, parent: QObject, refused: Refused) -> None:
        super().__init__(parent)
        self._refused = refused

    def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:
        """Qt asks about each request, before anything of it is sent."""
        url = info.requestUrl()
        if is_ours(url) or _is_held(url, info.resourceType()):
            return
        info.block(True)
        self._refused("window.request", f"A request for {_shown(url)} was blocked.")


def _is_held(url: QUrl, kind: QWebEngineUrlRequestInfo.ResourceType) -> bool:
    """Whether an address stands for what the page already has; documents may not be made of it."""
    kinds = QWebEngineUrlRequestInfo.ResourceType
    if kind in (kinds.ResourceTypeMainFrame, kinds.ResourceTypeSubFrame):
        return False
    return url.scheme() == "data" or (url.scheme() == "blob" and url.path().startswith(f"{ORIGIN}/"))


def _shown(url: QUrl) -> str:
    """An address as the audit log gets it: whither, without what it carries along."""
    return f"{url.scheme()}:{f'//{url.host()}' if url.host() else ''}{url.path()}"[:200]


class HousePage(QWebEnginePage):
    """See the module. `follow` gets links that lead outside, `save` what is to be downloaded."""

    def __init__(
        self,
        profile: QWebEngineProfile,
        parent: QObject,
        bridge: Bridge,
        follow: Callable[[str], None],
        refused: Refused,
    ) -> None:
        super().__init__(profile, parent)
        self._follow = follow
        self._refused = refused
        channel = QWebChannel(self)
        channel.registerObject("bridge", bridge)
        self.setWebChannel(channel)
        self.loadFinished.connect(self._note_acts)
        self.newWindowRequested.connect(self._no_window)
        self.permissionRequested.connect(self._no_permission)

    def acceptNavigationRequest(self, url: QUrl | str, kind: Any, main: bool, /) -> bool:
        """Qt asks before the page or a frame shows another document."""
        url = QUrl(url)
        if main and is_ours(url):
            return True
        if main and kind == QWebEnginePage.NavigationType.NavigationTypeLinkClicked:
            self._follow_for_person(url)
        else:
            self._tell_away(url)
        return False

    def write(self, text: str, done: Callable[[bool], None]) -> None:
        """Type a text into the field that has the focus, no password; `done` hears whether one had it."""

        def told(had: object) -> None:
            done(had is True)

        world = QWebEngineScript.ScriptWorldId.ApplicationWorld
        self.runJavaScript(_WRITE % json.dumps(text), world, told)

    def for_person(self, yes: Callable[[], None], no: Callable[[], None]) -> None:
        """Call `yes` if the person clicked or typed in the page within the last seconds, else `no`.

        One act of theirs is good for one thing. It is noted in a world that the page's scripts cannot reach,
        and what these make up is told apart (`Event.isTrusted`). Chromium's own note, the transient
        activation, is used up by a link before anybody can ask.
        """

        def asked(acted: object) -> None:
            if acted is True:
                yes()
            else:
                no()

        self.runJavaScript("personActed()", _WORLD, asked)

    def _note_acts(self, *_: object) -> None:
        self.runJavaScript(_ACTS, _WORLD)

    def _follow_for_person(self, url: QUrl) -> None:
        """To Qt, what a script does by itself is a link that was clicked as well."""
        address = url.toString(QUrl.ComponentFormattingOption.FullyEncoded)
        self.for_person(lambda: self._follow(address), lambda: self._tell_away(url))

    def _tell_away(self, url: QUrl) -> None:
        self._refused("window.navigation", f"The page tried to go to {_shown(url)}.")

    def javaScriptConsoleMessage(self, level: Any, message: str, line: int, source: str, /) -> None:
        """What the page says to its developers goes to the log."""
        levels = QWebEnginePage.JavaScriptConsoleMessageLevel
        write = _logger.debug if level == levels.InfoMessageLevel else _logger.warning
        write("page: %s (%s:%s)", message[:2000], source[-200:], line)

    def _no_window(self, request: QWebEngineNewWindowRequest) -> None:
        url = request.requestedUrl()
        if not is_ours(url):
            self._follow_for_person(url)
        else:
            self._refused("window.new", f"The page tried to open a window at {_shown(url)}.")

    def _no_permission(self, permission: QWebEnginePermission) -> None:
        permission.deny()
        self._refused("window.permission", f"The page asked for {permission.permissionType().name}.")


def furnish(
    profile: QWebEngineProfile,
    scheme: PageScheme,
    guard: Guard,
    save: Callable[[QWebEngineDownloadRequest], None],
) -> None:
    """Give a profile its scheme, its guard and its way to save."""
    profile.installUrlSchemeHandler(QByteArray(SCHEME.encode()), scheme)
    profile.setUrlRequestInterceptor(guard)
    profile.downloadRequested.connect(save)
