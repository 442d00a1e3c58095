// @vitest-environment jsdom
// What rooms share: panes, tables, faces, errors, moments.

import { act, cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { DataTable } from "../src/frame/DataTable";
import { ErrorCard, reportOf } from "../src/frame/ErrorCard";
import { Faces } from "../src/frame/Faces";
import { useAsk } from "../src/frame/house";
import { PageBoundary } from "../src/frame/PageBoundary";
import { Panes } from "../src/frame/Panes";
import { RelativeTime } from "../src/frame/RelativeTime";
import { SkeletonRows } from "../src/frame/Skeleton";
import { GarretError } from "../src/protocol/contracts";
import { Host, show } from "./host.fake";

let host: Host;
beforeEach(() => {
  localStorage.clear();
  host = new Host();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  document.documentElement.dir = "";
});

describe("panes", () => {
  const bar = () => screen.getByRole("separator");
  const now = () => Number(bar().getAttribute("aria-valuenow"));

  it("are moved by keys, within bounds, and come back as they were left", async () => {
    const { unmount } = show(host, <Panes name="p" start="one" end="two" initial={0.5} least={0.3} />);
    fireEvent.keyDown(bar(), { key: "ArrowRight" });
    expect(now()).toBe(52);
    fireEvent.keyDown(bar(), { key: "ArrowLeft", shiftKey: true });
    expect(now()).toBe(42);
    fireEvent.keyDown(bar(), { key: "Home" });
    fireEvent.keyDown(bar(), { key: "ArrowLeft" });
    expect(now()).toBe(30);
    unmount();
    show(host, <Panes name="p" start="one" end="two" initial={0.5} least={0.3} />);
    expect(now()).toBe(30);
  });

  it("follow the arrows where one reads from right to left", () => {
    document.documentElement.dir = "rtl";
    show(host, <Panes name="p" start="one" end="two" initial={0.5} />);
    fireEvent.keyDown(bar(), { key: "ArrowLeft" });
    expect(now()).toBe(52);
  });

  it("are moved by clicks as well", async () => {
    const user = userEvent.setup();
    show(host, <Panes name="p" start="one" end="two" initial={0.4} />);
    fireEvent.keyDown(bar(), { key: "Enter" });
    await user.click(await screen.findByRole("menuitem", { name: "Both the same" }));
    expect(now()).toBe(50);
  });

  it("keep the first as it is when the second comes and goes", async () => {
    const user = userEvent.setup();
    function Page() {
      const [beside, setBeside] = useState(false);
      const field = <input aria-label="field" onDoubleClick={() => setBeside(!beside)} />;
      return <Panes name="p" start={field} end={beside ? "second" : null} />;
    }
    show(host, <Page />);
    const field = screen.getByLabelText("field");
    expect(screen.queryByRole("separator")).toBeNull();
    await user.type(field, "draft");
    await user.dblClick(field);
    expect(screen.getByText("second")).toBeTruthy();
    expect(screen.getByLabelText("field")).toBe(field);
    await user.dblClick(field);
    expect(screen.queryByText("second")).toBeNull();
    expect((screen.getByLabelText("field") as HTMLInputElement).value).toBe("draft");
  });
});

describe("a table", () => {
  const rows = [
    { name: "beta", bytes: 2 },
    { name: "alpha", bytes: 10 },
    { name: "gamma", bytes: 1 },
  ];
  const columns = [
    { id: "name", title: "Name", value: (row: (typeof rows)[number]) => row.name },
    { id: "bytes", title: "Size", value: (row: (typeof rows)[number]) => row.bytes, show: (row: (typeof rows)[number]) => `${row.bytes} B`, figure: true },
  ];
  const names = () => screen.getAllByRole("row").slice(1).map((row) => within(row).getAllByRole("cell")[0]?.textContent);

  it("sorts by figures as figures, at a click, and says how", async () => {
    const user = userEvent.setup();
    show(host, <DataTable label="Things" rows={rows} columns={columns} keyOf={(row) => row.name} />);
    expect(names()).toEqual(["beta", "alpha", "gamma"]);
    await user.click(screen.getByRole("button", { name: "Name" }));
    expect(names()).toEqual(["alpha", "beta", "gamma"]);
    expect(screen.getByRole("columnheader", { name: "Name" }).getAttribute("aria-sort")).toBe("ascending");
    await user.click(screen.getByRole("button", { name: "Size" }));
    const once = names();
    await user.click(screen.getByRole("button", { name: "Size" }));
    expect([once, names()]).toContainEqual(["alpha", "beta", "gamma"]); // 10, 2, 1: not as texts
    expect([once, names()]).toContainEqual(["gamma", "beta", "alpha"]);
  });

  it("draws only what is seen of very many", () => {
    const many = Array.from({ length: 5000 }, (_, at) => ({ name: `n${at}`, bytes: at }));
    show(host, <DataTable label="Things" rows={many} columns={columns} keyOf={(row) => row.name} />);
    expect(screen.getAllByRole("row").length).toBeLessThan(200);
    expect(screen.getByRole("table").getAttribute("aria-rowcount")).toBe("5001");
  });
});

describe("faces", () => {
  function Asked() {
    const status = useAsk("house.workers", {});
    return (
      <Faces of={status} isEmpty={(found) => found.workers.length === 0} empty={<p>nothing yet</p>}>
        {(found) => <p>{found.workers.length} workers</p>}
      </Faces>
    );
  }

  it("are loading, then content or empty", async () => {
    show(host, <Asked />);
    expect(screen.getByRole("status").getAttribute("aria-busy")).toBe("true");
    expect(await screen.findByText("nothing yet")).toBeTruthy();
  });

  it("are an error with a way to try again", async () => {
    const user = userEvent.setup();
    const answer = host.port.answer;
    host.port.answer = (message) =>
      host.port.tell({ t: "error", id: message.id, error: { code: "busy", message: "Too much at once.", retryable: true, details: {} } });
    show(host, <Asked />);
    expect((await screen.findByRole("alert")).textContent).toContain("Too much at once.");
    host.port.answer = answer;
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("nothing yet")).toBeTruthy();
  });

  it("show nothing for 150 ms, so that what comes sooner does not flicker", () => {
    vi.useFakeTimers();
    show(host, <SkeletonRows />);
    const skeleton = screen.getByRole("status");
    expect(skeleton.dataset["late"]).toBeUndefined();
    act(() => vi.advanceTimersByTime(149));
    expect(skeleton.dataset["late"]).toBeUndefined();
    act(() => vi.advanceTimersByTime(2));
    expect(skeleton.dataset["late"]).toBe("true");
  });
});

