// All that was dictated: found by words, day, engine, source; any part of a list of any length; one shown beside it.

import "./dictate.css";
import { Button, Checkbox, CloseButton, Menu, NativeSelect, Progress, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconFileExport, IconFilter, IconMicrophone, IconSearch, IconTrash } from "@tabler/icons-react";
import { useRouterState } from "@tanstack/react-router";
import { useEffect, useMemo, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Sheet } from "../../frame/Dialog";
import { EmptyState } from "../../frame/EmptyState";
import { ErrorCard } from "../../frame/ErrorCard";
import { useFormat } from "../../frame/format";
import { useAsk, useMay } from "../../frame/house";
import { recall, useRemembered } from "../../frame/remembered";
import { RoomPage } from "../../frame/RoomPage";
import { SkeletonRows, useLate } from "../../frame/Skeleton";
import { useNarrow } from "../../frame/useNarrow";
import { VirtualList } from "../../frame/VirtualList";
import type { DictateFilterInput } from "../../protocol/contracts";
import { Card } from "./Card";
import { useEngines } from "./choices";
import { dayFrom, dayOf, useToday } from "./day";
import { exporting, FORMS, useDeeds } from "./deeds";
import { PAGE, Row, ROW_REM } from "./Row";
import { useStore } from "../../frame/store";

type Span = "any" | "today" | "week" | "month" | "days";

interface Wanted {
  readonly span: Span;
  readonly from: string;
  readonly to: string;
  readonly engine: string;
  readonly source: "" | "microphone" | "push" | "file";
  readonly remarked: boolean;
  readonly deleted: boolean;
}

const ALL: Wanted = { span: "any", from: "", to: "", engine: "", source: "", remarked: false, deleted: false };
const WIDE = 68; // rem, rail included, from which one is shown beside the list

function filterOf(wanted: Wanted, query: string, today: number): DictateFilterInput {
  const since = { any: 0, today, week: dayOf(1000 * today, -6), month: dayOf(1000 * today, -29), days: dayFrom(wanted.from) }[wanted.span];
  const until = wanted.span === "days" ? dayFrom(wanted.to, 1) : 0;
  return { query: query.trim(), since, until, engine: wanted.engine, source: wanted.source, remarked: wanted.remarked, deleted: wanted.deleted };
}

export default function History() {
  const { t } = useTranslation("dictate");
  const format = useFormat();
  const today = useToday();
  const [wanted, want] = useRemembered<Wanted>("dictate.filter", ALL);
  const [query, ask] = useState("");
  const [settled] = useDebouncedValue(query, 150);
  const only = useMemo(() => filterOf(wanted, settled, today), [wanted, settled, today]);
  const narrow = useNarrow(WIDE);
  const [shown, show] = useShown();
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => choose(new Set()), [only]);
  const first = useAsk("dictate.history", { limit: PAGE, skip: 0, characters: 300, count: true, only });
  const [total, setTotal] = useState(-1);
  useEffect(() => {
    if (first.data !== undefined) setTotal(first.data.total);
  }, [first.data]);
  const places = useMemo(() => Array.from({ length: Math.max(0, total) }, (_, index) => index), [total]);
  const height = ROW_REM * (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16);
  const filtered = settled.trim() !== "" || JSON.stringify({ ...wanted, from: "", to: "" }) !== JSON.stringify(ALL);
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    choose(next);
  };
  const detail = shown === "" ? null : <Shown id={shown} deleted={wanted.deleted} gone={() => show("")} />;
  return (
    <RoomPage title={t("history.title")} fill>
      <Filters wanted={wanted} want={want} query={query} ask={ask} />
      <div className="d-head d-count">
        <span role="status">{total < 0 ? "" : t(filtered ? "history.found" : "history.count", { count: total, number: format.number(total) })}</span>
        <span className="g-grow" />
        <UnderWay />
        {chosen.size > 0 ? <Chosen chosen={chosen} clear={() => choose(new Set())} /> : total > 0 && <ExportAll only={only} count={total} />}
      </div>
      <div className="d-split" data-beside={!narrow || undefined}>
        <div className="d-list">
          {first.error !== null ? (
            <ErrorCard error={first.error} onRetry={() => void first.refetch()} />
          ) : total < 0 ? (
            <SkeletonRows rows={8} height={ROW_REM} />
          ) : total === 0 ? (
            <Nothing filtered={filtered} clear={() => (want(ALL), ask(""))} />
          ) : (
            <VirtualList
              key={JSON.stringify(only)}
              items={places}
              keyOf={(place) => place}
              label={t("history.title")}
              estimate={height}
              {...(filtered ? {} : { remember: "dictate.history" })}
              render={(place) => <Row place={place} only={only} shown={shown} open={show} chosen={chosen} toggle={toggle} />}
            />
          )}
        </div>
        {!narrow && <div className="d-beside">{detail ?? <p className="g-quiet d-choose">{t("history.choose")}</p>}</div>}
      </div>
      {narrow && (
        <Sheet opened={shown !== ""} onClose={() => show("")} title={t("history.one")} size="100%">
          {detail}
        </Sheet>
      )}
    </RoomPage>
  );
}

