// The audit chain: who was allowed and refused what, and whether the chain is whole.

import { Alert, Button, SegmentedControl } from "@mantine/core";
import { IconListSearch, IconShieldCheck, IconShieldX } from "@tabler/icons-react";
import { Fragment, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { DataTable, type Column } from "../../frame/DataTable";
import { EmptyState } from "../../frame/EmptyState";
import { ErrorCard } from "../../frame/ErrorCard";
import { Faces } from "../../frame/Faces";
import { RelativeTime } from "../../frame/RelativeTime";
import { useAct, useAsk } from "../../frame/house";
import type { HouseAuditEntry } from "../../protocol/contracts";
import { RoomPage } from "../../frame/RoomPage";
import { State } from "./parts";

const OUTCOMES = ["", "denied", "failed", "done"] as const;

export default function Audit() {
  const { t } = useTranslation("machine");
  const [outcome, choose] = useState("");
  const entries = useAsk("house.audit", { limit: 500, outcome }, { fresh: true });
  const verify = useAct("house.audit_verify");
  const columns = useMemo<readonly Column<HouseAuditEntry>[]>(
    () => [
      { id: "number", title: t("audit.number"), value: (entry) => entry.number, figure: true },
      { id: "when", title: t("audit.when"), value: (entry) => entry.at, show: (entry) => <span className="m-together"><RelativeTime at={entry.at} /></span> },
      { id: "who", title: t("audit.who"), value: (entry) => `${entry.role} · ${entry.profile}`, show: (entry) => <span className="m-together">{entry.role} · {entry.profile}</span> },
      { id: "action", title: t("audit.action"), value: (entry) => entry.action },
      { id: "outcome", title: t("audit.outcome"), value: (entry) => entry.outcome, show: (entry) => <State state={entry.outcome} /> },
      {
        id: "details",
        title: t("audit.details"),
        value: (entry) => JSON.stringify(entry.details),
        sorts: false,
        show: (entry) => Object.keys(entry.details).length > 0 && <Details of={entry.details} />,
      },
    ],
    [t],
  );
  return (
    <RoomPage
      title={t("audit.title")}
      lead={t("audit.about")}
      actions={
        <>
          <SegmentedControl aria-label={t("audit.filter")} value={outcome} onChange={choose} data={OUTCOMES.map((each) => ({ value: each, label: each === "" ? t("audit.all") : t(`state.${each}`) }))} />
          <Button loading={verify.isPending} onClick={() => verify.mutate({})}>{t("audit.verify")}</Button>
        </>
      }
    >
      {verify.error !== null && <ErrorCard error={verify.error} />}
      {verify.data !== undefined && (
        <Alert mb="md" role="status" color={verify.data.intact ? "green" : "red"} icon={verify.data.intact ? <IconShieldCheck size={18} /> : <IconShieldX size={18} />}>
          {verify.data.intact ? t("audit.intact", { count: verify.data.entries }) : t("audit.broken", { problem: verify.data.problem })}
        </Alert>
      )}
      <Faces of={entries} isEmpty={(data) => data.entries.length === 0} empty={<EmptyState icon={IconListSearch} title={t("audit.none")}>{t("audit.none_more")}</EmptyState>}>
        {(data) => <DataTable label={t("audit.title")} rows={data.entries} columns={columns} keyOf={(entry) => String(entry.number)} />}
      </Faces>
    </RoomPage>
  );
}

/** What an entry says besides, by name; what is a text stands as it is. */
function Details({ of }: { readonly of: Readonly<Record<string, unknown>> }) {
  return (
    <dl className="m-detail">
      {Object.entries(of).map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
