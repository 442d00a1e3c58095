// The one place that knows all rooms, in the order of the rail.

import { approvals } from "../rooms/approvals/room";
import { machine } from "../rooms/machine/room";
import { settings } from "../rooms/settings/room";
import type { RoomManifest } from "./room";

export const rooms: readonly RoomManifest[] = [approvals, machine, settings];
