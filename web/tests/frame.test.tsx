// @vitest-environment jsdom
// The frame as a person meets it, with a host under the test's hand.

import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { act, cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { keys, listenToKeys } from "../src/frame/keys";
import { wayThrough } from "../src/frame/router";
import { toasts } from "../src/frame/toasts";
import { Host, show } from "./host.fake";

vi.mock("../src/frame/rooms", () => import("./rooms.fake"));

let host: Host;
let router: ReturnType<typeof wayThrough>;
let stop: () => void;

beforeEach(() => {
  localStorage.clear();
  host = new Host();
  keys.switchSingle(true);
  stop = listenToKeys();
  router = wayThrough(createMemoryHistory({ initialEntries: ["/notes"] }));
});
afterEach(() => {
  for (const toast of toasts.state().shown) toasts.dismiss(toast.id);
  cleanup();
  stop();
});

async function framed(capabilities?: readonly string[]) {
  show(host, <RouterProvider router={router} />, capabilities);
  await screen.findByRole("navigation", { name: "Rooms" });
  act(() => host.greet());
  await screen.findByText("Connected");
  return userEvent.setup();
}

const palette = () => screen.findByRole("combobox", { name: "What would you like to do?" });
const entries = () => screen.getAllByRole("option").map((each) => each.textContent ?? "");

describe("the palette", () => {
  it("opens by its key, holds pages, acts and settings, and Esc gives the focus back", async () => {
    const user = await framed();
    const search = screen.getByRole("combobox", { name: "Search everything" });
    await user.click(search);
    await user.keyboard("{Control>}k{/Control}");
    const field = await palette();
    await waitFor(() => expect(document.activeElement).toBe(field));
    await waitFor(() => expect(entries().some((each) => each.startsWith("Desk: theme"))).toBe(true));
    expect(entries()).toContain("Machine roomOverview");
    expect(entries()).toContain("JobsCtrlJ");
    expect(entries().some((each) => each.startsWith("Look: dark"))).toBe(true);
    await user.keyboard("{Escape}");
    await waitFor(() => expect(document.activeElement).toBe(search));
  });

  it("does what is chosen, with undo, and has it first the next time", async () => {
    const user = await framed();
    await user.keyboard("{Control>}k{/Control}");
    await palette();
    await user.keyboard("density comp{Enter}");
    await waitFor(() => expect(host.calls("house.setting_set")).toEqual([{ key: "desk.density", value: "compact" }]));
    await screen.findByRole("button", { name: "Undo" });
    await user.click(document.body);
    await user.keyboard("{Control>}z{/Control}");
    await waitFor(() => expect(host.calls("house.setting_set").at(-1)).toEqual({ key: "desk.density", value: null }));
    await user.keyboard("{Control>}k{/Control}");
    await palette();
    expect(entries()[0]).toBe("Density: compact");
  });

  it("offers nothing that is refused anyway", async () => {
    const user = await framed(["system.status", "settings.read", "desk.use"]);
    await user.keyboard("{Control>}k{/Control}");
    await palette();
    await waitFor(() => expect(entries().some((each) => each.startsWith("Desk: theme"))).toBe(true));
    expect(entries().filter((each) => each.startsWith("Look") || each.startsWith("Stop") || each.startsWith("Close"))).toEqual([]);
  });

  it("asks before what cannot be taken back, and Enter alone does not do it", async () => {
    const user = await framed();
    await user.keyboard("{Control>}k{/Control}");
    await palette();
    await user.keyboard("stop garret{Enter}");
    const dialog = await screen.findByRole("dialog", { name: "Stop Garret on this machine?" });
    const cancel = within(dialog).getByRole("button", { name: "Cancel" });
    await waitFor(() => expect(document.activeElement).toBe(cancel));
    await user.keyboard("{Enter}");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(host.calls("house.shutdown")).toEqual([]);
  });

  it("tells what an act fails with", async () => {
    const user = await framed();
    host.port.answer = ((before) => (message) => {
      if (message.name === "speak.stop")
        host.port.tell({ t: "error", id: message.id, error: { code: "failed", message: "The loudspeaker is gone.", retryable: false, details: {} } });
      else before?.(message);
    })(host.port.answer);
    await user.keyboard("{Control>}k{/Control}");
    await palette();
    await user.keyboard("stop speaking{Enter}");
    expect((await screen.findByRole("alert")).textContent).toContain("The loudspeaker is gone.");
  });
});

describe("the status bar", () => {
  it("shows that a microphone is open as it is told, with a stop beside it", async () => {
    const user = await framed();
    expect(screen.queryByText("Listening")).toBeNull();
    await waitFor(() => expect(host.port.of("call").some((each) => each.name === "house.subscribe")).toBe(true));
    act(() => host.happens("house.job_changed", { job: "j", command: "dictate.listen", state: "running", fraction: -1, note: "" }));
    await user.click(await screen.findByRole("button", { name: "Stop listening" }));
    await waitFor(() => expect(host.calls("dictate.stop")).toEqual([{}]));
    act(() => host.happens("house.job_changed", { job: "j", command: "dictate.listen", state: "done", fraction: 1, note: "" }));
    await waitFor(() => expect(screen.queryByText("Listening")).toBeNull());
  });

  it("shows it at the start too", async () => {
    host.answers["house.jobs"] = { jobs: [{ id: "j", command: "speak.say", state: "running" }] };
    await framed();
    expect(await screen.findByRole("button", { name: "Stop speaking" })).toBeTruthy();
  });

  it("says when a gateway attends, and which workers failed", async () => {
    host.answers["desk.preferences"] = {
      ...(host.answers["desk.preferences"] as object),
      attending: [{ kind: "gateway", address: "127.0.0.1:8080", since: 1 }],
    };
    host.answers["house.workers"] = { workers: [{ name: "stt", slot: 0, state: "failed", pid: 0, sentence: "It died three times." }] };
    await framed();
    expect(await screen.findByText("Open to browsers")).toBeTruthy();
    expect(await screen.findByText("1 worker failed")).toBeTruthy();
  });
});

describe("when the line is away", () => {
  it("says so at once, marks the page as old, and comes back by itself", async () => {
    await framed();
    act(() => host.port.tell({ t: "line", state: "away", reason: "Nobody listens." }));
    expect(await screen.findByText(/does not run at the moment/)).toBeTruthy();
    expect(document.querySelector("main")?.dataset["stale"]).toBe("true");
    const asked = host.calls("house.workers").length;
    act(() => host.port.tell({ t: "line", state: "open", reason: "" }));
    await waitFor(() => expect(screen.queryByText(/does not run at the moment/)).toBeNull());
    expect(document.querySelector("main")?.dataset["stale"]).toBeUndefined();
    await waitFor(() => expect(host.calls("house.workers").length).toBeGreaterThan(asked)); // nothing old stays
  });

  it("says when storage takes no writes", async () => {
    host.answers["house.status"] = { storage: "read_only: disk full", notices: ["The disk is full; `garret doctor` says more."], workers: [] };
    await framed();
    expect((await screen.findByText("garret doctor")).tagName).toBe("CODE");
  });
});

describe("the overview of keys", () => {
  it("has the page's and the desktop's, and switches single keys off", async () => {
    const user = await framed();
    await user.keyboard("?");
    const help = await screen.findByRole("dialog", { name: "Keys" });
    expect(within(help).getByText("Find anything")).toBeTruthy();
    expect(await within(help).findByText("Dictate while it is held")).toBeTruthy();
    await user.click(within(help).getByRole("switch"));
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("dialog", { name: "Keys" })).toBeNull());
    await user.keyboard("?");
    expect(screen.queryByRole("dialog", { name: "Keys" })).toBeNull();
  });
});

