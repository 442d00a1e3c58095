// The house in one line: the connection, what is live with a stop beside it, workers, the way out, who is here.

import { Tooltip, UnstyledButton } from "@mantine/core";
import {
  IconAlertTriangle,
  IconEngine,
  IconKeyboard,
  IconLockOpen,
  IconMessages,
  IconPlayerPauseFilled, IconPlayerPlayFilled, IconPlayerStopFilled,
  IconShieldCheck,
  IconUser,
  IconWorld,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { pageAt } from "./addresses";
import { sentenceOf } from "./ErrorCard";
import { useAct, useAsk, useLine, useMay } from "./house";
import { useLive } from "./live";
import { rooms } from "./rooms";
import { toasts } from "./toasts";

export interface StatusBarProps {
  /** How much the house has to say. */
  readonly notices: number;
  readonly onLog: () => void;
  readonly onKeys: () => void;
}

/** See the module. Drawn anew only for what it is told, not for what comes over the page. */
export const StatusBar = memo(function StatusBar({ notices, onLog, onKeys }: StatusBarProps) {
  const { t } = useTranslation();
  const line = useLine();
  const me = useAsk("house.me", {});
  return (
    <>
      <Item hint={line.reason}>
        <span className="g-dot" data-state={line.state} aria-hidden />
        <span role="status">{t(line.state === "open" ? "line.open" : `line.short_${line.state}`)}</span>
      </Item>
      <Alive />
      <Workers />
      <WayOut />
      <Gateway />
      {rooms.map((room) => room.Status !== undefined && <room.Status key={room.name} />)}
      {notices > 0 && (
        <UnstyledButton className="g-status-item" data-tone="warn" onClick={onLog}>
          <IconAlertTriangle size={14} stroke={1.7} aria-hidden />
          {t("status.notices", { count: notices })}
        </UnstyledButton>
      )}
      <span className="g-grow" />
      {me.data !== undefined && (
        <Item to="/settings" wide>
          <IconUser size={14} stroke={1.7} aria-hidden />
          {t("status.profile", { profile: me.data.profile })}
        </Item>
      )}
      <UnstyledButton className="g-status-item g-status-wide" onClick={onLog} aria-label={t("status.messages")}>
        <IconMessages size={15} stroke={1.7} aria-hidden />
      </UnstyledButton>
      <UnstyledButton className="g-status-item g-status-wide" onClick={onKeys} aria-label={t("status.keys")}>
        <IconKeyboard size={15} stroke={1.7} aria-hidden />
      </UnstyledButton>
    </>
  );
});

interface ItemProps {
  readonly children: ReactNode;
  /** Where it leads, where there is such a page. */
  readonly to?: string;
  readonly hint?: string;
  readonly tone?: "warn" | "bad" | undefined;
  /** Left out where there is little room. */
  readonly wide?: boolean;
}

function Item({ children, to, hint = "", tone, wide = false }: ItemProps) {
  const look = { className: wide ? "g-status-item g-status-wide" : "g-status-item", "data-tone": tone };
  const leads = to !== undefined && pageAt(to) !== undefined;
  return (
    <Tooltip label={hint} disabled={hint === ""} multiline maw="24rem">
      {leads ? (
        <Link to={to} {...look}>
          {children}
        </Link>
      ) : (
        <span {...look}>{children}</span>
      )}
    </Tooltip>
  );
}

function Alive() {
  const { t } = useTranslation();
  const live = useLive();
  const stopListening = useAct("dictate.stop");
  const goOn = useAct("dictate.pause");
  const stopSpeaking = useAct("speak.stop");
  const failed = { onError: (error: unknown) => toasts.failed(sentenceOf(error)) };
  return (
    <span aria-live="polite" className="g-row">
      {live.listening && (
        <UnstyledButton className="g-status-item g-live" aria-label={t("status.stop_listening")} onClick={() => stopListening.mutate({}, failed)}>
          <span className="g-live-dot" aria-hidden />
          {t("status.listening")}
          <IconPlayerStopFilled size={13} aria-hidden />
        </UnstyledButton>
      )}
      {live.paused && (
        <UnstyledButton className="g-status-item" aria-label={t("status.go_on")} onClick={() => goOn.mutate({ paused: false }, failed)}>
          <IconPlayerPauseFilled size={13} aria-hidden />
          {t("status.paused")}
          <IconPlayerPlayFilled size={13} aria-hidden />
        </UnstyledButton>
      )}
      {live.speaking && (
        <UnstyledButton className="g-status-item g-live" aria-label={t("status.stop_speaking")} onClick={() => stopSpeaking.mutate({}, failed)}>
          <span className="g-live-dot" aria-hidden />
          {t("status.speaking")}
          <IconPlayerStopFilled size={13} aria-hidden />
        </UnstyledButton>
      )}
    </span>
  );
}

function Workers() {
  const { t } = useTranslation();
  const workers = useAsk("house.workers", {}).data?.workers;
  if (workers === undefined) return null;
  const failed = workers.filter((each) => each.state === "failed");
  const up = workers.filter((each) => each.pid > 0).length;
  return (
    <Item to="/machine/workers" tone={failed.length > 0 ? "bad" : undefined} hint={failed.map((each) => each.sentence).join("\n")}>
      <IconEngine size={14} stroke={1.7} aria-hidden />
      {failed.length > 0 ? t("status.workers_failed", { count: failed.length }) : t("status.workers", { count: up })}
    </Item>
  );
}

function WayOut() {
  const { t } = useTranslation();
  const egress = useAsk("house.egress", {}).data;
  const may = useMay("house.egress");
  if (egress === undefined || !may) return null;
  if (egress.offline !== "" || egress.granted.length === 0)
    return (
      <Item to="/machine/way-out" hint={egress.offline === "" ? "" : t("status.offline_why", { reason: egress.offline })}>
        <IconShieldCheck size={14} stroke={1.7} aria-hidden />
        {t("status.offline")}
      </Item>
    );
  const closed = egress.closed.length > 0 ? t("status.closed", { count: egress.closed.length }) : "";
  return (
    <Item to="/machine/way-out" tone="warn" hint={closed}>
      <IconLockOpen size={14} stroke={1.7} aria-hidden />
      {egress.open.length > 0 ? t("status.connections", { count: egress.open.length }) : closed || t("status.online")}
    </Item>
  );
}

function Gateway() {
  const { t } = useTranslation();
  const gateway = useAsk("desk.preferences", {}).data?.attending.find((each) => each.kind === "gateway");
  if (gateway === undefined) return null;
  return (
    <Item to="/settings" tone="warn" hint={gateway.address === "" ? "" : t("status.gateway_at", { address: gateway.address })}>
      <IconWorld size={14} stroke={1.7} aria-hidden />
      {t("status.gateway")}
    </Item>
  );
}
