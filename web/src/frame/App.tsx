// The frame: side rail, search, the room's page, status bar, and what lies over them. Rooms slide in by their
// manifests and change nothing here.

import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconCommand, IconDatabaseX, IconLayoutColumns, IconMenu2, IconPlugConnectedX } from "@tabler/icons-react";
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { pagePath } from "./addresses";
import { Confirming, Sheet } from "./Dialog";
import { useAsk, useEvent, useFeed, useGreeting, useLine, useMay, type Refreshes } from "./house";
import { KeyCaps, useKeys } from "./keys";
import { KeysHelp } from "./KeysHelp";
import { Marked } from "./Marked";
import { PageArea, useBeside } from "./PageArea";
import { ActionKeys, Palette } from "./Palette";
import { Rail } from "./Rail";
import { moveRegion } from "./regions";
import { FIRST_STEPS, rooms } from "./rooms";
import { SearchField } from "./SearchField";
import { StatusBar } from "./StatusBar";
import { ToastLog, ToastStack } from "./ToastStack";
import { useNarrow } from "./useNarrow";
import "./frame.css";

const REFRESHES: readonly Refreshes[] = [
  {
    "house.setting_touched": ["house.settings", "house.egress", "desk.preferences"],
    "house.profile_changed": ["house.me", "house.profiles", "house.settings", "house.jobs", "desk.preferences"],
    "house.worker_changed": ["house.workers", "house.status"],
    "house.storage_changed": ["house.status"],
    "desk.attendance_changed": ["desk.preferences", "gateway.state"],
  },
  ...rooms.map((room) => room.refreshes),
];

type Over = "palette" | "keys" | "log" | "rail" | null;

export function Frame() {
  return (
    <Confirming>
      <Framed />
    </Confirming>
  );
}

function Framed() {
  const { t } = useTranslation();
  const [over, setOver] = useState<Over>(null);
  const close = useCallback(() => setOver(null), []);
  const showLog = useCallback(() => setOver("log"), []);
  const showKeys = useCallback(() => setOver("keys"), []);
  const navigate = useNavigate();
  const go = useCallback(
    (address: string) => {
      const [to, hash] = address.split("#");
      void navigate({ to: to ?? "/", ...(hash === undefined ? {} : { hash }) });
    },
    [navigate],
  );
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [beside, setBeside] = useBeside(path);
  const toggleBeside = () => setBeside(beside === "" ? anotherPage(path) : "");
  useFeed(REFRESHES);
  useAskedFor(go, () => setOver("palette"));
  useFirstSteps(go, path);
  const everywhere = t("keys.everywhere");
  useKeys([
    { keys: "Ctrl+K", title: t("palette.open"), group: everywhere, always: true, run: () => setOver(over === "palette" ? null : "palette") },
    { keys: "?", title: t("keys.open"), group: everywhere, run: () => setOver("keys") },
    { keys: "F6", title: t("keys.region"), group: everywhere, run: () => moveRegion(1) },
    { keys: "Shift+F6", title: t("keys.region_back"), group: everywhere, run: () => moveRegion(-1) },
    { keys: "Ctrl+\\", title: t("keys.beside"), group: everywhere, run: toggleBeside },
  ]);
  const notices = useAsk("house.status", {}).data?.notices ?? [];
  const slim = useNarrow(56.25);
  return (
    <div className="g-frame">
      <a className="g-skip" href="#page">
        {t("skip")}
      </a>
      <nav className="g-rail" aria-label={t("rail.label")} data-region="rail">
        <Name />
        <Rail slim={slim} />
      </nav>
      <header className="g-top" data-region="top">
        <ActionIcon className="g-menu-button" size="lg" aria-label={t("rail.open")} onClick={() => setOver("rail")}>
          <IconMenu2 size={19} aria-hidden />
        </ActionIcon>
        <SearchField go={go} />
        <span className="g-grow" />
        <Tooltip label={t(beside === "" ? "beside.open" : "beside.close")}>
          <ActionIcon className="g-beside-button" size="lg" aria-pressed={beside !== ""} aria-label={t("beside.open")} onClick={toggleBeside}>
            <IconLayoutColumns size={18} stroke={1.7} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <Button
          className="g-palette-button"
          variant="default"
          leftSection={<IconCommand size={16} stroke={1.7} aria-hidden />}
          rightSection={<KeyCaps keys="Ctrl+K" />}
          onClick={() => setOver("palette")}
        >
          <span>{t("palette.open")}</span>
        </Button>
      </header>
      <div className="g-body">
        <Banners />
        <PageArea beside={beside} onBeside={setBeside} />
      </div>
      <footer className="g-status" aria-label={t("status.label")} data-region="status">
        <StatusBar notices={notices.length} onLog={showLog} onKeys={showKeys} />
      </footer>
      <Sheet opened={over === "rail"} onClose={close} position="left" size="16rem" title={<Name />}>
        <Rail onChosen={close} />
      </Sheet>
      <Palette opened={over === "palette"} onClose={close} go={go} />
      <KeysHelp opened={over === "keys"} onClose={close} />
      <ToastLog opened={over === "log"} onClose={close} notices={notices} />
      <ActionKeys go={go} />
      <ToastStack />
    </div>
  );
}

function Name() {
  const { t } = useTranslation();
  return (
    <span className="g-name">
      <img src="/icon.svg" alt="" />
      <span>{t("name")}</span>
    </span>
  );
}

/** The first page of another room, to stand beside. */
function anotherPage(path: string): string {
  const paths = rooms.flatMap((room) => room.pages.map((page) => pagePath(room, page)));
  return paths.find((each) => !path.startsWith(each)) ?? paths.find((each) => each !== path) ?? path;
}

/** In the window, other programs may ask for a page or for the palette. */
function useAskedFor(go: (path: string) => void, palette: () => void): void {
  const window = useGreeting()?.role === "shell";
  useEvent("desk.asked_for", (event) => {
    if (!window) return;
    if (event.page === "palette") palette();
    else if (event.page.startsWith("/")) go(event.page);
  });
}

/** How the house calls storage that takes writes. */
const WRITABLE = "normal";

/** What is not as it should be and keeps one from working, for as long as it is so. */
function Banners() {
  const { t } = useTranslation();
  const line = useLine();
  const greeting = useGreeting();
  const status = useAsk("house.status", {}).data;
  if (line.state === "open")
    return status === undefined || status.storage === WRITABLE
      ? null
      : status.notices.map((notice) => (
          <div key={notice} className="g-banner" role="status">
            <IconDatabaseX size={16} aria-hidden />
            <span>
              <Marked>{notice}</Marked>
            </span>
          </div>
        ));
  if (line.state === "connecting" && greeting === null) return null;
  const key = line.state === "away" && greeting?.role === "gateway" ? "gateway_away" : line.state;
  return (
    <div className="g-banner" role="status">
      <IconPlugConnectedX size={16} aria-hidden />
      <span>
        <Marked>{t(`line.${key}`, { reason: line.reason })}</Marked>
      </span>
    </div>
  );
}

/** The first time, the first steps are shown: once, to whoever may say that they were gone through. */
function useFirstSteps(go: (address: string) => void, path: string): void {
  const done = useAsk("desk.preferences", {}).data?.first_run_done;
  const may = useMay("house.setting_set");
  const shown = useRef(false);
  useEffect(() => {
    // Until the start has led to a page, its own way there would win.
    if (done !== false || !may || shown.current || path === "/") return;
    shown.current = true;
    go(FIRST_STEPS);
  }, [done, may, go, path]);
}
