// What is done to utterances: each at once, with Undo where it can be taken back; what fails is told.

import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { attempt } from "../../frame/attempt";
import { useHouse, useMay, type House } from "../../frame/house";
import { toasts } from "../../frame/toasts";
import type { DictateFilterInput, DictateUtterance, DictateUtterances } from "../../protocol/contracts";
import { Store } from "../../frame/store";

export type Form = "text" | "markdown" | "json" | "srt" | "vtt";
export const FORMS: readonly Form[] = ["text", "markdown", "json", "srt", "vtt"];

/** An export that is being made: how far it is, and how it is ended. */
export interface Exporting {
  readonly fraction: number;
  readonly cancel: () => void;
}

/** The export of this page that is under way; it goes on while other pages are shown. */
export const exporting = new Store<Exporting | null>(null);

async function underWay<T>(make: (signal: AbortSignal, onProgress: (progress: { readonly fraction: number }) => void) => Promise<T>): Promise<T> {
  exporting.get()?.cancel();
  const ended = new AbortController();
  const told = (fraction: number): Exporting => ({ fraction, cancel: () => ended.abort() });
  let latest = told(0);
  exporting.set(latest);
  try {
    return await make(ended.signal, ({ fraction }) => {
      if (exporting.get() === latest) exporting.set((latest = told(fraction)));
    });
  } finally {
    if (exporting.get() === latest) exporting.set(null);
  }
}

export interface Deeds {
  remove(utterances: readonly string[]): void;
  bringBack(utterances: readonly string[]): void;
  /** Resolves to whether the correction is kept. */
  correct(utterance: DictateUtterance, text: string | null): Promise<boolean>;
  revert(utterance: DictateUtterance, version: string): Promise<void>;
  copy(text: string): void;
  insert(utterance: string, text: string): void;
  retry(utterance: string, engine: string): void;
  restoreWords(utterance: string, number: number): void;
  exportThese(form: Form, which: { readonly utterances: readonly string[] } | { readonly only: DictateFilterInput }): void;
}

/** See the module. */
export function useDeeds(): Deeds {
  const { t } = useTranslation("dictate");
  const house = useHouse();
  const queries = useQueryClient();
  const mayCopy = useMay("window.copy");
  const maySave = useMay("window.save");
  return useMemo(() => {
    /** What is listed, changed before the house answers: its event then makes it right. */
    const listed = (change: (all: readonly DictateUtterance[]) => readonly DictateUtterance[]) => {
      queries.setQueriesData<DictateUtterances>({ queryKey: ["dictate.history"] }, (found) =>
        found === undefined ? found : { ...found, utterances: change(found.utterances) },
      );
    };
    const fresh = () => void queries.invalidateQueries({ queryKey: ["dictate.history"] });
    const bringBack = (utterances: readonly string[]) =>
      void attempt(async () => {
        await house.call("dictate.undelete", { utterances });
        toasts.say(t("done.back", { count: utterances.length }), { tone: "good" });
      });
    const back = (text: string | null, id: string) => async () => {
      await house.call("dictate.edit", { utterance: id, text });
    };
    return {
      remove: (utterances) =>
        void attempt(async () => {
          const gone = new Set(utterances);
          const short = (all: readonly DictateUtterance[]) => all.filter((each) => !gone.has(each.id));
          if (utterances.length < 20) listed(short);
          try {
            await house.call("dictate.discard", { utterances });
          } catch (error) {
            fresh();
            throw error;
          }
          toasts.undoable(t("done.deleted", { count: utterances.length }), async () => {
            await house.call("dictate.undelete", { utterances });
          });
        }),
      bringBack,
      correct: (utterance, text) =>
        attempt(async () => {
          const shown = await house.call("dictate.edit", { utterance: utterance.id, text });
          listed((all) => all.map((each) => (each.id === shown.id ? shown : each)));
          const before = utterance.edited ? utterance.text : null;
          toasts.undoable(t(text === null ? "done.taken_back" : "done.corrected"), back(before, utterance.id));
        }),
      async revert(utterance, version) {
        await attempt(async () => {
          await house.call("dictate.revert", { utterance: utterance.id, version });
          toasts.undoable(t("done.reverted"), back(utterance.edited ? utterance.text : null, utterance.id));
        });
      },
      copy: (text) =>
        void attempt(async () => {
          if (mayCopy) await house.call("window.copy", { text });
          else await navigator.clipboard.writeText(text);
          toasts.say(t("done.copied"));
        }),
      insert: (utterance, text) =>
        void attempt(async () => {
          const { outcome, target, reason } = await house.call("window.insert", { text });
          const told = t(`outcome.${outcome}`, { target, reason });
          if (outcome === "inserted") toasts.say(told, { tone: "good" });
          else toasts.failed(told);
          const problem = outcome === "held" ? reason || t("outcome.held", { target, reason }) : "";
          await house.call("dictate.delivered", { utterance, where: target || outcome, problem });
        }),
      retry: (utterance, engine) =>
        void attempt(async () => {
          toasts.say(t("done.retrying", { engine: engine || t("engine.set") }));
          await house.call("dictate.transcribe", { utterance, engine, key: `page-${crypto.randomUUID()}` });
          toasts.say(t("done.retried"), { tone: "good" });
        }),
      restoreWords: (utterance, number) =>
        void attempt(async () => {
          await house.call("dictate.restore_words", { utterance, number, key: `page-${crypto.randomUUID()}` });
          toasts.say(t("done.words"), { tone: "good" });
        }),
      exportThese: (form, which) =>
        void attempt(async () => {
          const { result, files } = await underWay((signal, onProgress) => house.withFiles("dictate.export", { form, ...which }, [], { signal, onProgress }));
          const ticket = files[0]?.ticket ?? "";
          if (maySave) {
            const { name } = await house.call("window.save", { ticket, name: result.name });
            if (name === null) return;
          } else download(`/files/${encodeURIComponent(ticket)}`, result.name);
          toasts.say(t("done.exported", { count: result.utterances }), { tone: "good" });
        }),
    };
  }, [house, mayCopy, maySave, queries, t]);
}

/** Have the browser save a file, under a name. */
export function download(address: string, name: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

/** All the text of an utterance that a list shows the beginning of. */
export async function wholeText(house: House, utterance: string): Promise<string> {
  let whole = "";
  for (let first = 0; ; ) {
    const page = await house.call("dictate.get", { utterance, first, limit: 500 });
    whole += page.text;
    first += page.segments.length;
    if (page.segments.length === 0 || first >= page.total) return whole;
  }
}
