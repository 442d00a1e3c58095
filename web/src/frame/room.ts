// What a room gives the frame, as data: rail entry, routes, palette actions, what events make stale.

import type { ComponentType, LazyExoticComponent } from "react";

import type { CommandName } from "../protocol/contracts";
import type { Refreshes } from "./house";

export interface Page {
  /** Below the room's own path; empty: its first page. */
  readonly path: string;
  /** A key of the catalogue. */
  readonly title: string;
  readonly view: LazyExoticComponent<ComponentType>;
}

export interface PaletteAction {
  readonly id: string;
  /** A key of the catalogue. */
  readonly title: string;
  readonly keys?: string;
  /** What must be allowed for it to be offered. */
  readonly needs?: CommandName;
  run(tools: { go(path: string): void }): void;
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
}
