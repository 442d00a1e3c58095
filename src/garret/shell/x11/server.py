"""A connection to the X server beside Qt's own, whose events the loop of its thread hands out.

A connection of its own: Qt hides who asks for a selection and what a grab was answered, and both are what
hotkeys and insertion stand on. Everything here runs on one thread, the loop's; a round trip to the server
takes about 0.1 ms, so that requests wait for their answers. What other programs have to answer is never
waited for: it comes as an event.

Events that arrive while a request waits for its answer lie in the library's queue, where no notifier sees
them. Whoever makes requests outside an event handler therefore ends with `drain`.

Neighbours: `focus` and `keyboard` ask it; `hotkeys.grabs` and `insertion.selection` listen to it.
"""

from __future__ import annotations

import importlib
import logging
import os
import re
import socket
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final

from garret.shell.x11.errors import X11Error
from garret.transport.loop import EventLoop

_log = logging.getLogger(__name__)

Listener = Callable[[Any], None]

GONE: Final = (
    "The X server is gone, and hotkeys and insertion with it. Texts are kept; open the window again."
)


class Server:
    """See the module. Raises X11Error where no X server answers at `name` (or $DISPLAY)."""

    def __init__(self, name: str | None = None) -> None:
        # Loaded here: who has no X server pays nothing for it. The library states no types.
        display: Any = importlib.import_module("Xlib.display")
        self._errors: Any = importlib.import_module("Xlib.error")
        self.x: Any = importlib.import_module("Xlib.X")
        self._events: Any = importlib.import_module("Xlib.protocol.event")
        self._listeners: dict[int, list[Listener]] = {}
        self._atoms: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._loop: EventLoop | None = None
        self._draining = False
        self._knows_owners = False
        self._attended: Counter[int] = Counter()
        self.on_gone: Callable[[], None] = lambda: None
        if not _answers(name):
            raise X11Error("No X server can be reached from here. Nothing was changed.")
        try:
            self.display: Any = display.Display(name)
        except (self._errors.DisplayError, OSError) as error:
            raise X11Error("No X server can be reached from here. Nothing was changed.") from error
        # The library takes errors 0 to 2 of the core protocol, BadValue among them, for such of its RANDR
        # part, and fails in reading them.
        for code in (0, 1, 2):
            self.display.display.error_classes.pop(code, None)
        # Windows of others vanish at any moment, and with them what was asked about them.
        self.display.set_error_handler(self._note)
        self.root: Any = self.display.screen().root
        self.window: Any = self.root.create_window(
            -1, -1, 1, 1, 0, self.x.CopyFromParent, self.x.InputOnly, self.x.CopyFromParent,
            event_mask=self.x.PropertyChangeMask, override_redirect=True,
        )  # fmt: skip

    # ---- events

    def watch(self, loop: EventLoop) -> None:
        """Have the loop of this thread hand events out from now on."""
        self._loop = loop
        loop.add_reader(self.display.fileno(), self.drain)
        self.drain()

    def listen(self, kind: int, listener: Listener) -> None:
        """Have `listener` called with each event of a kind (`x.KeyPress` ...)."""
        self._listeners.setdefault(kind, []).append(listener)

    def ignore(self, kind: int, listener: Listener) -> None:
        """Take back `listen`."""
        self._listeners[kind].remove(listener)

    def drain(self) -> None:
        """Send what is waiting, and hand out every event that is there."""
        if self._draining:
            return
        self._draining = True
        try:
            while self.display.pending_events():
                self._hand_out(self.display.next_event())
                # Sending receives as well: only a look after it says that nothing is left.
                self.display.flush()
        except (self._errors.ConnectionClosedError, OSError):
            self._end()
        finally:
            self._draining = False

    def _hand_out(self, event: Any) -> None:
        for listener in tuple(self._listeners.get(event.type, ())):
            listener(event)

    def _unwatch(self) -> None:
        if self._loop is not None:
            self._loop.remove_reader(self.display.fileno())
            self._loop = None

    def _end(self) -> None:
        self._unwatch()
        _log.warning(GONE)
        self.on_gone()

    def attend(self, xid: int) -> None:
        """Hear of somebody's window: its properties (PropertyNotify) and its end (DestroyNotify)."""
        self._attended[xid] += 1
        if self._attended[xid] == 1:
            mask = self.x.PropertyChangeMask | self.x.StructureNotifyMask
            self.window_of(xid).change_attributes(event_mask=mask)

    def leave(self, xid: int) -> None:
        """Take back one `attend`."""
        self._attended[xid] -= 1
        if self._attended[xid] <= 0:
            del self._attended[xid]
            self.window_of(xid).change_attributes(event_mask=0)

    def close(self) -> None:
        """End the connection; selections and grabs end with it."""
        self._unwatch()
        self.display.close()

    # ---- requests

    def atom(self, name: str) -> int:
        """The number of a name."""
        if name not in self._atoms:
            self._atoms[name] = int(self.display.intern_atom(name))
            self._names[self._atoms[name]] = name
        return self._atoms[name]

    def atom_name(self, atom: int) -> str:
        """The name of a number; empty where there is none."""
        if atom not in self._names:
            try:
                self._names[atom] = str(self.display.get_atom_name(atom))
            except self._errors.BadAtom:
                return ""
        return self._names[atom]

    def window_of(self, xid: int) -> Any:
        """The object that requests about somebody's window are made with."""
        return self.display.create_resource_object("window", xid)

    @contextmanager
    def grabbed(self) -> Generator[None]:
        """Nobody else's request is served meanwhile: what was seen is still true when it is acted on."""
        self.display.grab_server()
        try:
            yield
        finally:
            self.display.ungrab_server()
            self.display.flush()

    def refused(self, request: Callable[..., object]) -> bool:
        """Whether the server answered `request(onerror=...)` with an error of any kind."""
        caught: Any = self._errors.CatchError()
        request(onerror=caught)
        self.display.sync()
        return caught.get_error() is not None

    def asking(self, question: Callable[[], Any]) -> Any:
        """The answer to `question`; None where what it is about is gone."""
        try:
            return question()
        except (self._errors.XError, self._errors.ResourceIDError):
            return None

    def has(self, extension: str) -> bool:
        """Whether the server has an extension."""
        return self.display.query_extension(extension) is not None

    def now(self) -> int:
        """The server's time, in its milliseconds: what ICCCM 2.1 wants selections to be taken with."""
        self.window.change_property(
            self.atom("GARRET_TIME"), self.atom("INTEGER"), 32, [], self.x.PropModeAppend
        )
        self.display.sync()
        # The event came before the answer to `sync`; it stays in the queue, where nobody minds it.
        for event in reversed(self.queued(self.x.PropertyNotify)):
            if event.atom == self.atom("GARRET_TIME"):
                return int(event.time)
        raise X11Error(GONE)

    def queued(self, kind: int) -> list[Any]:
        """Events of a kind that came and were not handed out yet."""
        return [event for event in self.display.display.event_queue if event.type == kind]

    def watch_owners(self, selection: int) -> int:
        """Hear when a selection gets another owner; the kind of those events (XFIXES)."""
        if not self._knows_owners:
            self.display.xfixes_query_version()
            self._knows_owners = True
        xfixes: Any = importlib.import_module("Xlib.ext.xfixes")
        mask = xfixes.XFixesSetSelectionOwnerNotifyMask
        self.display.xfixes_select_selection_input(self.window, selection, mask)
        return self.owner_changes

    @property
    def owner_changes(self) -> int:
        """The kind of the events that tell of another owner."""
        return int(self.display.extension_event.SetSelectionOwnerNotify[0])

    def send(self, to: Any, event: Any, mask: int = 0) -> None:
        """Send an event to a window."""
        to.send_event(event, event_mask=mask)

    def client_message(self, window: Any, kind: str, data: list[int]) -> Any:
        """A message of five numbers to `window`."""
        padded = [*data, *[0] * (5 - len(data))]
        return self._events.ClientMessage(window=window, client_type=self.atom(kind), data=(32, padded))

    def selection_notify(self, request: Any, property_atom: int) -> Any:
        """What answers a SelectionRequest; a property of 0 refuses it."""
        return self._events.SelectionNotify(
            time=request.time,
            requestor=request.requestor,
            selection=request.selection,
            target=request.target,
            property=property_atom,
        )

    def _note(self, error: Any, request: Any) -> None:
        _log.debug("the X server refused a request: %s", error)


def _answers(name: str | None) -> bool:
    """Whether a server of this machine takes connections; of one elsewhere (`host:0`) nothing is known yet.

    The library itself would try TCP next, and leave what it tried with open.
    """
    local = re.fullmatch(
        r"(?:unix)?:(\d+)(?:\.\d+)?", os.environ.get("DISPLAY", "") if name is None else name
    )
    if local is None:
        return True
    address = f"/tmp/.X11-unix/X{local[1]}"
    for each in (address, f"\0{address}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(each)
            except OSError:
                continue
            return True
    return False
