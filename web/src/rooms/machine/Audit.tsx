// The audit chain: who was allowed and refused what, and whether the chain is whole.

import { Alert, Button, Code, SegmentedControl, Table, Text } from "@mantine/core";
import { IconShieldCheck, IconShieldX } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { EmptyState } from "../../frame/EmptyState";
import { ErrorCard } from "../../frame/ErrorCard";
import { Faces } from "../../frame/Faces";
import { RelativeTime } from "../../frame/RelativeTime";
import { useAct, useAsk } from "../../frame/house";
import { MachinePage, State } from "./parts";

const OUTCOMES = ["", "denied", "failed", "done"] as const;

export default function Audit() {
  const { t } = useTranslation("machine");
  const [outcome, choose] = useState("");
  const entries = useAsk("house.audit", { limit: 500, outcome });
  const verify = useAct("house.audit_verify");
  return (
    <MachinePage
      title={t("audit.title")}
      about={t("audit.about")}
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
      <Faces of={entries} isEmpty={(data) => data.entries.length === 0} empty={<EmptyState title={t("audit.none")}>{t("audit.none_more")}</EmptyState>}>
        {(data) => (
          <div className="m-table-wrap">
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th className="m-number">{t("audit.number")}</Table.Th>
                  <Table.Th>{t("audit.when")}</Table.Th>
                  <Table.Th>{t("audit.who")}</Table.Th>
                  <Table.Th>{t("audit.action")}</Table.Th>
                  <Table.Th>{t("audit.outcome")}</Table.Th>
                  <Table.Th>{t("audit.details")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.entries.map((entry) => (
                  <Table.Tr key={entry.number}>
                    <Table.Td className="m-number">{entry.number}</Table.Td>
                    <Table.Td><RelativeTime at={entry.at} /></Table.Td>
                    <Table.Td>{entry.role}<Text span c="dimmed"> · {entry.profile}</Text></Table.Td>
                    <Table.Td>{entry.action}</Table.Td>
                    <Table.Td><State state={entry.outcome} /></Table.Td>
                    <Table.Td maw={380}>{Object.keys(entry.details).length > 0 && <Code style={{ wordBreak: "break-word" }}>{JSON.stringify(entry.details)}</Code>}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        )}
      </Faces>
    </MachinePage>
  );
}
