import { expect, test } from "vitest";

import { pieces, steps } from "../../src/rooms/dictate/diff";

/** The texts that steps tell, put together again. */
function told(old: readonly string[], now: readonly string[]) {
  const found = steps(old, now);
  return {
    old: found.flatMap((step) => (step.kind === "new" ? [] : [old[step.old]])),
    now: found.flatMap((step) => (step.kind === "gone" ? [] : [now[step.now]])),
    changes: found.filter((step) => step.kind !== "same").length,
    same: found.every((step) => step.kind !== "same" || old[step.old] === now[step.now]),
  };
}

test.each([
  ["a b c", "a b c", 0],
  ["a b c", "a x c", 2],
  ["", "a b", 2],
  ["a b", "", 2],
  ["", "", 0],
  ["a b c a b b a", "c b a b a c", 5], // the example of Myers' paper
  ["one two three four", "two three five four six", 3],
])("%j becomes %j by %i changes, the fewest there are", (old, now, changes) => {
  const [before, after] = [old.split(" ").filter(Boolean), now.split(" ").filter(Boolean)];
  expect(told(before, after)).toEqual({ old: before, now: after, changes, same: true });
});

test("whatever the words are, both texts are told whole and in order", () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 400; round += 1) {
    const words = (length: number) => Array.from({ length }, () => "abcd"[random(4)] as string);
    const [old, now] = [words(random(14)), words(random(14))];
    expect(told(old, now)).toMatchObject({ old, now, same: true });
  }
});

test("texts that have nothing in common are all gone and all new, however long", () => {
  const old = Array.from({ length: 4_000 }, (_, index) => `a${index}`);
  const now = Array.from({ length: 4_000 }, (_, index) => `b${index}`);
  expect(told(old, now)).toMatchObject({ old, now, changes: 8_000 });
});

test("neighbours of one kind are one piece, with white space between words", () => {
  expect(pieces("um the cat sat", "The cat sat.")).toEqual([
    { kind: "gone", text: "um the " },
    { kind: "new", text: "The " },
    { kind: "same", text: "cat " },
    { kind: "gone", text: "sat " },
    { kind: "new", text: "sat. " },
  ]);
  expect(pieces("a\n\nb", "a\n\nb")).toEqual([{ kind: "same", text: "a\n\nb " }]);
});
