// What waits, from whom, every argument decoded; grant or refuse. Enter never grants: the button wants a click or
// Space, and what cannot be undone is refused by default.

import { Button, Group, Progress, Stack, Table, Text } from "@mantine/core";
import { IconCheck, IconChecklist, IconX } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import { EmptyState } from "../../frame/EmptyState";
import { ErrorCard } from "../../frame/ErrorCard";
import { Faces } from "../../frame/Faces";
import { RelativeTime } from "../../frame/RelativeTime";
import { useAct, useAsk, useMay } from "../../frame/house";
import type { HouseApprovalRequest } from "../../protocol/contracts";
import { RoomPage } from "../../frame/RoomPage";
import { rows } from "./arguments";
import "../machine/machine.css";

const AUDIT: string = "/machine/audit";

export default function Approvals() {
  const { t } = useTranslation("approvals");
  const waiting = useAsk("house.approvals", {});
  const navigate = useNavigate();
  const decided = { title: t("decided"), run: () => void navigate({ to: AUDIT }) };
  const none = (
    <EmptyState icon={IconChecklist} title={t("none")} action={decided}>
      {t("none_more")}
    </EmptyState>
  );
  return (
    <RoomPage title={t("title")} lead={t("about")}>
      <Faces of={waiting} isEmpty={(data) => data.requests.length === 0} empty={none}>
        {(data) => (
          <Stack>
            {data.requests.map((request) => <Card key={request.id} request={request} />)}
          </Stack>
        )}
      </Faces>
    </RoomPage>
  );
}

/** Enter does nothing on what grants: it is pressed too easily. */
const noEnter = (event: KeyboardEvent) => {
  if (event.key === "Enter") event.preventDefault();
};

function Card({ request }: { readonly request: HouseApprovalRequest }) {
  const { t } = useTranslation("approvals");
  const grant = useAct("house.approval_grant");
  const deny = useAct("house.approval_deny");
  const may = useMay("house.approval_grant");
  const left = useSecondsUntil(request.until);
  const whole = Math.max(1, request.until - request.asked);
  const failure = grant.error ?? deny.error;
  const over = left <= 0;
  return (
    <article className="m-card" aria-labelledby={`a-${request.id}`}>
      <Group justify="space-between" align="flex-start" wrap="wrap">
        <div>
          <Text fw={600} id={`a-${request.id}`}>{request.summary}</Text>
          <Text size="sm" c="dimmed">
            {t("from", { name: request.name || request.role, role: request.role, profile: request.profile })} · <RelativeTime at={request.asked} />
          </Text>
        </div>
        <Text size="sm" c="dimmed" className="m-number" role="timer">{over ? t("over") : t("left", { count: Math.ceil(left) })}</Text>
      </Group>
      <Progress value={(100 * left) / whole} size={3} my="xs" aria-label={t("time_left")} />
      <div style={{ maxHeight: 320, overflow: "auto" }} tabIndex={0} role="group" aria-label={t("arguments")}>
        <Table layout="fixed" withRowBorders={false}>
          <Table.Tbody>
            <Table.Tr>
              <Table.Th w={180}>{t("command")}</Table.Th>
              <Table.Td ff="monospace">{request.command}</Table.Td>
            </Table.Tr>
            {rows(request.arguments).map((row) => (
              <Table.Tr key={row.name}>
                <Table.Th w={180} style={{ overflowWrap: "anywhere" }}>{row.name}</Table.Th>
                <Table.Td ff="monospace" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{row.value}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {failure !== null && <ErrorCard error={failure} />}
      {may && (
        <Group gap="xs" mt="sm">
          <Button variant="default" leftSection={<IconX size={16} aria-hidden />} loading={deny.isPending} onClick={() => deny.mutate({ request: request.id })}>
            {t("refuse")}
          </Button>
          <Button color="bad" leftSection={<IconCheck size={16} aria-hidden />} disabled={over} loading={grant.isPending} onKeyDown={noEnter} onClick={() => grant.mutate({ request: request.id })}>
            {t("grant")}
          </Button>
          <Text size="sm" c="dimmed">{t("exactly")}</Text>
        </Group>
      )}
    </article>
  );
}

function useSecondsUntil(until: number): number {
  const [now, look] = useState(() => Date.now() / 1000);
  useEffect(() => {
    const timer = setInterval(() => look(Date.now() / 1000), 1_000);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, until - now);
}
