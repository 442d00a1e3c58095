// What a page says into a live dictation that listens to the house's microphone: no sound, only wishes about it.
// It stays open until the dictation has ended, since the end of what streams in ends the listening. Pure.

import type { DictateAudioChunkInput } from "../../protocol/contracts";

export class Wishes implements AsyncIterable<DictateAudioChunkInput> {
  private readonly waiting: DictateAudioChunkInput[] = [];
  private over = false;
  private wake: () => void = () => undefined;

  add(wish: DictateAudioChunkInput): void {
    this.waiting.push(wish);
    this.wake();
  }

  end(): void {
    this.over = true;
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<DictateAudioChunkInput> {
    while (true) {
      for (const wish of this.waiting.splice(0)) yield wish;
      if (this.over) return;
      if (this.waiting.length === 0) await new Promise<void>((wake) => (this.wake = wake));
    }
  }
}
