// The way out: what may leave, what is open now, what left when, and one key that closes everything.

import { Alert, Badge, Button, Group, Stack, Text, Title } from "@mantine/core";
import { IconLock, IconLockOpen, IconShieldCheck, IconWorld } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";

import { DataTable, type Column } from "../../frame/DataTable";
import { EmptyState } from "../../frame/EmptyState";
import { ErrorCard } from "../../frame/ErrorCard";
import { Faces } from "../../frame/Faces";
import { RelativeTime } from "../../frame/RelativeTime";
import { useAct, useAsk } from "../../frame/house";
import type { HouseGranted, HouseWay } from "../../protocol/contracts";
import { useFormat } from "../../frame/format";
import { RoomPage } from "../../frame/RoomPage";
import { State } from "./parts";

const LOOK_AGAIN = 1_000;

export default function WayOut() {
  const { t } = useTranslation("machine");
  const queries = useQueryClient();
  const egress = useAsk("house.egress", {}, { fresh: true });
  const log = useAsk("house.egress_log", { limit: 200 }, { fresh: true });
  const gateway = useAsk("gateway.state", {}).data;
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
  const granted = useMemo<readonly Column<HouseGranted>[]>(
    () => [
      { id: "who", title: t("egress.who"), value: (each) => each.worker },
      { id: "where", title: t("egress.where"), value: (each) => `${each.host}:${each.ports.join(", ")}` },
      { id: "why", title: t("egress.why"), value: (each) => each.why, sorts: false },
    ],
    [t],
  );
  const failure = close.error ?? open.error;
  const shut = egress.data !== undefined && egress.data.offline !== "";
  return (
    <RoomPage
      title={t("egress.title")}
      lead={t("egress.about")}
      actions={
        egress.data !== undefined && (
          <Button
            color={shut ? "pine" : "bad"}
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
            {gateway?.lan === true && (
              <Alert icon={<IconWorld size={18} />} color="yellow">{t("egress.lan", { address: gateway.address })}</Alert>
            )}
            {log.data?.ways.length === 0 && data.open.length === 0 && gateway?.lan !== true && (
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
                <DataTable
                  label={t("egress.granted")}
                  rows={data.granted}
                  columns={granted}
                  keyOf={(each) => `${each.worker} ${each.host}`}
                  actionsTitle={t("egress.close")}
                  actions={(each) =>
                    data.closed.includes(each.host) ? (
                      <Button size="xs" variant="default" onClick={() => open.mutate({ what: each.host }, fresh)}>{t("egress.open")}</Button>
                    ) : (
                      <Button size="xs" variant="default" onClick={() => close.mutate({ what: each.host }, fresh)}>{t("egress.close")}</Button>
                    )
                  }
                />
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
              <Faces of={log} isEmpty={(found) => found.ways.length === 0} empty={<EmptyState icon={IconShieldCheck} title={t("egress.no_past")}>{t("egress.no_past_more")}</EmptyState>}>
                {(found) => <Ways ways={found.ways} />}
              </Faces>
            </section>
          </Stack>
        )}
      </Faces>
    </RoomPage>
  );
}

function Ways({ ways, live = false }: { readonly ways: readonly HouseWay[]; readonly live?: boolean }) {
  const { t } = useTranslation("machine");
  const format = useFormat();
  const columns = useMemo<readonly Column<HouseWay>[]>(() => {
    const shared: readonly Column<HouseWay>[] = [
      { id: "when", title: t("egress.when"), value: (way) => way.at, show: (way) => <RelativeTime at={way.at} /> },
      { id: "who", title: t("egress.who"), value: (way) => [way.worker || way.room, way.command, way.profile].filter(Boolean).join(" · ") },
      { id: "where", title: t("egress.where"), value: (way) => `${way.name || way.address}:${way.port}` },
      { id: "sent", title: t("egress.sent"), value: (way) => way.sent, show: (way) => format.size(way.sent), figure: true },
      { id: "received", title: t("egress.received"), value: (way) => way.received, show: (way) => format.size(way.received), figure: true },
      { id: "lasted", title: t("egress.lasted"), value: (way) => way.seconds, show: (way) => format.span(way.seconds), figure: true },
    ];
    const verdict: Column<HouseWay> = {
      id: "verdict",
      title: t("egress.verdict"),
      value: (way) => way.verdict,
      show: (way) => (
        <>
          <State state={way.verdict} />
          <Text size="xs" c="dimmed">{way.reason}</Text>
        </>
      ),
    };
    return live ? shared : [...shared, verdict];
  }, [t, format, live]);
  return <DataTable label={t(live ? "egress.open_now" : "egress.past")} rows={ways} columns={columns} keyOf={(way) => String(way.id)} />;
}
