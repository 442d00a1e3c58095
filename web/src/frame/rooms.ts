// The one place that knows all rooms.

import { machine } from "../rooms/machine/room";
import type { RoomManifest } from "./room";

export const rooms: readonly RoomManifest[] = [machine];

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
