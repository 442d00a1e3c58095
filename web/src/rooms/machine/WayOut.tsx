// The way out: what may leave, what is open now, what left when, and one key that closes everything.

import { Alert, Badge, Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import { IconLock, IconLockOpen, IconShieldCheck } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { EmptyState } from "../../frame/EmptyState";
import { ErrorCard } from "../../frame/ErrorCard";
import { Faces } from "../../frame/Faces";
import { RelativeTime } from "../../frame/RelativeTime";
import { useAct, useAsk } from "../../frame/house";
import type { HouseWay } from "../../protocol/contracts";
import { size, span } from "../../frame/format";
import { MachinePage, State } from "./parts";

const LOOK_AGAIN = 1_000;

export default function WayOut() {
  const { t } = useTranslation("machine");
  const queries = useQueryClient();
  const egress = useAsk("house.egress", {});
  const log = useAsk("house.egress_log", { limit: 200 });
  const close = useAct("house.egress_close");
  const open = useAct("house.egress_open");
  const { refetch } = egress;
  const { refetch: again } = log;
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === "visible") void Promise.all([refetch(), again()]);
    };
    const timer = setInterval(look, LOOK_AGAIN);
    return () => clearInterval(timer);
  }, [refetch, again]);
  const fresh = { onSuccess: () => void queries.invalidateQueries({ queryKey: ["house.egress"] }) };
  const failure = close.error ?? open.error;
  const shut = egress.data !== undefined && egress.data.offline !== "";
  return (
    <MachinePage
      title={t("egress.title")}
      about={t("egress.about")}
      actions={
        egress.data !== undefined && (
          <Button
            color={shut ? "pine" : "red"}
            leftSection={shut ? <IconLockOpen size={16} aria-hidden /> : <IconLock size={16} aria-hidden />}
            loading={close.isPending || open.isPending}
            onClick={() => (shut ? open.mutate({ what: "all" }, fresh) : close.mutate({ what: "all" }, fresh))}
          >
            {t(shut ? "egress.open_all" : "egress.close_all")}
          </Button>
        )
      }
    >
      {failure !== null && <ErrorCard error={failure} />}
      <Faces of={egress}>
        {(data) => (
          <Stack gap="lg">
            {shut && <Alert icon={<IconLock size={18} />} color="yellow">{data.offline}</Alert>}
            {log.data?.ways.length === 0 && data.open.length === 0 && (
              <Alert icon={<IconShieldCheck size={18} />} color="green">{t("egress.nothing_left")}</Alert>
            )}
            <section aria-labelledby="open">
              <Title order={2} id="open" mb="xs">{t("egress.open_now")}</Title>
              {data.open.length === 0 ? <Text c="dimmed">{t("egress.none_open")}</Text> : <Ways ways={data.open} live />}
            </section>
            <section aria-labelledby="granted">
              <Title order={2} id="granted" mb="xs">{t("egress.granted")}</Title>
              {data.granted.length === 0 ? (
                <Text c="dimmed">{t("egress.none_granted")}</Text>
              ) : (
                <div className="m-table-wrap">
                  <Table>
                    <Table.Tbody>
                      {data.granted.map((each) => (
                        <Table.Tr key={`${each.worker} ${each.host}`}>
                          <Table.Td>{each.worker}</Table.Td>
                          <Table.Td>{each.host}:{each.ports.join(", ")}</Table.Td>
                          <Table.Td>{each.why}</Table.Td>
                          <Table.Td ta="end">
                            {data.closed.includes(each.host) ? (
                              <Button size="xs" variant="default" onClick={() => open.mutate({ what: each.host }, fresh)}>{t("egress.open")}</Button>
                            ) : (
                              <Button size="xs" variant="default" onClick={() => close.mutate({ what: each.host }, fresh)}>{t("egress.close")}</Button>
                            )}
                          </Table.Td>
                        </Table.Tr>
                      ))}
                    </Table.Tbody>
                  </Table>
                </div>
              )}
              {data.closed.length > 0 && (
                <Group gap="xs" mt="sm">
                  <Text size="sm">{t("egress.closed")}</Text>
                  {data.closed.map((rule) => (
                    <Badge key={rule} variant="light" color="yellow" tt="none" rightSection={<button className="m-plain" aria-label={t("egress.open_rule", { rule })} onClick={() => open.mutate({ what: rule }, fresh)}>×</button>}>{rule}</Badge>
                  ))}
                </Group>
              )}
            </section>
            <section aria-labelledby="past">
              <Title order={2} id="past" mb="xs">{t("egress.past")}</Title>
              <Faces of={log} isEmpty={(found) => found.ways.length === 0} empty={<EmptyState title={t("egress.no_past")}>{t("egress.no_past_more")}</EmptyState>}>
                {(found) => <Ways ways={found.ways} />}
              </Faces>
            </section>
          </Stack>
        )}
      </Faces>
    </MachinePage>
  );
}

function Ways({ ways, live = false }: { readonly ways: readonly HouseWay[]; readonly live?: boolean }) {
  const { t, i18n } = useTranslation("machine");
  return (
    <div className="m-table-wrap">
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("egress.when")}</Table.Th>
            <Table.Th>{t("egress.who")}</Table.Th>
            <Table.Th>{t("egress.where")}</Table.Th>
            <Table.Th className="m-number">{t("egress.sent")}</Table.Th>
            <Table.Th className="m-number">{t("egress.received")}</Table.Th>
            <Table.Th className="m-number">{t("egress.lasted")}</Table.Th>
            {!live && <Table.Th>{t("egress.verdict")}</Table.Th>}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ways.map((way) => (
            <Table.Tr key={way.id}>
              <Table.Td><RelativeTime at={way.at} /></Table.Td>
              <Table.Td>{way.worker || way.room}<Text size="xs" c="dimmed">{[way.command, way.profile].filter(Boolean).join(" · ")}</Text></Table.Td>
              <Table.Td>{way.name || way.address}:{way.port}</Table.Td>
              <Table.Td className="m-number">{size(way.sent, i18n.language)}</Table.Td>
              <Table.Td className="m-number">{size(way.received, i18n.language)}</Table.Td>
              <Table.Td className="m-number">{span(way.seconds, i18n.language)}</Table.Td>
              {!live && <Table.Td><State state={way.verdict} /><Text size="xs" c="dimmed">{way.reason}</Text></Table.Td>}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
