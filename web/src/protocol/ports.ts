// The two ports a page may find: the window's bridge (Qt's web channel) and a WebSocket to the gateway.
// Each comes back by itself; while it is away, what is sent is dropped, since the channel has failed those calls.

import type { Port } from "./channel";
import { GarretError, type WireError } from "./contracts";

interface Bridge {
  send(text: string): void;
  readonly message: { connect(hear: (text: string) => void): void };
}

declare global {
  interface Window {
    /** Set by the window's host before the page's scripts run. */
    readonly garretBridge?: Promise<Bridge>;
  }
}

type Hearer = { text(text: string): void; closed(reason: string): void };

const PIECE = 8 << 20;

const files = {
  fetchFile: (ticket: string) => fetch(`/files/${encodeURIComponent(ticket)}`),
  /** In pieces: a host holds one at a time, and what is not as long as it was told to be is not kept. */
  async putFile(file: Blob, signal?: AbortSignal): Promise<string> {
    let upload = "";
    for (let at = 0; ; at += PIECE) {
      const body = file.slice(at, at + PIECE);
      const more = at + PIECE < file.size;
      const query = `size=${body.size}${more ? "&more=1" : ""}${upload && `&upload=${encodeURIComponent(upload)}`}`;
      const answer = await fetch(`/files?${query}`, { method: "POST", body, ...(signal ? { signal } : {}) });
      const told = (await answer.json()) as { ticket?: string; upload?: string; error?: WireError };
      if (told.error !== undefined) throw new GarretError(told.error);
      if (told.ticket !== undefined) return told.ticket;
      upload = told.upload ?? "";
    }
  },
};

/** In the window: texts go over Qt's web channel. */
export function bridgePort(bridge: Promise<Bridge>): Port {
  const before: string[] = [];
  let open: Bridge | null = null;
  return {
    ...files,
    send(text) {
      if (open === null) before.push(text);
      else open.send(text);
    },
    attach(hear) {
      void bridge.then((found) => {
        found.message.connect((text) => hear.text(text));
        open = found;
        for (const text of before.splice(0)) found.send(text);
      });
    },
  };
}

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5_000;

const REVOKED = 1008; // RFC 6455, 7.4.1: a policy was violated; the gateway ends a session's pages so
const LET_IN_NO_MORE = 401;

/** Whether the gateway knows this browser no more: its session was ended, or the gateway began anew. */
async function isOut(): Promise<boolean> {
  try {
    return (await fetch("/index.html", { method: "HEAD", cache: "no-store" })).status === LET_IN_NO_MORE;
  } catch {
    return false; // it is away
  }
}

/** In a browser: a WebSocket to the gateway that served the page. `out`: this browser is let in no more. */
export function socketPort(address: string, away: string, out: () => void): Port {
  let socket: WebSocket | null = null;
  let pause = FIRST_PAUSE;
  const before: string[] = [];
  let left = false;
  const leave = async () => {
    if (!(await isOut()) || left) return;
    left = true;
    out();
  };
  const open = (hear: Hearer) => {
    const fresh = new WebSocket(address);
    let opened = false;
    fresh.onopen = () => {
      opened = true;
      socket = fresh;
      pause = FIRST_PAUSE;
      for (const text of before.splice(0)) fresh.send(text);
    };
    fresh.onmessage = (event) => hear.text(String(event.data));
    fresh.onclose = (event) => {
      socket = null;
      before.length = 0;
      hear.closed(away);
      // A refused handshake looks as a gateway that is away does, and one that is away has no door to go to.
      if (!opened || event.code === REVOKED) void leave();
      setTimeout(() => left || open(hear), pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    };
  };
  return {
    ...files,
    send(text) {
      if (socket === null) before.push(text);
      else socket.send(text);
    },
    attach: open,
  };
}

/** The port of wherever this page is shown. */
export function port(away: string): Port {
  if (window.garretBridge !== undefined) return bridgePort(window.garretBridge);
  const scheme = window.location.protocol === "https:" ? "wss:" : "ws:";
  return socketPort(`${scheme}//${window.location.host}/channel`, away, () => window.location.assign("/enter"));
}
