// The microphone: which there are, and a try with a level meter and what was understood.

import { Button, Group, Select, Text } from "@mantine/core";
import { IconMicrophone, IconPlayerStop } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { ErrorCard } from "../../frame/ErrorCard";
import { useAct, useAsk, useHouse } from "../../frame/house";
import type { GarretError } from "../../protocol/contracts";

const LONGEST = 12; // seconds that a try may take
const QUIETEST = -60; // dBFS that the meter shows as nothing

/** A level in dBFS as the share of the meter that it fills. */
const share = (level: number) => Math.min(1, Math.max(0, 1 - level / QUIETEST));

export function Microphone() {
  const { t } = useTranslation("settings");
  const devices = useAsk("microphone.devices", {}, { fresh: true });
  const chosen = useAsk("house.settings", { key: "dictate.device" });
  const set = useAct("house.setting_set");
  return (
    <section className="m-card" aria-label={t("microphone.title")}>
      <Select
        label={t("microphone.which")}
        value={chosen.data?.settings[0]?.value ?? ""}
        allowDeselect={false}
        data={[{ value: "", label: t("microphone.systems") }, ...(devices.data?.devices ?? []).map((each) => ({ value: each.name, label: each.name }))]}
        onChange={(value) => set.mutate({ key: "dictate.device", value: value ?? "" })}
        maw={420}
      />
      {devices.error !== null && <div style={{ marginTop: 12 }}><ErrorCard error={devices.error} onRetry={() => void devices.refetch()} /></div>}
      <SayIt />
    </section>
  );
}

/** Say a sentence and see what was understood; it ends by itself. */
export function SayIt() {
  const { t } = useTranslation("settings");
  const house = useHouse();
  const [level, meter] = useState(0);
  const [text, understood] = useState<string | null>(null);
  const [error, fail] = useState<GarretError | null>(null);
  const running = useRef<AbortController | null>(null);
  const [listening, listen] = useState(false);
  const begin = async () => {
    const ended = new AbortController();
    running.current = ended;
    listen(true);
    fail(null);
    understood("");
    const timer = setTimeout(() => void stop(), 1000 * LONGEST);
    try {
      const final: string[] = [];
      await house.call("dictate.listen", { source: "microphone", partials: true }, {
        signal: ended.signal,
        onItem(item) {
          if (item.kind === "level") meter(share(item.level));
          if (item.kind === "final") final.push(item.text);
          if (item.kind === "final") understood(final.join(" "));
          if (item.kind === "partial") understood([...final, item.text].join(" "));
        },
      });
    } catch (problem) {
      if (!ended.signal.aborted) fail(problem as GarretError);
    } finally {
      clearTimeout(timer);
      listen(false);
      meter(0);
    }
  };
  const stop = () => house.call("dictate.stop", {}).catch(() => running.current?.abort());
  return (
    <div style={{ marginTop: 12 }}>
      <Group gap="sm">
        <Button
          variant={listening ? "filled" : "default"}
          color={listening ? "bad" : "pine"}
          leftSection={listening ? <IconPlayerStop size={16} aria-hidden /> : <IconMicrophone size={16} aria-hidden />}
          onClick={() => void (listening ? stop() : begin())}
        >
          {t(listening ? "microphone.stop" : "microphone.try")}
        </Button>
        <div className="s-level" style={{ flex: 1, maxWidth: 240 }} role="meter" aria-label={t("microphone.level")} aria-valuemin={0} aria-valuemax={1} aria-valuenow={level}>
          <i style={{ transform: `scaleX(${Math.min(1, level)})` }} />
        </div>
      </Group>
      <Text mt="xs" role="status" mih={22}>{text === null ? <Text span c="dimmed">{t("microphone.say")}</Text> : text}</Text>
      {error !== null && <ErrorCard error={error} />}
    </div>
  );
}
