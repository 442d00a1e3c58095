// An answer as a table, with its filters above it.

import { Button, CloseButton, Group, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { Dialog } from "../../frame/Dialog";
import { useHouse } from "../../frame/house";
import type { DataFilterInput, DataNormalizedResult, DataResultColumn, DataSortInput } from "../../protocol/contracts";
import { needsValue, testsFor, withFilter, type Test } from "./filters";
import { Glance } from "./Glance";
import { Grid } from "./Grid";
import { Rows } from "./rows";

/** What is seen of an answer's rows: exports give the same. */
export interface View {
  readonly sort: DataSortInput | null;
  readonly filters: readonly DataFilterInput[];
  readonly pinned: readonly string[];
}

export const PLAIN: View = { sort: null, filters: [], pinned: [] };

export interface TableProps {
  readonly head: DataNormalizedResult;
  readonly view: View;
  readonly onView: (view: View) => void;
  readonly onDrawn?: () => void;
}

/** See the module. */
export function Table({ head, view, onView, onDrawn }: TableProps) {
  const { t } = useTranslation("data_pages");
  const rows = useRows(head, view);
  const [filtering, filter] = useState<DataResultColumn | null>(null);
  const [glancing, glance] = useState("");
  const named = (name: string) => head.columns.find((column) => column.name === name) ?? null;
  const said = ({ column, test, value }: DataFilterInput) => t(`filter.said_${test}`, { column, value: value ?? "" });
  const without = (gone: DataFilterInput) => onView({ ...view, filters: view.filters.filter((each) => each !== gone) });
  return (
    <div className="q-table">
      {view.filters.length > 0 && (
        <div className="g-row" role="group" aria-label={t("filter.title")}>
          {view.filters.map((each) => (
            <span key={said(each)} className="q-chip">
              {said(each)}
              <CloseButton size="sm" aria-label={t("filter.remove", { filter: said(each) })} onClick={() => without(each)} />
            </span>
          ))}
          <Button size="compact-xs" variant="subtle" onClick={() => onView({ ...view, filters: [] })}>
            {t("filter.clear")}
          </Button>
        </div>
      )}
      <Grid
        label={t("table.title")}
        columns={head.columns}
        rows={rows}
        sort={view.sort}
        onSort={(sort) => onView({ ...view, sort })}
        pinned={view.pinned}
        onPin={(column) => onView({ ...view, pinned: view.pinned.includes(column) ? view.pinned.filter((each) => each !== column) : [...view.pinned, column] })}
        onFilter={(column) => filter(named(column))}
        onGlance={glance}
        {...(onDrawn === undefined ? {} : { onDrawn })}
      />
      <Dialog opened={filtering !== null} onClose={() => filter(null)} title={t("filter.of", { column: filtering?.name ?? "" })} size="26rem">
        {filtering !== null && <FilterForm column={filtering} done={(chosen) => (filter(null), onView({ ...view, filters: withFilter(view.filters, chosen) }))} />}
      </Dialog>
      <Dialog opened={glancing !== ""} onClose={() => glance("")} title={t("table.glance")} size="30rem">
        {glancing !== "" && (
          <Glance
            result={head.id}
            columns={head.columns}
            only={[glancing]}
            onValue={(column, value) => (glance(""), onView({ ...view, filters: withFilter(view.filters, { column, test: "is", value }) }))}
          />
        )}
      </Dialog>
    </div>
  );
}

/** The rows as they are seen; fetched anew when they are sorted or filtered otherwise. */
function useRows(head: DataNormalizedResult, { sort, filters }: View): Rows {
  const house = useHouse();
  const rows = useMemo(() => {
    const order = { result: head.id, sorts: sort === null ? [] : [sort], filters };
    return new Rows((offset, count, signal) => house.call("data.rows", { ...order, offset, count }, { signal }), head.rows);
  }, [house, head, sort, filters]);
  const [shown, show] = useState(rows);
  // What was there stays until the first of the new rows are: no flash of nothing at a click on a heading.
  useEffect(() => {
    if (rows === shown) return;
    if (shown.at(0) === undefined) {
      show(rows);
      return;
    }
    const come = rows.listen(() => show(rows));
    rows.want(0, 60);
    return come;
  }, [rows, shown]);
  return shown;
}

function FilterForm({ column, done }: { readonly column: DataResultColumn; readonly done: (filter: DataFilterInput) => void }) {
  const { t } = useTranslation("data_pages");
  const tests = testsFor(column);
  const [test, choose] = useState<Test>(tests[0] ?? "is");
  const [value, type] = useState("");
  const needs = needsValue(test);
  return (
    <form onSubmit={(event) => (event.preventDefault(), done(needs ? { column: column.name, test, value } : { column: column.name, test }))}>
      <Stack gap="sm">
        <NativeSelect label={t("filter.test")} value={test} onChange={(event) => choose(event.currentTarget.value as Test)} data={tests.map((each) => ({ value: each, label: t(`filter.${each}`) }))} />
        {needs && <TextInput data-autofocus label={t("filter.value")} value={value} onChange={(event) => type(event.currentTarget.value)} />}
        <Group justify="flex-end">
          <Button type="submit" disabled={needs && value === ""}>
            {t("filter.apply")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
