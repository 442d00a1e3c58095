// @vitest-environment jsdom
// The first steps can be left, and lead to the first room and not back to themselves.

import { act, cleanup, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import FirstRun from "../src/rooms/first/FirstRun";
import { Host, show } from "./host.fake";

const went = vi.hoisted(() => vi.fn());
vi.mock("@tanstack/react-router", async (original) => ({ ...(await original<object>()), useNavigate: () => went }));

afterEach(() => (cleanup(), went.mockClear()));

test.each(["Skip", "Done"])("%s leads to the first room, and it is kept that they were gone through", async (name) => {
  const host = new Host();
  host.answers["stt.engines"] = { engines: [] };
  host.answers["dictate.models"] = { models: [] };
  show(host, <FirstRun />);
  act(() => host.greet());
  if (name === "Done") fireEvent.click(await screen.findByText("Better speech"));
  fireEvent.click(await screen.findByRole("button", { name }));
  expect(went).toHaveBeenCalledWith({ to: "/dictate" });
  await waitFor(() => expect(host.calls("house.setting_set")).toEqual([{ key: "desk.first_run_done", value: "yes" }]));
});

test("the key is tried in a field of the page, where the desktop gives it", async () => {
  const host = new Host();
  host.answers["window.hotkeys"] = { hotkeys: [{ action: "talk", keys: "Ctrl+Alt+Space", works: true, sentence: "", offer: "" }] };
  show(host, <FirstRun />);
  act(() => host.greet("shell", ["window.hotkeys"]));
  fireEvent.click(await screen.findByText("Hotkeys"));
  expect(await screen.findByLabelText(/hold Ctrl\+Alt\+Space/)).toBeTruthy();
});
