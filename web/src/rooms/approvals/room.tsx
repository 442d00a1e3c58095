// Approvals: what waits for a person's consent.

import { IconChecklist } from "@tabler/icons-react";
import { lazy } from "react";

import { useAsk } from "../../frame/house";
import type { RoomManifest } from "../../frame/room";

export const approvals: RoomManifest = {
  name: "approvals",
  path: "/approvals",
  title: "approvals:title",
  icon: IconChecklist,
  place: "work",
  pages: [{ path: "", title: "approvals:title", view: lazy(() => import("./Approvals")) }],
  actions: [{ id: "approvals", title: "approvals:show", needs: "house.approvals", run: ({ go }) => go("/approvals") }],
  refreshes: {
    "house.approval_requested": ["house.approvals"],
    "house.approval_decided": ["house.approvals"],
  },
  useBadge: () => useAsk("house.approvals", {}).data?.requests.length ?? 0,
};
