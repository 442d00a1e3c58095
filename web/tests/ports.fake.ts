// A port under a test's hand: what the page sends is kept, and the test says what the host answers.

import type { Port } from "../src/protocol/channel";

export interface Sent {
  readonly t: string;
  readonly id?: number;
  readonly name?: string;
  readonly payload?: unknown;
  readonly value?: unknown;
  readonly count?: number;
  readonly files?: readonly string[];
}

export class HandPort implements Port {
  readonly sent: Sent[] = [];
  private hearer: { text(text: string): void; closed(reason: string): void } | null = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Sent);
    this.answer?.(this.sent.at(-1) as Sent);
  }

  /** Called with each message, where a test wants to answer at once. */
  answer: ((message: Sent) => void) | null = null;

  attach(hear: { text(text: string): void; closed(reason: string): void }): void {
    this.hearer = hear;
  }

  fetchFile(): Promise<Response> {
    return Promise.resolve(new Response("content"));
  }

  putFile(): Promise<string> {
    return Promise.resolve("ticket");
  }

  tell(message: unknown): void {
    this.hearer?.text(JSON.stringify(message));
  }

  close(reason: string): void {
    this.hearer?.closed(reason);
  }

  of(t: string): readonly Sent[] {
    return this.sent.filter((message) => message.t === t);
  }
}
