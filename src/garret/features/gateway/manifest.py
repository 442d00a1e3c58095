"""The gateway's room: its manifest."""

from __future__ import annotations

from garret.features.gateway import contracts as c
from garret.features.gateway.verb_table import VERBS
from garret.protocol.manifest import PROFILE_KINDS, Capability, Room

ROOM = Room(
    name="gateway",
    summary="Garret's pages in a browser.",
    commands=(
        c.GetGateway,
        c.ListBrowserSessions,
        c.InviteBrowser,
        c.RevokeSession,
        c.StopGateway,
        c.PrepareGateway,
        c.AttendGateway,
    ),
    capabilities=(
        Capability("gateway.attend", "Be the gateway.", ("gateway",), PROFILE_KINDS),
        Capability(
            "gateway.read",
            "See whether pages are served to browsers.",
            ("cli", "shell", "gateway"),
            PROFILE_KINDS,
        ),
        Capability(
            "gateway.administer",
            "Start and stop the gateway, let browsers in and shut them out.",
            ("cli", "shell"),
            ("admin", "user"),
        ),
    ),
    verbs=VERBS,
    service="garret.features.gateway.service:GatewayService",
)
