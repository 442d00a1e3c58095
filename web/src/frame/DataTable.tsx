// A table: sorts by a click on a heading, figures stand at the end of their column, long ones draw what is seen.
//
//   <DataTable label={t("workers.title")} rows={workers} keyOf={(w) => w.name} columns={[
//     { id: "name", title: t("name"), value: (w) => w.name },
//     { id: "memory", title: t("memory"), value: (w) => w.memory_bytes, show: (w) => format.size(w.memory_bytes), figure: true },
//   ]} />
//
// Below 40rem of width each row becomes a card with its headings beside the values: nothing is cut or scrolls sideways.
// What it can be sorted by stands above the cards then.

import { UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import {
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  sortFns,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, type ReactNode } from "react";

export interface Column<T> {
  readonly id: string;
  readonly title: string;
  /** What it sorts by, and shows where `show` says nothing else. */
  readonly value: (row: T) => string | number;
  readonly show?: (row: T) => ReactNode;
  /** Figures stand at the end, all digits of one width. */
  readonly figure?: boolean;
  /** false: a click on the heading does not sort. */
  readonly sorts?: boolean;
}

export interface DataTableProps<T> {
  readonly label: string;
  readonly rows: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly keyOf: (row: T) => string;
  /** What can be done about a row, at its end. */
  readonly actions?: (row: T) => ReactNode;
  readonly actionsTitle?: string;
  readonly sort?: { readonly id: string; readonly desc: boolean };
}

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel(), sortFns });
const VIRTUAL_FROM = 100;

/** See the module. */
export function DataTable<T extends object>({ label, rows, columns, keyOf, actions, actionsTitle, sort }: DataTableProps<T>) {
  const built = useMemo(() => {
    const helper = createColumnHelper<typeof features, T>();
    return columns.map((column) =>
      helper.accessor((row): unknown => column.value(row), { id: column.id, enableSorting: column.sorts ?? true, sortUndefined: "last" }),
    );
  }, [columns]);
  const table = useTable({
    features,
    columns: built,
    data: rows as T[],
    getRowId: keyOf,
    initialState: { sorting: sort === undefined ? [] : [sort] },
  });
  const sorted = table.getRowModel().rows;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = sorted.length > VIRTUAL_FROM;
  const list = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 40,
    overscan: 10,
    enabled: virtual,
  });
  const seen = virtual ? list.getVirtualItems() : null;
  const before = seen?.[0]?.start ?? 0;
  const after = seen === null ? 0 : list.getTotalSize() - (seen.at(-1)?.end ?? 0);
  const shown = seen === null ? sorted : seen.flatMap((each) => sorted[each.index] ?? []);
  const width = columns.length + (actions === undefined ? 0 : 1);
  return (
    <div ref={scroller} className="g-table" data-virtual={virtual || undefined} {...(virtual ? { role: "region", "aria-label": label, tabIndex: 0 } : {})}>
      <table aria-label={label} aria-rowcount={sorted.length + 1}>
        <thead>
          <tr>
            {columns.map((column) => {
              const state = table.getColumn(column.id);
              const order = state?.getIsSorted() ?? false;
              return (
                <th
                  key={column.id}
                  scope="col"
                  data-figure={column.figure || undefined}
                  aria-sort={order === "asc" ? "ascending" : order === "desc" ? "descending" : undefined}
                >
                  {column.sorts === false ? (
                    column.title
                  ) : (
                    <UnstyledButton className="g-table-sort" onClick={() => state?.toggleSorting()}>
                      {column.title}
                      {order === "asc" && <IconArrowUp size={13} aria-hidden />}
                      {order === "desc" && <IconArrowDown size={13} aria-hidden />}
                    </UnstyledButton>
                  )}
                </th>
              );
            })}
            {actions !== undefined && (
              <th scope="col">
                <span className="g-hidden">{actionsTitle}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <Gap height={before} width={width} />}
          {shown.map((row) => (
            <tr key={row.id} aria-rowindex={virtual ? row.index + 2 : undefined}>
              {columns.map((column) => (
                <td key={column.id} data-figure={column.figure || undefined} data-title={column.title}>
                  {column.show?.(row.original) ?? column.value(row.original)}
                </td>
              ))}
              {actions !== undefined && <td className="g-table-actions">{actions(row.original)}</td>}
            </tr>
          ))}
          {after > 0 && <Gap height={after} width={width} />}
        </tbody>
      </table>
    </div>
  );
}

const Gap = ({ height, width }: { readonly height: number; readonly width: number }) => (
  <tr aria-hidden>
    <td colSpan={width} style={{ blockSize: height, padding: 0, border: 0 }} />
  </tr>
);
