"""What goes wrong with the X server."""

from __future__ import annotations

from garret.base.errors import Code, GarretError


class X11Error(GarretError):
    """The X server is not there, went away, or lacks what is needed."""

    code = Code.UNAVAILABLE
