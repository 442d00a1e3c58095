// A table in full: what it is, its columns with types, keys and samples; all of it described in place.

import { ActionIcon, Button, Stack, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import { IconKey, IconLink, IconLock, IconPencil } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ErrorCard } from "../../frame/ErrorCard";
import { useFormat } from "../../frame/format";
import { useAct, useHouse, useMay } from "../../frame/house";
import { toasts } from "../../frame/toasts";
import type { DataColumn, DataDescribe, DataSource, DataTable } from "../../protocol/contracts";
import { useDeeds } from "./deeds";

/** As the house calls it. */
export const addressOf = ({ schema, name }: Pick<DataTable, "schema" | "name">): string => (schema === "" ? name : `${schema}.${name}`);

/** See the module. */
export function TableCard({ source, table }: { readonly source: DataSource; readonly table: DataTable }) {
  const { t } = useTranslation("data_pages");
  const format = useFormat();
  const mayDescribe = useMay("data.describe");
  const [editing, edit] = useState<string | null>(null);
  const done = () => edit(null);
  return (
    <article className="q-card" aria-label={addressOf(table)}>
      <header className="g-row">
        <h2>{addressOf(table)}</h2>
        <span className="g-quiet">{[t(`table_kind.${table.kind}`), table.rows === null ? "" : t("table.rows", { count: table.rows, number: format.number(table.rows) })].filter((each) => each !== "").join(" · ")}</span>
        <span className="g-grow" />
        {mayDescribe && (
          <Button size="xs" variant="default" leftSection={<IconPencil size={14} aria-hidden />} aria-expanded={editing === ""} onClick={() => edit(editing === "" ? null : "")}>
            {t("describe.table")}
          </Button>
        )}
      </header>
      {editing === "" ? (
        <DescribeForm source={source} table={table} done={done} />
      ) : (
        <>
          {(table.description || table.comment) !== "" && <p>{table.description || table.comment}</p>}
          <Synonyms of={table.synonyms} />
        </>
      )}
      <ul className="q-columns">
        {table.columns.map((column) => (
          <li key={column.name}>
            <ColumnRow source={source} table={table} column={column} editing={editing === column.name} edit={mayDescribe ? () => edit(editing === column.name ? null : column.name) : null} done={done} />
          </li>
        ))}
      </ul>
    </article>
  );
}

function Synonyms({ of }: { readonly of: readonly string[] }) {
  const { t } = useTranslation("data_pages");
  return of.length === 0 ? null : <p className="g-quiet q-note">{t("describe.also", { names: of.join(", ") })}</p>;
}

interface ColumnRowProps {
  readonly source: DataSource;
  readonly table: DataTable;
  readonly column: DataColumn;
  readonly editing: boolean;
  /** null: it may not be described by whoever is here. */
  readonly edit: (() => void) | null;
  readonly done: () => void;
}

function ColumnRow({ source, table, column, editing, edit, done }: ColumnRowProps) {
  const { t } = useTranslation("data_pages");
  const format = useFormat();
  const points = table.foreign_keys.find((key) => key.columns.includes(column.name));
  return (
    <div className="q-column" data-private={column.private || undefined}>
      <div className="g-row">
        <strong>{column.name}</strong>
        <code>{column.type}</code>
        {table.primary_key.includes(column.name) && (
          <span className="q-mark">
            <IconKey size={14} aria-hidden /> {t("column.key")}
          </span>
        )}
        {points !== undefined && (
          <span className="q-mark">
            <IconLink size={14} aria-hidden /> {t(points.guessed ? "column.points_guessed" : "column.points", { table: points.table })}
          </span>
        )}
        {column.private && (
          <span className="q-mark" data-tone="warn">
            <IconLock size={14} aria-hidden /> {t(column.guessed ? "column.private_guessed" : "column.private")}
          </span>
        )}
        {column.unit !== "" && <span className="q-mark">{column.unit}</span>}
        {!column.nullable && <span className="q-mark">{t("column.never_empty")}</span>}
        {column.distinct !== null && <span className="g-quiet q-note">{t("column.distinct", { count: column.distinct, number: format.number(column.distinct) })}</span>}
        <span className="g-grow" />
        {edit !== null && (
          <ActionIcon aria-label={t("describe.column", { column: column.name })} aria-expanded={editing} onClick={edit}>
            <IconPencil size={15} aria-hidden />
          </ActionIcon>
        )}
      </div>
      {(column.description || column.comment) !== "" && <p>{column.description || column.comment}</p>}
      <Synonyms of={column.synonyms} />
      {column.samples.length > 0 && <p className="q-samples g-quiet">{column.samples.map((sample) => <code key={sample}>{sample}</code>)}</p>}
      {editing && <DescribeForm source={source} table={table} column={column} done={done} />}
    </div>
  );
}

interface DescribeFormProps {
  readonly source: DataSource;
  readonly table: DataTable;
  readonly column?: DataColumn;
  readonly done: () => void;
}

function DescribeForm({ source, table, column, done }: DescribeFormProps) {
  const { t } = useTranslation("data_pages");
  const house = useHouse();
  const deeds = useDeeds();
  const act = useAct("data.describe");
  const before = column ?? table;
  const [description, say] = useState(before.description);
  const [synonyms, name] = useState<string[]>([...before.synonyms]);
  const [unit, measure] = useState(column?.unit ?? "");
  const [hidden, hide] = useState(column?.private ?? false);
  const which = { source: source.id, table: addressOf(table), column: column?.name ?? "" };
  const send = () => {
    const said: DataDescribe = {
      ...which,
      description,
      synonyms,
      ...(column === undefined ? {} : { unit, private: hidden === column.private && column.guessed ? null : hidden }),
    };
    const back: DataDescribe = { ...which, description: before.description, synonyms: before.synonyms, ...(column === undefined ? {} : { unit: column.unit, private: column.private }) };
    act.mutate(said, {
      onSuccess: () => {
        deeds.fresh("data.catalogue");
        done();
        toasts.undoable(t("describe.done"), async () => {
          await house.call("data.describe", back);
          deeds.fresh("data.catalogue");
        });
      },
    });
  };
  return (
    <form className="q-describe" onSubmit={(event) => (event.preventDefault(), send())}>
      <Stack gap="xs">
        <Textarea data-autofocus autoFocus label={t("describe.description")} placeholder={before.comment} autosize minRows={1} maxRows={6} maxLength={2000} value={description} onChange={(event) => say(event.currentTarget.value)} />
        <TagsInput label={t("describe.synonyms")} description={t("describe.synonyms_about")} value={synonyms} onChange={name} maxTags={40} />
        {column !== undefined && (
          <>
            <TextInput label={t("describe.unit")} placeholder="EUR, kg, km/h" value={unit} maxLength={40} onChange={(event) => measure(event.currentTarget.value)} />
            <Switch label={t("describe.private")} description={t("describe.private_about")} checked={hidden} onChange={(event) => hide(event.currentTarget.checked)} />
          </>
        )}
        {act.error !== null && <ErrorCard error={act.error} />}
        <div className="g-row">
          <Button type="submit" size="xs" loading={act.isPending}>
            {t("describe.keep")}
          </Button>
          <Button size="xs" variant="default" onClick={done}>
            {t("frame:cancel")}
          </Button>
        </div>
      </Stack>
    </form>
  );
}
