// The pages of the machine room, in the order of their tabs.

import { lazy } from "react";

import type { Page } from "../../frame/room";

export const PAGES: readonly Page[] = [
  { path: "", title: "machine:overview.title", view: lazy(() => import("./Overview")) },
  { path: "workers", title: "machine:workers.title", view: lazy(() => import("./Workers")) },
  { path: "jobs", title: "machine:jobs.title", view: lazy(() => import("./Jobs")) },
  { path: "log", title: "machine:log.title", view: lazy(() => import("./Log")) },
  { path: "storage", title: "machine:storage.title", view: lazy(() => import("./Storage")) },
  { path: "way-out", title: "machine:egress.title", view: lazy(() => import("./WayOut")) },
  { path: "audit", title: "machine:audit.title", view: lazy(() => import("./Audit")) },
  { path: "doctor", title: "machine:doctor.title", view: lazy(() => import("./Doctor")) },
];
