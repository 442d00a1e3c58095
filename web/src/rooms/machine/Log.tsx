// The log as it is written: filtered by worker, level and words, held when asked to, saved as a file.

import { Button, Checkbox, Group, Select, Text, TextInput } from "@mantine/core";
import { IconDownload, IconFileText, IconPlayerPause, IconPlayerPlay, IconPlugConnectedX } from "@tabler/icons-react";
import { memo, useDeferredValue, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { EmptyState } from "../../frame/EmptyState";
import { ErrorCard } from "../../frame/ErrorCard";
import { useAsk, useLine } from "../../frame/house";
import { useNarrow } from "../../frame/useNarrow";
import type { HouseLogLine } from "../../protocol/contracts";
import { timeOfDay } from "./format";
import { RoomPage } from "../../frame/RoomPage";
import "./machine.css";
import { useTail } from "./tail";

const LEVELS = ["debug", "info", "warning", "error"] as const;
const LINE = 22; // pixels, where a rem has 16
const NARROW = 42; // rem, below which a line takes two rows
const AROUND = 10; // lines above and below those that are seen

export default function Log() {
  const { t, i18n } = useTranslation("machine");
  const [worker, ofWorker] = useState("");
  const [level, ofLevel] = useState("info");
  const [words, look] = useState("");
  const [paused, pause] = useState(false);
  const [following, follow] = useState(true);
  const workers = useAsk("house.workers", {});
  const connected = useLine().state === "open";
  const { lines, error } = useTail({ worker, level }, paused);
  const wanted = useDeferredValue(words.trim().toLowerCase());
  const shown = useMemo(
    () => (wanted === "" ? lines : lines.filter((line) => `${line.source} ${line.message}`.toLowerCase().includes(wanted))),
    [lines, wanted],
  );
  const frame = useRef<HTMLDivElement>(null);
  const [seen, lookAt] = useState({ top: 0, height: 600 });
  const narrow = useNarrow(NARROW);
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
  const lineHeight = ((narrow ? 2 * LINE : LINE) * rem) / 16;
  // All lines are of one height, so where each stands is known: with 1,000 new ones a second nothing is measured.
  const { first, last } = seenLines(shown.length, seen, following, lineHeight);
  useLayoutEffect(() => {
    if (following && frame.current !== null) frame.current.scrollTop = lineHeight * shown.length;
  }, [following, shown, lineHeight]);
  const names = useMemo(() => [...new Set(workers.data?.workers.map((each) => each.name))], [workers.data]);
  return (
    <RoomPage
      title={t("log.title")}
      lead={t("log.about")}
      fill
      actions={
        <>
          <Button variant="default" leftSection={paused ? <IconPlayerPlay size={15} aria-hidden /> : <IconPlayerPause size={15} aria-hidden />} onClick={() => pause(!paused)}>
            {t(paused ? "log.go_on" : "log.pause")}
          </Button>
          <Button variant="default" leftSection={<IconDownload size={15} aria-hidden />} disabled={shown.length === 0} onClick={() => save(shown.map((line) => `${new Date(line.at * 1000).toISOString()} ${line.level} ${line.source} ${line.message}`))}>
            {t("log.save")}
          </Button>
        </>
      }
    >
      <Group gap="xs" align="flex-end">
        <TextInput label={t("log.words")} value={words} onChange={(event) => look(event.currentTarget.value)} w={240} />
        <Select label={t("log.level")} value={level} onChange={(value) => ofLevel(value ?? "info")} data={LEVELS.map((each) => ({ value: each, label: t(`log.levels.${each}`) }))} allowDeselect={false} w={140} />
        <Select label={t("log.worker")} value={worker} onChange={(value) => ofWorker(value ?? "")} data={[{ value: "", label: t("log.all_workers") }, ...names.map((name) => ({ value: name, label: name }))]} allowDeselect={false} w={180} />
        <Checkbox label={t("log.follow")} checked={following} onChange={(event) => follow(event.currentTarget.checked)} mb={8} />
        <Text size="sm" c="dimmed" mb={8} className="m-number" role="status">{t("log.count", { count: shown.length })}</Text>
      </Group>
      {error !== null && <ErrorCard error={error} />}
      <div
        ref={frame}
        className="m-log"
        data-narrow={narrow || undefined}
        role="log"
        aria-live="off"
        aria-label={t("log.title")}
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop: top, clientHeight: height } }) => lookAt({ top, height })}
        onWheel={(event) => event.deltaY < 0 && follow(false)}
        onKeyDown={(event) => (event.key === "PageUp" || event.key === "ArrowUp" || event.key === "Home") && follow(false)}
      >
        {shown.length === 0 && error === null && (connected ? (
          <EmptyState icon={IconFileText} title={t("log.none")}>{t("log.none_more")}</EmptyState>
        ) : (
          <EmptyState icon={IconPlugConnectedX} title={t("frame:line.short_away")}>{t("log.away")}</EmptyState>
        ))}
        <div style={{ height: lineHeight * shown.length, position: "relative" }}>
          {shown.slice(first, last).map((line, index) => (
            <Line key={line.id} line={line} top={lineHeight * (first + index)} language={i18n.language} />
          ))}
        </div>
      </div>
    </RoomPage>
  );
}

const Line = memo(function Line({ line, top, language }: { readonly line: HouseLogLine; readonly top: number; readonly language: string }) {
  return (
    <div className="m-line" data-level={line.level} style={{ position: "absolute", insetInline: 0, transform: `translateY(${top}px)` }} title={line.message}>
      <time>{timeOfDay(line.at, language)}</time>
      <span className="m-level">{line.level}</span>
      <span className="m-source">{line.source}</span>
      <span>{line.message}</span>
    </div>
  );
});

/** Which of so many lines are drawn: those that are seen, or the last where the end is followed. Pure. */
export function seenLines(count: number, { top, height }: { readonly top: number; readonly height: number }, following: boolean, line = LINE): { readonly first: number; readonly last: number } {
  const rows = Math.ceil(height / line) + 2 * AROUND;
  const wanted = following ? count - rows : Math.floor(top / line) - AROUND;
  const first = Math.max(0, Math.min(wanted, count - rows));
  return { first, last: Math.min(count, first + rows) };
}

/** Have the browser or the window save lines as a text file. */
function save(lines: readonly string[]): void {
  const address = URL.createObjectURL(new Blob([lines.join("\n"), "\n"], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `garret-log-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
