// Settings: each with a sentence and its default, found by words, checked before it is saved.

import { IconSettings } from "@tabler/icons-react";
import { lazy } from "react";

import type { RoomManifest } from "../../frame/room";

export const settings: RoomManifest = {
  name: "settings",
  path: "/settings",
  title: "settings:title",
  icon: IconSettings,
  place: "house",
  pages: [
    { path: "", title: "settings:title", view: lazy(() => import("./Settings")) },
    { path: "welcome", title: "settings:first.title", view: lazy(() => import("../first/FirstRun")) },
  ],
  actions: [
    { id: "settings", title: "settings:show", needs: "house.settings", run: ({ go }) => go("/settings") },
    { id: "settings.clear", title: "settings:clear.ask", needs: "house.clear", run: ({ go }) => go("/settings#dictate.grace_minutes") },
    { id: "first", title: "settings:first.again", run: ({ go }) => go("/settings/welcome") },
  ],
  refreshes: {
    "dictate.cleared": ["house.holdings"],
    "house.setting_touched": ["house.settings", "desk.preferences", "window.hotkeys", "window.desktop"],
    "house.profile_changed": ["house.settings", "house.profiles", "house.holdings"],
  },
};
