// What is chosen for dictating, and what the house offers: engines with their quality, the language.

import { useRemembered } from "../../frame/remembered";
import { useAsk } from "../../frame/house";
import type { DictateEngineStatus } from "../../protocol/contracts";
import type { Choice, Mode } from "./dictation";

export const MODES: readonly Mode[] = ["commands", "plain", "spelling"];

/** What this window dictates with; kept for the next time. */
export function useChoice(): readonly [Choice, (choice: Choice) => void] {
  const [kept, keep] = useRemembered<Choice>("dictate.choice", { mode: "commands", engine: "" });
  const mode = MODES.includes(kept.mode) ? kept.mode : "commands";
  return [{ mode, engine: kept.engine }, keep];
}

export interface Engines {
  readonly all: readonly DictateEngineStatus[];
  /** The one that is used where none is named. */
  readonly meant: DictateEngineStatus | undefined;
}

export function useEngines(): Engines {
  const all = useAsk("stt.engines", {}).data?.engines ?? [];
  return { all, meant: all.find((each) => each.meant) };
}
