"""Whether this machine has a graphics processor, and how the window draws.

Without one, drawing by OpenGL means that a library plays the processor. Chromium and Qt draw by themselves
for less then: measured on two cores under Xvfb, 60 to 80 MiB less memory, a sixth less processor time to the
first paint, a third less while a log runs past. So that is how the window draws where no device node of a
graphics processor is there, and where it is told to.

Sets only this process's environment, before Qt is there. Neighbours: `__main__`; `recovery` comes to the
same after crashes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

FLAGS: Final = "QTWEBENGINE_CHROMIUM_FLAGS"
_QUIET: Final = (
    # Chromium's own services of the network: none of them has any business in a page without one.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--no-pings",
)
_NODES: Final = ("dri/renderD*", "dri/card*", "nvidia[0-9]*", "dxg", "kgsl-3d*", "mali[0-9]*")
"""Of Mesa's drivers, NVIDIA's own, Windows below, Qualcomm's own and ARM's own."""


def has_processor(devices: Path = Path("/dev")) -> bool:
    """Whether there is a graphics processor; other systems than Linux are taken to have one."""
    return sys.platform != "linux" or any(any(devices.glob(node)) for node in _NODES)


def set_flags(*, software: bool) -> None:
    """Have Chromium and Qt draw without a graphics processor, or as they do; what is set already stays."""
    flags = os.environ.get(FLAGS, "").split()
    wanted = (*_QUIET, "--disable-gpu") if software else _QUIET
    os.environ[FLAGS] = " ".join([*flags, *(flag for flag in wanted if flag not in flags)])
    if software:
        os.environ.setdefault("QT_QUICK_BACKEND", "software")
