// Two rooms for tests of the frame, so that it is tried with rooms it does not know.

import { IconEngine, IconNotes } from "@tabler/icons-react";
import { lazy } from "react";

import type { RoomManifest } from "../src/frame/room";

function Notes() {
  return <h1>Notes page</h1>;
}
function Engines() {
  return <h1>Engines page</h1>;
}
function Broken(): never {
  throw new Error("a bug");
}
const view = (page: () => React.ReactNode) => lazy(() => Promise.resolve({ default: page }));

export const rooms: readonly RoomManifest[] = [
  {
    name: "notes",
    path: "/notes",
    title: "machine:workers.title",
    icon: IconNotes,
    place: "work",
    pages: [{ path: "", title: "machine:workers.title", view: view(Notes) }],
    actions: [{ id: "notes.act", title: "machine:jobs.title", keys: "Ctrl+J", run: ({ go }) => go("/engines") }],
    refreshes: {},
    useBadge: () => 3,
    Status: () => <span>notes status</span>,
    search: (text) =>
      text === "broken"
        ? Promise.reject(new Error("The notes are away."))
        : Promise.resolve([{ id: "n1", title: `Found ${text}`, detail: "in a note", at: 1, path: "/engines" }]),
  },
  {
    name: "engines",
    path: "/engines",
    title: "machine:title",
    icon: IconEngine,
    place: "house",
    pages: [
      { path: "", title: "machine:overview.title", view: view(Engines) },
      { path: "broken", title: "machine:log.title", view: view(Broken) },
    ],
    actions: [],
    refreshes: { "house.worker_changed": ["house.workers"] },
  },
];
export const FIRST_STEPS = "/first";
