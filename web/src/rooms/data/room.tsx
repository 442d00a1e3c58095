// Data: questions about files and databases become answers. Ask, sources, what they hold, history, dashboards, timings.
//
// All of the room is fetched when it is opened, its texts included (`data_pages`): the first screen carries this alone.

import { IconDatabase } from "@tabler/icons-react";
import { lazy, type ComponentType } from "react";

import type { PaletteAction, RoomManifest } from "../../frame/room";
import { bringStrings } from "../../strings";

type Loaded = Promise<{ readonly default: ComponentType }>;

const page = (load: () => Loaded) =>
  lazy(async () => {
    const [view] = await Promise.all([load(), bringStrings("data_pages")]);
    return view;
  });

const way = (id: string, title: string, path: string, needs: PaletteAction["needs"] = "data.list"): PaletteAction => ({
  id,
  title,
  ...(needs === undefined ? {} : { needs }),
  run: ({ go }) => go(path),
});

export const data: RoomManifest = {
  name: "data",
  path: "/data",
  title: "data:title",
  icon: IconDatabase,
  place: "work",
  pages: [
    { path: "", title: "data:ask", view: page(() => import("./Ask")), needs: "data.draft" },
    { path: "sources", title: "data:sources", view: page(() => import("./Sources")), needs: "data.list" },
    { path: "schema", title: "data:schema", view: page(() => import("./Schema")), needs: "data.catalogue" },
    { path: "history", title: "data:history", view: page(() => import("./History")), needs: "data.history" },
    { path: "dashboards", title: "data:dashboards", view: page(() => import("./Dashboards")), needs: "data.dashboards" },
    { path: "timings", title: "data:timings", view: page(() => import("./Timings")), needs: "data.stages" },
  ],
  actions: [
    { id: "data.ask", title: "data:acts.ask", keys: "Ctrl+Shift+A", needs: "data.draft", run: ({ go }) => go("/data") },
    way("data.add", "data:acts.add", "/data/sources#add", "data.add"),
    way("data.sources", "data:acts.sources", "/data/sources"),
    way("data.schema", "data:acts.schema", "/data/schema"),
    way("data.history", "data:acts.history", "/data/history"),
    way("data.dashboards", "data:acts.dashboards", "/data/dashboards"),
    way("data.timings", "data:acts.timings", "/data/timings"),
  ],
  refreshes: {
    "data.source_changed": ["data.list", "data.catalogue"],
    "data.answered": ["data.history", "data.stages", "data.dashboards"],
  },
  async search(text, house, signal) {
    const found = await house.call("data.history", { limit: 20, find: text }, { signal });
    return found.questions.map((each) => ({
      id: each.id,
      title: each.name || each.question || each.query,
      detail: each.source_name,
      at: each.asked,
      path: `/data/history#${each.id}`,
    }));
  },
};
