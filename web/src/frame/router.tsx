// Routes made from the rooms' manifests; where there was no page named, the last one that was open, else the first.

import { createRootRoute, createRoute, createRouter, redirect } from "@tanstack/react-router";
import { Suspense } from "react";

import { Frame } from "./App";
import { NoPage } from "./NoPage";
import { recall, remember } from "./remembered";
import { pageAt, pagePath, rooms } from "./rooms";
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

export const router = createRouter({ routeTree: root.addChildren([start, ...pages]), defaultPreload: "intent" });

router.subscribe("onResolved", ({ toLocation }) => {
  if (pageAt(toLocation.pathname) !== undefined) remember(LAST, toLocation.pathname);
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
