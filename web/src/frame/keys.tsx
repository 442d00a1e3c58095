// The keys of the page, and its layers: who hears a key, and what Esc closes.
//
//   useKeys([{ keys: "Ctrl+K", title: t("palette.open"), run: open }]);
//   const layer = useLayer(opened, close);   // around what lies over the page: <LayerContext value={layer}>
//
// A binding is heard while what declared it is the topmost layer (or says `always`). Keys without Ctrl, Alt or Meta
// are never heard in a text field, and a person can switch them off (WCAG 2.1.4). Esc closes the topmost layer only.

import { createContext, useContext, useEffect, useId, useRef, useSyncExternalStore } from "react";

import { recall, remember } from "./remembered";

export interface Binding {
  /** Such as `Ctrl+K`, `?`, `g d` is none: one press, modifiers first. On a Mac, Ctrl is Command. */
  readonly keys: string;
  /** What it does, in the language of the page, for the overview of keys. */
  readonly title: string;
  readonly run: () => void;
  /** Under which heading the overview has it; the page's own where there is none. */
  readonly group?: string;
  /** Heard whatever lies over the page. */
  readonly always?: boolean;
}

interface Layer {
  readonly id: string;
  readonly close: () => void;
}

const SINGLE = "single_keys";

/** A key press as it is written in bindings. */
export function written(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string {
  const key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const letter = /^[\p{L}\p{N}]$/u.test(key) || key.length > 1;
  const modifiers = [
    event.ctrlKey || event.metaKey ? "Ctrl" : "",
    event.altKey ? "Alt" : "",
    event.shiftKey && letter ? "Shift" : "", // a sign such as ? has its shift within
  ];
  return [...modifiers, key].filter((part) => part !== "").join("+");
}

/** Whether a key press goes into a text. */
export function inText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "range", "button", "submit", "file"].includes(target.type);
}

const single = (keys: string): boolean => !/(Ctrl|Alt)\+/.test(keys) && keys.replace("Shift+", "").length === 1;

/** Whether Esc is for a menu or list that is open just there, which closes itself. */
const ownsEscape = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.dataset["mantineStopPropagation"] === "true" || target.closest("[data-popover-dropdown], .mantine-Popover-dropdown") !== null);

/** All keys and layers of one page. */
export class Keys {
  private readonly sets = new Map<string, { readonly layer: string; readonly bindings: readonly Binding[] }>();
  private readonly layers: Layer[] = [];
  private readonly listeners = new Set<() => void>();
  private offered: readonly Binding[] | null = null;
  singleKeys = recall(SINGLE, true);

  declare(id: string, layer: string, bindings: readonly Binding[]): () => void {
    this.sets.set(id, { layer, bindings });
    this.changed();
    return () => {
      this.sets.delete(id);
      this.changed();
    };
  }

  open(layer: Layer): () => void {
    this.layers.push(layer);
    this.changed();
    return () => {
      const at = this.layers.indexOf(layer);
      if (at >= 0) this.layers.splice(at, 1);
      this.changed();
    };
  }

  /** The layer on top; empty: the page itself. */
  get top(): string {
    return this.layers.at(-1)?.id ?? "";
  }

  /** All that is declared now, for the overview; the same array until something changes. */
  readonly bindings = (): readonly Binding[] => {
    this.offered ??= [...this.sets.values()].flatMap((set) => set.bindings);
    return this.offered;
  };

  readonly listen = (changed: () => void): (() => void) => {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  };

  switchSingle(on: boolean): void {
    this.singleKeys = on;
    remember(SINGLE, on);
    this.changed();
  }

  /** Carry out a key press; whether somebody wanted it. */
  press(event: KeyboardEvent): boolean {
    if (event.isComposing || event.defaultPrevented) return false;
    if (event.key === "Escape") {
      const layer = this.layers.at(-1);
      if (layer === undefined || ownsEscape(event.target)) return false;
      layer.close();
      return true;
    }
    const keys = written(event);
    const alone = single(keys);
    if (alone && (!this.singleKeys || inText(event.target))) return false;
    if (keys === "Ctrl+Z" && inText(event.target)) return false; // the field's own undo
    const top = this.top;
    const found = [...this.sets.values()]
      .reverse()
      .flatMap((set) => set.bindings.filter((binding) => binding.always === true || set.layer === top))
      .find((binding) => binding.keys === keys);
    if (found === undefined) return false;
    found.run();
    return true;
  }

  private changed(): void {
    this.offered = null;
    for (const hear of this.listeners) hear();
  }
}

export const keys = new Keys();

/** Hear the keys of this window; what this returns ends it. */
export function listenToKeys(target: Window = window, of: Keys = keys): () => void {
  const hear = (event: KeyboardEvent) => {
    if (!of.press(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  // Before what lies in the page, so that a layer is closed before something below hears the same Esc.
  target.addEventListener("keydown", hear, { capture: true });
  return () => target.removeEventListener("keydown", hear, { capture: true });
}

/** In which layer a part of the page is; empty: the page itself. */
export const LayerContext = createContext("");

/** Declare keys for as long as this is shown. */
export function useKeys(bindings: readonly Binding[]): void {
  const id = useId();
  const layer = useContext(LayerContext);
  const latest = useRef(bindings);
  latest.current = bindings;
  const shape = bindings.map((binding) => `${binding.keys}\t${binding.title}\t${binding.group ?? ""}\t${binding.always ?? false}`).join("\n");
  useEffect(() => {
    const stable = latest.current.map((binding, index) => ({ ...binding, run: () => latest.current[index]?.run() }));
    return keys.declare(id, layer, stable);
  }, [id, layer, shape]);
}

/** Be the topmost layer while `opened`: Esc calls `close`, and keys of what lies below rest. The layer's name. */
export function useLayer(opened: boolean, close: () => void): string {
  const id = useId();
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => (opened ? keys.open({ id, close: () => latest.current() }) : undefined), [id, opened]);
  return id;
}

/** All keys that are declared now. */
export const useBindings = (): readonly Binding[] => useSyncExternalStore(keys.listen, keys.bindings);

/** Whether keys without a modifier are heard. */
export const useSingleKeys = (): boolean => useSyncExternalStore(keys.listen, () => keys.singleKeys);

/** Keys as they are shown: each a cap. */
export function KeyCaps({ keys: text }: { readonly keys: string }) {
  const parts = text === "+" ? ["+"] : text.split("+");
  return (
    <span className="g-keys">
      {parts.map((part) => (
        <kbd key={part}>{CAPS[part] ?? part}</kbd>
      ))}
    </span>
  );
}

const CAPS: Readonly<Record<string, string>> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Enter: "↵",
  Escape: "Esc",
};
