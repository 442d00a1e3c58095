// Dictate: speech becomes text. Talk and today's utterances, all of the history, your own words and commands.

import { IconMicrophone } from "@tabler/icons-react";
import { lazy } from "react";

import type { RoomManifest } from "../../frame/room";
import { recall } from "../../frame/remembered";
import { dictation, type Choice } from "./dictation";

const chosen = (): Choice => recall<Choice>("dictate.choice", { mode: "commands", engine: "" });

export const dictate: RoomManifest = {
  name: "dictate",
  path: "/dictate",
  title: "dictate:title",
  icon: IconMicrophone,
  place: "work",
  pages: [
    { path: "", title: "dictate:talk.title", view: lazy(() => import("./Talk")), needs: "dictate.listen" },
    { path: "history", title: "dictate:history.title", view: lazy(() => import("./History")), needs: "dictate.history" },
    { path: "words", title: "dictate:words.title", view: lazy(() => import("./Words")), needs: "house.settings" },
  ],
  actions: [
    {
      id: "dictate.toggle",
      title: "dictate:talk.toggle",
      keys: "Ctrl+Shift+D",
      needs: "dictate.listen",
      run({ house, go }) {
        go("/dictate");
        dictation.toggle(house, chosen());
      },
    },
    {
      id: "dictate.pause",
      title: "dictate:talk.pause_all",
      needs: "dictate.pause",
      async run({ house }) {
        await house.call("dictate.pause", {});
      },
    },
    {
      id: "dictate.cancel",
      title: "dictate:talk.cancel_all",
      needs: "dictate.listen",
      run: () => dictation.cancel(),
    },
    { id: "dictate.history", title: "dictate:history.open", needs: "dictate.history", run: ({ go }) => go("/dictate/history") },
    { id: "dictate.words", title: "dictate:words.open", needs: "house.settings", run: ({ go }) => go("/dictate/words") },
  ],
  refreshes: {
    "dictate.started": ["dictate.history"],
    "dictate.finished": ["dictate.history", "dictate.get", "dictate.versions"],
    "dictate.changed": ["dictate.history", "dictate.get", "dictate.versions"],
    "dictate.deleted": ["dictate.history"],
    "dictate.cleared": ["dictate.history"],
    "house.setting_touched": ["dictate.phrases", "stt.engines"],
  },
  async search(text, house, signal) {
    const found = await house.call("dictate.history", { limit: 20, query: text, characters: 200 }, { signal });
    return found.utterances.map((each) => ({
      id: each.id,
      title: each.text || each.raw || each.source,
      at: each.created,
      path: `/dictate/history#${each.id}`,
    }));
  },
};
