// Which room and page an address stands for.

import type { Page, RoomManifest } from "./room";
import { rooms } from "./rooms";

/** The room that an address belongs to. */
export const roomAt = (path: string): RoomManifest | undefined =>
  rooms.find((room) => path === room.path || path.startsWith(`${room.path}/`));

/** The address of a room's page. */
export const pagePath = (room: RoomManifest, page: Page): string =>
  page.path === "" ? room.path : `${room.path}/${page.path}`;

/** The page at an address. */
export function pageAt(path: string): Page | undefined {
  const room = roomAt(path);
  return room?.pages.find((page) => pagePath(room, page) === path);
}
