// Routes made from the rooms' manifests; where there was no page named, the last one that was open, else the first.

import { createRootRoute, createRoute, createRouter, redirect } from "@tanstack/react-router";
import { Suspense } from "react";

import { Frame } from "./App";
import { rooms } from "./rooms";

const LAST = "garret.last";

const root = createRootRoute({ component: Frame, notFoundComponent: () => null });

const pages = rooms.flatMap((room) =>
  room.pages.map((page) =>
    createRoute({
      getParentRoute: () => root,
      path: page.path === "" ? room.path : `${room.path}/${page.path}`,
      component: () => (
        <Suspense fallback={null}>
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
    const last = localStorage.getItem(LAST);
    const known = last !== null && rooms.some((room) => last === room.path || last.startsWith(`${room.path}/`));
    throw redirect({ to: known ? last : (rooms[0]?.path ?? "/"), replace: true });
  },
});

export const router = createRouter({ routeTree: root.addChildren([start, ...pages]), defaultPreload: "intent" });

router.subscribe("onResolved", ({ toLocation }) => {
  if (toLocation.pathname !== "/") localStorage.setItem(LAST, toLocation.pathname);
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
