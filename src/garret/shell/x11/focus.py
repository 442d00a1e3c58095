"""The window that has the keyboard, and whose it is.

A program is told by its X connection: all its windows share the upper bits of their numbers, also those it
asks for selections with. Where a program has several connections its process tells (X-Resource 1.2).

Neighbours: `insertion` aims by it.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from garret.shell.x11.server import Server


@dataclass(frozen=True)
class Target:
    """A focused window: numbers of itself and of its top window, its program, what it calls itself."""

    focus: int
    top: int
    client: int
    pid: int  # 0 where the server does not tell, as of programs on other machines
    classes: tuple[str, ...]
    title: str
    pings: bool  # answers _NET_WM_PING, once it has handled what came before

    @property
    def name(self) -> str:
        """What to call it before a person."""
        return self.classes[-1] if self.classes else self.title


class Focus:
    """See the module."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._resources: Any = importlib.import_module("Xlib.ext.res")
        self._tells_pids = server.has("X-Resource")
        self._mask = int(server.display.display.info.resource_id_mask)

    def window(self) -> int:
        """The number of the window that has the keyboard; 0 where none has."""
        focus: Any = self._server.display.get_input_focus().focus
        if isinstance(focus, int) or focus.id in (0, 1, self._server.root.id):
            return 0  # nobody, or whoever is below the pointer
        return int(focus.id)

    def target(self) -> Target | None:
        """What has the keyboard; None where nothing has that belongs to a program."""
        xid = self.window()
        if not xid or self.client(xid) == self._window_manager():
            return None  # a window manager takes the keyboard itself where no window is to have it
        window = self._server.window_of(xid)
        while True:
            classes: Any = self._server.asking(window.get_wm_class)
            if classes:
                break
            tree: Any = self._server.asking(window.query_tree)
            if tree is None or not tree.parent or tree.parent.id == self._server.root.id:
                break
            window = tree.parent
        title: Any = self._server.asking(window.get_wm_name)
        protocols: Any = self._server.asking(window.get_wm_protocols) or ()
        return Target(
            focus=xid,
            top=int(window.id),
            client=self.client(xid),
            pid=self.pid(xid),
            classes=tuple(str(each) for each in classes or ()),
            title=title if isinstance(title, str) else "",
            pings=self._server.atom("_NET_WM_PING") in protocols,
        )

    def _window_manager(self) -> int:
        """The window manager's X connection (EWMH, _NET_SUPPORTING_WM_CHECK); 0 where it does not say."""
        check = self._server.atom("_NET_SUPPORTING_WM_CHECK")
        value: Any = self._server.root.get_full_property(check, 0)
        return self.client(int(value.value[0])) if value is not None and len(value.value) else 0

    def client(self, xid: int) -> int:
        """The X connection that made a window."""
        return xid & ~self._mask

    def pid(self, xid: int) -> int:
        """The process at the other end of that connection; 0 where it is not known."""
        if not self._tells_pids:
            return 0
        spec = {"client": xid, "mask": self._resources.LocalClientPIDMask}
        answer: Any = self._server.asking(lambda: self._server.display.res_query_client_ids([spec]))
        for each in answer.ids if answer is not None else ():
            if each.value:
                return int(each.value[0])
        return 0

    def belongs(self, xid: int, target: Target) -> bool:
        """Whether a window is one of the program that `target` is of."""
        if self.client(xid) == target.client:
            return True
        return target.pid != 0 and self.pid(xid) == target.pid

    def keyboard_is_taken(self) -> bool:
        """Whether a program has the keyboard for itself, as lock screens and questions for passwords do."""
        x = self._server.x
        status = self._server.root.grab_keyboard(True, x.GrabModeAsync, x.GrabModeAsync, x.CurrentTime)
        if status == x.GrabSuccess:
            self._server.display.ungrab_keyboard(x.CurrentTime)
        return bool(status == x.AlreadyGrabbed)
