// What a source holds: its tables, found by words and paged, each with its columns; described, and its measures named.

import "./data.css";
import { Button, CloseButton, NativeSelect, Pagination, SegmentedControl, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconRefresh, IconSearch, IconTable } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { Sheet } from "../../frame/Dialog";
import { EmptyState } from "../../frame/EmptyState";
import { Faces } from "../../frame/Faces";
import { useFormat } from "../../frame/format";
import { useAsk, useHouse } from "../../frame/house";
import { RelativeTime } from "../../frame/RelativeTime";
import { RoomPage } from "../../frame/RoomPage";
import { toasts } from "../../frame/toasts";
import { useNarrow } from "../../frame/useNarrow";
import type { DataCataloguePage, DataSource, DataTable } from "../../protocol/contracts";
import { useDeeds } from "./deeds";
import { Measures } from "./Measures";
import { addressOf, TableCard } from "./TableCard";
import { useChosenSource, useSources } from "./sources";

const PAGE = 50;
const WIDE = 68; // rem, from which a table is shown beside the list

export default function Schema() {
  const { t } = useTranslation("data_pages");
  const found = useSources();
  const [source, choose, usable] = useChosenSource();
  return (
    <RoomPage
      title={t("schema.title")}
      lead={t("schema.lead")}
      fill
      actions={
        source !== undefined && (
          <NativeSelect aria-label={t("ask.source")} value={source.id} onChange={(event) => choose(event.currentTarget.value)} data={usable.map((each) => ({ value: each.id, label: each.name }))} />
        )
      }
    >
      <Faces of={found} isEmpty={() => source === undefined} empty={<EmptyState icon={IconTable} title={t("schema.none")}>{t("schema.none_text")}</EmptyState>}>
        {() => source !== undefined && <Explorer key={source.id} source={source} />}
      </Faces>
    </RoomPage>
  );
}

type Face = "tables" | "measures";

function Explorer({ source }: { readonly source: DataSource }) {
  const { t } = useTranslation("data_pages");
  const [face, show] = useState<Face>("tables");
  const [query, find] = useState("");
  const [settled] = useDebouncedValue(query, 150);
  const [page, turn] = useState(0);
  useEffect(() => turn(0), [settled]);
  const catalogue = useAsk("data.catalogue", { source: source.id, find: settled.trim(), offset: page * PAGE, count: PAGE });
  // The page before stays while the next one comes: nothing flickers at a key press.
  const [last, keep] = useState<DataCataloguePage | undefined>(undefined);
  useEffect(() => {
    if (catalogue.data !== undefined) keep(catalogue.data);
  }, [catalogue.data]);
  const shown = catalogue.data ?? last;
  return (
    <>
      <div className="g-row" role="search">
        <SegmentedControl
          aria-label={t("schema.faces")}
          value={face}
          onChange={(value) => show(value as Face)}
          data={[
            { value: "tables", label: t("schema.tables") },
            { value: "measures", label: t("schema.measures") },
          ]}
        />
        {face === "tables" && (
          <TextInput
            className="q-find"
            aria-label={t("schema.find")}
            placeholder={t("schema.find")}
            value={query}
            onChange={(event) => find(event.currentTarget.value)}
            leftSection={<IconSearch size={16} aria-hidden />}
            rightSection={query === "" ? null : <CloseButton size="sm" aria-label={t("schema.clear")} onClick={() => find("")} />}
          />
        )}
        <span className="g-grow" />
        {shown !== undefined && <Looked shown={shown} source={source} />}
      </div>
      <Faces of={{ ...catalogue, data: shown } as typeof catalogue}>
        {(data) =>
          face === "measures" ? (
            <Measures source={source} measures={data.measures} dialect={data.dialect} />
          ) : (
            <Tables data={data} source={source} query={settled} clear={() => find("")} page={page} turn={turn} />
          )
        }
      </Faces>
    </>
  );
}

