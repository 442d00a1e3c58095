// The hotkeys as the desktop gave them to us: which work, why one does not, and another that would.

import { Alert, Button, Group, Stack, Table, Text } from "@mantine/core";
import { useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import { ErrorCard } from "../../frame/ErrorCard";
import { Faces } from "../../frame/Faces";
import { useAct, useAsk, useHouse, useMay } from "../../frame/house";
import type { GarretError, WindowHotkey } from "../../protocol/contracts";
import { State } from "../machine/parts";
import { accelerator } from "./accelerator";

export function Hotkeys() {
  const { t } = useTranslation("settings");
  const here = useMay("window.hotkeys");
  const hotkeys = useAsk("window.hotkeys", {});
  if (!here) return <Alert color="gray">{t("hotkeys.window_only")}</Alert>;
  return (
    <section className="m-card" aria-label={t("hotkeys.title")}>
      <Faces of={hotkeys}>
        {(data) => (
          <Table>
            <Table.Tbody>
              {data.hotkeys.map((hotkey) => <Row key={hotkey.action} hotkey={hotkey} changed={() => void hotkeys.refetch()} />)}
            </Table.Tbody>
          </Table>
        )}
      </Faces>
      <Text size="sm" c="dimmed" mt="sm">{t("hotkeys.elsewhere")}</Text>
    </section>
  );
}

function Row({ hotkey, changed }: { readonly hotkey: WindowHotkey; readonly changed: () => void }) {
  const { t } = useTranslation("settings");
  const house = useHouse();
  const set = useAct("house.setting_set");
  const [catching, look] = useState(false);
  const [tried, told] = useState<WindowHotkey | null>(null);
  const [error, fail] = useState<GarretError | null>(null);
  const save = (keys: string) => set.mutate({ key: `desk.hotkey_${hotkey.action}`, value: keys }, { onSuccess: changed });
  const caught = async (event: KeyboardEvent) => {
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") return look(false);
    const keys = accelerator(event.nativeEvent);
    if (keys === null) return;
    look(false);
    try {
      const answer = await house.call("window.hotkey_try", { action: hotkey.action, keys });
      told(answer);
      if (answer.works) save(keys);
      fail(null);
    } catch (problem) {
      fail(problem as GarretError);
    }
  };
  const problem = tried !== null && !tried.works ? tried : !hotkey.works && hotkey.keys !== "" ? hotkey : null;
  return (
    <Table.Tr>
      <Table.Td>{t(`hotkeys.action.${hotkey.action}`)}</Table.Td>
      <Table.Td><Keys keys={hotkey.keys} /></Table.Td>
      <Table.Td><State state={hotkey.keys === "" ? "stopped" : hotkey.works ? "ok" : "fail"} /></Table.Td>
      <Table.Td>
        <Stack gap={4}>
          <Group gap="xs">
            <Button size="xs" variant={catching ? "filled" : "default"} onClick={() => look(true)} onKeyDown={(event) => catching && void caught(event)} onBlur={() => look(false)}>
              {t(catching ? "hotkeys.press" : "hotkeys.change")}
            </Button>
            {hotkey.keys !== "" && <Button size="xs" variant="subtle" color="gray" onClick={() => save("")}>{t("hotkeys.none")}</Button>}
          </Group>
          {problem !== null && (
            <Text size="sm" c="var(--g-warn)">
              {problem.sentence}{" "}
              {problem.offer !== "" && <Button size="compact-xs" variant="default" onClick={() => save(problem.offer)}>{t("hotkeys.take", { keys: problem.offer })}</Button>}
            </Text>
          )}
          {error !== null && <ErrorCard error={error} />}
          {set.error !== null && <ErrorCard error={set.error} />}
        </Stack>
      </Table.Td>
    </Table.Tr>
  );
}

/** An accelerator as keys. */
export function Keys({ keys }: { readonly keys: string }) {
  if (keys === "") return <Text span c="dimmed">–</Text>;
  return (
    <span className="s-keys">
      {keys.split("+").map((key) => <kbd key={key}>{key}</kbd>)}
    </span>
  );
}
