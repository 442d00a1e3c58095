// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Keys, keys, LayerContext, listenToKeys, useKeys, useLayer, written } from "../src/frame/keys";

const press = (key: string, more: KeyboardEventInit = {}, on: Element = document.body) =>
  fireEvent.keyDown(on, { key, bubbles: true, cancelable: true, ...more });

let stop: () => void;
beforeEach(() => {
  localStorage.clear();
  keys.switchSingle(true);
  stop = listenToKeys();
});
afterEach(() => {
  cleanup();
  stop();
});

function Page({ run, children }: { readonly run: (what: string) => void; readonly children?: React.ReactNode }) {
  useKeys([
    { keys: "?", title: "help", run: () => run("?") },
    { keys: "Ctrl+K", title: "palette", run: () => run("Ctrl+K"), always: true },
    { keys: "Ctrl+Z", title: "undo", run: () => run("Ctrl+Z") },
  ]);
  return <>{children}</>;
}

function Layer({ name, run }: { readonly name: string; readonly run?: (what: string) => void }) {
  const [opened, setOpened] = useState(true);
  const layer = useLayer(opened, () => setOpened(false));
  return <LayerContext value={layer}>{opened && <Inside name={name} run={run} />}</LayerContext>;
}

function Inside({ name, run }: { readonly name: string; readonly run: ((what: string) => void) | undefined }) {
  useKeys([{ keys: "?", title: name, run: () => run?.(name) }]);
  return <p>{name}</p>;
}

it.each([
  [{ key: "k", ctrlKey: true }, "Ctrl+K"],
  [{ key: "k", metaKey: true }, "Ctrl+K"],
  [{ key: "K", ctrlKey: true, shiftKey: true }, "Ctrl+Shift+K"],
  [{ key: "?", shiftKey: true }, "?"],
  [{ key: "F6", shiftKey: true }, "Shift+F6"],
  [{ key: " ", altKey: true }, "Alt+Space"],
])("%o is written %s", (event, text) => {
  const none = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
  expect(written({ ...none, ...event })).toBe(text);
});

describe("single keys", () => {
  it("are heard on the page and never in a text", () => {
    const run = vi.fn();
    render(
      <Page run={run}>
        <input aria-label="text" />
        <input aria-label="box" type="checkbox" />
        <textarea aria-label="area" />
      </Page>,
    );
    press("?", { shiftKey: true });
    press("?", { shiftKey: true }, screen.getByLabelText("box"));
    expect(run).toHaveBeenCalledTimes(2);
    press("?", { shiftKey: true }, screen.getByLabelText("text"));
    press("?", { shiftKey: true }, screen.getByLabelText("area"));
    expect(run).toHaveBeenCalledTimes(2);
    press("k", { ctrlKey: true }, screen.getByLabelText("text"));
    expect(run).toHaveBeenLastCalledWith("Ctrl+K");
  });

  it("can be switched off, and that is remembered", () => {
    const run = vi.fn();
    render(<Page run={run} />);
    keys.switchSingle(false);
    press("?", { shiftKey: true });
    expect(run).not.toHaveBeenCalled();
    press("k", { ctrlKey: true });
    expect(run).toHaveBeenCalledWith("Ctrl+K");
    expect(new Keys().singleKeys).toBe(false);
  });

  it("Ctrl+Z in a text is the text's own", () => {
    const run = vi.fn();
    render(
      <Page run={run}>
        <input aria-label="text" />
      </Page>,
    );
    expect(press("z", { ctrlKey: true }, screen.getByLabelText("text"))).toBe(true); // not prevented
    expect(run).not.toHaveBeenCalled();
    press("z", { ctrlKey: true });
    expect(run).toHaveBeenCalledWith("Ctrl+Z");
  });
});

describe("layers", () => {
  it("Esc closes the topmost alone", () => {
    render(
      <>
        <Layer name="below" />
        <Layer name="above" />
      </>,
    );
    press("Escape");
    expect(screen.queryByText("above")).toBeNull();
    expect(screen.queryByText("below")).not.toBeNull();
    press("Escape");
    expect(screen.queryByText("below")).toBeNull();
    expect(press("Escape")).toBe(true); // nobody's: not prevented
  });

  it("keys are the topmost layer's, but for those that are always heard", () => {
    const run = vi.fn();
    render(
      <Page run={run}>
        <Layer name="over" run={run} />
      </Page>,
    );
    press("?", { shiftKey: true });
    expect(run).toHaveBeenLastCalledWith("over");
    press("k", { ctrlKey: true });
    expect(run).toHaveBeenLastCalledWith("Ctrl+K");
    press("Escape");
    press("?", { shiftKey: true });
    expect(run).toHaveBeenLastCalledWith("?");
  });

  it("Esc in a menu that is open is the menu's", () => {
    render(<Layer name="dialog" />);
    const menu = document.createElement("div");
    menu.className = "mantine-Popover-dropdown";
    menu.innerHTML = "<button>one</button>";
    document.body.append(menu);
    press("Escape", {}, menu.querySelector("button") as Element);
    expect(screen.queryByText("dialog")).not.toBeNull();
    menu.remove();
  });
});

it("keys that are gone are not heard", () => {
  const run = vi.fn();
  render(<Page run={run} />).unmount();
  press("?", { shiftKey: true });
  expect(run).not.toHaveBeenCalled();
  expect(keys.bindings()).toEqual([]);
});
