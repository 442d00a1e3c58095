// What the pages of this room share: their heading with tabs, and a state as a picture and a word.

import { Group, Text, Title } from "@mantine/core";
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
import type { ComponentType, ReactNode } from "react";
import { useTranslation } from "react-i18next";

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
            <Link key={path} to={path} activeOptions={{ exact: true }} className="m-tab" aria-current={here === path ? "page" : undefined}>
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
