"""The window on the desktop: Qt shows the page, the tray icon and notifications. A client like any other.

It runs in a process of its own, listens on nothing, and imports no control, storage or service code. One
loop, Qt's, does everything; there is no asyncio here. Start with `shell.py`, which joins the parts.
"""
