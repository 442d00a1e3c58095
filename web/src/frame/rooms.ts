// The one place that knows all rooms, in the order of the rail.

import { approvals } from "../rooms/approvals/room";
import { data } from "../rooms/data/room";
import { dictate } from "../rooms/dictate/room";
import { machine } from "../rooms/machine/room";
import { settings } from "../rooms/settings/room";
import type { RoomManifest } from "./room";

export const rooms: readonly RoomManifest[] = [dictate, data, approvals, machine, settings];

/** Where the first steps are. */
export const FIRST_STEPS = "/settings/welcome";
