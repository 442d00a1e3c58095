// The one place that knows all rooms.

import { machine } from "../rooms/machine/room";
import type { RoomManifest } from "./room";

export const rooms: readonly RoomManifest[] = [machine];
