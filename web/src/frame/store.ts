// A value that outlives the page that shows it, and who hears when it changes.

import { useSyncExternalStore } from "react";

export class Store<T> {
  private readonly listeners = new Set<() => void>();

  constructor(private held: T) {}

  readonly get = (): T => this.held;

  set(value: T): void {
    if (value === this.held) return;
    this.held = value;
    for (const hear of this.listeners) hear();
  }

  readonly listen = (changed: () => void): (() => void) => {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  };
}

export const useStore = <T>(store: Store<T>): T => useSyncExternalStore(store.listen, store.get);