/** The one that is shown: the fragment of the address says which at first, as a search does. */
function useShown(): readonly [string, (id: string) => void] {
  const hash = useRouterState({ select: (state) => state.location.hash });
  const [shown, show] = useState(hash || recall("dictate.shown", ""));
  useEffect(() => {
    if (hash !== "") show(hash);
  }, [hash]);
  return [shown, show];
}

/** One utterance in full. What the list knows of it is its beginning, so it is asked for by itself. */
function Shown({ id, deleted, gone }: { readonly id: string; readonly deleted: boolean; readonly gone: () => void }) {
  const { t } = useTranslation("dictate");
  // Ids sort by time: the newest before the one that would come right after it is itself.
  const found = useAsk("dictate.history", { limit: 1, before: `${id}~`, only: { deleted } });
  const one = found.data?.utterances[0];
  if (found.error !== null) return <ErrorCard error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <SkeletonRows rows={3} />;
  if (one?.id !== id)
    return (
      <EmptyState icon={IconTrash} title={t("history.away")} action={{ title: t("history.close"), run: gone }}>
        {t("history.away_text")}
      </EmptyState>
    );
  return <Card key={id} utterance={one} opened />;
}

function Nothing({ filtered, clear }: { readonly filtered: boolean; readonly clear: () => void }) {
  const { t } = useTranslation("dictate");
  return filtered ? (
    <EmptyState icon={IconFilter} title={t("history.none")} action={{ title: t("history.clear"), run: clear }}>
      {t("history.none_text")}
    </EmptyState>
  ) : (
    <EmptyState icon={IconMicrophone} title={t("history.empty")}>
      {t("history.empty_text")}
    </EmptyState>
  );
}

interface FiltersProps {
  readonly wanted: Wanted;
  readonly want: (wanted: Wanted) => void;
  readonly query: string;
  readonly ask: (query: string) => void;
}

