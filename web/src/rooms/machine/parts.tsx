// What the pages of this room share: their heading with tabs, faces of lists, a state as a picture and a word.

import { Alert, Button, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconClockPause,
  IconPlayerPlay,
  IconZzz,
} from "@tabler/icons-react";
import { Link, useRouterState } from "@tanstack/react-router";
import { useEffect, useState, type ComponentType, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { GarretError } from "../../protocol/contracts";
import { PAGES } from "./pages";
import "./machine.css";

/** A page of the machine room: tabs, a heading, what can be done, and what is shown. */
export function MachinePage(props: {
  readonly title: string;
  readonly about?: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  const { t } = useTranslation("machine");
  const here = useRouterState({ select: (state) => state.location.pathname });
  return (
    <div className="m-page">
      <nav className="m-tabs" aria-label={t("title")}>
        {PAGES.map((page) => {
          const path = page.path === "" ? "/machine" : `/machine/${page.path}`;
          return (
            <Link key={path} to={path} className="m-tab" aria-current={here === path ? "page" : undefined}>
              {t(page.title)}
            </Link>
          );
        })}
      </nav>
      <Group justify="space-between" align="flex-start" mt="md" mb="md" wrap="wrap">
        <div>
          <Title order={1}>{props.title}</Title>
          {props.about !== undefined && <Text c="dimmed">{props.about}</Text>}
        </div>
        <Group gap="xs">{props.actions}</Group>
      </Group>
      {props.children}
    </div>
  );
}

/** What a query shows: a skeleton once it takes a while, an error with what to do, what is empty, or its data. */
export function Faces<T>(props: {
  readonly of: { readonly data: T | undefined; readonly error: GarretError | null; refetch(): unknown };
  readonly empty?: (data: T) => boolean;
  readonly nothing?: ReactNode;
  readonly children: (data: T) => ReactNode;
}) {
  const { data, error } = props.of;
  if (data !== undefined) {
    if (props.empty?.(data) === true) return <>{props.nothing}</>;
    return (
      <>
        {error !== null && <Failure error={error} retry={() => void props.of.refetch()} />}
        {props.children(data)}
      </>
    );
  }
  if (error !== null) return <Failure error={error} retry={() => void props.of.refetch()} />;
  return <Rows />;
}

/** A skeleton, after 150 ms: what comes at once does not flash. */
export function Rows({ rows = 6 }: { readonly rows?: number }) {
  const [shown, show] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => show(true), 150);
    return () => clearTimeout(timer);
  }, []);
  if (!shown) return <div style={{ minHeight: rows * 32 }} />;
  return (
    <Stack gap={8} aria-hidden>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={24} width={`${92 - ((row * 17) % 30)}%`} />
      ))}
    </Stack>
  );
}

/** An error beside what it is about: the house's own words, a way to try again, a way to copy it. */
export function Failure(props: { readonly error: GarretError; readonly retry?: () => void }) {
  const { t } = useTranslation("frame");
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle size={18} />} role="alert" my="sm">
      <Text>{props.error.message}</Text>
      <Group gap="xs" mt="xs">
        {props.retry !== undefined && (
          <Button size="xs" variant="default" onClick={props.retry}>
            {t("error.retry")}
          </Button>
        )}
        <Button
          size="xs"
          variant="subtle"
          color="gray"
          onClick={() => void navigator.clipboard.writeText(`${props.error.code}: ${props.error.message}`)}
        >
          {t("error.copy")}
        </Button>
      </Group>
    </Alert>
  );
}

/** What is empty says what it is and offers one thing to do. */
export function Empty(props: { readonly title: string; readonly text: string; readonly action?: ReactNode }) {
  return (
    <div className="m-empty">
      <IconCircleDashed size={32} stroke={1.2} aria-hidden />
      <Text fw={560}>{props.title}</Text>
      <Text c="dimmed" maw={460} ta="center">
        {props.text}
      </Text>
      {props.action}
    </div>
  );
}

type Picture = ComponentType<{ readonly size?: number; readonly stroke?: number; readonly "aria-hidden"?: boolean }>;

const PICTURES: Readonly<Record<string, readonly [Picture, string]>> = {
  ready: [IconCircleCheck, "good"],
  done: [IconCircleCheck, "good"],
  ok: [IconCircleCheck, "good"],
  allowed: [IconCircleCheck, "good"],
  delivered: [IconCircleCheck, "good"],
  busy: [IconPlayerPlay, "live"],
  running: [IconPlayerPlay, "live"],
  starting: [IconPlayerPlay, "live"],
  queued: [IconClockPause, "quiet"],
  waiting: [IconClockPause, "quiet"],
  draining: [IconClockPause, "quiet"],
  backoff: [IconAlertTriangle, "warn"],
  warn: [IconAlertTriangle, "warn"],
  cancelled: [IconCircleX, "quiet"],
  stopped: [IconZzz, "quiet"],
  failed: [IconCircleX, "bad"],
  fail: [IconCircleX, "bad"],
  denied: [IconCircleX, "bad"],
  refused: [IconCircleX, "bad"],
  dead: [IconCircleX, "bad"],
};

/** A state as a shape, a colour and a word, so that it is told without any one of them. */
export function State({ state }: { readonly state: string }) {
  const { t } = useTranslation("machine");
  const [Shape, tone] = PICTURES[state] ?? [IconCircleDashed, "quiet"];
  return (
    <span className="m-state" data-tone={tone}>
      <Shape size={15} stroke={1.8} aria-hidden />
      {t(`state.${state}`, { defaultValue: state })}
    </span>
  );
}

/** A moment: how long ago, the exact time on hover and for readers of screens. */
export function Ago({ at }: { readonly at: number }) {
  const { i18n } = useTranslation();
  const [now, look] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => look(Date.now()), 15_000);
    return () => clearInterval(timer);
  }, []);
  const seconds = (at * 1000 - now) / 1000;
  const far = Math.abs(seconds);
  const [value, unit] =
    far < 60 ? [seconds, "second" as const] : far < 3_600 ? [seconds / 60, "minute" as const]
    : far < 86_400 ? [seconds / 3_600, "hour" as const] : [seconds / 86_400, "day" as const];
  const exact = new Intl.DateTimeFormat(i18n.language, { dateStyle: "full", timeStyle: "medium" }).format(at * 1000);
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={exact} className="m-number">
      {new Intl.RelativeTimeFormat(i18n.language, { numeric: "auto", style: "narrow" }).format(Math.round(value), unit)}
    </time>
  );
}
