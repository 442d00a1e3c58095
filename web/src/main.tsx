// The page begins: its channel, its language, its look, then the frame.

import "@fontsource-variable/inter";
import "@fontsource-variable/jetbrains-mono";
import "@mantine/core/styles.css";
import { DirectionProvider, MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode, useMemo, type ReactNode } from "react";
import { createRoot } from "react-dom/client";

import { House, HouseProvider, MayContext, useAsk } from "./frame/house";
import { listenToKeys } from "./frame/keys";
import { lastLook, useLook, wear } from "./frame/look";
import { router } from "./frame/router";
import { theme, variables } from "./frame/theme";
import { Channel } from "./protocol/channel";
import { port } from "./protocol/ports";
import { languageFor, startStrings } from "./strings";

const strings = startStrings(languageFor(lastLook().language));
const house = new House(new Channel(port(strings.t("frame:line.gateway_away"))));
const queries = new QueryClient({
  // Events say what is stale; a failed query is tried again by the person or when the line is back.
  defaultOptions: { queries: { retry: false, staleTime: Infinity, refetchOnWindowFocus: false, networkMode: "always" }, mutations: { networkMode: "always" } },
});

/** What whoever is here may do, and how the page looks to them. */
function Person({ children }: { readonly children: ReactNode }) {
  const me = useAsk("house.me", {});
  const may = useMemo(() => (me.data === undefined ? null : new Set(me.data.capabilities)), [me.data]);
  const look = useLook();
  const direction = strings.dir(languageFor(look.language));
  return (
    <MayContext value={may}>
      <DirectionProvider key={direction} initialDirection={direction} detectDirection={false}>
        <MantineProvider
          theme={theme}
          cssVariablesResolver={variables}
          defaultColorScheme="auto"
          {...(look.theme === "light" || look.theme === "dark" ? { forceColorScheme: look.theme } : {})}
        >
          {children}
        </MantineProvider>
      </DirectionProvider>
    </MayContext>
  );
}

wear(lastLook(), (language) => strings.dir(language));
listenToKeys();

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no root");
createRoot(root).render(
  <StrictMode>
    <HouseProvider value={house}>
      <QueryClientProvider client={queries}>
        <Person>
          <RouterProvider router={router} />
        </Person>
      </QueryClientProvider>
    </HouseProvider>
  </StrictMode>,
);
