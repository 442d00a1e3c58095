// The jobs: what was asked for, how far it is, how it came to its state, and a way to cancel it or try it again.

import { Button, Drawer, Group, Progress, SegmentedControl, Table, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { EmptyState } from "../../frame/EmptyState";
import { ErrorCard } from "../../frame/ErrorCard";
import { Faces } from "../../frame/Faces";
import { RelativeTime } from "../../frame/RelativeTime";
import { useAct, useAsk, useMay } from "../../frame/house";
import type { HouseJob } from "../../protocol/contracts";
import { exact } from "../../frame/time";
import { MachinePage, State } from "./parts";

const STATES = ["", "running", "queued", "failed", "done", "cancelled"] as const;

export default function Jobs() {
  const { t } = useTranslation("machine");
  const [state, choose] = useState("");
  const [open, show] = useState<string | null>(null);
  const jobs = useAsk("house.jobs", { limit: 200, state });
  return (
    <MachinePage
      title={t("jobs.title")}
      about={t("jobs.about")}
      actions={
        <SegmentedControl
          aria-label={t("jobs.filter")}
          value={state}
          onChange={choose}
          data={STATES.map((each) => ({ value: each, label: each === "" ? t("jobs.all") : t(`state.${each}`) }))}
        />
      }
    >
      <Faces of={jobs} isEmpty={(data) => data.jobs.length === 0} empty={<EmptyState title={t("jobs.none")}>{t("jobs.none_more")}</EmptyState>}>
        {(data) => (
          <div className="m-table-wrap">
            <Table highlightOnHover>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("jobs.what")}</Table.Th>
                  <Table.Th>{t("jobs.state")}</Table.Th>
                  <Table.Th>{t("jobs.when")}</Table.Th>
                  <Table.Th className="m-number">{t("jobs.attempts")}</Table.Th>
                  <Table.Th>{t("jobs.note")}</Table.Th>
                  <Table.Th aria-label={t("jobs.story")} />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.jobs.map((job) => (
                  <Row key={job.id} job={job} show={() => show(job.id)} />
                ))}
              </Table.Tbody>
            </Table>
          </div>
        )}
      </Faces>
      <Drawer opened={open !== null} onClose={() => show(null)} position="right" title={t("jobs.story")} size="lg">
        {open !== null && <Story id={open} />}
      </Drawer>
    </MachinePage>
  );
}

function Row({ job, show }: { readonly job: HouseJob; readonly show: () => void }) {
  const { t } = useTranslation("machine");
  return (
    <Table.Tr>
      <Table.Td>{job.command}</Table.Td>
      <Table.Td><State state={job.state} /></Table.Td>
      <Table.Td><RelativeTime at={job.created} /></Table.Td>
      <Table.Td className="m-number">{job.attempts}</Table.Td>
      <Table.Td maw={360}>
        {job.state === "running" && job.fraction >= 0 && (
          <Progress value={100 * job.fraction} size="sm" aria-label={t("jobs.progress")} />
        )}
        <Text size="sm" c="dimmed" lineClamp={2}>{job.error || job.note}</Text>
      </Table.Td>
      <Table.Td ta="end">
        <Button size="xs" variant="default" onClick={show} aria-label={t("jobs.story_of", { name: job.command })}>
          {t("jobs.open")}
        </Button>
      </Table.Td>
    </Table.Tr>
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
