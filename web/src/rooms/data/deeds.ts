// What pages of this room do besides asking: copy, save files, keep questions. What fails is told as a toast.

import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { attempt } from "../../frame/attempt";
import { useHouse, useMay } from "../../frame/house";
import { toasts } from "../../frame/toasts";
import type { CommandName, DataAsked, DataExport } from "../../protocol/contracts";
import { trust } from "./runs";

export interface Deeds {
  /** Whether it went well. */
  attempt(deed: () => Promise<void>): Promise<boolean>;
  copy(text: string, said: string): Promise<boolean>;
  /** A result as a file, through the window's or the browser's own way to save. */
  exportResult(order: DataExport): Promise<boolean>;
  /** What the page itself made, as a file. */
  saveBlob(blob: Blob, name: string): void;
  keep(question: string, name: string, favourite: boolean): Promise<boolean>;
  trust(asked: Pick<DataAsked, "id" | "query" | "source" | "name" | "question">, signal: AbortSignal, waits: (note: string) => void): Promise<boolean>;
  distrust(question: string): Promise<boolean>;
  /** What is shown of these is asked anew. */
  fresh(...commands: CommandName[]): void;
}

/** See the module. */
export function useDeeds(): Deeds {
  const { t } = useTranslation("data_pages");
  const house = useHouse();
  const queries = useQueryClient();
  const mayCopy = useMay("window.copy");
  const maySave = useMay("window.save");
  const mayGrant = useMay("house.approval_grant");
  return useMemo(() => {
    const fresh = (...commands: CommandName[]) => {
      for (const command of commands) void queries.invalidateQueries({ queryKey: [command] });
    };
    return {
      attempt,
      fresh,
      copy: (text, said) =>
        attempt(async () => {
          if (mayCopy) await house.call("window.copy", { text });
          else await navigator.clipboard.writeText(text);
          toasts.say(said);
        }),
      exportResult: (order) =>
        attempt(async () => {
          const { result, files } = await house.withFiles("data.export", order);
          const ticket = files[0]?.ticket ?? "";
          if (maySave) {
            const { name } = await house.call("window.save", { ticket, name: result.name });
            if (name === null) return;
          } else download(`/files/${encodeURIComponent(ticket)}`, result.name);
          toasts.say(t("export.done", { name: result.name }), { tone: "good" });
        }),
      saveBlob(blob, name) {
        const address = URL.createObjectURL(blob);
        download(address, name);
        setTimeout(() => URL.revokeObjectURL(address), 60_000); // whoever saves it has taken it by then
      },
      keep: (question, name, favourite) =>
        attempt(async () => {
          await house.call("data.save", { question, name, favourite });
          fresh("data.history");
        }),
      trust: (asked, signal, waits) =>
        attempt(async () => {
          const page = await house.call("data.catalogue", { source: asked.source, count: 1 });
          if (asked.name === "") await house.call("data.save", { question: asked.id, name: (asked.question || asked.query).slice(0, 120) });
          const order = { question: asked.id, query: asked.query, source: asked.source, fingerprint: page.fingerprint };
          await trust(house, order, { signal, mayGrant, fetched: () => undefined, waiting: waits });
          fresh("data.history", "data.dashboards");
        }),
      distrust: (question) =>
        attempt(async () => {
          await house.call("data.distrust", { question });
          fresh("data.history", "data.dashboards");
        }),
    };
  }, [house, mayCopy, mayGrant, maySave, queries, t]);
}

function download(address: string, name: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}
