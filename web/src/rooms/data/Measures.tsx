// Measures: figures that people name, such as revenue; questions may use their names.

import { ActionIcon, Autocomplete, Button, Stack, TagsInput, TextInput } from "@mantine/core";
import { IconPencil, IconPlus, IconRuler2, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Dialog } from "../../frame/Dialog";
import { EmptyState } from "../../frame/EmptyState";
import { ErrorCard } from "../../frame/ErrorCard";
import { useAct, useAsk, useHouse } from "../../frame/house";
import { toasts } from "../../frame/toasts";
import type { DataMeasure, DataSource } from "../../protocol/contracts";
import { useDeeds } from "./deeds";
import type { Dialect } from "./sources";
import { addressOf } from "./TableCard";

const UNMEASURED: readonly Dialect[] = ["mongo", "cypher", "qdrant"];
const OFFERED = 200;
const BLANK: DataMeasure = { name: "", table: "", expression: "", synonyms: [], description: "", unit: "" };

/** See the module. */
export function Measures({ source, measures, dialect }: { readonly source: DataSource; readonly measures: readonly DataMeasure[]; readonly dialect: Dialect }) {
  const { t } = useTranslation("data_pages");
  const house = useHouse();
  const deeds = useDeeds();
  const [editing, edit] = useState<DataMeasure | null>(null);
  if (UNMEASURED.includes(dialect)) return <EmptyState icon={IconRuler2} title={t("measure.not_here")}>{t("measure.not_here_text")}</EmptyState>;
  const away = (measure: DataMeasure) =>
    void deeds.attempt(async () => {
      await house.call("data.measure", { source: source.id, measure: { ...measure, expression: "" } });
      deeds.fresh("data.catalogue");
      toasts.undoable(t("measure.removed", { name: measure.name }), async () => {
        await house.call("data.measure", { source: source.id, measure });
        deeds.fresh("data.catalogue");
      });
    });
  return (
    <>
      {measures.length === 0 ? (
        <EmptyState icon={IconRuler2} title={t("measure.none")} action={{ title: t("measure.add"), run: () => edit(BLANK) }}>
          {t("measure.none_text")}
        </EmptyState>
      ) : (
        <>
          <ul className="q-measures">
            {measures.map((measure) => (
              <li key={measure.name} className="g-card">
                <div className="g-row">
                  <strong>{measure.name}</strong>
                  {measure.unit !== "" && <span className="q-mark">{measure.unit}</span>}
                  <span className="g-quiet">{measure.table}</span>
                  <span className="g-grow" />
                  <ActionIcon aria-label={t("measure.edit", { name: measure.name })} onClick={() => edit(measure)}>
                    <IconPencil size={15} aria-hidden />
                  </ActionIcon>
                  <ActionIcon aria-label={t("measure.remove", { name: measure.name })} onClick={() => away(measure)}>
                    <IconTrash size={15} aria-hidden />
                  </ActionIcon>
                </div>
                <code>{measure.expression}</code>
                {measure.description !== "" && <p>{measure.description}</p>}
                {measure.synonyms.length > 0 && <p className="g-quiet q-note">{t("describe.also", { names: measure.synonyms.join(", ") })}</p>}
              </li>
            ))}
          </ul>
          <div>
            <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => edit(BLANK)}>
              {t("measure.add")}
            </Button>
          </div>
        </>
      )}
      <Dialog opened={editing !== null} onClose={() => edit(null)} title={t("measure.title")} size="32rem">
        {editing !== null && <MeasureForm source={source} measure={editing} done={() => edit(null)} />}
      </Dialog>
    </>
  );
}

function MeasureForm({ source, measure, done }: { readonly source: DataSource; readonly measure: DataMeasure; readonly done: () => void }) {
  const { t } = useTranslation("data_pages");
  const deeds = useDeeds();
  const act = useAct("data.measure");
  const tables = useAsk("data.catalogue", { source: source.id, count: OFFERED }).data?.tables ?? [];
  const [said, say] = useState(measure);
  const ready = said.name.trim() !== "" && said.table.trim() !== "" && said.expression.trim() !== "";
  const send = () => act.mutate({ source: source.id, measure: said }, { onSuccess: () => (deeds.fresh("data.catalogue"), done()) });
  return (
    <form onSubmit={(event) => (event.preventDefault(), ready && send())}>
      <Stack gap="sm">
        <TextInput data-autofocus label={t("measure.name")} placeholder={t("measure.name_example")} value={said.name} readOnly={measure.name !== ""} onChange={(event) => say({ ...said, name: event.currentTarget.value })} />
        <Autocomplete label={t("measure.table")} data={tables.map(addressOf)} value={said.table} onChange={(table) => say({ ...said, table })} />
        <TextInput label={t("measure.expression")} description={t("measure.expression_about")} placeholder="sum(price * quantity)" value={said.expression} onChange={(event) => say({ ...said, expression: event.currentTarget.value })} />
        <TextInput label={t("describe.unit")} value={said.unit} maxLength={40} onChange={(event) => say({ ...said, unit: event.currentTarget.value })} />
        <TagsInput label={t("describe.synonyms")} value={[...said.synonyms]} onChange={(synonyms) => say({ ...said, synonyms })} maxTags={40} />
        <TextInput label={t("describe.description")} value={said.description} onChange={(event) => say({ ...said, description: event.currentTarget.value })} />
        {act.error !== null && <ErrorCard error={act.error} />}
        <div className="g-row">
          <Button type="submit" loading={act.isPending} disabled={!ready}>
            {t("describe.keep")}
          </Button>
        </div>
      </Stack>
    </form>
  );
}
