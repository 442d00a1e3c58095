// Where a room's page is shown: its tabs, its place when one comes back, a second page beside it.

import { ActionIcon, NativeSelect } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { memo, Suspense, useEffect, useRef, type RefObject } from "react";
import { useTranslation } from "react-i18next";

import { pageAt, pagePath, roomAt } from "./addresses";
import { useLine, useMayAsk } from "./house";
import { PageBoundary } from "./PageBoundary";
import { Panes } from "./Panes";
import { recall, remember, useRemembered } from "./remembered";
import type { RoomManifest } from "./room";
import { rooms } from "./rooms";
import { SkeletonRows } from "./Skeleton";

export interface PageAreaProps {
  /** The page beside; empty: none. */
  readonly beside: string;
  readonly onBeside: (path: string) => void;
}

/** Which page stands beside those of a room, kept for each room. */
export function useBeside(path: string): [string, (beside: string) => void] {
  const room = roomAt(path);
  const [beside, keep] = useRemembered(`beside.${room?.name ?? ""}`, "");
  return [beside !== "" && pageAt(beside) !== undefined ? beside : "", keep];
}

/** See the module. Drawn anew only for what it is told, not for what comes over the page. */
export const PageArea = memo(function PageArea({ beside, onBeside }: PageAreaProps) {
  const { t } = useTranslation();
  const path = useRouterState({ select: (state) => state.location.pathname });
  // The page that is drawn: until the next one is there, it is the one before.
  const shown = useRouterState({ select: (state) => state.matches.at(-1)?.pathname ?? "" });
  const stale = useLine().state !== "open";
  const page = useRef<HTMLElement>(null);
  useScrollMemory(page, path);
  useArrival(page, path);
  const room = roomAt(path);
  const title = pageAt(path)?.title;
  useEffect(() => {
    document.title = title === undefined ? t("name") : `${t(title)} · ${t("name")}`;
  }, [t, title]);
  const main = (
    <main ref={page} id="page" tabIndex={-1} className="g-page" data-region="page" data-stale={stale || undefined}>
      {room !== undefined && <Tabs room={room} path={path} />}
      <PageBoundary path={shown}>
        <Outlet />
      </PageBoundary>
    </main>
  );
  return (
    <div className="g-split">
      <Panes
        name={`beside.${room?.name ?? ""}`}
        initial={0.5}
        start={main}
        end={beside === "" ? null : <Beside path={beside} onBeside={onBeside} />}
      />
    </div>
  );
});

function Tabs({ room, path }: { readonly room: RoomManifest; readonly path: string }) {
  const { t } = useTranslation();
  const may = useMayAsk();
  const pages = room.pages.filter((page) => page.needs === undefined || may(page.needs));
  if (pages.length < 2) return null;
  return (
    <nav className="g-tabs" aria-label={t("tabs", { room: t(room.title) })}>
      {pages.map((page) => {
        const to = pagePath(room, page);
        return (
          <Link key={to} to={to} className="g-tab" activeOptions={{ exact: true }} aria-current={to === path ? "page" : undefined}>
            {t(page.title)}
          </Link>
        );
      })}
    </nav>
  );
}

/** A second page, which has no address of its own. */
function Beside({ path, onBeside }: { readonly path: string; readonly onBeside: (path: string) => void }) {
  const { t } = useTranslation();
  const page = pageAt(path);
  const choices = rooms.flatMap((room) =>
    room.pages.map((each) => ({
      value: pagePath(room, each),
      label: each.title === room.title ? String(t(room.title)) : `${t(room.title)}: ${t(each.title)}`,
    })),
  );
  return (
    <aside className="g-beside" aria-label={t("beside.title")} data-region="beside">
      <div className="g-beside-top">
        <NativeSelect size="xs" aria-label={t("beside.choose")} data={choices} value={path} onChange={(event) => onBeside(event.currentTarget.value)} />
        <span className="g-grow" />
        <ActionIcon aria-label={t("beside.close")} onClick={() => onBeside("")}>
          <IconX size={16} aria-hidden />
        </ActionIcon>
      </div>
      <div className="g-page">
        <PageBoundary path={path}>
          <Suspense fallback={<SkeletonRows />}>{page !== undefined && <page.view />}</Suspense>
        </PageBoundary>
      </div>
    </aside>
  );
}

const WAITING = 3000; // milliseconds: how long content may take to grow to where the page was

/** A page comes back to where it was, once its content is long enough for that, unless the person scrolls first. */
function useScrollMemory(page: RefObject<HTMLElement | null>, path: string): void {
  useEffect(() => {
    const element = page.current;
    if (element === null) return;
    const wanted = recall(`scroll.${path}`, 0);
    element.scrollTop = wanted;
    let kept = 0;
    let returning = element.scrollTop < wanted;
    const grown = new ResizeObserver(() => {
      if (!returning) return;
      element.scrollTop = wanted;
      returning = element.scrollTop < wanted;
    });
    for (const child of element.children) grown.observe(child);
    const added = new MutationObserver(() => {
      for (const child of element.children) grown.observe(child);
    });
    added.observe(element, { childList: true });
    const settle = () => {
      returning = false;
    };
    const settled = setTimeout(settle, WAITING);
    const keep = () => {
      clearTimeout(kept);
      kept = window.setTimeout(() => {
        if (!returning) remember(`scroll.${path}`, element.scrollTop > 0 ? Math.round(element.scrollTop) : undefined);
      }, 200);
    };
    const acts = ["wheel", "pointerdown", "keydown"] as const;
    for (const act of acts) element.addEventListener(act, settle, { passive: true });
    element.addEventListener("scroll", keep, { passive: true });
    return () => {
      clearTimeout(kept);
      clearTimeout(settled);
      grown.disconnect();
      added.disconnect();
      for (const act of acts) element.removeEventListener(act, settle);
      element.removeEventListener("scroll", keep);
    };
  }, [page, path]);
}

/** Another page takes the focus, so that who reads with keys or ears goes on in it; the first does not. */
function useArrival(page: RefObject<HTMLElement | null>, path: string): void {
  const last = useRef(path);
  useEffect(() => {
    if (last.current === path) return;
    last.current = path;
    page.current?.focus({ preventScroll: true });
  }, [page, path]);
}
