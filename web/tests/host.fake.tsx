// A host under a test's hand, and parts of the page within all that they stand in.

import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";

import { Feed, FeedContext, House, HouseProvider, MayContext } from "../src/frame/house";
import { theme, variables } from "../src/frame/theme";
import { Channel } from "../src/protocol/channel";
import { COMMANDS, GarretError } from "../src/protocol/contracts";
import { startStrings } from "../src/strings";
import { HandPort, type Sent } from "./ports.fake";

export const SETTINGS = [
  { key: "desk.theme", value: "system", source: "default", sentence: "Whether pages are light or dark." },
  { key: "desk.density", value: "comfortable", source: "default", sentence: "How close together things stand." },
  { key: "desk.hotkey_talk", value: "Ctrl+Alt+Space", source: "default", sentence: "The hotkey that dictates." },
].map((each) => ({ ...each, default: each.value, problem: "", type: "text", choices: [], limits: [null, null], own: false, room: "desk" }));

/** What the host answers to a command where a test says nothing else. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  "house.me": { role: "shell", profile: "ada", capabilities: [] },
  "desk.preferences": { theme: "light", density: "comfortable", language: "en", motion: "system", scale: 1, first_run_done: true, attending: [] },
  "house.status": { storage: "normal", notices: [], workers: [] },
  "house.workers": { workers: [] },
  "house.egress": { offline: "switched off", closed: [], open: [], granted: [] },
  "house.settings": { settings: SETTINGS },
  "house.setting_set": {},
  "house.jobs": { jobs: [] },
  "dictate.stop": {},
};

/** The test itself answers later, by `port.tell`. */
export const LATER = Symbol("later");

const EVERY = Object.values(COMMANDS).map((command) => command.capability);

export class Host {
  readonly port = new HandPort();
  readonly answers: Record<string, unknown> = { ...ANSWERS };
  private subscription = 0;
  private sequence = 0;

  constructor() {
    this.port.answer = (message) => {
      if (message.t !== "call") return;
      if (message.name === "house.subscribe") {
        this.subscription = message.id ?? 0;
        this.sequence = 0;
        this.item(null, "");
      } else if (message.name !== undefined && message.name in this.answers) queueMicrotask(() => this.reply(message));
    };
  }

  /** What was said beforehand: a value, or a function of the command that gives one, throws a GarretError, or `LATER`. */
  private reply({ name = "", id = 0, payload }: Sent): void {
    const answer = this.answers[name];
    try {
      const value: unknown = typeof answer === "function" ? (answer as (payload: unknown, id: number) => unknown)(payload, id) : answer;
      if (value !== LATER) this.port.tell({ t: "result", id, value, files: [] });
    } catch (error) {
      if (!(error instanceof GarretError)) throw error;
      const { code, message, retryable, details } = error;
      this.port.tell({ t: "error", id, error: { code, message, retryable, details } });
    }
  }

  /** An event of the house. */
  happens(name: string, event: unknown): void {
    this.item(event, name);
  }

  private item(event: unknown, name: string): void {
    const value = { sequence: this.sequence++, name, event, workspace: "" };
    this.port.tell({ t: "item", id: this.subscription, value });
  }

  greet(role = "shell", local: readonly string[] = []): void {
    this.port.tell({ t: "hello", version: 1, role, build: "b", local });
    this.port.tell({ t: "line", state: "open", reason: "" });
  }

  calls(name: string): readonly unknown[] {
    return this.port.of("call").filter((message) => message.name === name).map((message) => message.payload);
  }
}

/** Show something as it would be in the page, for somebody with these capabilities; without them all that the desk may. */
export function show(host: Host, children: ReactNode, capabilities: readonly string[] = EVERY) {
  startStrings("en");
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity, networkMode: "always" } } });
  return render(
    <HouseProvider value={new House(new Channel(host.port))}>
      <FeedContext value={new Feed()}>
        <QueryClientProvider client={queries}>
          <MayContext value={new Set(capabilities)}>
            <MantineProvider theme={theme} cssVariablesResolver={variables} env="test">
              {children}
            </MantineProvider>
          </MayContext>
        </QueryClientProvider>
      </FeedContext>
    </HouseProvider>,
  );
}
