// What a room gives the frame, as data: rail entry, pages, palette actions, search, status, what events make stale.

import type { ComponentType, LazyExoticComponent } from "react";

import type { CommandName } from "../protocol/contracts";
import type { Question } from "./Dialog";
import type { House, Refreshes } from "./house";
import type { Toasts } from "./toasts";

export interface Page {
  /** Below the room's own path; empty: its first page. */
  readonly path: string;
  /** A key of the catalogue. */
  readonly title: string;
  readonly view: LazyExoticComponent<ComponentType>;
  /** What must be allowed for it to be offered. */
  readonly needs?: CommandName;
}

/** What an action may use. */
export interface ActionTools {
  readonly house: House;
  readonly toasts: Toasts;
  /** A text of the catalogue, by its full key. */
  t(key: string, values?: Readonly<Record<string, unknown>>): string;
  go(path: string): void;
  /** Ask before what cannot be taken back. */
  confirm(question: Question): Promise<boolean>;
}

export interface PaletteAction {
  readonly id: string;
  /** A key of the catalogue. */
  readonly title: string;
  /** Heard on every page; see `keys.tsx` for how they are written. */
  readonly keys?: string;
  /** What must be allowed for it to be offered. */
  readonly needs?: CommandName;
  /** What it throws is told as a toast. */
  run(tools: ActionTools): void | Promise<void>;
}

/** Something that a search found. */
export interface SearchHit {
  readonly id: string;
  readonly title: string;
  readonly detail?: string;
  /** When it was, in seconds since 1970. */
  readonly at?: number;
  /** Where it is shown, such as `/dictate#ID`. */
  readonly path: string;
}

export interface RoomManifest {
  readonly name: string;
  /** The address of its first page, such as `/dictate`. */
  readonly path: string;
  readonly title: string;
  readonly icon: ComponentType<{ readonly size?: number | string; readonly stroke?: number | string }>;
  /** Where it stands in the rail: what one works in above, what looks after the house below. */
  readonly place: "work" | "house";
  readonly pages: readonly Page[];
  readonly actions: readonly PaletteAction[];
  readonly refreshes: Refreshes;
  /** How much waits here, as a badge in the rail. */
  readonly useBadge?: () => number;
  /** Shown in the status bar. */
  readonly Status?: ComponentType;
  /** What the search field and the palette find here: the best first, 20 at most. */
  readonly search?: (text: string, house: House, signal: AbortSignal) => Promise<readonly SearchHit[]>;
}

/** Where a setting is shown: the settings page opens at the fragment. */
export const settingPath = (key: string): string => `/settings#${key}`;
