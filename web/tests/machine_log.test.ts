// Which lines of a long log are drawn.

import { expect, test } from "vitest";

import { seenLines } from "../src/rooms/machine/Log";

const height = 220; // ten lines

test("the end is drawn where it is followed, whatever was scrolled to", () => {
  expect(seenLines(20_000, { top: 0, height }, true)).toEqual({ first: 19_970, last: 20_000 });
});

test("what is seen is drawn with some around it, and never beyond either end", () => {
  expect(seenLines(20_000, { top: 2_200, height }, false)).toEqual({ first: 90, last: 120 });
  expect(seenLines(20_000, { top: 0, height }, false)).toEqual({ first: 0, last: 30 });
  expect(seenLines(20_000, { top: 22 * 20_000, height }, false)).toEqual({ first: 19_970, last: 20_000 });
  expect(seenLines(3, { top: 0, height }, true)).toEqual({ first: 0, last: 3 });
});
