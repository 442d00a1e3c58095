// What pages about the house share: a state as a picture and a word.

import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconClockPause,
  IconPlayerPlay,
  IconZzz,
} from "@tabler/icons-react";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";

import "./machine.css";

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
