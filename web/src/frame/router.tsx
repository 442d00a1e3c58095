// Routes made from the rooms' manifests; where there was no page named, the last one that was open, else the first.

import { createRootRoute, createRoute, createRouter, redirect, type RouterHistory } from "@tanstack/react-router";
import { Suspense } from "react";

import { pageAt, pagePath } from "./addresses";
import { Frame } from "./App";
import { NoPage } from "./NoPage";
import { recall, remember } from "./remembered";
import { FIRST_STEPS, rooms } from "./rooms";
import { SkeletonRows } from "./Skeleton";

const LAST = "last";

const root = createRootRoute({ component: Frame, notFoundComponent: NoPage });

const pages = rooms.flatMap((room) =>
  room.pages.map((page) =>
    createRoute({
      getParentRoute: () => root,
      path: pagePath(room, page),
      component: () => (
        <Suspense fallback={<SkeletonRows />}>
          <page.view />
        </Suspense>
      ),
    }),
  ),
);

const start = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    const last = recall(LAST, "");
    throw redirect({ to: pageAt(last) === undefined ? (rooms[0]?.path ?? "/") : last, replace: true });
  },
});

const routeTree = root.addChildren([start, ...pages]);

/** The way through the pages, over the browser's own history or another. */
export function wayThrough(history?: RouterHistory) {
  const made = createRouter({ routeTree, defaultPreload: "intent", ...(history === undefined ? {} : { history }) });
  made.subscribe("onResolved", ({ toLocation }) => {
    // Who has gone through the first steps wants to be elsewhere at the next start.
    if (toLocation.pathname !== FIRST_STEPS && pageAt(toLocation.pathname) !== undefined) remember(LAST, toLocation.pathname);
  });
  return made;
}

export const router = wayThrough();

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
