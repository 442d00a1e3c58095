// The one place that knows all rooms, in the order of the rail.

import { approvals } from "../rooms/approvals/room";
import { machine } from "../rooms/machine/room";
import { settings } from "../rooms/settings/room";
import type { RoomManifest } from "./room";

export const rooms: readonly RoomManifest[] = [approvals, machine, settings];

/** Where the first steps are. */
export const FIRST_STEPS = "/settings/welcome";

/** The room that an address belongs to. */
export const roomAt = (path: string): RoomManifest | undefined =>
  rooms.find((room) => path === room.path || path.startsWith(`${room.path}/`));

/** The address of a room's page. */
export const pagePath = (room: RoomManifest, page: RoomManifest["pages"][number]): string =>
  page.path === "" ? room.path : `${room.path}/${page.path}`;

/** The page at an address. */
export function pageAt(path: string): RoomManifest["pages"][number] | undefined {
  const room = roomAt(path);
  return room?.pages.find((page) => pagePath(room, page) === path);
}