describe("errors", () => {
  it("say the sentence, not the exception", () => {
    const error = new GarretError({ code: "full", message: "The disk is full. Nothing was lost.", retryable: false, details: { free: 0 } });
    show(host, <ErrorCard error={error} />);
    const card = screen.getByRole("alert");
    expect(card.textContent).toContain("The disk is full. Nothing was lost.");
    expect(card.textContent).not.toMatch(/GarretError|full"/);
    expect(reportOf(error)).toContain('"free": 0');
  });

  it("of a page stay within it, and go with the address or at a click", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const user = userEvent.setup();
    let broken = true;
    function Page() {
      if (broken) throw new Error("a bug");
      return <p>whole</p>;
    }
    show(
      host,
      <>
        <p>the frame</p>
        <PageBoundary path="/a">
          <Page />
        </PageBoundary>
      </>,
    );
    expect(screen.getByRole("alert").textContent).toContain("This page broke");
    expect(screen.getByText("the frame")).toBeTruthy();
    broken = false;
    await user.click(screen.getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(screen.queryByText("whole")).not.toBeNull());
  });
});

it("a moment says later what it is later", () => {
  vi.useFakeTimers();
  vi.setSystemTime(new Date("2026-05-20T12:00:00Z"));
  show(host, <RelativeTime at={Date.now() / 1000} />);
  expect(screen.getByText("now")).toBeTruthy();
  act(() => vi.advanceTimersByTime(46_000));
  expect(screen.getByText("1 minute ago").getAttribute("title")).toContain("2026");
  act(() => vi.advanceTimersByTime(5 * 60_000));
  expect(screen.getByText(/^[56] minutes ago$/)).toBeTruthy();
});
