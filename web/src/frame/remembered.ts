// What this page remembers between starts: small things that belong to this window or browser alone.
//
// Kept in localStorage below `garret.`; where that is full or forbidden the page works and remembers nothing.

import { useCallback, useEffect, useRef, useState } from "react";

const PREFIX = "garret.";

/** What was kept under a name; `fallback` where there is nothing or something unreadable. */
export function recall<T>(name: string, fallback: T): T {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

/** Keep a value under a name; undefined forgets it. */
export function remember(name: string, value: unknown): void {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Full, or forbidden by the browser: nothing of the house's own is lost with it.
  }
}

/** State that is there again at the next start. */
export function useRemembered<T>(name: string, initial: T): [T, (value: T) => void] {
  const [held, setHeld] = useState(() => ({ name, value: recall(name, initial) }));
  const current = held.name === name ? held.value : recall(name, initial);
  const set = useCallback(
    (value: T) => {
      remember(name, value);
      setHeld({ name, value });
    },
    [name],
  );
  return [current, set];
}

const DRAFT_PAUSE = 250; // milliseconds: typing is not slowed by writing each key press

/**
 * A text that is being written: it is there again after a reload, a crash, another page, for this profile alone.
 *
 *   const [text, setText, clear] = useDraft("dictate.note", profile);
 */
export function useDraft(name: string, profile: string, initial = ""): [string, (text: string) => void, () => void] {
  const key = `draft.${profile}.${name}`;
  const [held, setHeld] = useState(() => ({ key, text: recall(key, initial) }));
  const text = held.key === key ? held.text : recall(key, initial);
  const pending = useRef<{ key: string; text: string } | null>(null);
  const timer = useRef(0);
  const flush = useCallback(() => {
    clearTimeout(timer.current);
    if (pending.current !== null) remember(pending.current.key, pending.current.text);
    pending.current = null;
  }, []);
  useEffect(() => {
    window.addEventListener("pagehide", flush);
    return () => {
      window.removeEventListener("pagehide", flush);
      flush();
    };
  }, [flush, key]);
  const set = useCallback(
    (next: string) => {
      setHeld({ key, text: next });
      pending.current = { key, text: next };
      clearTimeout(timer.current);
      timer.current = window.setTimeout(flush, DRAFT_PAUSE);
    },
    [flush, key],
  );
  const clear = useCallback(() => {
    pending.current = null;
    clearTimeout(timer.current);
    remember(key, undefined);
    setHeld({ key, text: initial });
  }, [initial, key]);
  return [text, set, clear];
}