function Filters({ wanted, want, query, ask }: FiltersProps) {
  const { t } = useTranslation("dictate");
  const { all } = useEngines();
  const choose = (label: string, value: string, options: readonly (readonly [string, string])[], set: (value: string) => void) => (
    <NativeSelect aria-label={label} value={value} onChange={(event) => set(event.currentTarget.value)} data={options.map(([key, text]) => ({ value: key, label: text }))} />
  );
  return (
    <div className="d-filters" role="search" aria-label={t("history.search")}>
      <TextInput
        className="d-query"
        aria-label={t("history.search")}
        placeholder={t("history.search")}
        value={query}
        onChange={(event) => ask(event.currentTarget.value)}
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={query === "" ? null : <CloseButton size="sm" aria-label={t("history.clear_query")} onClick={() => ask("")} />}
      />
      {choose(t("filter.when"), wanted.span, (["any", "today", "week", "month", "days"] as const).map((span) => [span, t(`filter.${span}`)]), (span) => want({ ...wanted, span: span as Span }))}
      {wanted.span === "days" && (
        <>
          <TextInput type="date" aria-label={t("filter.from")} value={wanted.from} max={wanted.to} onChange={(event) => want({ ...wanted, from: event.currentTarget.value })} />
          <TextInput type="date" aria-label={t("filter.to")} value={wanted.to} min={wanted.from} onChange={(event) => want({ ...wanted, to: event.currentTarget.value })} />
        </>
      )}
      {choose(t("filter.engine"), wanted.engine, [["", t("filter.every_engine")], ...all.map((each) => [each.name, t(`engine.${each.name}`, { defaultValue: each.name })] as const)], (engine) => want({ ...wanted, engine }))}
      {choose(t("filter.source"), wanted.source, [["", t("filter.every_source")], ...(["microphone", "file", "push"] as const).map((each) => [each, t(`source.${each}`)] as const)], (source) => want({ ...wanted, source: source as Wanted["source"] }))}
      <Checkbox label={t("filter.remarked")} checked={wanted.remarked} onChange={(event) => want({ ...wanted, remarked: event.currentTarget.checked })} />
      <Checkbox label={t("filter.deleted")} checked={wanted.deleted} onChange={(event) => want({ ...wanted, deleted: event.currentTarget.checked })} />
    </div>
  );
}

function ExportMenu({ children, run }: { readonly children: ReactNode; readonly run: (form: (typeof FORMS)[number]) => void }) {
  const { t } = useTranslation("dictate");
  return (
    <Menu position="bottom-end">
      <Menu.Target>{children}</Menu.Target>
      <Menu.Dropdown>
        {FORMS.map((form) => (
          <Menu.Item key={form} onClick={() => run(form)}>
            {t(`export.${form}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function ExportAll({ only, count }: { readonly only: DictateFilterInput; readonly count: number }) {
  const { t } = useTranslation("dictate");
  const format = useFormat();
  const deeds = useDeeds();
  return (
    <ExportMenu run={(form) => deeds.exportThese(form, { only })}>
      <Button size="xs" variant="default" leftSection={<IconFileExport size={15} aria-hidden />}>
        {t("export.all", { count, number: format.number(count) })}
      </Button>
    </ExportMenu>
  );
}

/** An export that takes its time: how far it is, and a cancel. */
function UnderWay() {
  const { t } = useTranslation("dictate");
  const format = useFormat();
  const now = useStore(exporting);
  if (!useLate(now !== null) || now === null) return null;
  return (
    <span className="g-row" role="status">
      {t("export.under_way", { share: format.percent(now.fraction) })}
      <Progress w="6rem" size="sm" value={100 * now.fraction} aria-label={t("export.title")} />
      <Button size="compact-xs" variant="default" onClick={now.cancel}>
        {t("frame:cancel")}
      </Button>
    </span>
  );
}

function Chosen({ chosen, clear }: { readonly chosen: ReadonlySet<string>; readonly clear: () => void }) {
  const { t } = useTranslation("dictate");
  const deeds = useDeeds();
  const mayRemove = useMay("dictate.discard");
  const utterances = [...chosen];
  return (
    <>
      <span>{t("history.chosen", { count: chosen.size })}</span>
      <ExportMenu run={(form) => deeds.exportThese(form, { utterances: utterances.sort() })}>
        <Button size="xs" variant="default" leftSection={<IconFileExport size={15} aria-hidden />}>
          {t("export.title")}
        </Button>
      </ExportMenu>
      {mayRemove && (
        <Button size="xs" variant="default" leftSection={<IconTrash size={15} aria-hidden />} onClick={() => (deeds.remove(utterances), clear())}>
          {t("card.delete")}
        </Button>
      )}
      <CloseButton aria-label={t("history.unchoose")} onClick={clear} />
    </>
  );
}