describe("rooms", () => {
  it("are in the rail with what waits in them, their status in the bar, and their keys are heard", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const user = await framed();
    const rail = screen.getByRole("navigation", { name: "Rooms" });
    expect(within(rail).getByRole("link", { name: "Workers 3" }).getAttribute("aria-current")).toBe("page");
    expect(screen.getByText("notes status")).toBeTruthy();
    await user.keyboard("{Control>}j{/Control}");
    expect(await screen.findByRole("heading", { name: "Engines page" })).toBeTruthy();
    expect(document.activeElement).toBe(document.querySelector("main"));
    expect(within(screen.getByRole("navigation", { name: /Pages of/ })).getAllByRole("link")).toHaveLength(2);
    await act(() => router.navigate({ to: "/engines/broken" as "/" }));
    const tabs = within(screen.getByRole("navigation", { name: /Pages of/ })).getAllByRole("link");
    expect(tabs.map((tab) => tab.getAttribute("aria-current"))).toEqual([null, "page"]);
  });

  it("break alone", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    await framed();
    await act(() => router.navigate({ to: "/engines/broken" as "/" }));
    expect((await screen.findByRole("alert")).textContent).toContain("This page broke");
    await act(() => router.navigate({ to: "/notes" as "/" }));
    expect(await screen.findByRole("heading", { name: "Notes page" })).toBeTruthy();
  });

  it("are searched from the field at the top, and one that cannot be is named", async () => {
    const user = await framed();
    await user.keyboard("/");
    expect(document.activeElement).toBe(screen.getByRole("combobox", { name: "Search everything" }));
    await user.keyboard("abc");
    expect((await screen.findByRole("option")).textContent).toContain("Found abc");
    await user.clear(screen.getByRole("combobox", { name: "Search everything" }));
    await user.keyboard("broken");
    expect(await screen.findByText("Workers could not be searched: The notes are away.")).toBeTruthy();
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByText(/could not be searched/)).toBeNull());
    await user.clear(screen.getByRole("combobox", { name: "Search everything" }));
    await user.keyboard("abc");
    await screen.findByRole("option");
    await user.keyboard("{Enter}");
    expect(await screen.findByRole("heading", { name: "Engines page" })).toBeTruthy();
  });
});