function Looked({ shown, source }: { readonly shown: DataCataloguePage; readonly source: DataSource }) {
  const { t } = useTranslation("data_pages");
  const house = useHouse();
  const deeds = useDeeds();
  const [busy, work] = useState(false);
  const again = async () => {
    work(true);
    await deeds.attempt(async () => {
      const page = await house.call("data.catalogue", { source: source.id, count: 1, refresh: true });
      deeds.fresh("data.catalogue", "data.list");
      toasts.say(t(page.fingerprint === shown.fingerprint ? "schema.same" : "schema.other"), { tone: "good" });
    });
    work(false);
  };
  return (
    <>
      <span className="g-quiet q-note">
        {t("sources.looked")} <RelativeTime at={shown.taken} />
      </span>
      <Button size="xs" variant="default" loading={busy} leftSection={<IconRefresh size={14} aria-hidden />} onClick={() => void again()}>
        {t("schema.again")}
      </Button>
    </>
  );
}

interface TablesProps {
  readonly data: DataCataloguePage;
  readonly source: DataSource;
  readonly query: string;
  readonly clear: () => void;
  readonly page: number;
  readonly turn: (page: number) => void;
}

function Tables({ data, source, query, clear, page, turn }: TablesProps) {
  const { t } = useTranslation("data_pages");
  const format = useFormat();
  const narrow = useNarrow(WIDE);
  const [opened, open] = useState("");
  const first = data.tables[0];
  const shown = data.tables.find((table) => addressOf(table) === opened) ?? (narrow ? undefined : first);
  if (data.found === 0)
    return query.trim() === "" ? (
      <EmptyState icon={IconTable} title={t("schema.empty")}>
        {data.notes.join(" ") || t("schema.empty_text")}
      </EmptyState>
    ) : (
      <EmptyState icon={IconSearch} title={t("schema.nothing", { query })} action={{ title: t("schema.clear"), run: clear }}>
        {t("schema.nothing_text")}
      </EmptyState>
    );
  const detail = shown === undefined ? null : <TableCard key={addressOf(shown)} source={source} table={shown} />;
  return (
    <div className="q-split" data-beside={!narrow || undefined}>
      <div className="q-tables">
        <p className="g-quiet q-note" role="status">
          {t("schema.found", { count: data.found, number: format.number(data.found) })}
        </p>
        <ul aria-label={t("schema.tables")}>
          {data.tables.map((table) => (
            <li key={addressOf(table)}>
              <Entry table={table} shown={table === shown} open={() => open(addressOf(table))} />
            </li>
          ))}
        </ul>
        {data.found > PAGE && (
          <Pagination
            size="sm"
            total={Math.ceil(data.found / PAGE)}
            value={page + 1}
            onChange={(next) => turn(next - 1)}
            getControlProps={(control) => ({ "aria-label": t(`schema.page_${control}`) })}
            getItemProps={(number) => ({ "aria-label": t("schema.page", { number }) })}
          />
        )}
      </div>
      {!narrow && <div className="q-beside">{detail}</div>}
      {narrow && (
        <Sheet opened={shown !== undefined} onClose={() => open("")} title={shown === undefined ? "" : addressOf(shown)} size="100%">
          {detail}
        </Sheet>
      )}
    </div>
  );
}

function Entry({ table, shown, open }: { readonly table: DataTable; readonly shown: boolean; readonly open: () => void }) {
  const { t } = useTranslation("data_pages");
  const format = useFormat();
  return (
    <button type="button" className="q-entry" aria-current={shown || undefined} onClick={open}>
      <strong>{addressOf(table)}</strong>
      <span className="g-quiet">
        {[
          table.kind === "table" ? "" : t(`table_kind.${table.kind}`),
          t("schema.columns", { count: table.columns.length }),
          table.rows === null ? "" : t("table.rows", { count: table.rows, number: format.number(table.rows) }),
        ]
          .filter((each) => each !== "")
          .join(" · ")}
      </span>
      {(table.description || table.comment) !== "" && <span className="q-entry-about">{table.description || table.comment}</span>}
    </button>
  );
}
