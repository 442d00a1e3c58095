// The overview of all keys: everywhere, on this page, in lists, and the hotkeys of the desktop.

import { Switch, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { Sheet } from "./Dialog";
import { useAsk } from "./house";
import { KeyCaps, keys, useBindings, useSingleKeys } from "./keys";

export interface KeysHelpProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

interface Line {
  readonly keys: string;
  readonly title: string;
}

const HOTKEYS = ["talk", "toggle", "pause", "palette", "insert"] as const;

/** See the module. */
export function KeysHelp({ opened, onClose }: KeysHelpProps) {
  const { t } = useTranslation();
  const bindings = useBindings();
  const alone = useSingleKeys();
  const settings = useAsk("house.settings", {}, { enabled: opened }).data?.settings ?? [];
  const groups = new Map<string, Line[]>();
  const add = (group: string, line: Line) => groups.set(group, [...(groups.get(group) ?? []), line]);
  for (const binding of bindings) add(binding.group ?? t("keys.page"), binding);
  for (const line of [
    { keys: "Escape", title: t("keys.close") },
    { keys: "ArrowDown", title: t("keys.list") },
    { keys: "Home", title: t("keys.list_ends") },
    { keys: "ArrowRight", title: t("keys.bar") },
  ])
    add(t("keys.everywhere"), line);
  for (const action of HOTKEYS) {
    const chosen = settings.find((setting) => setting.key === `desk.hotkey_${action}`)?.value ?? "";
    if (chosen !== "") add(t("keys.desktop"), { keys: chosen, title: t(`keys.hotkey_${action}`) });
  }
  return (
    <Sheet opened={opened} onClose={onClose} title={t("keys.title")}>
      {[...groups].map(([group, lines]) => (
        <section key={group} className="g-keys-group">
          <Title order={3}>{group}</Title>
          <dl>
            {lines.map((line) => (
              <div key={`${line.keys} ${line.title}`}>
                <dt>{line.title}</dt>
                <dd>
                  <KeyCaps keys={line.keys} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      <Switch
        label={t("keys.single")}
        description={t("keys.single_text")}
        checked={alone}
        onChange={(event) => keys.switchSingle(event.currentTarget.checked)}
      />
    </Sheet>
  );
}
