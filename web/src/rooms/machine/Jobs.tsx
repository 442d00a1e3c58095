// The jobs: what was asked for, how far it is, how it came to its state, and a way to cancel it or try it again.

import { Button, Drawer, Group, Progress, SegmentedControl, Text } from "@mantine/core";
import { useMemo, useState } from "react";
import { IconStack2 } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { DataTable, type Column } from "../../frame/DataTable";
import { EmptyState } from "../../frame/EmptyState";
import { ErrorCard } from "../../frame/ErrorCard";
import { Faces } from "../../frame/Faces";
import { RelativeTime } from "../../frame/RelativeTime";
import { useAct, useAsk, useMay } from "../../frame/house";
import type { HouseJob } from "../../protocol/contracts";
import { exact } from "../../frame/time";
import { RoomPage } from "../../frame/RoomPage";
import { State } from "./parts";

const STATES = ["", "running", "queued", "failed", "done", "cancelled"] as const;

export default function Jobs() {
  const { t } = useTranslation("machine");
  const [state, choose] = useState("");
  const [open, show] = useState<string | null>(null);
  const jobs = useAsk("house.jobs", { limit: 200, state });
  const columns = useMemo<readonly Column<HouseJob>[]>(
    () => [
      { id: "what", title: t("jobs.what"), value: (job) => job.command },
      { id: "state", title: t("jobs.state"), value: (job) => job.state, show: (job) => <State state={job.state} /> },
      { id: "when", title: t("jobs.when"), value: (job) => job.created, show: (job) => <RelativeTime at={job.created} /> },
      { id: "attempts", title: t("jobs.attempts"), value: (job) => job.attempts, figure: true },
      { id: "note", title: t("jobs.note"), value: (job) => job.error || job.note, sorts: false, show: (job) => <HowFar job={job} /> },
    ],
    [t],
  );
  return (
    <RoomPage
      title={t("jobs.title")}
      lead={t("jobs.about")}
      actions={
        <SegmentedControl
          aria-label={t("jobs.filter")}
          value={state}
          onChange={choose}
          data={STATES.map((each) => ({ value: each, label: each === "" ? t("jobs.all") : t(`state.${each}`) }))}
        />
      }
    >
      <Faces of={jobs} isEmpty={(data) => data.jobs.length === 0} empty={<EmptyState icon={IconStack2} title={t("jobs.none")}>{t("jobs.none_more")}</EmptyState>}>
        {(data) => (
          <DataTable
            label={t("jobs.title")}
            rows={data.jobs}
            columns={columns}
            keyOf={(job) => job.id}
            actionsTitle={t("jobs.story")}
            actions={(job) => (
              <Button size="xs" variant="default" onClick={() => show(job.id)} aria-label={t("jobs.story_of", { name: job.command })}>
                {t("jobs.open")}
              </Button>
            )}
          />
        )}
      </Faces>
      <Drawer opened={open !== null} onClose={() => show(null)} position="right" title={t("jobs.story")} size="lg">
        {open !== null && <Story id={open} />}
      </Drawer>
    </RoomPage>
  );
}

function HowFar({ job }: { readonly job: HouseJob }) {
  const { t } = useTranslation("machine");
  return (
    <>
      {job.state === "running" && job.fraction >= 0 && <Progress value={100 * job.fraction} size="sm" aria-label={t("jobs.progress")} />}
      <Text size="sm" c="dimmed">{job.error || (job.state === "running" ? job.note : "")}</Text>
    </>
  );
}

function Story({ id }: { readonly id: string }) {
  const { t, i18n } = useTranslation("machine");
  const job = useAsk("house.job", { job: id });
  const story = useAsk("house.job_story", { job: id });
  const cancel = useAct("house.job_cancel");
  const retry = useAct("house.job_retry");
  const may = useMay("house.job_cancel");
  const failure = cancel.error ?? retry.error;
  return (
    <Faces of={job}>
      {(data) => (
        <>
          <Text fw={560}>{data.command}</Text>
          <Group gap="md" my="xs">
            <State state={data.state} />
            <Text size="sm" c="dimmed">{exact(data.created, i18n.language)}</Text>
            <Text size="sm" c="dimmed">{t("jobs.of_profile", { profile: data.profile })}</Text>
          </Group>
          {data.error !== "" && <Text c="var(--g-bad)">{data.error}</Text>}
          {failure !== null && <ErrorCard error={failure} />}
          <ol className="m-story">
            {story.data?.lines.map((line, index) => <li key={`${index} ${line}`}>{line}</li>)}
          </ol>
          {may && (
            <Group gap="xs">
              {(data.state === "queued" || data.state === "running") && (
                <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate({ job: id })}>
                  {t("jobs.cancel")}
                </Button>
              )}
              {(data.state === "failed" || data.state === "cancelled") && (
                <Button loading={retry.isPending} onClick={() => retry.mutate({ job: id })}>{t("jobs.retry")}</Button>
              )}
            </Group>
          )}
          <Text size="xs" c="dimmed" mt="lg" ff="monospace">{data.id}</Text>
        </>
      )}
    </Faces>
  );
}
