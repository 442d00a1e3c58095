// All that is one's own, deleted in one act: what will go is shown first, a word is typed, a job does it with
// progress, and what went can come back until its time is over.

import { Button, Group, Progress, Stack, Table, Text, TextInput } from "@mantine/core";
import { IconArrowBackUp, IconTrash } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Dialog } from "../../frame/Dialog";
import { ErrorCard } from "../../frame/ErrorCard";
import { Faces } from "../../frame/Faces";
import { useFormat } from "../../frame/format";
import { useAsk, useHouse, useMay } from "../../frame/house";
import { RelativeTime } from "../../frame/RelativeTime";
import { exact } from "../../frame/time";
import { toasts } from "../../frame/toasts";
import type { GarretError, HouseClearedAll, HouseHoldings } from "../../protocol/contracts";
import { acts, typed, type Act } from "./clearing";

/** How far a job is, how to stop it, and what went wrong. */
function useJob() {
  const house = useHouse();
  const queries = useQueryClient();
  const [far, go] = useState<{ readonly fraction: number; readonly stop: () => void } | null>(null);
  const [error, fail] = useState<GarretError | null>(null);
  const run = async (command: { until: number } | { clearing: string }) => {
    const ended = new AbortController();
    const stop = () => ended.abort();
    const key = crypto.randomUUID();
    const options = { signal: ended.signal, onProgress: ({ fraction }: { fraction: number }) => go({ fraction, stop }) };
    go({ fraction: 0, stop });
    fail(null);
    try {
      return "until" in command
        ? await house.call("house.clear", { until: command.until, key }, options)
        : await house.call("house.restore", { clearing: command.clearing, key }, options);
    } catch (problem) {
      fail(problem as GarretError);
      return null;
    } finally {
      go(null);
      for (const stale of ["house.holdings", "dictate.history"]) void queries.invalidateQueries({ queryKey: [stale] });
    }
  };
  return { far, error, run };
}

export function ClearData() {
  const { t } = useTranslation("settings");
  const holdings = useAsk("house.holdings", {}, { fresh: true });
  const [asking, ask] = useState<HouseHoldings | null>(null);
  const back = useJob();
  const may = useMay("house.clear");
  if (!may) return null;
  const restore = async (clearing: string) => {
    const done = await back.run({ clearing });
    if (done !== null) toasts.say(t("clear.back", { count: done.count }), { tone: "good" });
  };
  const cleared = (done: HouseClearedAll) => {
    ask(null);
    const text = t("clear.done", { count: done.count });
    if (done.until === 0) toasts.say(text);
    else toasts.undoable(text, () => restore(done.clearing), { seconds: 30 });
    if (done.busy > 0) toasts.say(t("clear.busy", { count: done.busy }));
  };
  return (
    <section className="m-card" aria-labelledby="clear-data">
      <Stack gap="sm">
        <Text fw={560} id="clear-data">{t("clear.title")}</Text>
        <Text size="sm" c="dimmed">{t("clear.about")}</Text>
        <Faces of={holdings}>
          {(data) => (
            <>
              <Holdings of={data} />
              <Group>
                <Button color="bad" variant="light" leftSection={<IconTrash size={16} aria-hidden />} disabled={!data.rooms.some((room) => room.holdings.some((each) => each.count > 0))} onClick={() => ask(data)}>
                  {t("clear.ask")}
                </Button>
              </Group>
              {acts(data).map((act) => <Restorable key={act.clearing} act={act} busy={back.far !== null} onRestore={() => void restore(act.clearing)} />)}
              {back.far !== null && <Progress value={100 * back.far.fraction} aria-label={t("clear.restoring")} />}
              {back.error !== null && <ErrorCard error={back.error} />}
            </>
          )}
        </Faces>
      </Stack>
      <Dialog opened={asking !== null} onClose={() => ask(null)} title={t("clear.title")}>
        {asking !== null && <Ask holdings={asking} cancelled={() => ask(null)} cleared={cleared} />}
      </Dialog>
    </section>
  );
}

function Holdings({ of }: { readonly of: HouseHoldings }) {
  const { t } = useTranslation("settings");
  const format = useFormat();
  return (
    <Table withRowBorders={false}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("clear.kind")}</Table.Th>
          <Table.Th className="m-number">{t("clear.count")}</Table.Th>
          <Table.Th className="m-number">{t("clear.size")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {of.rooms.flatMap((room) =>
          room.holdings.map((each) => (
            <Table.Tr key={`${room.room}.${each.kind}`}>
              <Table.Td>{t(`clear.kinds.${each.kind}`, { defaultValue: each.kind })}</Table.Td>
              <Table.Td className="m-number">{format.number(each.count)}</Table.Td>
              <Table.Td className="m-number">{format.size(each.bytes)}</Table.Td>
            </Table.Tr>
          )),
        )}
      </Table.Tbody>
    </Table>
  );
}

function Restorable({ act, busy, onRestore }: { readonly act: Act; readonly busy: boolean; readonly onRestore: () => void }) {
  const { t, i18n } = useTranslation("settings");
  return (
    <Group justify="space-between">
      <Text size="sm">
        {t("clear.gone", { count: act.count })} <RelativeTime at={act.at} /> · {t("clear.until", { moment: exact(act.until, i18n.language) })}
      </Text>
      <Button size="xs" variant="default" disabled={busy} leftSection={<IconArrowBackUp size={14} aria-hidden />} onClick={onRestore}>
        {t("clear.restore")}
      </Button>
    </Group>
  );
}

interface AskProps {
  readonly holdings: HouseHoldings;
  readonly cancelled: () => void;
  readonly cleared: (done: HouseClearedAll) => void;
}

/** Asks once, by a word to type: Enter in an empty field does nothing. */
function Ask({ holdings, cancelled, cleared }: AskProps) {
  const { t } = useTranslation("settings");
  const [words, type] = useState("");
  const { far, error, run } = useJob();
  const word = t("clear.word");
  const ready = typed(words, word) && far === null;
  const clear = async () => {
    if (!ready) return;
    const done = await run({ until: holdings.at });
    if (done !== null) cleared(done);
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), void clear())}>
      <Stack>
        <Text>{t("clear.will_go", { profile: holdings.profile })}</Text>
        <Holdings of={holdings} />
        <Text size="sm" c="dimmed">{t("clear.stays")}</Text>
        <TextInput label={t("clear.type", { word })} value={words} disabled={far !== null} autoComplete="off" data-autofocus onChange={(event) => type(event.currentTarget.value)} />
        {error !== null && <ErrorCard error={error} />}
        {far !== null && <Progress value={100 * far.fraction} aria-label={t("clear.clearing")} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={far === null ? cancelled : far.stop}>{t(far === null ? "frame:cancel" : "clear.stop")}</Button>
          <Button type="submit" color="bad" disabled={!ready}>{t("clear.verb")}</Button>
        </Group>
      </Stack>
    </form>
  );
}
