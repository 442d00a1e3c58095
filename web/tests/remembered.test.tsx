// @vitest-environment jsdom
import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { recall, remember, useDraft, useRemembered } from "../src/frame/remembered";

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("what is remembered", () => {
  it("is there at the next start, and only until it is forgotten", () => {
    const first = renderHook(() => useRemembered("panes.a", 0.5));
    act(() => first.result.current[1](0.3));
    first.unmount();
    expect(renderHook(() => useRemembered("panes.a", 0.5)).result.current[0]).toBe(0.3);
    remember("panes.a", undefined);
    expect(recall("panes.a", 0.5)).toBe(0.5);
  });

  it("belongs to its name", () => {
    remember("panes.b", 0.9);
    const { result, rerender } = renderHook(({ name }) => useRemembered(name, 0.5), { initialProps: { name: "panes.a" } });
    expect(result.current[0]).toBe(0.5);
    rerender({ name: "panes.b" });
    expect(result.current[0]).toBe(0.9);
  });

  it("is missed quietly where there is no place, or nonsense in it", () => {
    localStorage.setItem("garret.x", "{nonsense");
    expect(recall("x", 7)).toBe(7);
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    expect(() => remember("x", 1)).not.toThrow();
  });
});

describe("a draft", () => {
  it("is kept while it is written, and there after a reload", () => {
    const { result, unmount } = renderHook(() => useDraft("note", "ada"));
    act(() => result.current[1]("Hello"));
    vi.advanceTimersByTime(250);
    expect(recall("draft.ada.note", "")).toBe("Hello");
    act(() => result.current[1]("Hello world"));
    unmount(); // at once: what was typed last is kept too
    expect(renderHook(() => useDraft("note", "ada")).result.current[0]).toBe("Hello world");
  });

  it("is kept when the window goes, before the pause is over", () => {
    const { result } = renderHook(() => useDraft("note", "ada"));
    act(() => result.current[1]("Last words"));
    window.dispatchEvent(new Event("pagehide"));
    expect(recall("draft.ada.note", "")).toBe("Last words");
  });

  it("is nobody else's, also when the profile changes while it is written", () => {
    const { result, rerender } = renderHook(({ profile }) => useDraft("note", profile), { initialProps: { profile: "ada" } });
    act(() => result.current[1]("Ada's"));
    rerender({ profile: "child" });
    expect(result.current[0]).toBe("");
    act(() => result.current[1]("Child's"));
    vi.advanceTimersByTime(250);
    expect([recall("draft.ada.note", ""), recall("draft.child.note", "")]).toEqual(["Ada's", "Child's"]);
  });

  it("is gone when it is cleared", () => {
    const { result } = renderHook(() => useDraft("note", "ada", "first"));
    act(() => result.current[1]("Sent"));
    act(() => result.current[2]());
    vi.advanceTimersByTime(1000);
    expect(result.current[0]).toBe("first");
    expect(localStorage.getItem("garret.draft.ada.note")).toBeNull();
  });
});