describe("getting about", () => {
  it("F6 goes from region to region and round", async () => {
    // jsdom computes no boxes; all are taken as seen.
    Element.prototype.getClientRects = () => [{}] as unknown as DOMRectList;
    const user = await framed();
    const seen: (string | undefined)[] = [];
    for (let steps = 0; steps < 5; steps += 1) {
      await user.keyboard("{F6}");
      seen.push(document.activeElement?.closest<HTMLElement>("[data-region]")?.dataset["region"]);
    }
    expect(seen).toEqual(["rail", "top", "page", "status", "rail"]);
    await user.keyboard("{Shift>}{F6}{/Shift}");
    expect(document.activeElement?.closest<HTMLElement>("[data-region]")?.dataset["region"]).toBe("status");
  });

  it("an address that leads nowhere says so", async () => {
    await framed();
    await act(() => router.navigate({ to: "/nowhere" as "/" }));
    expect(await screen.findByText("There is no such page")).toBeTruthy();
  });

  it("the room of the last time is shown first", async () => {
    await framed();
    expect(JSON.parse(localStorage.getItem("garret.last") ?? "null")).toBe("/notes");
    await act(() => router.navigate({ to: "/engines" as "/" }));
    expect(document.title).toBe("Overview · Garret");
    await act(() => router.navigate({ to: "/" }));
    expect(router.state.location.pathname).toBe("/engines");
  });

  it("a page beside is opened by its key, kept for the room, and closed again", async () => {
    const user = await framed();
    await user.keyboard("{Control>}\\{/Control}");
    expect(await screen.findByRole("complementary", { name: "Beside" })).toBeTruthy();
    expect(JSON.parse(localStorage.getItem("garret.beside.notes") ?? '""')).not.toBe("");
    await user.click(screen.getByRole("button", { name: "Close the page beside" }));
    expect(screen.queryByRole("complementary", { name: "Beside" })).toBeNull();
  });

  it("other programs ask the window for a page and the palette, but no browser", async () => {
    await framed();
    act(() => host.greet("gateway"));
    act(() => host.happens("desk.asked_for", { page: "palette" }));
    expect(screen.queryByRole("combobox", { name: "What would you like to do?" })).toBeNull();
    act(() => host.greet("shell"));
    await waitFor(() => expect(host.port.of("call").filter((each) => each.name === "house.subscribe").length).toBeGreaterThan(0));
    act(() => host.happens("desk.asked_for", { page: "palette" }));
    expect(await palette()).toBeTruthy();
  });
});

it("a click on the name of a toast's action does it once", async () => {
  await framed();
  let undone = 0;
  act(() => void toasts.undoable("Deleted.", () => void (undone += 1)));
  const button = await screen.findByRole("button", { name: "Undo" });
  fireEvent.click(button);
  expect(undone).toBe(1);
  expect(screen.queryByText("Deleted.")).toBeNull();
});
