"""The language of what Qt draws by itself: our own texts (`strings`), and those of its dialogs.

Until the setting is known it is the desktop's. The page takes its language from the same setting and the
same desktop. Belongs to Qt's main thread. Neighbour: `shell`, which is told the setting.
"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QTranslator

from garret.shell import strings


class Translation(QObject):
    """See the module."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._dialogs: QTranslator | None = None
        self.use("")

    def use(self, setting: str) -> bool:
        """Speak the language of the setting `desk.language`; whether that is another than before."""
        changed = strings.use(setting, QLocale.system().uiLanguages())
        if changed:
            self._translate_dialogs()
        return changed

    def _translate_dialogs(self) -> None:
        if self._dialogs is not None:
            QCoreApplication.removeTranslator(self._dialogs)
            self._dialogs = None
        dialogs = QTranslator(self)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        # English needs none; a language whose file is missing leaves the dialogs in English.
        if strings.language() != "en" and dialogs.load(f"qtbase_{strings.language()}", folder):
            QCoreApplication.installTranslator(dialogs)
            self._dialogs = dialogs
