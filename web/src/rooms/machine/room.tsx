// The machine room: what runs, what it did, what went wrong, and how to put it right.

import { IconEngine } from "@tabler/icons-react";

import type { RoomManifest } from "../../frame/room";
import { PAGES } from "./pages";

export const machine: RoomManifest = {
  name: "machine",
  path: "/machine",
  title: "machine:title",
  icon: IconEngine,
  place: "house",
  pages: PAGES,
  actions: [],
  refreshes: {
    "house.job_changed": ["house.jobs", "house.job", "house.job_story"],
    "house.worker_changed": ["house.workers", "house.status"],
    "house.storage_changed": ["house.storage"],
    "house.setting_touched": ["house.egress"],
    "house.outbox_changed": ["house.outbox"],
  },
};
