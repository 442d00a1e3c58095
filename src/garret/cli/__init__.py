"""The command line: a client like any other. It knows the protocol, the transport and the rooms' manifests."""
