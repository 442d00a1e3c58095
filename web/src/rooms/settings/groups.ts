// Which settings stand together: by what a person is about, not by which part of Garret declares them.

import type { HouseSettingInfo } from "../../protocol/contracts";

export const GROUPS = [
  "speech", "commands", "voice", "hotkeys", "insertion", "appearance", "notifications", "privacy", "advanced",
] as const;
export type Group = (typeof GROUPS)[number];

const EXACT: Readonly<Record<string, Group>> = {
  "dictate.vocabulary": "commands",
  "dictate.commands": "commands",
  "dictate.commands_off": "commands",
  "dictate.cleanup": "speech",
  "dictate.keep_audio_days": "privacy",
  "dictate.keep_audio_mebibytes": "privacy",
  "dictate.grace_minutes": "privacy",
  "dictate.workers": "advanced",
  "dictate.warm_engines": "advanced",
  "dictate.threads": "advanced",
  "dictate.longest_hours": "advanced",
  "desk.insertion": "insertion",
  "desk.insertion_targets": "insertion",
  "desk.notifications": "notifications",
  "desk.do_not_disturb": "notifications",
  "desk.first_run_done": "advanced",
  "egress.offline": "privacy",
  "egress.closed": "privacy",
  "egress.proxy": "privacy",
  "egress.log_days": "privacy",
};

const PREFIXES: readonly (readonly [string, Group])[] = [
  ["desk.hotkey_", "hotkeys"],
  ["desk.", "appearance"],
  ["dictate.", "speech"],
  ["speak.", "voice"],
];

/** Where a setting stands; what nobody placed is advanced, so that a new one is never lost. */
export function groupOf(key: string): Group {
  return EXACT[key] ?? PREFIXES.find(([prefix]) => key.startsWith(prefix))?.[1] ?? "advanced";
}

/** The settings that words find, by key, sentence and name. */
export function found(settings: readonly HouseSettingInfo[], words: string, name: (key: string) => string): readonly HouseSettingInfo[] {
  const wanted = words.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return settings;
  return settings.filter((setting) => {
    const text = `${setting.key} ${setting.sentence} ${name(setting.key)}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

/** A key as a heading: `dictate.keep_audio_days` is "Keep audio days". */
export function spelled(key: string): string {
  const last = key.slice(key.indexOf(".") + 1).replaceAll(/[_.]/g, " ");
  return last.charAt(0).toUpperCase() + last.slice(1);
}
