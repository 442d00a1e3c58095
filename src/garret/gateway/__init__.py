"""The gateway: Garret's pages in a browser. A client of the control plane, in two processes of its own.

`keeper` is started by `garret serve`; it holds what cannot be held to a grant and hands it out. `serving` is
caged, speaks HTTP, and has nothing but what it was handed. ARCHITECTURE.md and decision 28 walk through it.
"""
