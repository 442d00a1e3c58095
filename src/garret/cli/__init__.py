"""The command line: a client like any other, which knows protocol, transport and the rooms' manifests."""
