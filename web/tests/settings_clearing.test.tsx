// @vitest-environment jsdom
// Clearing what is one's own: what will go is shown, a word has to be typed, and what went can come back.

import { act, cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";

import { acts, typed } from "../src/rooms/settings/clearing";
import { ClearData } from "../src/rooms/settings/ClearData";
import { toasts } from "../src/frame/toasts";
import { Host, show } from "./host.fake";

afterEach(cleanup);

const HOLDINGS = {
  at: 1000.5,
  profile: "admin",
  rooms: [
    {
      room: "dictate",
      holdings: [{ kind: "dictations", count: 1234, bytes: 4096 }, { kind: "recordings", count: 7, bytes: 0 }],
      restorable: [],
    },
  ],
};

test("acts of several rooms under one name are one, and end with the soonest", () => {
  const restorable = [
    { clearing: "a", count: 1, at: 5, until: 90 },
    { clearing: "b", count: 2, at: 9, until: 80 },
  ];
  const rooms = [
    { room: "x", holdings: [], restorable },
    { room: "y", holdings: [], restorable: [{ clearing: "a", count: 3, at: 6, until: 70 }] },
  ];
  expect(acts({ at: 0, profile: "p", rooms })).toEqual([
    { clearing: "b", count: 2, at: 9, until: 80 },
    { clearing: "a", count: 4, at: 6, until: 70 },
  ]);
});

test("the word counts in any case, and nothing else does", () => {
  expect(typed(" Clear ", "clear")).toBe(true);
  expect(typed("", "clear")).toBe(false);
  expect(typed("clea", "clear")).toBe(false);
});

test("nothing goes before the word is typed, what was shown goes, and Undo brings it back", async () => {
  const host = new Host();
  host.answers["house.holdings"] = HOLDINGS;
  host.answers["house.clear"] = { clearing: "clr_1", count: 1234, busy: 0, until: 2000 };
  host.answers["house.restore"] = { clearing: "clr_1", count: 1234, busy: 0, until: 0 };
  show(host, <ClearData />);
  act(() => host.greet());
  expect(await screen.findByText("1,234")).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: "Clear my data …" }));
  const dialog = await screen.findByRole("dialog");
  const go = within(dialog).getByRole("button", { name: "Clear all of it" });
  const field = within(dialog).getByLabelText("Type “clear” to go on");
  fireEvent.submit(field.closest("form") as HTMLFormElement);
  expect((go as HTMLButtonElement).disabled).toBe(true);
  expect(host.calls("house.clear")).toEqual([]);
  fireEvent.change(field, { target: { value: "clear" } });
  fireEvent.click(go);
  await waitFor(() => expect(host.calls("house.clear")).toMatchObject([{ until: 1000.5 }]));
  await waitFor(() => expect(toasts.state().shown.at(-1)?.text).toBe("1234 dictations were cleared"));
  act(() => void toasts.undo());
  await waitFor(() => expect(host.calls("house.restore")).toMatchObject([{ clearing: "clr_1" }]));
});

test("what was cleared before can come back from its row", async () => {
  const host = new Host();
  const restorable = [{ clearing: "clr_9", count: 2, at: 1000, until: 3000 }];
  host.answers["house.holdings"] = { ...HOLDINGS, rooms: [{ room: "dictate", holdings: [], restorable }] };
  host.answers["house.restore"] = { clearing: "clr_9", count: 2, busy: 0, until: 0 };
  show(host, <ClearData />);
  act(() => host.greet());
  fireEvent.click(await screen.findByRole("button", { name: "Bring back" }));
  await waitFor(() => expect(host.calls("house.restore")).toMatchObject([{ clearing: "clr_9" }]));
  expect((screen.getByRole("button", { name: "Clear my data …" }) as HTMLButtonElement).disabled).toBe(true);
});
