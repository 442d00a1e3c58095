// The frame: side rail, the room's page, status bar. Rooms slide in by their manifests and change nothing here.

import { AppShell, Badge, NavLink, ScrollArea, Text } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useAsk, useFeed, useGreeting, useLine, type Refreshes } from "./house";
import type { RoomManifest } from "./room";
import { rooms } from "./rooms";
import "./frame.css";

const REFRESHES: readonly Refreshes[] = [
  {
    "house.setting_changed": ["house.settings", "desk.preferences"],
    "house.profile_changed": ["house.me", "house.profiles", "house.settings", "desk.preferences"],
    "house.worker_changed": ["house.workers", "house.status"],
    "house.storage_changed": ["house.status"],
    "desk.attendance_changed": ["desk.preferences"],
  },
  ...rooms.map((room) => room.refreshes),
];

export function Frame() {
  const { t } = useTranslation();
  useFeed(REFRESHES);
  return (
    <AppShell layout="alt" navbar={{ width: 208, breakpoint: "sm" }} footer={{ height: 28 }} padding={0}>
      <a className="g-skip" href="#page">
        {t("skip")}
      </a>
      <AppShell.Navbar className="g-rail" aria-label={t("rail.label")}>
        <Rail />
      </AppShell.Navbar>
      <AppShell.Main id="page" tabIndex={-1} className="g-page">
        <LineBanner />
        <Outlet />
      </AppShell.Main>
      <AppShell.Footer className="g-status" role="contentinfo" aria-label={t("status.label")}>
        <StatusBar />
      </AppShell.Footer>
    </AppShell>
  );
}

function Rail() {
  const { t } = useTranslation();
  return (
    <ScrollArea style={{ flex: 1 }} type="auto">
      {(["work", "house"] as const).map((place) => (
        <section key={place} aria-label={t(`rail.${place}`)}>
          <Text className="g-rail-title">{t(`rail.${place}`)}</Text>
          {rooms
            .filter((room) => room.place === place)
            .map((room) => (
              <RailEntry key={room.name} room={room} />
            ))}
        </section>
      ))}
    </ScrollArea>
  );
}

const none = () => 0;

function RailEntry({ room }: { readonly room: RoomManifest }) {
  const { t } = useTranslation();
  const here = useRouterState({ select: (state) => state.location.pathname });
  const useBadge = room.useBadge ?? none;
  const waiting = useBadge();
  const active = here === room.path || here.startsWith(`${room.path}/`);
  return (
    <NavLink
      component={Link}
      to={room.path}
      label={t(room.title)}
      active={active}
      aria-current={active ? "page" : undefined}
      leftSection={<room.icon size={18} stroke={1.6} />}
      rightSection={waiting > 0 ? <Badge size="sm" circle={waiting < 10}>{waiting}</Badge> : null}
      className="g-rail-entry"
    />
  );
}

function LineBanner() {
  const { t } = useTranslation();
  const line = useLine();
  const greeting = useGreeting();
  if (line.state === "open" || (line.state === "connecting" && greeting === null)) return null;
  const browser = greeting?.role === "gateway";
  const key = line.state === "away" && browser && line.reason === "" ? "gateway_away" : line.state;
  return (
    <div className="g-banner" role="status">
      <IconPlugConnectedX size={16} aria-hidden />
      <span>{t(`line.${key}`, { reason: line.reason })}</span>
    </div>
  );
}

function StatusBar() {
  const { t } = useTranslation();
  const line = useLine();
  const me = useAsk("house.me", {});
  const status = useAsk("house.status", {});
  const preferences = useAsk("desk.preferences", {});
  const gateway = preferences.data?.attending.find((each) => each.kind === "gateway");
  return (
    <>
      <span className="g-dot" data-state={line.state} aria-hidden />
      <span role="status">{t(line.state === "open" ? "line.open" : "line.connecting")}</span>
      {status.data !== undefined && (
        <span>{t("status.workers", { count: status.data.workers.filter((each) => each.pid > 0).length })}</span>
      )}
      {gateway !== undefined && <span className="g-warn">{t("status.gateway", { address: gateway.address })}</span>}
      <span style={{ flex: 1 }} />
      {me.data !== undefined && <span>{t("status.profile", { profile: me.data.profile })}</span>}
    </>
  );
}

