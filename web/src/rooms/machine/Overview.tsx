// The machine room at a glance: whether all is well, what is under way, and how long things take.

import { Alert, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { Faces } from "../../frame/Faces";
import { useAsk } from "../../frame/house";
import type { HouseLatency, HouseStatus } from "../../protocol/contracts";
import { size, span } from "../../frame/format";
import { milliseconds } from "./format";
import { RoomPage } from "../../frame/RoomPage";
import "./machine.css";

const DOCTOR: string = "/machine/doctor";
const LOOK_AGAIN = 5_000; // milliseconds; figures of latency change without an event

export default function Overview() {
  const { t } = useTranslation("machine");
  const status = useAsk("house.status", {}, { fresh: true });
  const { refetch } = status;
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && void refetch(), LOOK_AGAIN);
    return () => clearInterval(timer);
  }, [refetch]);
  return (
    <RoomPage title={t("overview.title")} lead={t("overview.about")}>
      <Faces of={status}>{(data) => <Figures status={data} />}</Faces>
    </RoomPage>
  );
}

function Figures({ status }: { readonly status: HouseStatus }) {
  const { t, i18n } = useTranslation("machine");
  const language = i18n.language;
  const ill = status.workers.filter((worker) => worker.state === "failed" || worker.state === "backoff");
  const jobs = (state: string) => status.jobs[state] ?? 0;
  const cards = [
    [t("overview.running_since"), span(status.uptime_seconds, language), t("overview.version", { version: status.version })],
    [t("overview.memory"), size(status.memory_bytes, language), t("overview.of_workers", { size: size(status.workers.reduce((sum, each) => sum + each.memory_bytes, 0), language) })],
    [t("overview.jobs"), String(jobs("running") + jobs("queued")), t("overview.jobs_more", { done: jobs("done"), failed: jobs("failed") })],
    [t("overview.clients"), String(status.clients), t("overview.clients_more")],
  ] as const;
  return (
    <Stack gap="lg">
      {ill.map((worker) => `${worker.name}: ${worker.sentence}`).map((notice) => (
        <Alert key={notice} color="yellow" variant="light" icon={<IconAlertTriangle size={18} />}>
          {notice} <Link to={DOCTOR}>{t("overview.ask_doctor")}</Link>
        </Alert>
      ))}
      <div className="m-cards">
        {cards.map(([name, figure, more]) => (
          <div key={name} className="m-card">
            <Text size="sm" c="dimmed">{name}</Text>
            <div className="m-figure">{figure}</div>
            <Text size="sm" c="dimmed">{more}</Text>
          </div>
        ))}
      </div>
      <section className="m-card" aria-labelledby="latencies">
        <Title order={2} id="latencies">{t("overview.latencies")}</Title>
        <Text c="dimmed" size="sm" mb="sm">{t("overview.latencies_about")}</Text>
        <Latencies latencies={status.latencies} />
      </section>
      <section className="m-card" aria-labelledby="queues">
        <Title order={2} id="queues" mb="sm">{t("overview.queues")}</Title>
        <div className="m-bars">
          {status.queues.map((queue) => (
            <Bar
              key={queue.name}
              name={queue.name}
              share={queue.limit === 0 ? 0 : queue.waiting / queue.limit}
              said={t("overview.queue", { waiting: queue.waiting, limit: queue.limit, running: queue.running })}
            />
          ))}
        </div>
      </section>
    </Stack>
  );
}

/** Medians and 95th percentiles on one logarithmic scale: what takes a microsecond stands beside what takes a second. */
function Latencies({ latencies }: { readonly latencies: readonly HouseLatency[] }) {
  const { t, i18n } = useTranslation("machine");
  const shown = [...latencies].filter((each) => each.count > 0).sort((a, b) => b.p95_ms - a.p95_ms).slice(0, 14);
  if (shown.length === 0) return <Text c="dimmed">{t("overview.no_latencies")}</Text>;
  const lowest = 0.01;
  const highest = Math.max(10, ...shown.map((each) => each.p95_ms));
  const place = (value: number) => Math.log(Math.max(value, lowest) / lowest) / Math.log(highest / lowest);
  return (
    <div className="m-bars">
      {shown.map((each) => (
        <Bar
          key={`${each.name} ${each.stage}`}
          name={`${each.name} · ${t(`overview.stage.${each.stage}`, { defaultValue: each.stage })}`}
          share={place(each.p95_ms)}
          inner={place(each.p50_ms)}
          said={`${milliseconds(each.p50_ms, i18n.language)} / ${milliseconds(each.p95_ms, i18n.language)}`}
        />
      ))}
    </div>
  );
}

function Bar(props: { readonly name: string; readonly share: number; readonly inner?: number; readonly said: string }) {
  const percent = (share: number) => `${100 * Math.min(1, Math.max(0, share))}%`;
  return (
    <>
      <Text size="sm" className="m-bar-name">{props.name}</Text>
      <div className="m-bar" aria-hidden>
        <i style={{ width: percent(props.share) }} />
        {props.inner !== undefined && <i style={{ width: percent(props.inner) }} />}
      </div>
      <Text size="sm" className="m-number">{props.said}</Text>
    </>
  );
}
