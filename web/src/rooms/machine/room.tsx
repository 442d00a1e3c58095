// The machine room: what runs, what it did, what went wrong, and how to put it right.

import { IconEngine } from "@tabler/icons-react";
import { lazy } from "react";

import type { RoomManifest } from "../../frame/room";

export const machine: RoomManifest = {
  name: "machine",
  path: "/machine",
  title: "machine:title",
  icon: IconEngine,
  place: "house",
  pages: [{ path: "", title: "machine:workers.title", view: lazy(() => import("./Workers")) }],
  actions: [],
  refreshes: { "house.job_changed": ["house.jobs", "house.job"] },
};
